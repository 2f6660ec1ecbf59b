//! The neutral form: what any of the formats can say, in words of our own.
//!
//! A conversation is ordered parts, as in Anthropic's blocks, because no other shape keeps text, reasoning and calls in the
//! order they happened. Whatever a model must get back bit by bit (signatures, encrypted reasoning, arguments, schemas) is kept
//! as it was written. Nothing outside [`crate::format`] names a vendor's field.

pub mod request;
pub mod content;
pub mod tool;
pub mod served;
pub mod server_tool;
pub mod reply;
pub mod event;
pub mod logprobs;
pub mod loss;
pub mod opaque;
pub mod keepsake;
