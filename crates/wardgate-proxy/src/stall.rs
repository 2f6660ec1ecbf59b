//! A client's connection that does not wait forever.
//!
//! hyper limits the time between two requests, but neither how slowly a head may drip in nor how long a client may leave an
//! answer unread. Both are measured here, under hyper, where the bytes move: a head must be complete within its time from its
//! first byte on, and a write must make progress. Over HTTP/2 only the second applies; a connection carries more than heads.

use pin_project_lite::pin_project;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a connection is at, told by whoever serves its requests.
#[derive(Default)]
pub(crate) struct Stage(AtomicU8);

const BETWEEN_REQUESTS: u8 = 0;
const IN_REQUEST: u8 = 1;
const MULTIPLEXED: u8 = 2;

impl Stage {
    /// A request's head has arrived.
    pub(crate) fn begin_request(&self, is_multiplexed: bool) {
        self.0.store(if is_multiplexed { MULTIPLEXED } else { IN_REQUEST }, Ordering::Release);
    }

    /// Its answer is complete.
    pub(crate) fn end_request(&self) {
        // Over HTTP/2 other requests may be running; there the stage stays.
        let _ = self.0.compare_exchange(IN_REQUEST, BETWEEN_REQUESTS, Ordering::AcqRel, Ordering::Acquire);
    }

    fn is_between_requests(&self) -> bool {
        self.0.load(Ordering::Acquire) == BETWEEN_REQUESTS
    }
}

pin_project! {
    /// The connection.
    pub(crate) struct StallGuard<T> {
        #[pin]
        inner: T,
        stage: Arc<Stage>,
        head_timeout: Duration,
        write_stall_timeout: Duration,
        // Running while a head is arriving.
        head_deadline: Option<Pin<Box<Sleep>>>,
        // Running while a write waits for the client.
        write_deadline: Option<Pin<Box<Sleep>>>,
    }
}

impl<T> StallGuard<T> {
    pub(crate) fn new(inner: T, stage: Arc<Stage>, head_timeout: Duration, write_stall_timeout: Duration) -> Self {
        Self { inner, stage, head_timeout, write_stall_timeout, head_deadline: None, write_deadline: None }
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<T: AsyncRead> AsyncRead for StallGuard<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let before = buffer.filled().len();
        let polled = this.inner.poll_read(cx, buffer);
        if !this.stage.is_between_requests() {
            *this.head_deadline = None;
        } else if buffer.filled().len() > before && this.head_deadline.is_none() {
            *this.head_deadline = Some(Box::pin(sleep_until(Instant::now() + *this.head_timeout)));
        }
        if let Some(deadline) = this.head_deadline
            && polled.is_pending()
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(timed_out("the request's head took too long")));
        }
        polled
    }
}

impl<T: AsyncWrite> StallGuard<T> {
    fn watch_write<R>(
        write_deadline: &mut Option<Pin<Box<Sleep>>>,
        timeout: Duration,
        polled: Poll<io::Result<R>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        if polled.is_ready() {
            *write_deadline = None;
            return polled;
        }
        let deadline = write_deadline.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + timeout)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(timed_out("the client does not read its answer"))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncWrite> AsyncWrite for StallGuard<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.project();
        let polled = this.inner.poll_write(cx, bytes);
        Self::watch_write(this.write_deadline, *this.write_stall_timeout, polled, cx)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.project();
        let polled = this.inner.poll_write_vectored(cx, slices);
        Self::watch_write(this.write_deadline, *this.write_stall_timeout, polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    fn guarded() -> (StallGuard<DuplexStream>, DuplexStream, Arc<Stage>) {
        let (ours, theirs) = duplex(64);
        let stage = Arc::new(Stage::default());
        (StallGuard::new(ours, Arc::clone(&stage), Duration::from_secs(10), Duration::from_secs(60)), theirs, stage)
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_drips_is_cut_off_and_a_silent_connection_is_not() {
        let (mut guarded, mut client, _) = guarded();
        let mut buffer = [0; 16];
        let silent = tokio::time::timeout(Duration::from_secs(60), guarded.read(&mut buffer)).await;
        assert!(silent.is_err(), "nothing was sent yet");
        assert!(client.write_all(b"G").await.is_ok() && guarded.read(&mut buffer).await.is_ok_and(|count| count == 1));
        let started = Instant::now();
        assert_eq!(guarded.read(&mut buffer).await.err().map(|error| error.kind()), Some(io::ErrorKind::TimedOut));
        assert_eq!(started.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn inside_a_request_reads_may_take_their_time() {
        let (mut guarded, mut client, stage) = guarded();
        let mut buffer = [0; 16];
        assert!(client.write_all(b"G").await.is_ok() && guarded.read(&mut buffer).await.is_ok());
        stage.begin_request(false);
        assert!(tokio::time::timeout(Duration::from_secs(60), guarded.read(&mut buffer)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_cut_off() {
        let (mut guarded, _client, _) = guarded();
        let started = Instant::now();
        let written = guarded.write_all(&[0; 1_000]).await;
        assert_eq!(written.err().map(|error| error.kind()), Some(io::ErrorKind::TimedOut));
        assert_eq!(started.elapsed().as_secs(), 60);
    }
}
