//! OpenAI's legacy Completions, in passing. Its chunks have text where those of Chat have a delta.

pub(crate) mod stream;
