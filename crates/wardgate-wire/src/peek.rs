//! The few fields of a request body that routing needs, and where they stand.
//!
//! One validating pass over the body, without building it: the values of interest are kept as spans, so that [`crate::edit`]
//! can splice around them. A 1 MB prompt costs a few hundred microseconds here and is never copied.

use crate::depth;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// The most fallbacks that `models` may list.
pub const MODELS_MAX: usize = 64;

/// Fields that steer the gateway and mean nothing, or an error, to a provider.
pub(crate) const GATEWAY_ONLY: [&str; 5] = ["models", "provider", "route", "transforms", "usage"];

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peek {
    /// `model` and then `models`, each once, in order. Never empty.
    pub models: Vec<String>,
    /// Where the value of `model` stands; none when only `models` was given, or when the path names the model.
    pub model_span: Option<Range<usize>>,
    /// The path names the model, and the body must not (Gemini).
    pub is_model_in_path: bool,
    /// Whether the answer is asked for as a stream.
    pub is_stream: bool,
    /// Where the value of `stream_options` stands.
    pub stream_options_span: Option<Range<usize>>,
    /// Whether the client asked for usage in its stream (Chat Completions).
    pub asks_for_usage: bool,
    /// Whether fields stand in the body that no provider may see.
    pub has_gateway_only_fields: bool,
    /// The cap on the answer's tokens, by whatever name.
    pub output_tokens_max: Option<u64>,
}

/// Why a body is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeekError {
    /// It is not JSON.
    #[error("the body is not valid JSON: {0}")]
    NotJson(String),
    /// It is JSON, but not `{…}`.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// It nests deeper than [`depth::DEPTH_MAX`].
    #[error("the body nests deeper than {} levels", depth::DEPTH_MAX)]
    TooDeep,
    /// A field that routing reads stands there twice, so that two readers could disagree on it.
    #[error("the field {0:?} stands in the body more than once")]
    Duplicate(String),
    /// Neither `model` nor `models`.
    #[error("the field \"model\" is missing")]
    ModelMissing,
    /// `model` is something else than text.
    #[error("the field \"model\" must be a string")]
    ModelNotAString,
    /// `model` is empty text.
    #[error("the field \"model\" is empty")]
    ModelEmpty,
    /// `models` is no list of non-empty texts.
    #[error("the field \"models\" must be an array of non-empty strings")]
    ModelsNotStrings,
    /// `models` has more entries than [`MODELS_MAX`].
    #[error("the field \"models\" lists more than {MODELS_MAX} models")]
    TooManyModels,
    /// `stream` is neither true, false nor null.
    #[error("the field \"stream\" must be true or false")]
    StreamNotABoolean,
}

/// Reads a request body of Chat Completions, Messages, Responses, Completions or Embeddings, which agree on these fields.
///
/// # Errors
/// See [`PeekError`]. Nothing of the body is quoted in it but field names.
pub fn peek(body: &[u8]) -> Result<Peek, PeekError> {
    let (text, fields) = read(body)?;
    Ok(Peek {
        models: models(&fields)?,
        model_span: fields.model.map(|value| span(text, value)),
        is_model_in_path: false,
        is_stream: is_stream(fields.stream)?,
        stream_options_span: fields.stream_options.map(|value| span(text, value)),
        asks_for_usage: fields.stream_options.is_some_and(asks_for_usage),
        has_gateway_only_fields: fields.has_gateway_only,
        output_tokens_max: fields.output_tokens_max.and_then(|value| value.get().parse().ok()),
    })
}

/// Reads a request body of Gemini's generateContent. The path named the model, and whether to stream.
///
/// # Errors
/// See [`PeekError`]. Nothing of the body is quoted in it but field names.
pub fn peek_gemini(body: &[u8], model: &str, is_stream: bool) -> Result<Peek, PeekError> {
    let (_, mut fields) = read(body)?;
    if model.is_empty() {
        return Err(PeekError::ModelEmpty);
    }
    // Some SDKs repeat the model in the body. The path counts.
    fields.model = None;
    let mut names = vec![model.to_owned()];
    if fields.models.is_some_and(|value| !is_null(value)) {
        let more = models(&fields)?;
        names.extend(more.into_iter().filter(|other| !other.eq_ignore_ascii_case(model)));
    }
    Ok(Peek {
        models: names,
        model_span: None,
        is_model_in_path: true,
        is_stream,
        stream_options_span: None,
        asks_for_usage: true,
        has_gateway_only_fields: fields.has_gateway_only,
        output_tokens_max: fields.generation_config.and_then(output_tokens_max),
    })
}

