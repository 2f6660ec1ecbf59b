//! What a request asks for that is charged by other things than tokens, as far as its body says it.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use wardgate_core::format::Surface;
use wardgate_core::usage::Units;

/// The most documents that count as one search. Every provider that charges by searches has this bound.
const DOCUMENTS_A_QUERY: u64 = 100;

/// Reads them from a body in JSON. What cannot be read is as if it were not there: the provider will say so.
#[must_use]
pub fn asked(surface: Surface, body: &[u8]) -> Units {
    match surface {
        Surface::Speech => Units { characters: read::<Speech<'_>>(body).characters(), ..Units::default() },
        Surface::Rerank | Surface::CohereRerank | Surface::VoyageRerank => {
            Units { queries: read::<Rerank>(body).queries(), ..Units::default() }
        }
        Surface::ImageGenerations | Surface::ImageEdits => {
            Units { images: read::<Images>(body).n.unwrap_or(1), ..Units::default() }
        }
        _ => Units::default(),
    }
}

fn read<'b, T: Deserialize<'b> + Default>(body: &'b [u8]) -> T {
    serde_json::from_slice(body).unwrap_or_default()
}

#[derive(Default, Deserialize)]
struct Speech<'b> {
    #[serde(borrow)]
    input: Option<Cow<'b, str>>,
}

impl Speech<'_> {
    fn characters(&self) -> u64 {
        self.input.as_ref().map_or(0, |input| input.chars().count() as u64)
    }
}

#[derive(Default, Deserialize)]
struct Rerank {
    #[serde(default)]
    documents: Count,
}

impl Rerank {
    fn queries(&self) -> u32 {
        u32::try_from(self.documents.0.div_ceil(DOCUMENTS_A_QUERY).max(1)).unwrap_or(u32::MAX)
    }
}

#[derive(Default, Deserialize)]
struct Images {
    n: Option<u32>,
}

/// How many elements a list has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Count, A::Error> {
                let mut count = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_charged_by_the_piece_is_counted() {
        let check = |surface, body: &str, expected| assert_eq!(asked(surface, body.as_bytes()), expected, "{surface} {body}");
        let characters = |characters| Units { characters, ..Units::default() };
        check(Surface::Speech, r#"{"model":"m","input":"h\u00e9\n🌍"}"#, characters(4));
        check(Surface::Speech, r#"{"model":"m","input":7}"#, characters(0));
        let queries = |queries| Units { queries, ..Units::default() };
        check(Surface::Rerank, r#"{"query":"q","documents":["a",{"text":"b"}]}"#, queries(1));
        let many = vec!["\"d\""; 201].join(",");
        check(Surface::Rerank, &format!(r#"{{"documents":[{many}]}}"#), queries(3));
        check(Surface::Rerank, "{}", queries(1));
        let images = |images| Units { images, ..Units::default() };
        check(Surface::ImageGenerations, r#"{"prompt":"x"}"#, images(1));
        check(Surface::ImageGenerations, r#"{"prompt":"x","n":3}"#, images(3));
        check(Surface::ChatCompletions, r#"{"n":3,"input":"x"}"#, Units::default());
    }
}
