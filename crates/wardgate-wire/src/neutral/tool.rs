//! Tools: what there is, what was called, what it answered.

use super::content::{CacheMark, Part};
use serde_json::value::RawValue;
use wardgate_core::format::Format;

/// Something that the model may call.
#[derive(Debug, Clone)]
pub enum Tool {
    /// A function with a JSON schema.
    Function(Function),
    /// A tool that takes text, of a grammar if one is given.
    Custom {
        /// Its name.
        name: String,
        /// What it does.
        description: Option<String>,
        /// The format of its text, as the client wrote it.
        grammar: Option<Box<RawValue>>,
    },
    /// A tool that the provider itself runs and that no other format has. Those that others have are in
    /// [`Request::server_tools`](super::request::Request::server_tools).
    Builtin {
        /// The format it belongs to.
        format: Format,
        /// What kind it is, in that format's word.
        kind: String,
        /// Its definition as it came.
        json: Box<RawValue>,
    },
}

impl Tool {
    /// The name that calls use.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Function(function) => &function.name,
            Self::Custom { name, .. } => name,
            Self::Builtin { kind, .. } => kind,
        }
    }
}

/// A function.
#[derive(Debug, Clone, Default)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The JSON schema of its arguments, byte for byte.
    pub schema: Option<Box<RawValue>>,
    /// Whether arguments must follow the schema.
    pub is_strict: Option<bool>,
    /// A mark up to which the prompt is to be cached.
    pub cache: Option<CacheMark>,
}

/// What the model is to do with its tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// Not to use them.
    None,
    /// To use one at least.
    Required,
    /// To use this one.
    Named(String),
    /// To choose from these.
    Allowed {
        /// Their names.
        names: Vec<String>,
        /// Whether it must use one.
        is_required: bool,
    },
}

/// What sort of tool a call is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CallKind {
    /// A function: the arguments are JSON.
    #[default]
    Function,
    /// A custom tool: the arguments are text.
    Custom,
}

/// A call of a client's tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// By which the result refers to it.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments, byte for byte as the model wrote them. Empty for none.
    pub arguments: String,
    /// What sort of tool it is.
    pub kind: CallKind,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// The call it answers.
    pub call_id: String,
    /// The tool's name, where the format repeats it.
    pub name: Option<String>,
    /// Text, pictures, documents.
    pub parts: Vec<Part>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// What sort of tool it was.
    pub kind: CallKind,
}
