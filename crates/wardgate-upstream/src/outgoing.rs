//! A request on its way out.

use crate::body::{SlicedBody, Tail};
use crate::stream::Stream;
use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

/// How many slices are written at once. A request has its head and a few slices of body.
const SLICES_AT_ONCE: usize = 8;

/// What is left to be written of a request.
#[derive(Default)]
pub(crate) struct Outgoing {
    head: Vec<u8>,
    /// How many bytes of the head are written.
    head_written: usize,
    body: std::vec::IntoIter<Bytes>,
    /// What is still to come of the body.
    tail: Option<Box<dyn Tail>>,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not a byte was written.
    Untouched,
    /// Some were.
    Begun,
    /// The rest cannot be written.
    Abandoned,
    /// All is written.
    #[default]
    Written,
}

/// Why it cannot go on.
enum Stuck {
    /// The connection does not take it.
    Connection(io::Error),
    /// There is nothing to write: the rest of the body will not come.
    Tail(io::Error),
}

impl Outgoing {
    /// A request of this head and this body.
    pub(crate) fn new(head: Vec<u8>, body: SlicedBody) -> Self {
        let (slices, tail) = body.into_parts();
        Self { head, head_written: 0, body: slices.into_iter(), tail, state: State::Untouched }
    }

    /// Whether nothing of it was written, so that it can be sent elsewhere.
    pub(crate) fn is_untouched(&self) -> bool {
        self.state == State::Untouched
    }

    /// Whether all of it was written.
    pub(crate) fn is_written(&self) -> bool {
        self.state == State::Written
    }

    /// Writes as much as the connection takes now. The connection's own failures are told only while nothing was written: later
    /// there may be an answer, and whoever reads it will hear of the end. That the rest of the body does not come is always told.
    pub(crate) fn write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> io::Result<()> {
        if matches!(self.state, State::Written | State::Abandoned) {
            return Ok(());
        }
        match self.poll_write(stream, cx) {
            Poll::Ready(Err(Stuck::Tail(error))) => Err(error),
            Poll::Ready(Err(Stuck::Connection(error))) if self.is_untouched() => Err(error),
            Poll::Ready(Err(Stuck::Connection(error))) => {
                tracing::debug!(%error, "a provider does not take the rest of a request");
                *self = Self { state: State::Abandoned, ..Self::default() };
                Ok(())
            }
            Poll::Ready(Ok(())) => {
                // The room of the request is given back while its answer is waited for.
                *self = Self::default();
                Ok(())
            }
            Poll::Pending => Ok(()),
        }
    }

    fn poll_write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<Result<(), Stuck>> {
        loop {
            let mut at_once = [IoSlice::new(&[]); SLICES_AT_ONCE];
            let mut count = 0;
            let head = &self.head[self.head_written..];
            let left =
                Some(head).filter(|head| !head.is_empty()).into_iter().chain(self.body.as_slice().iter().map(Bytes::as_ref));
            for (slot, slice) in at_once.iter_mut().zip(left) {
                *slot = IoSlice::new(slice);
                count += 1;
            }
            if count == 0 {
                let more = match &mut self.tail {
                    Some(tail) => tail.poll_next(cx),
                    None => Poll::Ready(None),
                };
                match more {
                    Poll::Ready(Some(bytes)) => self.body = vec![bytes.map_err(Stuck::Tail)?].into_iter(),
                    Poll::Ready(None) => return stream.poll_flush(cx).map_err(Stuck::Connection),
                    Poll::Pending => {
                        // What was written is not to wait for what is not there yet.
                        let _ = stream.poll_flush(cx).map_err(Stuck::Connection)?;
                        return Poll::Pending;
                    }
                }
                continue;
            }
            let written = ready!(stream.poll_write(cx, &at_once[..count])).map_err(Stuck::Connection)?;
            if written == 0 {
                return Poll::Ready(Err(Stuck::Connection(io::ErrorKind::WriteZero.into())));
            }
            self.state = State::Begun;
            self.advance(written);
        }
    }

    fn advance(&mut self, mut written: usize) {
        let of_head = written.min(self.head.len() - self.head_written);
        self.head_written += of_head;
        written -= of_head;
        while let Some(first) = self.body.as_mut_slice().first_mut() {
            if first.len() > written {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.body.next();
        }
    }
}
