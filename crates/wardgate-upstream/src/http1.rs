//! HTTP/1.1 as bytes (RFC 9112): requests written, answers read. Pure: nothing here does IO or waits.
//!
//! An answer is read strictly. What two readers could take for two different things is refused, since a provider, or a proxy
//! in front of it, that disagrees with us about where an answer ends would give one call the answer of another.

pub(crate) mod beginning;
pub(crate) mod body;
pub(crate) mod chunked;
pub(crate) mod head;
mod malformed;
pub(crate) mod request;

pub use malformed::Malformed;
