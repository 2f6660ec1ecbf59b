//! What answers are made of.

use crate::phase::raw::Raw;
use crate::phase::relay::Relay;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of any answer.
pub(crate) enum ReplyBody {
    /// All of it is here; `None` once it was handed over.
    Whole(Option<Bytes>),
    /// It comes from a provider as we speak.
    Relayed(Box<Relay>),
    /// The same, unread.
    Raw(Box<Raw>),
}

impl ReplyBody {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::Whole((!bytes.is_empty()).then_some(bytes))
    }

    pub(crate) const fn empty() -> Self {
        Self::Whole(None)
    }
}

/// An answer that broke off, and has no form in which that could be told. The connection to the client ends with it, so that the
/// answer does not look whole.
#[derive(Debug, thiserror::Error)]
#[error("the provider broke off in the middle of its answer")]
pub(crate) struct BrokenOff;

/// A broken provider is an error only where its answer passes unread: elsewhere the client has been told in its own format.
impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let bytes = match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take()),
            Self::Relayed(relay) => relay.poll_bytes(cx),
            Self::Raw(raw) => return raw.poll_bytes(cx).map(|bytes| bytes.map(|bytes| bytes.map(Frame::data))),
        };
        bytes.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Relayed(_) | Self::Raw(_) => SizeHint::default(),
        }
    }
}
