//! Sources that a text refers to by number: `[1]` means the first one of a list beside the text, as Perplexity tells it.

use crate::neutral::content::Citation;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most marks that are kept of one answer.
const MARKS_MAX: usize = 1_024;

/// The most digits of a mark.
const DIGITS_MAX: u32 = 3;

/// A source in the list.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Source {
    url: Option<String>,
    title: Option<String>,
}

/// The sources that stand at the top of an answer: with titles, or as bare addresses. Other hosts may mean something else by these
/// names, which is then no source.
pub(super) fn sources(results: Option<&RawValue>, addresses: Option<&RawValue>) -> Option<Vec<Source>> {
    let results: Vec<Source> = results.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    if !results.is_empty() {
        return Some(results);
    }
    let addresses: Vec<String> = serde_json::from_str(addresses?.get()).ok()?;
    (!addresses.is_empty()).then(|| addresses.into_iter().map(|url| Source { url: Some(url), title: None }).collect())
}

/// Finds marks in a text that comes in pieces, and counts its characters.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The characters so far, and those before the part that is open.
    characters: u64,
    part_start: u64,
    /// Where a mark begins that is not whole yet, with its number and digits so far.
    begun: Option<(u64, usize, u32)>,
    found: Vec<(usize, u64, u64)>,
}

impl Marks {
    /// A part of the text begins.
    pub(super) const fn begin_part(&mut self) {
        self.part_start = self.characters;
        self.begun = None;
    }

    /// More of the text.
    pub(super) fn read(&mut self, text: &str) {
        if self.begun.is_none() && memchr::memchr(b'[', text.as_bytes()).is_none() {
            self.characters += text.chars().count() as u64;
            return;
        }
        for character in text.chars() {
            let at = self.characters;
            self.characters += 1;
            self.begun = match (self.begun, character.to_digit(10)) {
                (_, None) if character == '[' => Some((at, 0, 0)),
                (Some((start, number, digits)), Some(digit)) if digits < DIGITS_MAX => {
                    Some((start, number * 10 + digit as usize, digits + 1))
                }
                (Some((start, number, 1..)), None) if character == ']' => {
                    if self.found.len() < MARKS_MAX {
                        self.found.push((number, start, at + 1));
                    }
                    None
                }
                _ => None,
            };
        }
    }

    /// A place in the whole text as one in the open part. None for one before it.
    pub(super) fn in_part(&self, citation: Citation) -> Option<Citation> {
        let place =
            |place: Option<u64>| place.map(|place| place.checked_sub(self.part_start)).map_or(Some(None), |it| it.map(Some));
        Some(Citation { start: place(citation.start)?, end: place(citation.end)?, ..citation })
    }

    /// What the marks in the open part refer to.
    pub(super) fn citations<'s>(&'s self, sources: &'s [Source]) -> impl Iterator<Item = Citation> + 's {
        let in_part = self.found.iter().filter(|(_, start, _)| *start >= self.part_start);
        in_part.filter_map(|(number, start, end)| {
            let source = sources.get(number.checked_sub(1)?)?;
            let (url, title) = (source.url.clone(), source.title.clone());
            let (start, end) = (Some(start - self.part_start), Some(end - self.part_start));
            Some(Citation { url, title, start, end, ..Citation::default() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_however_the_text_is_cut() {
        let text = "Größe [1], [x], [12][2] und [3";
        for size in [1, 2, 3, 100] {
            let mut marks = Marks::default();
            let characters: Vec<char> = text.chars().collect();
            for piece in characters.chunks(size) {
                marks.read(&piece.iter().collect::<String>());
            }
            assert_eq!(marks.found, [(1, 6, 9), (12, 16, 20), (2, 20, 23)], "{size}");
            assert_eq!(marks.characters, 30);
        }
    }
}
