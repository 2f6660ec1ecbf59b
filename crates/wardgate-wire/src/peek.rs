//! The few fields of a request body that routing needs, and where they stand.
//!
//! One validating pass over the body, without building it: the values of interest are kept as spans, so that [`crate::edit`]
//! can splice around them. A 1 MB prompt costs a few hundred microseconds here and is never copied.

mod batch;

use crate::depth;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use wardgate_core::format::{Format, Surface};

/// The most answers that are reckoned with where a request asks for several at once. Providers take no more.
pub const ANSWERS_MAX: u64 = 128;

/// The most prompts of one request (Completions) that are reckoned with. Providers take no more.
pub const PROMPTS_MAX: u64 = 2_048;

/// The most fallbacks that `models` may list.
pub const MODELS_MAX: usize = 64;

/// The most requests in one (Gemini's batchEmbedContents). Google takes a hundred.
pub const REQUESTS_MAX: usize = 2_048;

/// Fields that steer the gateway and mean nothing, or an error, to a provider.
pub(crate) const GATEWAY_ONLY: [&str; 11] = [
    "models",
    "provider",
    "route",
    "transforms",
    "usage",
    "plugins",
    "preset",
    "session_id",
    "trace",
    "debug",
    "stop_server_tools_when",
];

/// Those of them in which a client says whom it prefers.
const PREFERENCES: [&str; 3] = ["provider", "route", "plugins"];

/// What routing reads, beside the caps on the output.
const READ: [&str; 4] = ["model", "models", "stream", "stream_options"];

/// Where the cap of generateContent stands, in both spellings that Google reads.
pub(crate) const GENERATION_CONFIG: [&str; 2] = ["generationConfig", "generation_config"];

/// Who moderates when nobody is named.
const MODERATION_DEFAULT: &str = "omni-moderation-latest";

/// What the cap on an answer's tokens is called at the top of a body. A name that the provider would not read must not count:
/// whoever wrote it would be taken to have asked for little, and get all. Of Chat Completions' two the second is the older one.
const fn output_caps(surface: Surface) -> &'static [&'static str] {
    match surface {
        Surface::ChatCompletions => &["max_completion_tokens", "max_tokens"],
        Surface::Messages | Surface::Completions => &["max_tokens"],
        Surface::Responses => &["max_output_tokens"],
        // The cap of generateContent stands deeper; the others have no output that counts.
        _ => &[],
    }
}

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
    /// Whether the client asked for what its answer costs, by `usage: {include: true}`.
    pub asks_for_cost: bool,
    /// Whether fields stand in the body that no provider may see.
    pub has_gateway_only_fields: bool,
    /// Whether some of them say whom the client prefers.
    pub has_preferences: bool,
    /// The cap on the answer's tokens, by whatever name: the largest of several, and `u64::MAX` for what is no number.
    pub output_tokens_max: Option<u64>,
    /// How many answers are asked for at once, each with such a cap of its own: from 1 to [`ANSWERS_MAX`], for each of at most
    /// [`PROMPTS_MAX`] prompts.
    pub answers: u64,
    /// Where the first value of such a cap stands; none when the path names the model, whose format has its cap deeper.
    pub output_tokens_span: Option<Range<usize>>,
    /// Whether there are several such caps in the body.
    pub has_several_output_caps: bool,
    /// Where the client says for which user of its own it asks; see [`end_user`].
    pub end_user_span: Option<Range<usize>>,
    /// Where the model is named again in requests within the body, in order (Gemini's batchEmbedContents and countTokens).
    pub request_model_spans: Vec<Range<usize>>,
    /// What such a cap may be called in this body.
    pub(crate) output_caps: &'static [&'static str],
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
    /// A field that routing reads stands there in another case, in which some readers would take it for the same field.
    #[error("the field {0:?} is written in another case than the format has it")]
    OtherCase(String),
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
    /// A request within the body, which stands here, names another model than the path.
    #[error("{0}.model names another model than the path; all that is in one body goes to one model")]
    RequestModelDiffers(String),
    /// A request within the body, which stands here, names a model by something else than text.
    #[error("{0}.model must be a string")]
    RequestModelNotAString(String),
    /// There are more requests in one than [`REQUESTS_MAX`].
    #[error("the field \"requests\" holds more than {REQUESTS_MAX} requests")]
    TooManyRequests,
    /// `models` has more entries than [`MODELS_MAX`].
    #[error("the field \"models\" lists more than {MODELS_MAX} models")]
    TooManyModels,
    /// It is no form, or one that two readers could read differently.
    #[error("the body is no multipart form that can be read: {0}")]
    NotAForm(&'static str),
    /// `stream` is neither true, false nor null.
    #[error("the field \"stream\" must be true or false")]
    StreamNotABoolean,
    /// `surface`, beside a request that is to be explained, names none.
    #[error("the field \"surface\" names {0:?}, which is no surface of this gateway; write chat-completions or messages, say")]
    SurfaceUnknown(String),
}

