//! A request body in slices, none of which is copied.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The slices of a body, in order. Its length is known, so it is sent with a `Content-Length`.
#[derive(Debug)]
pub struct SlicedBody {
    slices: std::vec::IntoIter<Bytes>,
    bytes_left: u64,
}

impl SlicedBody {
    /// A body of these slices. Empty ones are left out, since an empty frame may be taken for the end.
    #[must_use]
    pub fn new(mut slices: Vec<Bytes>) -> Self {
        slices.retain(|slice| !slice.is_empty());
        let bytes_left = slices.iter().map(|slice| slice.len() as u64).sum();
        Self { slices: slices.into_iter(), bytes_left }
    }
}

impl Body for SlicedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let slice = self.slices.next();
        if let Some(slice) = &slice {
            self.bytes_left -= slice.len() as u64;
        }
        Poll::Ready(slice.map(|slice| Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes_left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes_left)
    }
}
