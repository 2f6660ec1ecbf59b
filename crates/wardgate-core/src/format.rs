//! The wire formats, and the surfaces on which clients use them.

use std::fmt;

/// A wire format: how a request, an answer, a stream and an error are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI's Chat Completions.
    OpenAiChat,
    /// Anthropic's Messages.
    AnthropicMessages,
}

/// A path of the data plane that calls a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surface {
    /// `POST /v1/chat/completions`.
    ChatCompletions,
    /// `POST /v1/messages`.
    Messages,
}

impl Surface {
    /// Every surface that is served.
    pub const ALL: [Self; 2] = [Self::ChatCompletions, Self::Messages];

    /// The format that clients of this surface write and read.
    #[must_use]
    pub const fn format(self) -> Format {
        match self {
            Self::ChatCompletions => Format::OpenAiChat,
            Self::Messages => Format::AnthropicMessages,
        }
    }

    /// The surface's name in configuration, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat-completions",
            Self::Messages => "messages",
        }
    }

    /// The surface with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surface| surface.name() == name)
    }

    /// What follows the base URL when a provider is called on this surface.
    #[must_use]
    pub const fn upstream_path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/chat/completions",
            Self::Messages => "/messages",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
