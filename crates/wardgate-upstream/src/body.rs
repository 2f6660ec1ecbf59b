//! A request body in slices, none of which is copied.

use bytes::Bytes;

/// The slices of a body, in order. Its length is known, so it is sent with a `Content-Length`.
#[derive(Debug)]
pub struct SlicedBody {
    slices: Vec<Bytes>,
}

impl SlicedBody {
    /// A body of these slices. Empty ones are left out.
    #[must_use]
    pub fn new(mut slices: Vec<Bytes>) -> Self {
        slices.retain(|slice| !slice.is_empty());
        Self { slices }
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> usize {
        self.slices.iter().map(Bytes::len).sum()
    }

    /// Its bytes, to be looked at.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &[u8]> {
        self.slices.iter().map(Bytes::as_ref)
    }

    /// The slices, none of them empty.
    pub(crate) fn into_slices(self) -> Vec<Bytes> {
        self.slices
    }
}