fn output_tokens_max(generation_config: &RawValue) -> Option<u64> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(alias = "max_output_tokens", rename = "maxOutputTokens")]
        tokens_max: Option<u64>,
    }
    serde_json::from_str::<Config>(generation_config.get()).ok()?.tokens_max
}

fn read(body: &[u8]) -> Result<(&str, Fields<'_>), PeekError> {
    let text =
        std::str::from_utf8(body).map_err(|error| PeekError::NotJson(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    if depth::is_too_deep(body) {
        return Err(PeekError::TooDeep);
    }
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    if let Some(name) = fields.duplicate {
        return Err(PeekError::Duplicate(name));
    }
    Ok((text, fields))
}

fn models(fields: &Fields<'_>) -> Result<Vec<String>, PeekError> {
    let mut models = Vec::with_capacity(1);
    match fields.model {
        Some(value) => {
            let model: String = serde_json::from_str(value.get()).map_err(|_| PeekError::ModelNotAString)?;
            if model.is_empty() {
                return Err(PeekError::ModelEmpty);
            }
            models.push(model);
        }
        None if fields.models.is_none_or(is_null) => return Err(PeekError::ModelMissing),
        None => {}
    }
    if let Some(value) = fields.models.filter(|value| !is_null(value)) {
        let more: Vec<String> = serde_json::from_str(value.get()).map_err(|_| PeekError::ModelsNotStrings)?;
        if more.len() > MODELS_MAX {
            return Err(PeekError::TooManyModels);
        }
        for model in more {
            if model.is_empty() {
                return Err(PeekError::ModelsNotStrings);
            }
            if !models.iter().any(|known| known.eq_ignore_ascii_case(&model)) {
                models.push(model);
            }
        }
    }
    if models.is_empty() { Err(PeekError::ModelMissing) } else { Ok(models) }
}

fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

fn is_stream(value: Option<&RawValue>) -> Result<bool, PeekError> {
    match value.map(RawValue::get) {
        None | Some("false" | "null") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(PeekError::StreamNotABoolean),
    }
}

fn asks_for_usage(stream_options: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct StreamOptions {
        include_usage: Option<bool>,
    }
    serde_json::from_str::<StreamOptions>(stream_options.get()).is_ok_and(|options| options.include_usage == Some(true))
}

fn not_json(text: &str, error: &serde_json::Error) -> PeekError {
    let starts_other =
        text.trim_start().starts_with(['[', '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    if starts_other && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return PeekError::NotAnObject;
    }
    // The parser's own text may quote the body; its category and place do not.
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "unexpected character",
    };
    PeekError::NotJson(format!("{what} at line {} column {}", error.line(), error.column()))
}

/// Where a raw value stands in the text it was read from.
pub(crate) fn span(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr().addr() - text.as_ptr().addr();
    start..start + value.get().len()
}

#[derive(Default)]
struct Fields<'b> {
    model: Option<&'b RawValue>,
    models: Option<&'b RawValue>,
    stream: Option<&'b RawValue>,
    stream_options: Option<&'b RawValue>,
    output_tokens_max: Option<&'b RawValue>,
    generation_config: Option<&'b RawValue>,
    has_gateway_only: bool,
    duplicate: Option<String>,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(Key(key)) = map.next_key()? {
            fields.has_gateway_only |= GATEWAY_ONLY.contains(&&*key);
            let slot = match &*key {
                "model" => &mut fields.model,
                "models" => &mut fields.models,
                "stream" => &mut fields.stream,
                "stream_options" => &mut fields.stream_options,
                "generationConfig" | "generation_config" => &mut fields.generation_config,
                "max_completion_tokens" | "max_tokens" | "max_output_tokens" => {
                    fields.output_tokens_max = Some(map.next_value()?);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if slot.replace(map.next_value()?).is_some() {
                fields.duplicate.get_or_insert_with(|| key.into_owned());
            }
        }
        Ok(fields)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
pub(crate) struct Key<'b>(#[serde(borrow)] pub(crate) Cow<'b, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(body: &str, expected: &Expect) {
        let found = match peek(body.as_bytes()) {
            Ok(peek) => format!(
                "{} | at {:?} | stream {} | usage {} | gateway-only {}",
                peek.models.join(", "),
                peek.model_span.map(|span| &body[span]),
                peek.is_stream,
                peek.asks_for_usage,
                peek.has_gateway_only_fields
            ),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn finds_what_routing_needs() {
        check(
            r#"{"messages":[{"model":"x"}], "model" : "gpt-4o"}"#,
            &expect![[r#"gpt-4o | at Some("\"gpt-4o\"") | stream false | usage false | gateway-only false"#]],
        );
        check(
            r#"{"model":"a","models":["A","b"],"stream":true,"stream_options":{"include_usage":true}}"#,
            &expect![[r#"a, b | at Some("\"a\"") | stream true | usage true | gateway-only true"#]],
        );
        check(r#"{"models":["b"]}"#, &expect!["b | at None | stream false | usage false | gateway-only true"]);
        check(r#"{"m\u006fdel":"a"}"#, &expect![[r#"a | at Some("\"a\"") | stream false | usage false | gateway-only false"#]]);
    }

    #[test]
    fn says_what_is_wrong() {
        check("", &expect!["the body is not valid JSON: it ends too early at line 1 column 0"]);
        check("{\"model\":\n x}", &expect!["the body is not valid JSON: unexpected character at line 2 column 2"]);
        check(r#"{"model":"a"} trailing"#, &expect!["the body is not valid JSON: unexpected character at line 1 column 15"]);
        for body in ["[]", "null", "\"x\"", "5"] {
            check(body, &expect!["the body must be a JSON object"]);
        }
        check("{}", &expect![[r#"the field "model" is missing"#]]);
        check(r#"{"model":null}"#, &expect![[r#"the field "model" must be a string"#]]);
        check(r#"{"model":5}"#, &expect![[r#"the field "model" must be a string"#]]);
        check(r#"{"model":""}"#, &expect![[r#"the field "model" is empty"#]]);
        check(r#"{"model":"a","model":"b"}"#, &expect![[r#"the field "model" stands in the body more than once"#]]);
        check(r#"{"model":"a","models":"b"}"#, &expect![[r#"the field "models" must be an array of non-empty strings"#]]);
        check(r#"{"model":"a","models":["b",5]}"#, &expect![[r#"the field "models" must be an array of non-empty strings"#]]);
        check(r#"{"model":"a","stream":"yes"}"#, &expect![[r#"the field "stream" must be true or false"#]]);
        check(
            &format!("{{\"model\":\"a\",\"x\":{}{}}}", "[".repeat(200), "]".repeat(200)),
            &expect!["the body nests deeper than 128 levels"],
        );
    }

    #[test]
    fn finds_the_cap_by_every_name() {
        for field in ["max_tokens", "max_completion_tokens", "max_output_tokens"] {
            let body = format!(r#"{{"model":"a","input":"x","{field}":7}}"#);
            assert_eq!(peek(body.as_bytes()).ok().and_then(|peek| peek.output_tokens_max), Some(7), "{field}");
        }
        for field in ["maxOutputTokens", "max_output_tokens"] {
            let body = format!(r#"{{"contents":[],"generationConfig":{{"{field}":7}}}}"#);
            let peek = peek_gemini(body.as_bytes(), "gemini-x", true).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((peek.output_tokens_max, peek.is_stream, peek.models), (Some(7), true, vec!["gemini-x".to_owned()]));
        }
    }

    #[test]
    fn a_path_that_names_the_model_counts_more_than_the_body() {
        let peek = peek_gemini(br#"{"model":"other","models":["Gemini-X","b"],"contents":[]}"#, "gemini-x", false);
        let peek = peek.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(peek.models, ["gemini-x", "b"]);
        assert!(peek.is_model_in_path && peek.has_gateway_only_fields && peek.model_span.is_none());
        assert_eq!(peek_gemini(b"{}", "", false), Err(PeekError::ModelEmpty));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = peek(&body);
            let _ = peek_gemini(&body, "m", true);
        }
    }
}
