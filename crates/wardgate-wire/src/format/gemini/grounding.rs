//! What an answer of Gemini's rests on: the searches, the pages that they found, and which piece of the text rests on which page.
//!
//! Google counts pieces in bytes; the neutral form counts characters from the beginning of a part.

use crate::json::Json;
use crate::neutral::content::Citation;
use crate::neutral::event::Event;
use crate::neutral::reply::GATHERED_BYTES_MAX;
use crate::neutral::served::{Page, Served, Work};
use crate::transcode::parts::Sink;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most sources that are kept of one answer.
const CITATIONS_MAX: usize = 4_096;

/// The `groundingMetadata` object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Grounding {
    web_search_queries: Option<Vec<String>>,
    grounding_chunks: Option<Vec<Chunk>>,
    grounding_supports: Option<Vec<Support>>,
}

#[derive(Debug, Deserialize)]
struct Chunk {
    web: Option<Web>,
}

#[derive(Debug, Deserialize)]
struct Web {
    uri: Option<String>,
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Support {
    segment: Option<Segment>,
    #[serde(default)]
    grounding_chunk_indices: Vec<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Segment {
    #[serde(default)]
    part_index: usize,
    #[serde(default)]
    start_index: usize,
    end_index: Option<usize>,
}

impl Grounding {
    /// Reads it. What is not as it should be is as if it were not there: the answer is worth more than its sources.
    pub(super) fn read(raw: &RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }

    /// The searches that are charged for. Before Gemini 3 it was the answer that was, however often was searched for it.
    pub(super) fn searches(&self, model: Option<&str>) -> u32 {
        let is_early = model.is_some_and(|model| ["gemini-1", "gemini-2"].iter().any(|early| model.starts_with(early)));
        let queries = self.web_search_queries.as_ref().map_or(0, Vec::len);
        u32::try_from(if is_early { queries.min(1) } else { queries }).unwrap_or(u32::MAX)
    }

    /// What was searched for.
    pub(super) fn queries(&self) -> &[String] {
        self.web_search_queries.as_deref().unwrap_or_default()
    }

    /// What was found.
    pub(super) fn pages(&self) -> impl Iterator<Item = Page> {
        let web = self.grounding_chunks.iter().flatten().filter_map(|chunk| chunk.web.as_ref());
        web.filter_map(|web| Some(Page { url: web.uri.clone()?, title: web.title.clone().unwrap_or_default() }))
    }

    /// The sources, each with its place in the open part, which begins at a byte of the whole text. Without a word on places they
    /// are sources of all of it.
    pub(super) fn citations(&self, text: &Text) -> Vec<Citation> {
        let chunks = self.grounding_chunks.as_deref().unwrap_or_default();
        let source = |index: usize| chunks.get(index)?.web.as_ref();
        let cite = |web: &Web, place: Option<(u64, u64)>| Citation {
            url: web.uri.clone(),
            title: web.title.clone(),
            start: place.map(|(start, _)| start),
            end: place.map(|(_, end)| end),
            ..Citation::default()
        };
        let supports = self.grounding_supports.as_deref().unwrap_or_default();
        if supports.is_empty() {
            return (0..chunks.len()).filter_map(source).map(|web| cite(web, None)).take(CITATIONS_MAX).collect();
        }
        let placed = supports.iter().filter_map(|support| Some((text.place(support.segment.as_ref()?)?, support)));
        let cited = placed.flat_map(|(place, support)| {
            support.grounding_chunk_indices.iter().filter_map(|index| source(*index)).map(move |web| cite(web, Some(place)))
        });
        cited.take(CITATIONS_MAX).collect()
    }
}

/// The text of an answer so far, by which bytes become characters.
#[derive(Debug, Default)]
pub(super) struct Text {
    whole: String,
    /// Where the open part begins.
    part_start: usize,
    /// Where the parts of the last message begin, in which `partIndex` counts.
    starts: Vec<usize>,
}

impl Text {
    /// A message begins.
    pub(super) fn begin_message(&mut self) {
        self.starts.clear();
    }

    /// A part of a message, whatever it is. `opens`: it begins a part of the neutral answer.
    pub(super) fn part(&mut self, text: &str, opens: bool) {
        self.starts.push(self.whole.len());
        if opens {
            self.part_start = self.whole.len();
        }
        if self.whole.len() + text.len() <= GATHERED_BYTES_MAX {
            self.whole.push_str(text);
        }
    }

    fn place(&self, segment: &Segment) -> Option<(u64, u64)> {
        // In a stream the text is one part, of which each message holds a piece.
        let from = if segment.part_index == 0 { 0 } else { *self.starts.get(segment.part_index)? };
        let (start, end) = (from + segment.start_index, from + segment.end_index?);
        let open = self.whole.get(self.part_start..)?;
        let character = |byte: usize| Some(open.get(..byte.checked_sub(self.part_start)?)?.chars().count() as u64);
        (start <= end).then_some((character(start)?, character(end)?))
    }
}

/// Tells the sources of the open text, each once: they may come again with each message.
pub(super) fn tell(citations: Vec<Citation>, told: &mut Vec<Citation>, sink: &mut Sink<'_>) {
    for citation in citations {
        if told.len() < CITATIONS_MAX && !told.contains(&citation) {
            sink(Event::Cite(&citation));
            told.push(citation);
        }
    }
}

/// The sources of an answer that is written.
#[derive(Debug, Default)]
pub(super) struct Sources {
    queries: Vec<String>,
    pages: Vec<(String, String)>,
    supports: Vec<Cited>,
}

#[derive(Debug)]
struct Cited {
    part: usize,
    bytes: (usize, usize),
    pages: Vec<usize>,
}

impl Sources {
    /// A source of a part's text, which begins at a byte of what is counted as one part with this number.
    pub(super) fn cite(&mut self, citation: &Citation, part: usize, from: usize, text: &str) {
        let Some(url) = citation.url.as_deref().filter(|_| self.supports.len() < CITATIONS_MAX) else { return };
        let page = self.pages.iter().position(|(known, _)| known == url).unwrap_or_else(|| {
            self.pages.push((url.to_owned(), citation.title.clone().unwrap_or_default()));
            self.pages.len() - 1
        });
        let byte = |place: Option<u64>, otherwise: usize| {
            let character = place.and_then(|place| usize::try_from(place).ok());
            character.map_or(otherwise, |at| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte))
        };
        let bytes = (from + byte(citation.start, 0), from + byte(citation.end, text.len()));
        match self.supports.last_mut() {
            Some(last) if last.part == part && last.bytes == bytes => last.pages.push(page),
            _ => self.supports.push(Cited { part, bytes, pages: vec![page] }),
        }
    }

    /// What was searched for.
    pub(super) fn search(&mut self, served: &Served) {
        if let Work::Search(queries) = &served.work {
            let room = CITATIONS_MAX.saturating_sub(self.queries.len());
            self.queries.extend(queries.iter().take(room).cloned());
        }
    }

    /// The member that tells them, if there are any.
    pub(super) fn write(&self, json: &mut Json<'_>) {
        if self.pages.is_empty() && self.queries.is_empty() {
            return;
        }
        json.put_object("groundingMetadata", |json| {
            if !self.queries.is_empty() {
                json.put_texts("webSearchQueries", self.queries.iter().map(String::as_str));
            }
            if self.pages.is_empty() {
                return;
            }
            json.put_list("groundingChunks", |json| {
                for (url, title) in &self.pages {
                    json.object(|json| {
                        json.put_object("web", |json| {
                            json.put("uri", url);
                            json.put("title", title);
                        });
                    });
                }
            });
            json.put_list("groundingSupports", |json| {
                for Cited { part, bytes: (start, end), pages } in &self.supports {
                    json.object(|json| {
                        json.put_object("segment", |json| {
                            if *part > 0 {
                                json.put_number("partIndex", *part as u64);
                            }
                            json.put_number("startIndex", *start as u64);
                            json.put_number("endIndex", *end as u64);
                        });
                        let pages: Vec<String> = pages.iter().map(ToString::to_string).collect();
                        json.put_raw("groundingChunkIndices", &format!("[{}]", pages.join(",")));
                    });
                }
            });
        });
    }
}
