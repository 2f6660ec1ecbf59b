//! A request body in slices, none of which is copied.

use bytes::Bytes;
use std::io;
use std::task::{Context, Poll};

/// The slices of a body, in order. Its length is known, so it is sent with a `Content-Length`.
pub struct SlicedBody {
    slices: Vec<Bytes>,
    tail: Option<Box<dyn Tail>>,
}

/// The end of a body, which arrives while the body is sent.
///
/// Nothing asks for it before what stands in front of it is written, so an unanswered call has taken nothing of it. It is asked
/// for no faster than the provider takes it.
pub trait Tail: Send {
    /// How many bytes are still to come.
    fn length(&self) -> usize;

    /// The next bytes, which are not none; none at the end. An error ends the call, and with it the connection: a provider never
    /// takes a body for whole that is not.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>>;
}

impl SlicedBody {
    /// A body of these slices. Empty ones are left out.
    #[must_use]
    pub fn new(mut slices: Vec<Bytes>) -> Self {
        slices.retain(|slice| !slice.is_empty());
        Self { slices, tail: None }
    }

    /// The same with something behind it. Such a body cannot be signed.
    #[must_use]
    pub fn with_tail(self, tail: Option<Box<dyn Tail>>) -> Self {
        Self { tail, ..self }
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> usize {
        let tail = self.tail.as_ref().map_or(0, |tail| tail.length());
        self.slices.iter().map(Bytes::len).sum::<usize>() + tail
    }

    /// Its bytes, to be looked at.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &[u8]> {
        self.slices.iter().map(Bytes::as_ref)
    }

    /// The slices, none of them empty, and what comes behind them.
    pub(crate) fn into_parts(self) -> (Vec<Bytes>, Option<Box<dyn Tail>>) {
        (self.slices, self.tail)
    }
}
