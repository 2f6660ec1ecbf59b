//! Fitting a request body to one provider without rebuilding it.
//!
//! The body stays as the client sent it, but for the model's name, the request for usage in a stream, and fields that steer
//! the gateway. What comes out is a list of slices of the original with small pieces between them.

use crate::peek::{GATEWAY_ONLY, Key, Peek};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// What one provider needs changed.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'e> {
    /// The model's name in the provider's spelling.
    pub model: &'e str,
    /// Whether to ask for usage in the stream, where the client did not.
    pub ask_for_usage: bool,
}

/// The slices of the edited body, in order. At most five unless fields had to be taken out.
pub type Slices = Vec<Bytes>;

/// Edits a body that [`crate::peek::peek`] accepted.
#[must_use]
pub fn apply(body: &Bytes, peek: &Peek, edit: Edit<'_>) -> Slices {
    match &peek.model_span {
        Some(span) if !peek.has_gateway_only_fields => splice(body, peek, span, edit),
        None if peek.is_model_in_path && !peek.has_gateway_only_fields => vec![body.clone()],
        _ => rebuild(body, edit, peek.is_model_in_path),
    }
}

/// The usual case: replace one or two values in place.
fn splice(body: &Bytes, peek: &Peek, model_span: &Range<usize>, edit: Edit<'_>) -> Slices {
    let mut model = json_string(edit.model);
    let mut replaced = Vec::with_capacity(2);
    if edit.ask_for_usage {
        match &peek.stream_options_span {
            Some(span) => replaced.push((span.clone(), with_usage(&body[span.clone()]))),
            // A member that is not there yet is added behind the model's value, which saves a search for a free place.
            None => model.push_str(r#","stream_options":{"include_usage":true}"#),
        }
    }
    if model.as_bytes() != &body[model_span.clone()] {
        replaced.push((model_span.clone(), model));
    }
    replaced.sort_by_key(|(span, _)| span.start);
    let mut slices = Vec::with_capacity(2 * replaced.len() + 1);
    let mut from = 0;
    for (span, text) in replaced {
        slices.push(body.slice(from..span.start));
        slices.push(Bytes::from(text));
        from = span.end;
    }
    slices.push(body.slice(from..));
    slices
}

/// The rare case: write the members again, each byte for byte, without those that no provider may see.
fn rebuild(body: &Bytes, edit: Edit<'_>, is_model_in_path: bool) -> Slices {
    let Ok(Members(members)) = serde_json::from_slice(body) else {
        unreachable!("the body was read before");
    };
    let mut text = String::from("{");
    if !is_model_in_path {
        text.push_str(r#""model":"#);
        text.push_str(&json_string(edit.model));
    }
    let mut has_stream_options = false;
    for (key, value) in members {
        if key == "model" || GATEWAY_ONLY.contains(&key.as_str()) {
            continue;
        }
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&json_string(&key));
        text.push(':');
        if key == "stream_options" && edit.ask_for_usage {
            has_stream_options = true;
            text.push_str(&with_usage(value.get().as_bytes()));
        } else {
            text.push_str(value.get());
        }
    }
    if edit.ask_for_usage && !has_stream_options {
        text.push_str(r#","stream_options":{"include_usage":true}"#);
    }
    text.push('}');
    vec![Bytes::from(text)]
}

/// `stream_options` with usage asked for and all else as it was. What is no object is replaced.
fn with_usage(stream_options: &[u8]) -> String {
    let Members(members) = serde_json::from_slice(stream_options).unwrap_or(Members(Vec::new()));
    let mut text = String::from(r#"{"include_usage":true"#);
    for (key, value) in members.iter().filter(|(key, _)| key != "include_usage") {
        text.push(',');
        text.push_str(&json_string(key));
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    text
}

pub(crate) fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The members of an object in their order, values untouched.
struct Members<'b>(Vec<(String, &'b RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key.into_owned(), value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peek::peek;
    use expect_test::{Expect, expect};

    fn edited(body: &str, edit: Edit<'_>) -> String {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let peek = peek(&body).unwrap_or_else(|error| panic!("{error}"));
        let slices = apply(&body, &peek, edit);
        slices.iter().map(|slice| std::str::from_utf8(slice).unwrap_or("not UTF-8")).collect()
    }

    fn check(body: &str, ask_for_usage: bool, expected: &Expect) {
        expected.assert_eq(&edited(body, Edit { model: "gpt-4o", ask_for_usage }));
    }

    #[test]
    fn only_the_models_value_changes() {
        check(
            r#"{ "x": 1.0, "model" : "openai:gpt-4o" , "y":[ ]}"#,
            false,
            &expect![[r#"{ "x": 1.0, "model" : "gpt-4o" , "y":[ ]}"#]],
        );
        check(r#"{"model":"gpt-4o","n":1e400}"#, false, &expect![[r#"{"model":"gpt-4o","n":1e400}"#]]);
    }

    #[test]
    fn usage_is_asked_for_beside_what_the_client_set() {
        check(
            r#"{"model":"a","stream":true}"#,
            true,
            &expect![[r#"{"model":"gpt-4o","stream_options":{"include_usage":true},"stream":true}"#]],
        );
        check(
            r#"{"stream_options":{"include_obfuscation":false,"include_usage":false},"model":"a"}"#,
            true,
            &expect![[r#"{"stream_options":{"include_usage":true,"include_obfuscation":false},"model":"gpt-4o"}"#]],
        );
        check(
            r#"{"model":"a","stream_options":null}"#,
            true,
            &expect![[r#"{"model":"gpt-4o","stream_options":{"include_usage":true}}"#]],
        );
    }

    #[test]
    fn a_model_in_the_path_stays_out_of_the_body() {
        let edited = |body: &'static str| {
            let body = Bytes::from_static(body.as_bytes());
            let peek = crate::peek::peek_gemini(&body, "m", false).unwrap_or_else(|error| panic!("{error}"));
            let slices = apply(&body, &peek, Edit { model: "other", ask_for_usage: false });
            slices.iter().flat_map(|slice| slice.to_vec()).map(char::from).collect::<String>()
        };
        assert_eq!(edited(r#"{ "contents":[ 1.0 ]}"#), r#"{ "contents":[ 1.0 ]}"#);
        assert_eq!(edited(r#"{"models":["b"],"contents":[ 1.0 ],"x":{}}"#), r#"{"contents":[ 1.0 ],"x":{}}"#);
    }

    #[test]
    fn what_steers_the_gateway_stays_here() {
        check(
            r#"{"models":["b"],"model":"a","messages":[ {"role":"user"} ],"route":"fallback","provider":{},"usage":{"include":true}}"#,
            true,
            &expect![[r#"{"model":"gpt-4o","messages":[ {"role":"user"} ],"stream_options":{"include_usage":true}}"#]],
        );
        check(r#"{"models":["b"]}"#, false, &expect![[r#"{"model":"gpt-4o"}"#]]);
    }

    #[test]
    fn names_that_need_escaping_are_escaped() {
        assert_eq!(edited(r#"{"model":"a"}"#, Edit { model: "a\"b", ask_for_usage: false }), r#"{"model":"a\"b"}"#);
    }
}
