//! Amazon Bedrock's Converse and ConverseStream. Providers speak it; clients are not served in it. Signing is done elsewhere.

pub(crate) mod frames;
pub(crate) mod encode_request;
mod cited;
pub(crate) mod decode_reply;
pub(crate) mod decode_stream;
