//! What an answer of Converse's rests on. A source is one of the whole block that it stands in.

use crate::neutral::content::Citation;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most sources of one block.
pub(super) const CITATIONS_MAX: usize = 4_096;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cited {
    title: Option<String>,
    /// Where a passage of the request is from.
    source: Option<String>,
    source_content: Option<Vec<Words>>,
    location: Option<Location>,
}

#[derive(Deserialize)]
struct Words {
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    web: Option<Web>,
    document_char: Option<Place>,
    document_page: Option<Place>,
    document_chunk: Option<Place>,
}

#[derive(Deserialize)]
struct Web {
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    document_index: Option<u64>,
}

/// Reads a source. What is not as it should be is none: the answer is worth more than its sources.
pub(super) fn read(raw: &RawValue) -> Option<Citation> {
    let Cited { title, source, source_content, location } = serde_json::from_str(raw.get()).ok()?;
    let words: String = source_content.into_iter().flatten().filter_map(|words| words.text).collect();
    let (web, place) = match location {
        Some(Location { web, document_char, document_page, document_chunk }) => {
            (web, document_char.or(document_page).or(document_chunk))
        }
        None => (None, None),
    };
    let url = web.and_then(|web| web.url).or_else(|| source.filter(|source| source.starts_with("http")));
    let document = place.and_then(|place| place.document_index);
    let cited_text = (!words.is_empty()).then_some(words);
    Some(Citation { url, document, title, cited_text, start: None, end: None })
}
