//! The wire formats, and the surfaces on which clients use them.

use std::fmt;

/// A wire format: how a request, an answer, a stream and an error are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// OpenAI's Chat Completions.
    OpenAiChat,
    /// OpenAI's Responses.
    OpenAiResponses,
    /// OpenAI's legacy Completions: a prompt and what follows it.
    OpenAiCompletions,
    /// OpenAI's Embeddings.
    OpenAiEmbeddings,
    /// Anthropic's Messages.
    AnthropicMessages,
    /// Gemini's generateContent and streamGenerateContent.
    Gemini,
    /// Cohere's Chat, version 2.
    CohereChat,
    /// Amazon Bedrock's Converse and ConverseStream.
    BedrockConverse,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 8] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::OpenAiCompletions,
        Self::OpenAiEmbeddings,
        Self::AnthropicMessages,
        Self::Gemini,
        Self::CohereChat,
        Self::BedrockConverse,
    ];

    /// The format's name in configuration, logs and fixtures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::OpenAiResponses => "openai-responses",
            Self::OpenAiCompletions => "openai-completions",
            Self::OpenAiEmbeddings => "openai-embeddings",
            Self::AnthropicMessages => "anthropic-messages",
            Self::Gemini => "gemini",
            Self::CohereChat => "cohere-chat",
            Self::BedrockConverse => "bedrock-converse",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A path of the data plane that calls a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surface {
    /// `POST /v1/chat/completions`.
    ChatCompletions,
    /// `POST /v1/messages`.
    Messages,
    /// `POST /v1/responses`.
    Responses,
    /// `POST /v1/completions`.
    Completions,
    /// `POST /v1/embeddings`.
    Embeddings,
    /// `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`.
    GenerateContent,
}

impl Surface {
    /// Every surface that is served. The others have a format and no route yet.
    pub const ALL: [Self; 2] = [Self::ChatCompletions, Self::Messages];

    /// The format that clients of this surface write and read.
    #[must_use]
    pub const fn format(self) -> Format {
        match self {
            Self::ChatCompletions => Format::OpenAiChat,
            Self::Messages => Format::AnthropicMessages,
            Self::Responses => Format::OpenAiResponses,
            Self::Completions => Format::OpenAiCompletions,
            Self::Embeddings => Format::OpenAiEmbeddings,
            Self::GenerateContent => Format::Gemini,
        }
    }

    /// The surface's name in configuration, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat-completions",
            Self::Messages => "messages",
            Self::Responses => "responses",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
            Self::GenerateContent => "generate-content",
        }
    }

    /// The served surface with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surface| surface.name() == name)
    }

    /// What follows the base URL when a provider is called on this surface. The path of generateContent names the model, so
    /// only its beginning is here.
    #[must_use]
    pub const fn upstream_path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/chat/completions",
            Self::Messages => "/messages",
            Self::Responses => "/responses",
            Self::Completions => "/completions",
            Self::Embeddings => "/embeddings",
            Self::GenerateContent => "/models",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