/// Reads a request body that names its model. Where the path names it, there is [`peek_gemini`].
///
/// # Errors
/// See [`PeekError`]. Nothing of the body is quoted in it but field names.
pub fn peek(body: &[u8], surface: Surface) -> Result<Peek, PeekError> {
    let output_caps = output_caps(surface);
    let (text, fields) = read(body, output_caps, &[])?;
    let models = match models(&fields) {
        // The one surface where a model may be left out.
        Err(PeekError::ModelMissing) if surface == Surface::Moderations => vec![MODERATION_DEFAULT.to_owned()],
        models => models?,
    };
    Ok(Peek {
        models,
        model_span: fields.model.map(|value| span(text, value)),
        is_model_in_path: false,
        is_stream: is_stream(fields.stream)?,
        stream_options_span: fields.stream_options.map(|value| span(text, value)),
        asks_for_usage: fields.stream_options.is_some_and(asks_for_usage),
        asks_for_cost: fields.usage.is_some_and(asks_for_cost),
        has_gateway_only_fields: fields.has_gateway_only,
        has_preferences: fields.has_preferences,
        output_tokens_max: fields.output_tokens_max,
        answers: answers(fields.answers) * prompts(fields.prompt.filter(|_| surface == Surface::Completions)),
        output_tokens_span: fields.output_cap.map(|value| span(text, value)),
        has_several_output_caps: fields.has_several_output_caps,
        end_user_span: fields.end_user(surface).map(|value| span(text, value)),
        request_model_spans: Vec::new(),
        output_caps,
    })
}

/// Reads a request body on one of Gemini's surfaces. The path named the model, and whether to stream.
///
/// # Errors
/// See [`PeekError`]. Nothing of the body is quoted in it but field names.
pub fn peek_gemini(body: &[u8], surface: Surface, model: &str, is_stream: bool) -> Result<Peek, PeekError> {
    let output_caps = output_caps(surface);
    let more: &[&str] = match surface {
        Surface::BatchEmbedContents => &batch::READ,
        Surface::GeminiCountTokens => &batch::COUNTED,
        _ => &GENERATION_CONFIG,
    };
    let (text, mut fields) = read(body, output_caps, more)?;
    if model.is_empty() {
        return Err(PeekError::ModelEmpty);
    }
    let mut request_model_spans = fields.requests.map_or(Ok(Vec::new()), |value| batch::model_spans(text, value, model))?;
    if let Some((name, value)) = &fields.counted {
        request_model_spans.extend(batch::model_span(text, value, model, name)?);
    }
    let config = fields.generation_config.filter(|value| !is_null(value)).map(generation_config).unwrap_or_default();
    // Some SDKs repeat the model in the body. The path counts, and the body's is taken out.
    let has_model_too = fields.model.take().is_some();
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
        asks_for_cost: fields.usage.is_some_and(asks_for_cost),
        has_gateway_only_fields: fields.has_gateway_only || has_model_too,
        has_preferences: fields.has_preferences,
        output_tokens_max: config.output_tokens_max,
        answers: answers(config.answers),
        output_tokens_span: None,
        has_several_output_caps: false,
        end_user_span: None,
        request_model_spans,
        output_caps,
    })
}

/// Who the end user is, from what stands at [`Peek::end_user_span`] of a body in JSON; none where that names nobody.
#[must_use]
pub fn end_user(value: &str, surface: Surface) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Metadata<'b> {
        #[serde(borrow)]
        user_id: Option<Cow<'b, str>>,
    }
    let named = match surface.format() {
        Format::AnthropicMessages => serde_json::from_str::<Metadata<'_>>(value).ok()?.user_id,
        _ => serde_json::from_str::<Key<'_>>(value).ok().map(|Key(name)| name),
    };
    named.filter(|name| !name.is_empty())
}

