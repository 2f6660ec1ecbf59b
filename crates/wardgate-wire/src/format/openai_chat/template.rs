//! Reading a chunk that differs from an earlier one in its text alone.
//!
//! Nearly all chunks of a stream are alike: one string holds the next few letters of the answer, a second one in OpenAI's own streams
//! holds padding, and the rest is the same to the byte. JSON has no context: where one string stands in place of another, the rest
//! reads as it did. So a chunk that was read whole and said nothing but text is kept as its pieces around those strings, and of one
//! that has the same pieces only the strings are looked at.

use crate::depth::string_end;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::ops::Range;

/// Bytes around the strings that are kept of a stream. Where there are more, each chunk is read whole.
const BYTES_MAX: usize = 4 * 1024;

/// What was learned from a chunk; at first nothing, which no chunk is like.
#[derive(Default)]
pub(super) struct Template {
    /// What stands before, between and behind the strings, one after the other.
    bytes: Vec<u8>,
    /// Where in them the text stood, and where the padding.
    text: usize,
    padding: Option<usize>,
}

impl Template {
    /// Keeps a chunk that said this text, a string, and nothing else that counts. The padding is a string too.
    pub(super) fn learn(&mut self, chunk: &[u8], text: &RawValue, padding: Option<&RawValue>) {
        let span = |value: &RawValue| {
            let start = value.get().as_ptr().addr() - chunk.as_ptr().addr();
            start..start + value.get().len()
        };
        let (text, padding) = (span(text), padding.filter(|padding| padding.get().starts_with('"')).map(span));
        self.bytes.clear();
        let empty = chunk.len()..chunk.len();
        let mut holes: [Range<usize>; 2] = [text.clone(), padding.clone().unwrap_or(empty)];
        holes.sort_by_key(|hole| hole.start);
        let [first, second] = holes;
        if chunk.len() - first.len() - second.len() > BYTES_MAX {
            return;
        }
        let place = |hole: Range<usize>| hole.start - if hole == first { 0 } else { first.len() };
        (self.text, self.padding) = (place(text), padding.map(place));
        self.bytes.extend_from_slice(&chunk[..first.start]);
        self.bytes.extend_from_slice(&chunk[first.end..second.start]);
        self.bytes.extend_from_slice(&chunk[second.end..]);
    }

    /// The text of a chunk that is like the one learned: what stands where the text stood, which begins as a string and ends with
    /// a quote, but need not be one yet.
    pub(super) fn text<'d>(&self, chunk: &'d [u8]) -> Option<&'d [u8]> {
        let mut rest = chunk;
        let mut at = 0;
        let mut hole = |place: usize| {
            rest = rest.strip_prefix(&self.bytes[at..place])?;
            at = place;
            let length = string_end(rest.strip_prefix(b"\"")?, 0) + 2;
            let (string, behind) = rest.split_at_checked(length)?;
            rest = behind;
            Some(string)
        };
        let (text, padding) = match self.padding {
            _ if self.bytes.is_empty() => return None,
            None => (hole(self.text)?, None),
            Some(padding) if padding < self.text => {
                let padding = hole(padding)?;
                (hole(self.text)?, Some(padding))
            }
            Some(padding) => (hole(self.text)?, Some(hole(padding)?)),
        };
        let is_same = rest == &self.bytes[at..];
        let is_read = |padding| serde_json::from_slice::<IgnoredAny>(padding).is_ok();
        (is_same && padding.is_none_or(is_read)).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Chunk<'b> {
        #[serde(borrow)]
        text: &'b RawValue,
        #[serde(borrow)]
        padding: Option<&'b RawValue>,
    }

    fn learned(chunk: &str) -> Template {
        let Chunk { text, padding } = serde_json::from_str(chunk).unwrap();
        let mut template = Template::default();
        template.learn(chunk.as_bytes(), text, padding);
        template
    }

    fn check(template: &str, chunk: &str, expected: Option<&str>) {
        let found = learned(template);
        assert_eq!(found.text(chunk.as_bytes()).map(String::from_utf8_lossy).as_deref(), expected, "{chunk}");
    }

    #[test]
    fn chunks_that_differ_in_their_text_alone_are_alike() {
        let alone = r#"{"id":"a","text":"b","end":null}"#;
        check(alone, r#"{"id":"a","text":"other","end":null}"#, Some("\"other\""));
        check(alone, r#"{"id":"a","text":"","end":null}"#, Some("\"\""));
        check(alone, r#"{"id":"a","text":"\"}\\","end":null}"#, Some(r#""\"}\\""#));
        let padded = r#"{"text":"b","padding":"xyz"}"#;
        check(padded, r#"{"text":"cd","padding":""}"#, Some("\"cd\""));
        check(r#"{"padding":"xyz","text":"b"}"#, r#"{"padding":"a","text":"cd"}"#, Some("\"cd\""));
        check(r#"{"text":"b","padding":null}"#, r#"{"text":"cd","padding":null}"#, Some("\"cd\""));
    }

    #[test]
    fn all_others_are_read_whole() {
        let template = r#"{"id":"a","text":"b","end":null}"#;
        for chunk in [
            "",
            r#"{"id":"a","text":"#,
            r#"{"id":"a","text":""#,
            r#"{"id":"a","text":"b"#,
            r#"{"id":"a","text":"b\"#,
            r#"{"id":"a","text":"b","end":nul"#,
            r#"{"id":"a","text":"b","end":null} "#,
            r#"{"id":"a","text":null,"end":null}"#,
            r#"{"id":"c","text":"b","end":null}"#,
            r#"{"id":"a","text":"b","more":"","end":null}"#,
            r#"{"id":"a","text":"b","end":"stop"}"#,
        ] {
            check(template, chunk, None);
        }
        check(r#"{"text":"b","padding":"x"}"#, r#"{"text":"b","padding":"\x"}"#, None);
        check(r#"{"text":"b","padding":"x"}"#, "{\"text\":\"b\",\"padding\":\"\n\"}", None);
        check(r#"{"text":"b","padding":"x"}"#, r#"{"text":"b","padding":null}"#, None);
        let long = format!(r#"{{"text":"b","more":"{}"}}"#, "x".repeat(BYTES_MAX));
        check(&long, &long, None);
        assert_eq!(Template::default().text(b""), None);
    }

    proptest! {
        /// Whatever is taken for alike, a whole reading finds the same text in.
        #[test]
        fn no_chunk_is_taken_for_what_it_is_not(text in r#"["\\a,}{u0-9é]{0,12}"#, padding in r#"["\\a,}]{0,6}"#) {
            let template = learned(r#"{"text":"b","padding":"x"}"#);
            let chunk = format!(r#"{{"text":"{text}","padding":"{padding}"}}"#);
            if let Some(text) = template.text(chunk.as_bytes())
                && let Ok(string) = serde_json::from_slice::<String>(text)
            {
                let whole: Chunk<'_> = serde_json::from_str(&chunk).unwrap();
                prop_assert_eq!(serde_json::from_str::<String>(whole.text.get()).unwrap(), string);
            } else {
                prop_assert!(serde_json::from_str::<Chunk<'_>>(&chunk).is_err());
            }
        }
    }
}
