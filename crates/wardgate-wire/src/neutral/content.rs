//! What is said: turns, and the parts they are made of.

use super::logprobs::Logprob;
use super::opaque::Opaque;
use super::served::Served;
use super::tool::{Call, ToolResult};
use crate::json::Path;
use wardgate_core::format::Format;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Whoever runs the model.
    System,
    /// Whoever builds the application; the same as the system where there is no such word.
    Developer,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// Tools, answering calls.
    Tool,
}

impl Role {
    /// System or developer.
    #[must_use]
    pub const fn is_instruction(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// The speaker's name.
    pub name: Option<String>,
    /// What an assistant's turn was: commentary or the final answer.
    pub phase: Option<String>,
    /// Where it stands in the client's body, for warnings.
    pub path: String,
}

/// A part of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it says.
    pub content: Content,
    /// A mark up to which the prompt is to be cached.
    pub cache: Option<CacheMark>,
    /// Where it stands in the client's request, if a provider may be unable to read such a thing. See [`Part::placed`].
    path: Option<Box<str>>,
}

impl Part {
    /// The part that stands there in the client's request. Only of what not every provider reads it is kept where that is.
    pub(crate) fn placed(mut self, path: &Path<'_>) -> Self {
        let is_read_by_all = matches!(
            self.content,
            Content::Text { .. } | Content::Refusal(_) | Content::Reasoning(_) | Content::Call(_) | Content::Result(_)
        );
        self.path = (!is_read_by_all).then(|| path.to_string().into());
        self
    }

    /// With a mark up to which the prompt is to be cached.
    pub(crate) fn marked(content: Content, cache: Option<CacheMark>) -> Self {
        Self { content, cache, path: None }
    }

    /// Where it stands in the client's request, in a turn that stands there.
    pub(crate) fn path_in<'p>(&'p self, turn: &'p str) -> &'p str {
        self.path.as_deref().unwrap_or(turn)
    }
}

impl From<Content> for Part {
    fn from(content: Content) -> Self {
        Self::marked(content, None)
    }
}

/// How long a marked prefix is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMark {
    /// The provider's usual time, five minutes or so.
    Usual,
    /// An hour or so.
    Long,
}

/// What a part says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text, and what it is based on.
    Text {
        /// The text.
        text: String,
        /// Its sources.
        citations: Vec<Citation>,
        /// How probable its tokens were, where that was asked for.
        logprobs: Vec<Logprob>,
    },
    /// A picture.
    Image {
        /// Where it is.
        source: Source,
        /// How closely to look at it, in the client's word.
        detail: Option<String>,
    },
    /// Sound.
    Audio(Source),
    /// Moving pictures.
    Video(Source),
    /// A document.
    File {
        /// Where it is.
        source: Source,
        /// Its name.
        name: Option<String>,
        /// What it is about.
        context: Option<String>,
        /// Whether the model is to cite from it.
        is_citable: bool,
    },
    /// A passage that a search found.
    SearchResult {
        /// Where it is from.
        source: String,
        /// Its title.
        title: String,
        /// The passage.
        text: String,
    },
    /// A call of a tool.
    Call(Call),
    /// What a tool answered.
    Result(ToolResult),
    /// A call that the provider answered itself.
    Served(Box<Served>),
    /// What the model thought.
    Reasoning(Reasoning),
    /// The model's words for refusing.
    Refusal(String),
    /// A block that only its own format understands.
    Foreign {
        /// That format.
        format: Format,
        /// What kind of block it says it is.
        kind: String,
        /// The block as it came.
        json: String,
    },
}

impl Content {
    /// Text without sources.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), citations: Vec::new(), logprobs: Vec::new() }
    }

    /// How probable its tokens were, if it is text.
    #[must_use]
    pub fn logprobs(&self) -> &[Logprob] {
        match self {
            Self::Text { logprobs, .. } => logprobs,
            _ => &[],
        }
    }
}

/// What a model thought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// The readable part, empty if there is none.
    pub text: String,
    /// Whether the text is a summary and not the thoughts themselves.
    pub is_summary: bool,
    /// What the model needs to get back.
    pub opaque: Option<Opaque>,
    /// The call that it belongs to, where the format binds it to one.
    pub call_id: Option<String>,
}

/// Where the bytes of a part are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Here, in base64.
    Base64 {
        /// Their media type, such as `image/png`.
        media: String,
        /// The bytes, in base64.
        data: String,
    },
    /// Here, as text.
    Text(String),
    /// At a URL.
    Url {
        /// The URL.
        url: String,
        /// The media type, if known.
        media: Option<String>,
    },
    /// In a provider's own store.
    FileId {
        /// The format whose provider keeps it.
        format: Format,
        /// Its id there.
        id: String,
    },
}

impl Source {
    /// A source from a URL, which may hold the bytes itself (`data:image/png;base64,…`).
    #[must_use]
    pub fn from_url(url: &str) -> Self {
        let inline = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        match inline {
            Some((media, data)) => {
                // Parameters, such as a charset, say nothing that counts here.
                let media = media.split(';').next().unwrap_or_default();
                Self::Base64 { media: media.to_owned(), data: data.to_owned() }
            }
            None => Self::Url { url: url.to_owned(), media: None },
        }
    }

    /// As a URL; bytes become a `data:` URL. None for what is in a provider's store.
    #[must_use]
    pub fn to_url(&self) -> Option<String> {
        match self {
            Self::Base64 { media, data } => Some(format!("data:{media};base64,{data}")),
            Self::Url { url, .. } => Some(url.clone()),
            Self::Text(_) | Self::FileId { .. } => None,
        }
    }
}

/// What a piece of text is based on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Citation {
    /// The source's address.
    pub url: Option<String>,
    /// Which of the request's documents it is, where it is one, counted from zero.
    pub document: Option<u64>,
    /// The source's title.
    pub title: Option<String>,
    /// The words that are cited.
    pub cited_text: Option<String>,
    /// Where the text that is based on it begins, in characters from the beginning of its part.
    pub start: Option<u64>,
    /// Where that text ends.
    pub end: Option<u64>,
}