/// What of a `generationConfig` says how much may be answered.
#[derive(Default)]
struct GenerationConfig {
    output_tokens_max: Option<u64>,
    answers: Option<u64>,
}

/// Reads it, the larger of two spellings. What cannot be read may mean anything, as in [`tokens`].
fn generation_config(value: &RawValue) -> GenerationConfig {
    #[derive(Deserialize)]
    struct Config<'b> {
        #[serde(borrow, rename = "maxOutputTokens")]
        tokens: Option<&'b RawValue>,
        #[serde(borrow, rename = "max_output_tokens")]
        tokens_snake: Option<&'b RawValue>,
        #[serde(borrow, rename = "candidateCount")]
        answers: Option<&'b RawValue>,
        #[serde(borrow, rename = "candidate_count")]
        answers_snake: Option<&'b RawValue>,
    }
    match serde_json::from_str::<Config<'_>>(value.get()) {
        Ok(config) => GenerationConfig {
            output_tokens_max: config.tokens.and_then(tokens).max(config.tokens_snake.and_then(tokens)),
            answers: config.answers.and_then(tokens).max(config.answers_snake.and_then(tokens)),
        },
        Err(_) => GenerationConfig { output_tokens_max: Some(u64::MAX), answers: Some(u64::MAX) },
    }
}

fn answers(asked: Option<u64>) -> u64 {
    asked.unwrap_or(1).clamp(1, ANSWERS_MAX)
}

/// How many prompts a value of `prompt` holds. A list of numbers is one, in tokens.
fn prompts(value: Option<&RawValue>) -> u64 {
    struct Prompts;

    impl<'de> Visitor<'de> for Prompts {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
            let mut count = 0;
            let mut has_numbers_only = true;
            while let Some(item) = list.next_element::<&RawValue>()? {
                has_numbers_only &= item.get().starts_with(|first: char| first.is_ascii_digit());
                count += 1;
            }
            Ok(if has_numbers_only { 1 } else { count })
        }
    }

    let Some(value) = value.filter(|value| value.get().starts_with('[')) else { return 1 };
    let counted = serde_json::Deserializer::from_str(value.get()).deserialize_seq(Prompts);
    counted.unwrap_or(PROMPTS_MAX).clamp(1, PROMPTS_MAX)
}

