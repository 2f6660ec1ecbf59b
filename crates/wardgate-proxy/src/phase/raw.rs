//! An answer on its way to the client that nobody reads: sound, and streams of other surfaces that are not spoken here.
//!
//! There is no form in which a break could be told in it, so a break ends the connection to the client: it must not look like
//! the end. When the client goes, this is dropped, and with it the call to the provider.

use crate::body::BrokenOff;
use crate::deps::Deps;
use crate::meter::{Ending, Meter};
use bytes::Bytes;
use hyper::body::Body;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep, sleep};
use wardgate_core::usage::Completion;
use wardgate_upstream::AnswerBody;

/// Bytes being passed on.
pub(crate) struct Raw {
    deps: Arc<Deps>,
    first: Option<Bytes>,
    /// The provider's side; none once it is over.
    incoming: Option<AnswerBody>,
    /// How many bytes have passed.
    passed: u64,
    /// The meter; none once it is closed.
    meter: Option<Meter>,
    /// When the provider has been silent for too long.
    timer: Pin<Box<Sleep>>,
    /// Ready when the process has no more time for it.
    expiry: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Raw {
    pub(crate) fn new(deps: &Arc<Deps>, first: Bytes, incoming: AnswerBody, meter: Meter) -> Self {
        deps.recorder.metrics().open_streams.inc();
        let drain = Arc::clone(&deps.drain);
        Self {
            deps: Arc::clone(deps),
            first: Some(first),
            incoming: Some(incoming),
            passed: 0,
            meter: Some(meter),
            timer: Box::pin(sleep(deps.options.idle_event_timeout)),
            expiry: Box::pin(async move { drain.expired().await }),
        }
    }

    /// The next bytes for the client; `None` at the end.
    pub(crate) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let bytes = match self.first.take() {
            Some(first) => first,
            None => {
                let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
                match incoming.poll_next(cx) {
                    Poll::Ready(Some(Ok(bytes))) => {
                        let silent_until = Instant::now() + self.deps.options.idle_event_timeout;
                        self.timer.as_mut().reset(silent_until);
                        bytes
                    }
                    Poll::Ready(Some(Err(_))) => return self.break_off(),
                    Poll::Ready(None) => {
                        self.incoming = None;
                        self.close(Completion::Succeeded);
                        return Poll::Ready(None);
                    }
                    Poll::Pending => {
                        let is_over = self.timer.as_mut().poll(cx).is_ready() || self.expiry.as_mut().poll(cx).is_ready();
                        return if is_over { self.break_off() } else { Poll::Pending };
                    }
                }
            }
        };
        self.passed += bytes.len() as u64;
        // The event is written before the last byte leaves.
        if self.incoming.as_ref().is_some_and(Body::is_end_stream) {
            self.incoming = None;
            self.close(Completion::Succeeded);
        }
        Poll::Ready(Some(Ok(bytes)))
    }

    fn break_off(&mut self) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        self.incoming = None;
        self.close(Completion::StreamFailed);
        Poll::Ready(Some(Err(BrokenOff)))
    }

    fn close(&mut self, completion: Completion) {
        if let Some(mut meter) = self.meter.take() {
            meter.close(&Ending { completion, usage: None, content_bytes: self.passed, is_cut: false, stop_reason: None });
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.deps.recorder.metrics().open_streams.dec();
        self.close(Completion::ClientClosed);
    }
}
