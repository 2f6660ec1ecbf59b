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

use wardgate_core::format::Format;

/// A format in which conversations are held: what requests, answers and streams are translated between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConversationFormat {
    Chat,
    Messages,
    Responses,
    Gemini,
    /// Clients alone speak it.
    Completions,
    /// Providers alone speak it, and the next one.
    Cohere,
    Converse,
}

impl ConversationFormat {
    /// None: it says something else than conversations.
    pub(crate) const fn of(format: Format) -> Option<Self> {
        Some(match format {
            Format::OpenAiChat => Self::Chat,
            Format::AnthropicMessages => Self::Messages,
            Format::OpenAiResponses => Self::Responses,
            Format::Gemini => Self::Gemini,
            Format::OpenAiCompletions => Self::Completions,
            Format::CohereChat => Self::Cohere,
            Format::BedrockConverse => Self::Converse,
            Format::OpenAiEmbeddings
            | Format::GeminiBatchEmbedding
            | Format::CohereEmbedding
            | Format::VertexEmbedding
            | Format::BedrockEmbedding
            | Format::AnthropicTokenCount
            | Format::GeminiTokenCount
            | Format::VertexTokenCount
            | Format::OpenAiTokenCount
            | Format::GeminiEmbedding
            | Format::OpenAiImages
            | Format::JinaRerank
            | Format::CohereRerank
            | Format::VoyageRerank
            | Format::BedrockRerank
            | Format::Opaque => return None,
        })
    }
}
