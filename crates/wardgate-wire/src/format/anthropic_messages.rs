//! Anthropic's Messages.

pub mod error;
pub mod reply;
pub mod stream;
pub mod usage;
