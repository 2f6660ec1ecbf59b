//! Cohere's Chat, version 2. Providers speak it; clients are not served in it.

pub(crate) mod encode_request;
mod cited;
pub(crate) mod decode_reply;
pub(crate) mod decode_stream;
mod logprobs;
