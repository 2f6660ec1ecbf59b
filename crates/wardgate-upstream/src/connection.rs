//! One connection to a provider, and the call that it serves.
//!
//! There is no task behind a connection and no channel to it: whoever waits for the answer drives it. Nor is there a buffer in
//! it. Bytes are read into room on the stack, and what they carry is copied out at its exact size, so a stream that waits for
//! its next event holds its socket and a few words of state. Waiting is what a gateway's streams mostly do.

use crate::answer_body::AnswerBody;
use crate::error::SendError;
use crate::http1::Malformed;
use crate::http1::beginning::{Beginning, Begun};
use crate::http1::body::{Decoder, Incoming, Progress};
use crate::idle::Idle;
use crate::outgoing::Outgoing;
use crate::pool::Host;
use crate::stream::Stream;
use bytes::Bytes;
use http::Response;
use std::error::Error;
use std::io;
use std::mem::MaybeUninit;
use std::sync::Weak;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;

/// How much is read at once, in bytes. It is on the stack, so it costs a stream that waits nothing.
const READ_BYTES: usize = 32 * 1024;

/// A connection.
pub(crate) struct Connection {
    /// Where it leads.
    pub(crate) host: Host,
    stream: Stream,
    /// Where it waits between calls.
    idle: Weak<Idle>,
    /// What is still to be written. A provider may answer before it has read all.
    outgoing: Outgoing,
    /// What is still to be read.
    incoming: Incoming,
}

/// A call without an answer.
pub(crate) enum CallError {
    /// Nothing of it was written. The connection still has it, so it can be made again.
    Unsent(Box<Connection>, SendError),
    /// Some of it may have been.
    Broken(SendError),
}

impl Connection {
    pub(crate) fn new(stream: Stream, host: Host, idle: Weak<Idle>) -> Self {
        let incoming = Incoming { decoder: Decoder::Length(0), keeps_alive: false };
        Self { host, stream, idle, outgoing: Outgoing::default(), incoming }
    }

    /// Sends a request and waits for the head of the answer. Dropping the future closes the connection.
    pub(crate) fn call(
        mut self: Box<Self>,
        request: Outgoing,
        is_head: bool,
    ) -> impl Future<Output = Result<Response<AnswerBody>, CallError>> + Send {
        self.outgoing = request;
        async move {
            let mut beginning = Beginning::default();
            match std::future::poll_fn(|cx| self.poll_begun(cx, &mut beginning, is_head)).await {
                Ok(Begun { head, payload, progress }) => {
                    self.incoming = head.incoming;
                    let mut response = Response::new(AnswerBody::new(self, payload, progress));
                    *response.status_mut() = head.status;
                    *response.headers_mut() = head.headers;
                    Ok(response)
                }
                Err(error) if self.outgoing.is_untouched() && self.stream.is_failed_write_unsent() => {
                    Err(CallError::Unsent(self, SendError::broken(error)))
                }
                Err(error) => Err(CallError::Broken(SendError::broken(error))),
            }
        }
    }

    /// Where it led and what was to be written, of a connection that is closed.
    pub(crate) fn into_parts(self) -> (Host, Outgoing) {
        (self.host, self.outgoing)
    }

    fn poll_begun(
        &mut self,
        cx: &mut Context<'_>,
        beginning: &mut Beginning,
        is_head: bool,
    ) -> Poll<Result<Begun, Box<dyn Error + Send + Sync>>> {
        loop {
            let begun = ready!(self.poll_read(cx, |_, bytes| {
                if bytes.is_empty() { Err(Malformed::Truncated) } else { beginning.read(bytes, is_head) }
            }))?;
            if let Some(begun) = begun? {
                return Poll::Ready(Ok(begun));
            }
        }
    }

    /// The next bytes of the body, which may be none, and what comes next.
    pub(crate) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Bytes, Progress)>> {
        self.poll_read(cx, |connection, bytes| {
            if bytes.is_empty() {
                return (Bytes::new(), connection.incoming.close());
            }
            connection.incoming.read(bytes)
        })
    }

    /// Writes what can be written, and reads what has come: no bytes when the connection has ended.
    fn poll_read<T>(&mut self, cx: &mut Context<'_>, read: impl FnOnce(&mut Self, &mut [u8]) -> T) -> Poll<io::Result<T>> {
        self.outgoing.write(&mut self.stream, cx)?;
        let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(self.stream.poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(read(self, buffer.filled_mut())))
    }

    /// How many bytes of the body will come, where that is known.
    pub(crate) const fn bytes_left(&self) -> Option<u64> {
        self.incoming.decoder.bytes_left()
    }

    /// Gives the connection back after its call, to wait for the next. One that cannot serve another is closed.
    pub(crate) fn release(self: Box<Self>) {
        if self.incoming.keeps_alive
            && self.outgoing.is_written()
            && let Some(idle) = self.idle.upgrade()
        {
            idle.put(self);
        }
    }

    /// Whether a waiting connection can still be used: nothing has come, and it has not ended.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.stream.is_quiet()
    }
}
