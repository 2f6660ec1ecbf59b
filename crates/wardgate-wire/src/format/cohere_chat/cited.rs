//! What an answer of Cohere's rests on: pieces of its text, each with its sources.

use crate::neutral::content::Citation;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A piece of the text. It counts characters from the beginning of its part.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Cited {
    start: Option<u64>,
    end: Option<u64>,
    text: Option<String>,
    sources: Option<Vec<Source>>,
}

#[derive(Debug, Deserialize)]
struct Source {
    document: Option<Document>,
    tool_output: Option<Document>,
}

/// A document, whose members are what the client made them.
#[derive(Debug, Deserialize)]
struct Document {
    url: Option<Box<RawValue>>,
    title: Option<Box<RawValue>>,
}

impl Cited {
    /// A citation for each source that has an address or a title, or one alone.
    pub(super) fn citations(self) -> Vec<Citation> {
        let Self { start, end, text, sources } = self;
        let plain = Citation { start, end, cited_text: text, ..Citation::default() };
        let read = |raw: Option<Box<RawValue>>| raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let documents = sources.into_iter().flatten().filter_map(|source| source.document.or(source.tool_output));
        let named: Vec<Citation> = documents
            .map(|Document { url, title }| Citation { url: read(url), title: read(title), ..plain.clone() })
            .filter(|citation| citation.url.is_some() || citation.title.is_some())
            .collect();
        if named.is_empty() { vec![plain] } else { named }
    }
}

/// Reads what one event tells: one piece, or a list of them.
pub(super) fn read(raw: &RawValue) -> Vec<Citation> {
    let pieces: Vec<Cited> = match raw.get().starts_with('[') {
        true => serde_json::from_str(raw.get()).unwrap_or_default(),
        false => serde_json::from_str(raw.get()).into_iter().collect(),
    };
    pieces.into_iter().flat_map(Cited::citations).collect()
}
