//! OpenAI's Chat Completions, and the many hosts that imitate it.

pub mod error;
pub mod reply;
pub mod stream;
pub mod usage;
pub(crate) mod decode_request;
pub(crate) mod encode_request;
pub(crate) mod server_tools;
pub(crate) mod served;
pub(crate) mod decode_reply;
pub(crate) mod encode_reply;
pub(crate) mod decode_stream;
pub(crate) mod encode_stream;
pub(crate) mod reasoning;
pub(crate) mod calls;
pub(crate) mod logprobs;
pub(crate) mod tier;
mod switches;
mod marks;
mod template;
mod chunk;
