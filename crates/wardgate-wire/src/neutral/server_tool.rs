//! Tools that the provider itself runs and that several formats have: searching the web, running code, reading a URL.
//!
//! What every one of them can say is taken apart here, so that a request can go to a provider of another format. A tool that only
//! one format has is a [`Builtin`](super::tool::Tool::Builtin).

/// A tool that the provider runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTool {
    /// What it does.
    pub kind: ServerToolKind,
    /// The most times that it may be used.
    pub uses_max: Option<u64>,
    /// Which places in the web it may read.
    pub domains: Domains,
    /// Where the user is (search).
    pub location: Option<Location>,
    /// How much of what was found the model reads, in the client's word (search).
    pub context_size: Option<String>,
    /// Whether the answer is to cite what was read (reading a URL).
    pub is_citing: bool,
    /// Where it stands in the client's body, for warnings.
    pub path: String,
}

/// What a tool of the provider does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerToolKind {
    /// It searches the web.
    WebSearch,
    /// It runs code.
    CodeExecution,
    /// It reads a URL.
    UrlFetch,
}

impl ServerToolKind {
    /// Our word for it. A tool choice names it so.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSearch => "web_search",
            Self::CodeExecution => "code_execution",
            Self::UrlFetch => "web_fetch",
        }
    }
}

/// Places in the web. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domains {
    /// Only these, if there are any.
    pub allowed: Vec<String>,
    /// Not these.
    pub blocked: Vec<String>,
}

impl Domains {
    /// Whether anything is ruled out.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.allowed.is_empty() && self.blocked.is_empty()
    }
}

/// Where a user is, about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The country, two letters.
    pub country: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The time zone, in IANA's spelling.
    pub timezone: Option<String>,
}

impl ServerTool {
    /// A tool without options.
    #[must_use]
    pub fn new(kind: ServerToolKind, path: impl Into<String>) -> Self {
        let (domains, path) = (Domains::default(), path.into());
        Self { kind, uses_max: None, domains, location: None, context_size: None, is_citing: false, path }
    }
}
