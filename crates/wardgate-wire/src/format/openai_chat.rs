//! OpenAI's Chat Completions, and the many hosts that imitate it.

pub mod error;
pub mod reply;
pub mod stream;
pub mod usage;
