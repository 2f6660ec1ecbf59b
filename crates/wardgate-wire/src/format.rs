//! The table of formats: which module reads and writes which.
//!
//! A new format is a folder beside these, a variant of [`wardgate_core::format::Format`] and an arm wherever the compiler
//! then complains.

pub mod anthropic_messages;
pub mod openai_chat;
pub(crate) mod openai_responses;
pub(crate) mod gemini;
pub(crate) mod cohere_chat;
pub(crate) mod bedrock_converse;
pub(crate) mod openai_completions;
pub(crate) mod openai_embeddings;
pub(crate) mod figures;
pub(crate) mod opaque;
