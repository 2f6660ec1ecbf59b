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
    /// Gemini's batchEmbedContents.
    GeminiBatchEmbedding,
    /// Cohere's Embed, version 2.
    CohereEmbedding,
    /// Vertex AI's predictions of embedding models.
    VertexEmbedding,
    /// What Amazon Bedrock's embedding models are invoked with, each in its maker's form.
    BedrockEmbedding,
    /// Anthropic's count of a request's tokens.
    AnthropicTokenCount,
    /// Gemini's countTokens.
    GeminiTokenCount,
    /// The same at Vertex AI, which takes instructions and tools at the top.
    VertexTokenCount,
    /// OpenAI's count of what a Responses request has.
    OpenAiTokenCount,
    /// Gemini's embedContent.
    GeminiEmbedding,
    /// OpenAI's making of pictures.
    OpenAiImages,
    /// Jina's ranking of texts, which is OpenRouter's as well.
    JinaRerank,
    /// Cohere's ranking, version 2.
    CohereRerank,
    /// Voyage's ranking.
    VoyageRerank,
    /// Cohere's ranking as Amazon Bedrock invokes it.
    BedrockRerank,
    /// What passes as it is: images, sound and other things that are not read here, but for the model and the usage.
    Opaque,
}

/// Formats of one maker, which have their errors and headers in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// OpenAI, and the many that imitate it.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Google.
    Google,
    /// Cohere.
    Cohere,
    /// Amazon Bedrock.
    Bedrock,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 5] = [Self::OpenAi, Self::Anthropic, Self::Google, Self::Cohere, Self::Bedrock];

    /// Its name where providers are described.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Google => "google",
            Self::Cohere => "cohere",
            Self::Bedrock => "bedrock",
        }
    }

    /// The family with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 23] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::OpenAiCompletions,
        Self::OpenAiEmbeddings,
        Self::AnthropicMessages,
        Self::Gemini,
        Self::CohereChat,
        Self::BedrockConverse,
        Self::GeminiBatchEmbedding,
        Self::CohereEmbedding,
        Self::VertexEmbedding,
        Self::BedrockEmbedding,
        Self::AnthropicTokenCount,
        Self::GeminiTokenCount,
        Self::VertexTokenCount,
        Self::OpenAiTokenCount,
        Self::GeminiEmbedding,
        Self::OpenAiImages,
        Self::JinaRerank,
        Self::CohereRerank,
        Self::VoyageRerank,
        Self::BedrockRerank,
        Self::Opaque,
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
            Self::GeminiBatchEmbedding => "gemini-batch-embedding",
            Self::CohereEmbedding => "cohere-embedding",
            Self::VertexEmbedding => "vertex-embedding",
            Self::BedrockEmbedding => "bedrock-embedding",
            Self::AnthropicTokenCount => "anthropic-token-count",
            Self::GeminiTokenCount => "gemini-token-count",
            Self::VertexTokenCount => "vertex-token-count",
            Self::OpenAiTokenCount => "openai-token-count",
            Self::GeminiEmbedding => "gemini-embedding",
            Self::OpenAiImages => "openai-images",
            Self::JinaRerank => "jina-rerank",
            Self::CohereRerank => "cohere-rerank",
            Self::VoyageRerank => "voyage-rerank",
            Self::BedrockRerank => "bedrock-rerank",
            Self::Opaque => "opaque",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whose format it is.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::OpenAiChat
            | Self::OpenAiResponses
            | Self::OpenAiCompletions
            | Self::OpenAiEmbeddings
            | Self::OpenAiTokenCount
            | Self::OpenAiImages
            | Self::JinaRerank
            | Self::VoyageRerank
            | Self::Opaque => Family::OpenAi,
            Self::AnthropicMessages | Self::AnthropicTokenCount => Family::Anthropic,
            Self::Gemini
            | Self::GeminiBatchEmbedding
            | Self::GeminiTokenCount
            | Self::VertexTokenCount
            | Self::VertexEmbedding
            | Self::GeminiEmbedding => Family::Google,
            Self::CohereChat | Self::CohereEmbedding | Self::CohereRerank => Family::Cohere,
            Self::BedrockConverse | Self::BedrockEmbedding | Self::BedrockRerank => Family::Bedrock,
        }
    }

    /// Whether a client that speaks this format can be answered by a provider that speaks the other one: bytes pass when they
    /// are the same, and are translated by `wardgate-wire` when they are not.
    #[must_use]
    pub const fn is_answered_by(self, provider: Self) -> bool {
        match self {
            Self::OpenAiChat | Self::AnthropicMessages | Self::OpenAiResponses | Self::Gemini => matches!(
                provider,
                Self::OpenAiChat
                    | Self::AnthropicMessages
                    | Self::OpenAiResponses
                    | Self::Gemini
                    | Self::CohereChat
                    | Self::BedrockConverse
            ),
            Self::OpenAiCompletions => matches!(provider, Self::OpenAiCompletions) || Self::OpenAiChat.is_answered_by(provider),
            Self::OpenAiEmbeddings | Self::GeminiBatchEmbedding => matches!(
                provider,
                Self::OpenAiEmbeddings
                    | Self::GeminiBatchEmbedding
                    | Self::CohereEmbedding
                    | Self::VertexEmbedding
                    | Self::BedrockEmbedding
            ),
            Self::AnthropicTokenCount | Self::GeminiTokenCount | Self::OpenAiTokenCount => provider.is_token_count(),
            Self::GeminiEmbedding => {
                matches!(provider, Self::GeminiEmbedding) || Self::GeminiBatchEmbedding.is_answered_by(provider)
            }
            Self::JinaRerank | Self::CohereRerank | Self::VoyageRerank => provider.is_rerank(),
            Self::OpenAiImages => matches!(provider, Self::OpenAiImages | Self::Gemini),
            // Only who serves the same surface knows what to do with it.
            Self::Opaque => false,
            // No client speaks these here.
            Self::CohereChat
            | Self::BedrockConverse
            | Self::CohereEmbedding
            | Self::VertexEmbedding
            | Self::BedrockEmbedding
            | Self::VertexTokenCount
            | Self::BedrockRerank => false,
        }
    }

    /// Whether it ranks texts.
    #[must_use]
    pub const fn is_rerank(self) -> bool {
        matches!(self, Self::JinaRerank | Self::CohereRerank | Self::VoyageRerank | Self::BedrockRerank)
    }

    /// Whether what it has for an answer is not looked into, but for what it used: that may be told in other things than tokens.
    #[must_use]
    pub const fn is_unread(self) -> bool {
        matches!(self, Self::Opaque | Self::OpenAiImages) || self.is_rerank()
    }

    /// Whether it only asks how many tokens a request has.
    #[must_use]
    pub const fn is_token_count(self) -> bool {
        matches!(self, Self::AnthropicTokenCount | Self::GeminiTokenCount | Self::VertexTokenCount | Self::OpenAiTokenCount)
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
    /// `POST /v1/messages/count_tokens`.
    CountTokens,
    /// `POST /v1beta/models/{model}:countTokens`.
    GeminiCountTokens,
    /// `POST /v1/responses/input_tokens`.
    ResponsesInputTokens,
    /// `POST /v1beta/models/{model}:embedContent`.
    EmbedContent,
    /// `POST /v1beta/models/{model}:batchEmbedContents`.
    BatchEmbedContents,
    /// `POST /v1/images/generations`.
    ImageGenerations,
    /// `POST /v1/images/edits`.
    ImageEdits,
    /// `POST /v1/images/variations`.
    ImageVariations,
    /// `POST /v1/audio/speech`.
    Speech,
    /// `POST /v1/audio/transcriptions`.
    Transcriptions,
    /// `POST /v1/audio/translations`.
    Translations,
    /// `POST /v1/moderations`.
    Moderations,
    /// `POST /v1/rerank` in the form of Jina and OpenRouter.
    Rerank,
    /// `POST /v2/rerank`: Cohere's.
    CohereRerank,
    /// `POST /v1/rerank` in the form of Voyage, which is known by what its clients write.
    VoyageRerank,
}

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 21] = [
        Self::ChatCompletions,
        Self::Messages,
        Self::Responses,
        Self::Completions,
        Self::Embeddings,
        Self::GenerateContent,
        Self::CountTokens,
        Self::GeminiCountTokens,
        Self::ResponsesInputTokens,
        Self::EmbedContent,
        Self::BatchEmbedContents,
        Self::ImageGenerations,
        Self::ImageEdits,
        Self::ImageVariations,
        Self::Speech,
        Self::Transcriptions,
        Self::Translations,
        Self::Moderations,
        Self::Rerank,
        Self::CohereRerank,
        Self::VoyageRerank,
    ];

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
            Self::CountTokens => Format::AnthropicTokenCount,
            Self::GeminiCountTokens => Format::GeminiTokenCount,
            Self::ResponsesInputTokens => Format::OpenAiTokenCount,
            Self::EmbedContent => Format::GeminiEmbedding,
            Self::BatchEmbedContents => Format::GeminiBatchEmbedding,
            Self::ImageGenerations => Format::OpenAiImages,
            Self::ImageEdits
            | Self::ImageVariations
            | Self::Speech
            | Self::Transcriptions
            | Self::Translations
            | Self::Moderations => Format::Opaque,
            Self::Rerank => Format::JinaRerank,
            Self::CohereRerank => Format::CohereRerank,
            Self::VoyageRerank => Format::VoyageRerank,
        }
    }

    /// The format in which a provider of a family serves what clients ask on this surface; none where the family has no such
    /// thing. Clients do not speak Cohere's and Bedrock's formats, so these are other spellings of a surface that they do.
    #[must_use]
    pub fn format_of(self, family: Family) -> Option<Format> {
        match (self, family) {
            (Self::ChatCompletions, Family::Cohere) => Some(Format::CohereChat),
            (Self::ChatCompletions, Family::Bedrock) => Some(Format::BedrockConverse),
            (Self::Embeddings, Family::Cohere) => Some(Format::CohereEmbedding),
            _ => Some(self.format()).filter(|format| format.family() == family),
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
            Self::CountTokens => "count-tokens",
            Self::GeminiCountTokens => "gemini-count-tokens",
            Self::ResponsesInputTokens => "responses-input-tokens",
            Self::EmbedContent => "embed-content",
            Self::BatchEmbedContents => "batch-embed-contents",
            Self::ImageGenerations => "image-generations",
            Self::ImageEdits => "image-edits",
            Self::ImageVariations => "image-variations",
            Self::Speech => "speech",
            Self::Transcriptions => "transcriptions",
            Self::Translations => "translations",
            Self::Moderations => "moderations",
            Self::Rerank => "rerank",
            Self::CohereRerank => "cohere-rerank",
            Self::VoyageRerank => "voyage-rerank",
        }
    }

    /// The surface with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surface| surface.name() == name)
    }

    /// Whether its requests may be forms with a file in them, and not JSON.
    #[must_use]
    pub const fn takes_forms(self) -> bool {
        matches!(self, Self::ImageEdits | Self::ImageVariations | Self::Transcriptions | Self::Translations)
    }

    /// Whether it only counts what a request would be, so that nothing is generated or used.
    #[must_use]
    pub const fn is_count(self) -> bool {
        self.format().is_token_count()
    }

    /// The version segment of the paths that its maker serves it under.
    #[must_use]
    pub const fn upstream_version(self) -> &'static str {
        match self.format().family() {
            Family::Google => "/v1beta",
            Family::Cohere => "/v2",
            Family::OpenAi | Family::Anthropic | Family::Bedrock => "/v1",
        }
    }

    /// What follows the base URL when a provider is called on this surface, with `{model}` where its path names the model.
    #[must_use]
    pub const fn upstream_path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/chat/completions",
            Self::Messages => "/messages",
            Self::Responses => "/responses",
            Self::Completions => "/completions",
            Self::Embeddings => "/embeddings",
            Self::GenerateContent => "/models/{model}:generateContent",
            Self::CountTokens => "/messages/count_tokens",
            Self::GeminiCountTokens => "/models/{model}:countTokens",
            Self::ResponsesInputTokens => "/responses/input_tokens",
            Self::EmbedContent => "/models/{model}:embedContent",
            Self::BatchEmbedContents => "/models/{model}:batchEmbedContents",
            Self::ImageGenerations => "/images/generations",
            Self::ImageEdits => "/images/edits",
            Self::ImageVariations => "/images/variations",
            Self::Speech => "/audio/speech",
            Self::Transcriptions => "/audio/transcriptions",
            Self::Translations => "/audio/translations",
            Self::Moderations => "/moderations",
            Self::Rerank | Self::CohereRerank | Self::VoyageRerank => "/rerank",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