fn read<'b>(
    body: &'b [u8],
    output_caps: &'static [&'static str],
    more: &'static [&'static str],
) -> Result<(&'b str, Fields<'b>), PeekError> {
    let text =
        std::str::from_utf8(body).map_err(|error| PeekError::NotJson(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    if depth::is_too_deep(body) {
        return Err(PeekError::TooDeep);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fields = FieldsVisitor { output_caps, more }
        .deserialize(&mut deserializer)
        .and_then(|fields| deserializer.end().map(|()| fields))
        .map_err(|error| not_json(text, &error))?;
    if let Some(name) = fields.duplicate {
        return Err(PeekError::Duplicate(name));
    }
    if let Some(name) = fields.other_case {
        return Err(PeekError::OtherCase(name));
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

/// Whether a name that routing does not read is one that it reads to those who compare without case, as programs in Go do: to
/// them two letters beyond ASCII, too, are the same as `s` and `k`.
fn is_other_case(name: &str, output_caps: &[&str], more: &[&str]) -> bool {
    let is_lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if name.bytes().all(is_lower) {
        return false;
    }
    let folded = || {
        name.chars().map(|character| match character {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            other => other.to_ascii_lowercase(),
        })
    };
    READ.iter()
        .chain(output_caps)
        .chain(more)
        .any(|read| folded().eq(read.chars().map(|character| character.to_ascii_lowercase())))
}

/// What a cap on an answer's tokens comes to. What is no number may mean anything to a provider, so it counts as the most.
fn tokens(value: &RawValue) -> Option<u64> {
    let text = value.get();
    if text == "null" {
        return None;
    }
    let whole = text.parse().ok();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is not negative, and saturates")]
    let rounded = || text.parse::<f64>().ok().filter(|number| *number >= 0.0).map(|number| number.ceil() as u64);
    Some(whole.or_else(rounded).unwrap_or(u64::MAX))
}

fn asks_for_usage(stream_options: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct StreamOptions {
        include_usage: Option<bool>,
    }
    serde_json::from_str::<StreamOptions>(stream_options.get()).is_ok_and(|options| options.include_usage == Some(true))
}

fn asks_for_cost(usage: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Wanted {
        include: Option<bool>,
    }
    serde_json::from_str::<Wanted>(usage.get()).is_ok_and(|wanted| wanted.include == Some(true))
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
    usage: Option<&'b RawValue>,
    generation_config: Option<&'b RawValue>,
    requests: Option<&'b RawValue>,
    /// A whole request that is to be counted, and what it is called.
    counted: Option<(String, &'b RawValue)>,
    output_cap: Option<&'b RawValue>,
    output_tokens_max: Option<u64>,
    answers: Option<u64>,
    /// Of two the one with more, whichever a provider reads.
    prompt: Option<&'b RawValue>,
    /// The newer name of `user`.
    safety_identifier: Option<&'b RawValue>,
    user: Option<&'b RawValue>,
    metadata: Option<&'b RawValue>,
    has_several_output_caps: bool,
    has_gateway_only: bool,
    has_preferences: bool,
    duplicate: Option<String>,
    other_case: Option<String>,
}

impl<'b> Fields<'b> {
    fn end_user(&self, surface: Surface) -> Option<&'b RawValue> {
        let named = match surface.format() {
            Format::AnthropicMessages => self.metadata,
            _ => self.safety_identifier.filter(|value| !is_null(value)).or(self.user),
        };
        named.filter(|value| !is_null(value))
    }
}

struct FieldsVisitor {
    output_caps: &'static [&'static str],
    /// What else routing reads in this format.
    more: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(Key(key)) = map.next_key()? {
            if GATEWAY_ONLY.contains(&&*key) {
                fields.has_gateway_only = true;
                fields.has_preferences |= PREFERENCES.contains(&&*key);
            }
            let slot = match &*key {
                "model" => &mut fields.model,
                "models" => &mut fields.models,
                "stream" => &mut fields.stream,
                "stream_options" => &mut fields.stream_options,
                "usage" => &mut fields.usage,
                "generationConfig" | "generation_config" => &mut fields.generation_config,
                "requests" if self.more == batch::READ => &mut fields.requests,
                name if self.more == batch::COUNTED && batch::COUNTED.contains(&name) => {
                    // Two spellings of it are two requests as well.
                    if fields.counted.replace((name.to_owned(), map.next_value()?)).is_some() {
                        fields.duplicate.get_or_insert_with(|| key.into_owned());
                    }
                    continue;
                }
                name if self.output_caps.contains(&name) => {
                    let value: &RawValue = map.next_value()?;
                    fields.output_tokens_max = fields.output_tokens_max.max(tokens(value));
                    fields.has_several_output_caps |= fields.output_cap.is_some();
                    fields.output_cap.get_or_insert(value);
                    continue;
                }
                // Nothing is decided by them but who is counted: the last of two counts, as it does to most readers.
                "prompt" => {
                    let value: &RawValue = map.next_value()?;
                    fields.prompt = fields.prompt.filter(|other| prompts(Some(other)) > prompts(Some(value))).or(Some(value));
                    continue;
                }
                "safety_identifier" => {
                    fields.safety_identifier = Some(map.next_value()?);
                    continue;
                }
                "user" => {
                    fields.user = Some(map.next_value()?);
                    continue;
                }
                "metadata" => {
                    fields.metadata = Some(map.next_value()?);
                    continue;
                }
                // All answers that are written are paid for, also those of which only the best is sent.
                "n" | "best_of" => {
                    fields.answers = fields.answers.max(tokens(map.next_value()?));
                    continue;
                }
                name => {
                    if is_other_case(name, self.output_caps, self.more) {
                        fields.other_case.get_or_insert_with(|| name.to_owned());
                    }
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
        let found = match peek(body.as_bytes(), Surface::ChatCompletions) {
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
    fn all_answers_that_are_paid_for_count() {
        let chat = |body: &str| peek(body.as_bytes(), Surface::ChatCompletions).unwrap().answers;
        assert_eq!(chat(r#"{"model":"m"}"#), 1);
        assert_eq!(chat(r#"{"model":"m","n":null}"#), 1);
        assert_eq!(chat(r#"{"model":"m","n":0}"#), 1);
        assert_eq!(chat(r#"{"model":"m","n":3,"best_of":5,"n":2}"#), 5);
        assert_eq!(chat(r#"{"model":"m","n":"many"}"#), ANSWERS_MAX);
        let completions = |body: &str| peek(body.as_bytes(), Surface::Completions).unwrap().answers;
        assert_eq!(completions(r#"{"model":"m","prompt":"a","n":2}"#), 2);
        assert_eq!(completions(r#"{"model":"m","prompt":["a","b","c"]}"#), 3);
        assert_eq!(completions(r#"{"model":"m","prompt":["a","b","c"],"n":2,"best_of":4}"#), 12);
        assert_eq!(completions(r#"{"model":"m","prompt":[1,2,3]}"#), 1);
        assert_eq!(completions(r#"{"model":"m","prompt":[[1,2],[3]]}"#), 2);
        assert_eq!(completions(r#"{"model":"m","prompt":[]}"#), 1);
        assert_eq!(completions(r#"{"model":"m","prompt":["a","b"],"prompt":"a"}"#), 2);
        let many = vec!["\"a\""; 5_000].join(",");
        assert_eq!(completions(&format!(r#"{{"model":"m","prompt":[{many}]}}"#)), PROMPTS_MAX);
        assert_eq!(chat(r#"{"model":"m","prompt":["a","b","c"]}"#), 1);
        let gemini = |config: &str| {
            let body = format!(r#"{{"generationConfig":{config}}}"#);
            peek_gemini(body.as_bytes(), Surface::GenerateContent, "m", false).unwrap().answers
        };
        assert_eq!(gemini("null"), 1);
        assert_eq!(gemini(r#"{"candidateCount":4}"#), 4);
        assert_eq!(gemini(r#"{"candidateCount":4,"candidate_count":7}"#), 7);
        assert_eq!(gemini(r#"{"candidateCount":4,"candidateCount":1}"#), ANSWERS_MAX);
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
        check(
            r#"{"model":"a","Model":"b"}"#,
            &expect![[r#"the field "Model" is written in another case than the format has it"#]],
        );
        check(
            r#"{"model":"a","max_to\u212aens":5}"#,
            &expect![[r#"the field "max_toKens" is written in another case than the format has it"#]],
        );
        check(
            r#"{"model":"a","\u017ftream":true}"#,
            &expect![[r#"the field "ſtream" is written in another case than the format has it"#]],
        );
        check(r#"{"model":"a","models":"b"}"#, &expect![[r#"the field "models" must be an array of non-empty strings"#]]);
        check(r#"{"model":"a","models":["b",5]}"#, &expect![[r#"the field "models" must be an array of non-empty strings"#]]);
        check(r#"{"model":"a","stream":"yes"}"#, &expect![[r#"the field "stream" must be true or false"#]]);
        check(
            &format!("{{\"model\":\"a\",\"x\":{}{}}}", "[".repeat(200), "]".repeat(200)),
            &expect!["the body nests deeper than 128 levels"],
        );
    }

    #[test]
    fn finds_the_end_user_by_the_names_of_its_format() {
        let check = |surface: Surface, members: &str, expected: Option<&str>| {
            let body = format!(r#"{{"model":"m","input":"x",{members}}}"#);
            let span = peek(body.as_bytes(), surface).unwrap().end_user_span;
            assert_eq!(span.and_then(|span| end_user(&body[span], surface)).as_deref(), expected, "{surface} {members}");
        };
        for surface in [Surface::ChatCompletions, Surface::Responses, Surface::Embeddings, Surface::Completions] {
            check(surface, r#""user":"ann""#, Some("ann"));
            check(surface, r#""user":"ann","safety_identifier":"b\u00e9a""#, Some("béa"));
            check(surface, r#""user":"ann","safety_identifier":null"#, Some("ann"));
            check(surface, r#""user":"""#, None);
            check(surface, r#""user":7"#, None);
            check(surface, r#""metadata":{"user_id":"cem"}"#, None);
        }
        check(Surface::Messages, r#""metadata":{"user_id":"cem","x":[]},"user":"ann""#, Some("cem"));
        check(Surface::Messages, r#""metadata":{"user_id":null}"#, None);
        check(Surface::Messages, r#""metadata":"cem""#, None);
        check(Surface::Messages, r#""user":"ann""#, None);
    }

    #[test]
    fn finds_the_cap_by_the_names_of_its_format() {
        let check = |surface, fields: &[&str]| {
            for field in ["max_tokens", "max_completion_tokens", "max_output_tokens"] {
                let body = format!(r#"{{"model":"a","input":"x","{field}":7}}"#);
                let found = peek(body.as_bytes(), surface).unwrap_or_else(|error| panic!("{error}")).output_tokens_max;
                assert_eq!(found, fields.contains(&field).then_some(7), "{surface} {field}");
            }
        };
        check(Surface::ChatCompletions, &["max_tokens", "max_completion_tokens"]);
        check(Surface::Messages, &["max_tokens"]);
        check(Surface::Completions, &["max_tokens"]);
        check(Surface::Responses, &["max_output_tokens"]);
        check(Surface::Embeddings, &[]);
    }

    #[test]
    fn finds_the_cap_of_gemini_and_reads_it_as_no_less_than_it_may_be() {
        let check = |config: &str, expected: Option<u64>| {
            for name in ["generationConfig", "generation_config"] {
                let body = format!(r#"{{"contents":[],"max_tokens":1,"{name}":{config}}}"#);
                let peek = peek_gemini(body.as_bytes(), Surface::GenerateContent, "gemini-x", true)
                    .unwrap_or_else(|error| panic!("{error}"));
                assert_eq!((peek.output_tokens_max, peek.is_stream), (expected, true), "{config}");
                assert_eq!(peek.models, ["gemini-x"]);
            }
        };
        check(r#"{"maxOutputTokens":7}"#, Some(7));
        check(r#"{"max_output_tokens":7}"#, Some(7));
        check(r#"{"temperature":1}"#, None);
        check(r#"{"maxOutputTokens":null}"#, None);
        check("null", None);
        check(r#"{"maxOutputTokens":7,"max_output_tokens":9}"#, Some(9));
        check(r#"{"maxOutputTokens":6.5}"#, Some(7));
        check(r#"{"maxOutputTokens":"7"}"#, Some(u64::MAX));
        check(r#"{"maxOutputTokens":7,"maxOutputTokens":9}"#, Some(u64::MAX));
        check("[]", Some(u64::MAX));
    }

    #[test]
    fn a_path_that_names_the_model_counts_more_than_the_body() {
        let peek = peek_gemini(
            br#"{"model":"other","models":["Gemini-X","b"],"contents":[]}"#,
            Surface::GenerateContent,
            "gemini-x",
            false,
        );
        let peek = peek.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(peek.models, ["gemini-x", "b"]);
        assert!(peek.is_model_in_path && peek.has_gateway_only_fields && peek.model_span.is_none());
        assert_eq!(peek_gemini(b"{}", Surface::GenerateContent, "", false), Err(PeekError::ModelEmpty));
    }

    #[test]
    fn the_cap_on_the_output_is_never_read_as_less_than_a_provider_may_read() {
        let check = |members: &str, expected: (Option<u64>, Option<&str>, bool)| {
            let body = format!(r#"{{"model":"a"{members}}}"#);
            let peek = peek(body.as_bytes(), Surface::ChatCompletions).unwrap_or_else(|error| panic!("{members}: {error}"));
            let value = peek.output_tokens_span.map(|span| body[span].to_owned());
            assert_eq!((peek.output_tokens_max, value.as_deref(), peek.has_several_output_caps), expected, "{members}");
        };
        check("", (None, None, false));
        check(r#","max_tokens":100"#, (Some(100), Some("100"), false));
        check(r#","max_completion_tokens":100"#, (Some(100), Some("100"), false));
        check(r#","max_\u0074okens":100"#, (Some(100), Some("100"), false));
        check(r#","max_tokens":null"#, (None, Some("null"), false));
        check(r#","max_tokens":99.5"#, (Some(100), Some("99.5"), false));
        check(r#","max_tokens":1e3"#, (Some(1_000), Some("1e3"), false));
        check(r#","max_tokens":1e400"#, (Some(u64::MAX), Some("1e400"), false));
        check(r#","max_tokens":99999999999999999999"#, (Some(u64::MAX), Some("99999999999999999999"), false));
        check(r#","max_tokens":-1"#, (Some(u64::MAX), Some("-1"), false));
        check(r#","max_tokens":"7""#, (Some(u64::MAX), Some("\"7\""), false));
        check(r#","max_tokens":7,"max_completion_tokens":9"#, (Some(9), Some("7"), true));
        check(r#","max_tokens":9,"max_tokens":7"#, (Some(9), Some("9"), true));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = peek(&body, Surface::ChatCompletions);
            let _ = peek_gemini(&body, Surface::GenerateContent, "m", true);
            let _ = peek_gemini(&body, Surface::BatchEmbedContents, "m", false);
        }
    }
}
