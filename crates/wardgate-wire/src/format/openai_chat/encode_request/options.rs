//! What a Chat Completions request says beside its messages and tools.

use crate::format::openai_chat::{switches, tier};
use crate::json::Json;
use crate::neutral::request::{OutputForm, Tier};
use crate::transcode::fit::{Field, Fit, short_user};
use crate::transcode::schema;

/// The most stop sequences that Chat Completions takes.
const STOP_MAX: usize = 4;

/// The longest name of a user that OpenAI takes.
pub(crate) const USER_BYTES_MAX: usize = 64;

pub(super) fn options(fit: &Fit<'_>, json: &mut Json<'_>) {
    let request = fit.request;
    let traits = &fit.target.traits;
    if let Some(tokens) = capped(fit) {
        json.put_number(if traits.is_openai { "max_completion_tokens" } else { "max_tokens" }, tokens);
    }
    switches::write(fit, json);
    let sampling = &request.sampling;
    let numbers = [
        ("temperature", fit.sampling(sampling.temperature.as_ref(), Field::Temperature, 2.0)),
        ("top_p", fit.sampling(sampling.top_p.as_ref(), Field::TopP, 1.0)),
        ("seed", sampling.seed.as_ref().map(|it| it.literal())),
        ("frequency_penalty", sampling.frequency_penalty.as_ref().map(|it| it.literal())),
        ("presence_penalty", sampling.presence_penalty.as_ref().map(|it| it.literal())),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            json.put_raw(key, number);
        }
    }
    fit.drop(sampling.top_k.is_some(), Field::TopK);
    fit.drop_unless(sampling.min_p.as_ref(), 0.0, Field::MinP);
    fit.drop_unless(sampling.repetition_penalty.as_ref(), 1.0, Field::RepetitionPenalty);
    fit.drop(sampling.logit_bias.is_some(), Field::LogitBias);
    let stop = fit.stops(STOP_MAX, |stop| !stop.is_empty());
    if !stop.is_empty() {
        json.put_texts("stop", stop);
    }
    if let Some(answers) = request.answers {
        json.put_number("n", answers);
    }
    if let Some(alternatives) = fit.logprobs() {
        json.put_flag("logprobs", true);
        if alternatives > 0 {
            json.put_number("top_logprobs", alternatives);
        }
    }
    response_format(fit, json);
    if traits.is_openai {
        json.put_some("verbosity", request.verbosity.as_deref());
        json.put_some("prompt_cache_key", request.cache_key.as_deref());
        json.put_some("safety_identifier", request.user.as_deref().map(|user| short_user(user, USER_BYTES_MAX)).as_deref());
        json.put_json("metadata", request.metadata.as_deref());
        if request.is_stored == Some(true) {
            json.put_flag("store", true);
        }
        if let Some(tier) = request.tier {
            json.put("service_tier", tier::asked_word(tier));
        }
    } else {
        fit.drop(request.is_stored == Some(true), Field::Store);
        fit.drop(request.tier.is_some_and(|tier| !matches!(tier, Tier::Auto | Tier::Standard)), Field::Tier);
    }
}

/// The cap on output, lowered to what the model has.
pub(crate) fn capped(fit: &Fit<'_>) -> Option<u64> {
    let wanted = fit.request.output_tokens_max?;
    match fit.target.traits.output_tokens_max.filter(|max| *max < wanted) {
        Some(max) => {
            fit.warn_field("parameter_lowered", Field::OutputTokensMax);
            Some(max)
        }
        None => Some(wanted),
    }
}

fn response_format(fit: &Fit<'_>, json: &mut Json<'_>) {
    match &fit.request.output {
        OutputForm::Text => {}
        OutputForm::JsonObject => json.put_object("response_format", |json| json.put("type", "json_object")),
        OutputForm::JsonSchema { .. } if !fit.target.traits.has_json_schema => {
            // The best that such a host has; the schema itself is lost.
            fit.warn_field("json_schema_dropped", Field::Output);
            json.put_object("response_format", |json| json.put("type", "json_object"));
        }
        OutputForm::JsonSchema { name, description, schema, is_strict } => json.put_object("response_format", |json| {
            json.put("type", "json_schema");
            json.put_object("json_schema", |json| {
                json.put("name", name.as_deref().unwrap_or("response"));
                json.put_some("description", description.as_deref());
                json.put_flag("strict", is_strict.unwrap_or_else(|| schema::is_openai_strict(schema)));
                json.put_raw("schema", schema.get());
            });
        }),
    }
}
