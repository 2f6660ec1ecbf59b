//! Writing JSON straight into a buffer.
//!
//! Whether a comma is due is seen from the last byte: behind an opening bracket or a colon it is not. So nothing has to be
//! kept about where one is.

use serde_json::value::RawValue;
use std::borrow::Cow;

/// A place to write JSON to.
pub(crate) struct Json<'o>(pub(crate) &'o mut Vec<u8>);

impl Json<'_> {
    fn comma(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':' | b' ' | b'\n')) {
            self.0.push(b',');
        }
    }

    /// An object, as an element of an array or as a whole.
    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Json<'_>)) {
        self.comma();
        self.0.push(b'{');
        write(&mut Json(self.0));
        self.0.push(b'}');
    }

    /// Text, as an element of an array.
    pub(crate) fn text(&mut self, text: &str) {
        self.comma();
        string(self.0, text);
    }

    /// A number, as an element of an array.
    pub(crate) fn number(&mut self, number: u64) {
        self.comma();
        digits(self.0, number);
    }

    /// A value as it was read, as an element of an array.
    pub(crate) fn raw(&mut self, value: &str) {
        self.comma();
        self.0.extend_from_slice(value.as_bytes());
    }

    /// A member's name, one of ours. Nothing in those needs escaping.
    pub(crate) fn key(&mut self, key: &'static str) {
        debug_assert_eq!(clean(key.as_bytes()), key.len(), "{key:?} needs escaping");
        self.comma();
        self.0.push(b'"');
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// A member as somebody else named it, its value as it was read.
    pub(crate) fn put_member(&mut self, name: &str, value: &str) {
        self.comma();
        string(self.0, name);
        self.0.push(b':');
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn put(&mut self, key: &'static str, text: &str) {
        self.key(key);
        string(self.0, text);
    }

    pub(crate) fn put_some(&mut self, key: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.put(key, text);
        }
    }

    pub(crate) fn put_raw(&mut self, key: &'static str, value: &str) {
        self.key(key);
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn put_some_raw(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.put_raw(key, value);
        }
    }

    pub(crate) fn put_json(&mut self, key: &'static str, value: Option<&RawValue>) {
        if let Some(value) = value {
            self.put_raw(key, value.get());
        }
    }

    pub(crate) fn put_null(&mut self, key: &'static str) {
        self.put_raw(key, "null");
    }

    pub(crate) fn put_number(&mut self, key: &'static str, number: u64) {
        self.key(key);
        digits(self.0, number);
    }

    pub(crate) fn put_integer(&mut self, key: &'static str, number: i64) {
        self.put_raw(key, &number.to_string());
    }

    pub(crate) fn put_flag(&mut self, key: &'static str, flag: bool) {
        self.put_raw(key, if flag { "true" } else { "false" });
    }

    pub(crate) fn put_object(&mut self, key: &'static str, write: impl FnOnce(&mut Json<'_>)) {
        self.key(key);
        self.0.push(b'{');
        write(&mut Json(self.0));
        self.0.push(b'}');
    }

    pub(crate) fn put_list(&mut self, key: &'static str, write: impl FnOnce(&mut Json<'_>)) {
        self.key(key);
        self.0.push(b'[');
        write(&mut Json(self.0));
        self.0.push(b']');
    }

    pub(crate) fn put_texts<'t>(&mut self, key: &'static str, texts: impl IntoIterator<Item = &'t str>) {
        self.put_list(key, |json| texts.into_iter().for_each(|text| json.text(text)));
    }
}

/// JSON without line ends, which may stand between its values only: an event of a stream would break there.
pub(crate) fn one_line(json: &str) -> Cow<'_, str> {
    if json.contains(['\n', '\r']) { Cow::Owned(json.replace(['\n', '\r'], " ")) } else { Cow::Borrowed(json) }
}

/// Writes one object into a buffer of its own.
pub(crate) fn object(write: impl FnOnce(&mut Json<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    Json(&mut out).object(write);
    out
}

/// Writes a number without a detour through the heap: streams number every event.
pub(crate) fn digits(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut from = digits.len();
    loop {
        from -= 1;
        let digit = (number % 10) as u8;
        digits[from] = b'0' + digit;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[from..]);
}

/// Writes text as a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape(out, text);
    out.push(b'"');
}

/// Writes text as it stands inside a JSON string. Runs without special characters are copied whole.
pub(crate) fn escape(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut rest = text.as_bytes();
    loop {
        let (run, others) = rest.split_at(clean(rest));
        out.extend_from_slice(run);
        let Some((&byte, behind)) = others.split_first() else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
        rest = behind;
    }
}

/// How many bytes come before the first that needs escaping. Blocks of sixteen are looked at as one, which the compiler makes a
/// few instructions.
fn clean(bytes: &[u8]) -> usize {
    let is_special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    let (blocks, _) = bytes.as_chunks::<16>();
    let is_clean = |block: &&[u8; 16]| !block.iter().fold(false, |any, byte| any | is_special(byte));
    let from = blocks.iter().take_while(is_clean).count() * 16;
    bytes[from..].iter().position(is_special).map_or(bytes.len(), |at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commas_stand_between() {
        let bytes = object(|json| {
            json.put("a", "x\u{1}\"\\\n");
            json.put_list("b", |json| {
                json.text("y");
                json.object(|json| json.put_number("c", 1));
                json.raw("1e400");
            });
            json.put_object("d", |_| {});
            json.put_null("e");
        });
        assert_eq!(
            String::from_utf8(bytes).unwrap_or_default(),
            r#"{"a":"x\u0001\"\\\n","b":["y",{"c":1},1e400],"d":{},"e":null}"#
        );
    }

    proptest! {
        #[test]
        fn numbers_read_back(number in any::<u64>()) {
            let mut out = Vec::new();
            digits(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).unwrap_or_default(), number.to_string());
        }

        #[test]
        fn text_reads_back(text in ".*") {
            let mut out = Vec::new();
            string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap_or_default(), text);
        }
    }
}
