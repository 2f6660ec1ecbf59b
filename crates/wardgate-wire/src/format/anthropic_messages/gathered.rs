//! A block of an answer, put together from its pieces as it would stand in a request.

use crate::edit::{for_each_member, push_member};
use crate::json::write::string;

/// The longest block that is put together, in bytes.
pub(super) const BLOCK_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A block while its pieces come.
#[derive(Debug)]
pub(super) struct Gathered {
    /// As it began.
    start: String,
    /// What was added to its words: `text`, `thinking` and `signature`.
    words: [String; 3],
    input: String,
    citations: String,
    bytes: usize,
}

/// The members that grow.
const WORDS: [&str; 3] = ["text", "thinking", "signature"];

/// A piece of a block: words by their member, input, a source.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'p> {
    Word(usize, &'p str),
    Input(&'p str),
    Citation(&'p str),
}

impl Piece<'_> {
    pub(super) const TEXT: usize = 0;
    pub(super) const THINKING: usize = 1;
    pub(super) const SIGNATURE: usize = 2;
}

impl Gathered {
    pub(super) fn new(start: &str) -> Self {
        let (words, input, citations) = (Default::default(), String::new(), String::new());
        Self { start: start.to_owned(), words, input, citations, bytes: start.len() }
    }

    pub(super) fn push(&mut self, piece: Piece<'_>) {
        let (into, piece) = match piece {
            Piece::Word(at, piece) => (&mut self.words[at], piece),
            Piece::Input(piece) => (&mut self.input, piece),
            Piece::Citation(piece) => {
                if !self.citations.is_empty() {
                    self.citations.push(',');
                }
                (&mut self.citations, piece)
            }
        };
        self.bytes += piece.len();
        if self.bytes <= BLOCK_BYTES_MAX {
            into.push_str(piece);
        }
    }

    /// The whole block; empty for text without any words, which no request may hold. None for one that is too long or cannot be
    /// read.
    pub(super) fn finish(self) -> Option<String> {
        if self.bytes > BLOCK_BYTES_MAX {
            return None;
        }
        let mut block = String::from("{");
        let mut has_citations = false;
        let mut is_blank = false;
        for_each_member(self.start.as_bytes(), |key, value| match key {
            "input" if !self.input.is_empty() => push_member(&mut block, key, &self.input),
            "citations" if !self.citations.is_empty() => has_citations = true,
            _ => match WORDS.iter().position(|word| *word == key) {
                Some(at) => {
                    let begun: String = serde_json::from_str(value).unwrap_or_default();
                    let whole = begun + &self.words[at];
                    is_blank |= at == Piece::TEXT && whole.is_empty();
                    push_member(&mut block, key, &quoted(&whole));
                }
                None => push_member(&mut block, key, value),
            },
        })
        .ok()?;
        // What stood there at the beginning is an empty list.
        if has_citations || !self.citations.is_empty() {
            push_member(&mut block, "citations", &format!("[{}]", self.citations));
        }
        block.push('}');
        let is_read = serde_json::from_str::<&serde_json::value::RawValue>(&block).is_ok();
        is_read.then(|| if is_blank { String::new() } else { block })
    }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    string(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_block_that_a_request_holds() {
        let check = |start: &str, pieces: &[Piece<'_>], expected: Option<&str>| {
            let mut gathered = Gathered::new(start);
            pieces.iter().for_each(|piece| gathered.push(*piece));
            assert_eq!(gathered.finish().as_deref(), expected, "{start}");
        };
        check(
            r#"{"type":"text","text":"","citations":[]}"#,
            &[Piece::Word(Piece::TEXT, "Gr\""), Piece::Citation(r#"{"url":"a"}"#), Piece::Word(Piece::TEXT, "ö")],
            Some(r#"{"type":"text","text":"Gr\"ö","citations":[{"url":"a"}]}"#),
        );
        check(
            r#"{"type":"thinking","thinking":"","signature":""}"#,
            &[Piece::Word(Piece::THINKING, "hm"), Piece::Word(Piece::SIGNATURE, "s")],
            Some(r#"{"type":"thinking","thinking":"hm","signature":"s"}"#),
        );
        check(
            r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{},"caller":{"type":"direct"}}"#,
            &[Piece::Input("{\"query\":"), Piece::Input("\"a\"}")],
            Some(r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"a"},"caller":{"type":"direct"}}"#),
        );
        check(r#"{"type":"text","text":""}"#, &[], Some(""));
        check(r#"{"type":"tool_use","input":{}}"#, &[Piece::Input("{\"query\":")], None);
        let long = "x".repeat(BLOCK_BYTES_MAX);
        check(r#"{"type":"text","text":""}"#, &[Piece::Word(Piece::TEXT, &long)], None);
    }
}
