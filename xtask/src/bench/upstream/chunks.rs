//! A streamed answer's body, each event a write of its own.
//!
//! hyper gathers what a body has ready and writes it at once. A provider computes between two words, and so their chunks arrive
//! one by one; that is what costs a gateway. So after each event this body says "not yet" once, which makes hyper flush.

use crate::bench::chat::Script;
use bytes::Bytes;
use http_body::{Body, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Interval;

pub(crate) struct Chunks {
    script: Script,
    next: usize,
    is_flushed: bool,
    gate: Gate,
}

/// What an event waits for beside the flush of the one before.
enum Gate {
    Open,
    Paced(Interval),
    Held { after: usize, released: Pin<Box<dyn Future<Output = ()> + Send>> },
}

impl Chunks {
    /// One event after the other, with this time between them.
    pub(crate) fn paced(script: Script, pace: Duration) -> Self {
        let gate = if pace.is_zero() { Gate::Open } else { Gate::Paced(tokio::time::interval(pace)) };
        Self { script, next: 0, is_flushed: true, gate }
    }

    /// So many events, and the rest once they are released.
    pub(crate) fn held(script: Script, after: usize, mut released: watch::Receiver<bool>) -> Self {
        let released = Box::pin(async move {
            // The sender lives as long as the process.
            let _ = released.wait_for(|is_released| *is_released).await;
        });
        Self { script, next: 0, is_flushed: true, gate: Gate::Held { after, released } }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if !this.is_flushed {
            this.is_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(event) = this.script.event(this.next) else { return Poll::Ready(None) };
        match &mut this.gate {
            Gate::Open => {}
            Gate::Paced(interval) => drop(ready!(interval.poll_tick(context))),
            Gate::Held { after, released } if this.next == *after => {
                ready!(released.as_mut().poll(context));
                // A future that is done must not be polled again, and the rest has nothing to wait for.
                this.gate = Gate::Open;
            }
            Gate::Held { .. } => {}
        }
        this.next += 1;
        this.is_flushed = false;
        Poll::Ready(Some(Ok(Frame::data(event))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn says_not_yet_between_events() {
        let mut chunks = Chunks::paced(Script::new(2, false), Duration::ZERO);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut seen = String::new();
        loop {
            match Pin::new(&mut chunks).poll_frame(&mut context) {
                Poll::Pending => seen.push('.'),
                Poll::Ready(Some(_)) => seen.push('e'),
                Poll::Ready(None) => break,
            }
        }
        assert_eq!(seen, "e.e.e.e.e.");
    }

    #[tokio::test(start_paused = true)]
    async fn waits_until_it_is_released() {
        let released = watch::Sender::new(false);
        let mut chunks = Chunks::held(Script::new(3, false), 2, released.subscribe());
        for _ in 0..2 {
            assert!(chunks.frame().await.is_some());
        }
        assert!(tokio::time::timeout(Duration::from_secs(5), chunks.frame()).await.is_err());
        released.send_replace(true);
        assert_eq!(chunks.collect().await.map(|rest| rest.to_bytes().ends_with(b"[DONE]\n\n")), Ok(true));
    }
}
