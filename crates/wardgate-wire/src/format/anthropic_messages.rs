//! Anthropic's Messages.

pub mod error;
pub mod reply;
pub mod stream;
pub mod usage;
pub(crate) mod decode_request;
pub(crate) mod encode_request;
pub(crate) mod thinking;
pub(crate) mod server_tools;
mod served;
mod gathered;
mod turn;
pub(crate) mod decode_reply;
pub(crate) mod encode_reply;
pub(crate) mod decode_stream;
pub(crate) mod encode_stream;
