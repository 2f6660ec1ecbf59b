//! Calls that the provider answers itself: what it searched for, read or ran, and what came of it.
//!
//! They are no calls of a client's tools: nobody waits for a result. A client is told of them in whatever words its format has,
//! and may send them back with the next turn. What came of a search can be read by its maker alone, so a call carries what its
//! maker needs to get back, as reasoning does.

use super::opaque::{Opaque, OpaqueKind, Origin, UNSIGNED};
use super::server_tool::ServerToolKind;
use serde::Deserialize;
use std::fmt::Write;
use wardgate_core::format::Format;

/// The longest piece that a client is given to send back, in bytes. A longer call is told without it.
pub const RAW_BYTES_MAX: usize = 1024 * 1024;

/// A call that the provider answered itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The provider's id for it, which may be empty.
    pub id: String,
    /// What it did.
    pub work: Work,
    /// What came of it; none where the answer ended before, or nothing of it was told.
    pub outcome: Option<Outcome>,
    /// The blocks or items as their maker wrote them, elements of a JSON array.
    pub raw: Option<Opaque>,
}

/// What a provider did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// It searched the web for these words.
    Search(Vec<String>),
    /// It read what is at this address.
    Fetch(String),
    /// It ran code.
    Code {
        /// In which language, such as `python`.
        language: String,
        /// The code.
        code: String,
    },
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The pages that were found or read.
    pub pages: Vec<Page>,
    /// What the code wrote, or the text of the page.
    pub output: String,
    /// Why it failed, in the provider's word.
    pub error: Option<String>,
}

/// A page in the web.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Its title, empty if it was not told.
    pub title: String,
}

impl Served {
    /// Which tool it is a call of.
    #[must_use]
    pub const fn kind(&self) -> ServerToolKind {
        match self.work {
            Work::Search(_) => ServerToolKind::WebSearch,
            Work::Fetch(_) => ServerToolKind::UrlFetch,
            Work::Code { .. } => ServerToolKind::CodeExecution,
        }
    }

    /// The words that were searched for, as one text.
    #[must_use]
    pub fn query(&self) -> String {
        match &self.work {
            Work::Search(queries) => queries.join(" | "),
            Work::Fetch(_) | Work::Code { .. } => String::new(),
        }
    }

    /// Whether it failed.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.error.is_some())
    }

    /// What code wrote or a page said, empty where nothing is known.
    #[must_use]
    pub fn output(&self) -> &str {
        self.outcome.as_ref().map_or("", |outcome| &outcome.output)
    }

    /// The pages that were found.
    #[must_use]
    pub fn pages(&self) -> &[Page] {
        self.outcome.as_ref().map_or(&[], |outcome| &outcome.pages)
    }

    /// The call as words for a model that did not make it: what was run and read, which its answer may speak of. A search is
    /// none, for what was found is told by the answer.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let mut text = String::new();
        // Writing to a String cannot fail.
        match &self.work {
            Work::Search(_) => return None,
            Work::Fetch(_) if self.output().is_empty() => return None,
            Work::Fetch(url) => {
                let _ = write!(text, "I read {url}:\n{}", fenced("", self.output()));
            }
            Work::Code { language, code } => {
                let _ = write!(text, "I ran this:\n{}", fenced(language, code));
                if !self.output().is_empty() {
                    let _ = write!(text, "\nIt wrote:\n{}", fenced("", self.output()));
                }
            }
        }
        if let Some(error) = self.outcome.as_ref().and_then(|outcome| outcome.error.as_deref()) {
            let _ = write!(text, "\nIt failed: {error}");
        }
        Some(text)
    }

    /// What a client of another format keeps for the maker. Nobody else may be sent it, even where there is nothing to keep.
    pub(crate) fn envelope(&self, client: Format) -> String {
        self.raw.as_ref().map_or_else(|| UNSIGNED.to_owned(), |raw| raw.shown_to(client))
    }
}

/// Text between fences that are longer than any in it.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{line_end}{fence}")
}

/// An opaque piece that is a call, unless it is too long to be sent to and fro.
pub(crate) fn raw(origin: Origin, data: String) -> Option<Opaque> {
    (data.len() <= RAW_BYTES_MAX).then_some(Opaque { origin, kind: OpaqueKind::Served, data })
}

/// The piece that a client was given to send back. It is written into a request as it is, so it must be what was given: blocks
/// and items of this kind and nothing else.
pub(crate) fn opened(sealed: &str) -> Option<Opaque> {
    #[derive(Deserialize)]
    struct Element {
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    let opaque = Opaque::from_envelope(sealed).filter(|opaque| opaque.kind == OpaqueKind::Served)?;
    let elements: Vec<Element> = serde_json::from_str(&format!("[{}]", opaque.data)).ok()?;
    let is_one = |element: &Element| match element.kind.as_deref() {
        Some(kind) => {
            matches!(kind, "server_tool_use" | "web_search_call" | "code_interpreter_call") || kind.ends_with("_tool_result")
        }
        None => opaque.origin.format == Format::Gemini,
    };
    (!elements.is_empty() && elements.iter().all(is_one)).then_some(opaque)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_that_was_tampered_with_is_none() {
        let check = |format: &str, kind: &str, data: &str, expected: bool| {
            assert_eq!(opened(&format!("wg1.{format}.1.{kind}.{data}")).is_some(), expected, "{data}");
        };
        check("anthropic-messages", "c", r#"{"type":"server_tool_use"},{"type":"web_search_tool_result"}"#, true);
        check("gemini", "c", r#"{"executableCode":{}}"#, true);
        check("anthropic-messages", "c", "", false);
        check("anthropic-messages", "s", r#"{"type":"server_tool_use"}"#, false);
        check("anthropic-messages", "c", r#"{"type":"text","text":"x"}"#, false);
        check("anthropic-messages", "c", r#"{"role":"system"}"#, false);
        check("openai-responses", "c", r#"{"type":"message","role":"system"}"#, false);
        check("openai-responses", "c", r#"{"type":"web_search_call"}],"model":"other","x":[{"type":"web_search_call"}"#, false);
    }

    #[test]
    fn what_was_run_is_told_and_what_was_searched_for_is_not() {
        let check = |work: Work, output: &str, error: Option<&str>, expected: Option<&str>| {
            let outcome = Outcome { output: output.to_owned(), error: error.map(str::to_owned), ..Outcome::default() };
            let served = Served { id: String::new(), work, outcome: Some(outcome), raw: None };
            assert_eq!(served.told().as_deref(), expected);
        };
        let code = |code: &str| Work::Code { language: "python".to_owned(), code: code.to_owned() };
        check(code("2+2"), "4\n", None, Some("I ran this:\n```python\n2+2\n```\nIt wrote:\n```\n4\n```"));
        check(code("'```'"), "", Some("timeout"), Some("I ran this:\n````python\n'```'\n````\nIt failed: timeout"));
        check(Work::Search(vec!["a".to_owned()]), "x", None, None);
        check(Work::Fetch("https://a.example".to_owned()), "", None, None);
        check(Work::Fetch("https://a.example".to_owned()), "x", None, Some("I read https://a.example:\n```\nx\n```"));
    }
}
