//! What single values of a request come to.

use super::fields::Fields;
use super::{ANSWERS_MAX, MODELS_MAX, PROMPTS_MAX, PeekError};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What of a `generationConfig` says how much may be answered.
#[derive(Default)]
pub(super) struct GenerationConfig {
    pub(super) output_tokens_max: Option<u64>,
    pub(super) answers: Option<u64>,
}

/// Reads it, the larger of two spellings. What cannot be read may mean anything, as in [`tokens`].
pub(super) fn generation_config(value: &RawValue) -> GenerationConfig {
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

pub(super) fn answers(asked: Option<u64>) -> u64 {
    asked.unwrap_or(1).clamp(1, ANSWERS_MAX)
}

/// How many prompts a value of `prompt` holds. A list of numbers is one, in tokens.
pub(super) fn prompts(value: Option<&RawValue>) -> u64 {
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

pub(super) fn models(fields: &Fields<'_>) -> Result<Vec<String>, PeekError> {
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

pub(super) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

pub(super) fn is_stream(value: Option<&RawValue>) -> Result<bool, PeekError> {
    match value.map(RawValue::get) {
        None | Some("false" | "null") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(PeekError::StreamNotABoolean),
    }
}

/// What a cap on an answer's tokens comes to. What is no number may mean anything to a provider, so it counts as the most.
pub(super) fn tokens(value: &RawValue) -> Option<u64> {
    let text = value.get();
    if text == "null" {
        return None;
    }
    let whole = text.parse().ok();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is not negative, and saturates")]
    let rounded = || text.parse::<f64>().ok().filter(|number| *number >= 0.0).map(|number| number.ceil() as u64);
    Some(whole.or_else(rounded).unwrap_or(u64::MAX))
}

pub(super) fn asks_for_usage(stream_options: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct StreamOptions {
        include_usage: Option<bool>,
    }
    serde_json::from_str::<StreamOptions>(stream_options.get()).is_ok_and(|options| options.include_usage == Some(true))
}

pub(super) fn asks_for_cost(usage: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Wanted {
        include: Option<bool>,
    }
    serde_json::from_str::<Wanted>(usage.get()).is_ok_and(|wanted| wanted.include == Some(true))
}
