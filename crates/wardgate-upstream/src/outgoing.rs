//! A request on its way out.

use crate::body::SlicedBody;
use crate::stream::Stream;
use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

/// How many slices are written at once. A request has its head and a few slices of body.
const SLICES_AT_ONCE: usize = 8;

/// What is left to be written of a request.
#[derive(Default)]
pub(crate) struct Outgoing {
    slices: VecDeque<Bytes>,
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

impl Outgoing {
    /// A request of this head and this body.
    pub(crate) fn new(head: Vec<u8>, body: SlicedBody) -> Self {
        let mut slices = VecDeque::from(body.into_slices());
        slices.push_front(Bytes::from(head));
        Self { slices, state: State::Untouched }
    }

    /// Whether nothing of it was written, so that it can be sent elsewhere.
    pub(crate) fn is_untouched(&self) -> bool {
        self.state == State::Untouched
    }

    /// Whether all of it was written.
    pub(crate) fn is_written(&self) -> bool {
        self.state == State::Written
    }

    /// Writes as much as the connection takes now. Fails only while nothing was written: later there may be an answer, and
    /// whoever reads it will hear of the end.
    pub(crate) fn write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> io::Result<()> {
        if matches!(self.state, State::Written | State::Abandoned) {
            return Ok(());
        }
        match self.poll_write(stream, cx) {
            Poll::Ready(Err(error)) if self.is_untouched() => Err(error),
            Poll::Ready(Err(error)) => {
                tracing::debug!(%error, "a provider does not take the rest of a request");
                *self = Self { slices: VecDeque::new(), state: State::Abandoned };
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

    fn poll_write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.slices.is_empty() {
            let mut at_once = [IoSlice::new(&[]); SLICES_AT_ONCE];
            for (slot, slice) in at_once.iter_mut().zip(&self.slices) {
                *slot = IoSlice::new(slice);
            }
            let count = self.slices.len().min(SLICES_AT_ONCE);
            let written = ready!(stream.poll_write(cx, &at_once[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.state = State::Begun;
            self.advance(written);
        }
        stream.poll_flush(cx)
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(first) = self.slices.front_mut() {
            if first.len() > written {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.slices.pop_front();
        }
    }
}
