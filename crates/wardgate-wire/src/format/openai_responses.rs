//! OpenAI's Responses.

pub(crate) mod error;
pub(crate) mod reply;
pub(crate) mod stream;
pub(crate) mod usage;
pub(crate) mod decode_request;
pub(crate) mod encode_request;
pub(crate) mod server_tools;
mod served;
pub(crate) mod decode_reply;
pub(crate) mod encode_reply;
pub(crate) mod decode_stream;
pub(crate) mod encode_stream;
