//! Forms that are sent on while they arrive.
//!
//! A form is mostly a file, and its model may stand in front of the file or behind it. It is held until the model is known and
//! [`HELD_BYTES`] are there; what comes then goes to the provider as fast as both sides go, and is never held. Held are therefore
//! forms up to that size, those whose model stands behind the file, those that do not say how long they are, and those of callers
//! whose own users are counted, since a user may be named anywhere.
//!
//! What is held can be sent again, so another candidate is tried as long as nothing behind it was asked of the client. All of it is
//! read before it is sent: a form that names another model further on breaks off there, and no provider gets its end.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::phase::collect::{self, Collected};
use crate::phase::configure::Caller;
use crate::phase::ingress::{self, Inbound};
use crate::request_log::RequestLog;
use bytes::Bytes;
use http::header::HeaderMap;
use hyper::body::{Body, Incoming};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};
use wardgate_limits::memory::Reservation;
use wardgate_upstream::Tail;
use wardgate_wire::multipart::{self, Scanner};
use wardgate_wire::peek::Peek;

/// How much of a form is held so that it can be sent again, in bytes.
const HELD_BYTES: usize = 1024 * 1024;

/// A form, or its beginning; the rest is then in [`Inbound::upload`].
pub(crate) struct Form {
    /// What is held.
    pub(crate) body: Bytes,
    /// What was found in it.
    pub(crate) peek: Peek,
    /// The memory that it takes.
    pub(crate) memory: Reservation,
}

/// Reads a form as far as it has to be held.
pub(crate) async fn begin(
    deps: &Deps,
    caller: &Caller,
    inbound: &mut Inbound,
    boundary: &str,
    log: &mut RequestLog,
) -> Result<Form, Failure> {
    let announced = collect::announced(&inbound.headers)?;
    let counts_users = caller.tenant.allowance.limits_callers(caller.key.record.team_id);
    let mut scanner = Scanner::new(boundary);
    let mut held = 0;
    let read = |chunk: &[u8]| {
        scanner.push(chunk).map_err(Failure::BodyWrong)?;
        held += chunk.len();
        Ok(announced.is_some() && !counts_users && held >= HELD_BYTES && scanner.found().model.is_some())
    };
    let room = announced.unwrap_or(0).min(2 * HELD_BYTES);
    let Collected { body, memory, is_whole } = collect::collect(deps, caller, inbound, room, log, read).await?;
    if is_whole {
        scanner.finish().map_err(Failure::BodyWrong)?;
    }
    let peek = multipart::of(&body, scanner.found()).map_err(Failure::BodyWrong)?;
    if let (false, Some(incoming)) = (is_whole, inbound.body.take()) {
        let left = announced.unwrap_or(0).saturating_sub(body.len());
        let patience = Patience::new(deps.options.body_progress_window, deps.options.body_progress_bytes_min);
        inbound.upload = Some(Upload::new(incoming, scanner, left, patience));
    }
    Ok(Form { body, peek, memory })
}

/// The rest of a form.
pub(crate) struct Upload {
    length: usize,
    rest: Arc<Mutex<Rest>>,
}

struct Rest {
    incoming: Incoming,
    scanner: Scanner,
    left: usize,
    patience: Patience,
    /// When the client was last asked for more, or gave it; none as long as it never was.
    moved_at: Option<Instant>,
    failure: Option<Failure>,
}

impl Upload {
    fn new(incoming: Incoming, scanner: Scanner, left: usize, patience: Patience) -> Self {
        let rest = Rest { incoming, scanner, left, patience, moved_at: None, failure: None };
        Self { length: left, rest: Arc::new(Mutex::new(rest)) }
    }

    /// How many bytes it had when it began.
    pub(crate) const fn length(&self) -> usize {
        self.length
    }

    /// What sends it on.
    pub(crate) fn tail(&self) -> Box<dyn Tail> {
        Box::new(Sending { length: self.length, rest: Arc::clone(&self.rest) })
    }

    /// Whether some of it is gone, so that the form cannot be sent again.
    pub(crate) fn is_spent(&self) -> bool {
        lock(&self.rest).left < self.length
    }

    /// When the client was last asked for more, or gave it; none as long as it never was.
    pub(crate) fn moved_at(&self) -> Option<Instant> {
        lock(&self.rest).moved_at
    }

    /// What is wrong with the client's side of it, told once.
    pub(crate) fn failure(&self) -> Option<Failure> {
        lock(&self.rest).failure.take()
    }

