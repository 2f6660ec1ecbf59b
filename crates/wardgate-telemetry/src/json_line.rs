//! One flat JSON object, written field by field.
//!
//! A request's line is written while its answer leaves, and takes part in each request's cost. Names of fields are the
//! program's own and numbers need no escaping, so only texts from outside go through a serializer.

use std::fmt::Display;
use std::io::Write;

/// The name of a field as it stands in the line, quotes and colon included, made by [`name!`].
#[derive(Clone, Copy)]
pub(crate) struct Name(#[doc(hidden)] pub(crate) &'static str);

/// Makes a [`Name`] out of a literal that needs no escaping, at no cost when a line is written.
macro_rules! name {
    ($name:literal) => {
        $crate::json_line::Name(concat!("\"", $name, "\":"))
    };
}

pub(crate) use name;

/// An object that is being written. Fields stand in the order in which they are added.
pub(crate) struct JsonLine<'b>(&'b mut Vec<u8>);

impl<'b> JsonLine<'b> {
    /// Begins an object at the end of `to`.
    pub(crate) fn begin(to: &'b mut Vec<u8>) -> Self {
        to.push(b'{');
        Self(to)
    }

    /// Ends the object.
    pub(crate) fn end(self) {
        // Each field ends with a comma, the last one too.
        if self.0.last() == Some(&b',') {
            self.0.pop();
        }
        self.0.push(b'}');
    }

    /// A text from anywhere.
    pub(crate) fn text(&mut self, name: Name, text: &str) {
        self.name(name);
        self.escaped(text);
        self.0.push(b',');
    }

    /// Several such texts.
    pub(crate) fn texts(&mut self, name: Name, texts: &[String]) {
        self.name(name);
        self.0.push(b'[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            self.escaped(text);
        }
        self.0.extend_from_slice(b"],");
    }

    /// A text that is known to need no escaping: an id, or a word of the program's own.
    pub(crate) fn word(&mut self, name: Name, word: &str) {
        debug_assert!(is_plain(word), "{} needs escaping", name.0);
        self.name(name);
        self.quoted(word);
        self.0.push(b',');
    }

    /// What shows itself in characters that need no escaping, such as a time.
    pub(crate) fn shown(&mut self, name: Name, value: impl Display) {
        self.name(name);
        self.0.push(b'"');
        let _ = write!(self.0, "{value}");
        self.0.extend_from_slice(b"\",");
    }

    /// A number.
    pub(crate) fn number(&mut self, name: Name, number: impl itoa::Integer) {
        self.name(name);
        self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self.0.push(b',');
    }

    /// True or false.
    pub(crate) fn truth(&mut self, name: Name, is: bool) {
        self.name(name);
        self.0.extend_from_slice(if is { b"true," } else { b"false," });
    }

    fn name(&mut self, name: Name) {
        self.0.extend_from_slice(name.0.as_bytes());
    }

    fn escaped(&mut self, text: &str) {
        if is_plain(text) {
            self.quoted(text);
        } else {
            // Serializing text to memory cannot fail.
            let _ = serde_json::to_writer(&mut *self.0, text);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.0.reserve(text.len() + 2);
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
    }
}

/// Whether JSON lets the text stand in a string as it is. Bytes of longer characters are. Every byte is looked at, since a loop
/// without an early end is done for many at a time.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |is_plain, byte| is_plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back() {
        let mut line = Vec::new();
        let mut object = JsonLine::begin(&mut line);
        object.text(name!("plain"), "gpt-4o");
        object.text(name!("odd"), "a\"b\\c\nd\u{1}é{");
        object.text(name!("empty"), "");
        object.texts(name!("several"), &["a".to_owned(), "b\"".to_owned()]);
        object.texts(name!("none"), &[]);
        object.word(name!("word"), "INFO");
        object.shown(name!("shown"), 2.5);
        object.number(name!("small"), i64::MIN);
        object.number(name!("large"), u64::MAX);
        object.truth(name!("yes"), true);
        object.end();
        let expected = json!({
            "plain": "gpt-4o", "odd": "a\"b\\c\nd\u{1}é{", "empty": "", "several": ["a", "b\""], "none": [], "word": "INFO", "shown": "2.5", "small": i64::MIN,
            "large": u64::MAX, "yes": true,
        });
        let read: serde_json::Value = serde_json::from_slice(&line).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read, expected, "{}", String::from_utf8_lossy(&line));
    }
}
