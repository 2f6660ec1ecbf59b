//! The few fields of a request body that routing needs, and where they stand.
//!
//! One validating pass over the body, without building it: the values of interest are kept as spans, so that [`crate::edit`]
//! can splice around them. A 1 MB prompt costs a few hundred microseconds here and is never copied.

mod batch;
mod fields;
mod values;

use crate::depth;
use fields::read;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;
use values::{answers, asks_for_cost, asks_for_usage, generation_config, is_null, is_stream, models, prompts};
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
    /// Whether the answer is to be made in the background and fetched later (Responses).
    pub is_background: bool,
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
        is_background: surface == Surface::Responses && fields.background.is_some_and(|value| value.get() == "true"),
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
        is_background: false,
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

/// Where a raw value stands in the text it was read from.
pub(crate) fn span(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr().addr() - text.as_ptr().addr();
    start..start + value.get().len()
}

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
pub(crate) struct Key<'b>(#[serde(borrow)] pub(crate) Cow<'b, str>);

#[cfg(test)]
mod tests;