    /// Reads what nobody wants any more, so that the client hears why.
    pub(crate) async fn discard(self, headers: &HeaderMap) {
        // Whoever was sending it is gone with the call, or else goes on with it.
        if let Some(rest) = Arc::into_inner(self.rest) {
            let mut rest = rest.into_inner().unwrap_or_else(PoisonError::into_inner);
            ingress::discard(headers, &mut rest.incoming).await;
        }
    }
}

fn lock(rest: &Mutex<Rest>) -> MutexGuard<'_, Rest> {
    rest.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The rest of a form on its way to one provider.
struct Sending {
    length: usize,
    rest: Arc<Mutex<Rest>>,
}

impl Tail for Sending {
    fn length(&self) -> usize {
        self.length
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let mut rest = lock(&self.rest);
        if rest.left == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(ready!(rest.poll_next(cx)).map_err(|failure| {
            rest.failure = Some(failure);
            io::Error::other("the client's form is not sent to its end")
        })))
    }
}

impl Rest {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Failure>> {
        loop {
            self.moved_at.get_or_insert_with(Instant::now);
            let frame = match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    ready!(self.patience.poll_over(cx));
                    return Poll::Ready(Err(Failure::BodyTooSlow));
                }
            };
            let now = Instant::now();
            self.moved_at = Some(now);
            let Some(Ok(frame)) = frame else { return Poll::Ready(Err(Failure::BodyBroken)) };
            let data = frame.into_data().unwrap_or_default();
            self.patience.came(data.len(), now);
            if data.is_empty() {
                continue;
            }
            return Poll::Ready(self.judge(data));
        }
    }

    /// Nothing goes on that another reader could take for another form, and the last of it only when it is whole.
    fn judge(&mut self, data: Bytes) -> Result<Bytes, Failure> {
        self.left = self.left.checked_sub(data.len()).ok_or(Failure::BodyBroken)?;
        self.scanner.push(&data).map_err(Failure::BodyWrong)?;
        if self.left == 0 {
            self.scanner.finish().map_err(Failure::BodyWrong)?;
        }
        Ok(data)
    }
}

/// How long a client is waited for: so much time altogether for each so many bytes. The time in which a provider takes nothing is
/// not the client's.
struct Patience {
    window: Duration,
    bytes_min: usize,
    /// How long it was waited for since that many bytes had come.
    waited: Duration,
    /// How many came since then.
    bytes: usize,
    /// Since when it is waited for now, and until when.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Patience {
    const fn new(window: Duration, bytes_min: usize) -> Self {
        Self { window, bytes_min, waited: Duration::ZERO, bytes: 0, waiting: None }
    }

    /// So many bytes came.
    fn came(&mut self, bytes: usize, now: Instant) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += now.saturating_duration_since(since);
        }
        self.bytes += bytes;
        if self.bytes >= self.bytes_min {
            (self.waited, self.bytes) = (Duration::ZERO, 0);
        }
    }

    /// Ready when the client was waited for long enough.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.window.saturating_sub(self.waited);
        let (_, timer) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    /// After how many seconds a client that sends so many bytes every so many seconds is given up; none: not within an hour.
    async fn given_up(bytes: usize, every: Duration) -> Option<u64> {
        let mut patience = Patience::new(Duration::from_secs(30), 30 * 1024);
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(3_600) {
            tokio::select! {
                biased;
                () = poll_fn(|cx| patience.poll_over(cx)) => return Some(started.elapsed().as_secs()),
                () = tokio::time::sleep(every) => {}
            }
            patience.came(bytes, Instant::now());
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_must_keep_up() {
        let seconds = Duration::from_secs;
        assert_eq!(given_up(0, seconds(7_200)).await, Some(30), "it says nothing");
        assert_eq!(given_up(1, seconds(29)).await, Some(30), "it drips");
        assert_eq!(given_up(4 * 1024, seconds(5)).await, Some(30), "it is too slow");
        assert_eq!(given_up(6 * 1024, seconds(5)).await, None, "it is slow");
        assert_eq!(given_up(64 * 1024, seconds(29)).await, None, "it comes in pieces");
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_in_which_nobody_asks_is_not_the_clients() {
        let mut patience = Patience::new(Duration::from_secs(30), 30 * 1024);
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            patience.came(1, Instant::now());
        }
        assert_eq!(patience.waited, Duration::ZERO);
    }
}
