//! What a generateContent request says of how to answer: lengths, sampling, forms, thinking.

use super::encode_request::resolution_of_all;
use crate::format::openai_chat::encode_request::capped;
use crate::json::Json;
use crate::neutral::request::{Effort, OutputForm, Shown};
use crate::transcode::fit::{Field, Fit};

/// The least budget for thinking that models take which always think (Gemini 2.5 Pro).
const PRO_BUDGET_TOKENS_MIN: u64 = 128;

/// What a budget for thinking leaves of the output at least, in tokens.
const ANSWER_TOKENS_MIN: u64 = 1_024;

/// The most stop sequences that Gemini takes.
const STOP_MAX: usize = 5;

pub(super) fn generation_config(fit: &Fit<'_>, json: &mut Json<'_>) {
    let request = fit.request;
    if let Some(tokens) = capped(fit) {
        json.put_number("maxOutputTokens", tokens);
    }
    let sampling = &request.sampling;
    let is_3 = fit.target.traits.is_gemini_3;
    let penalty = |number: Option<&'_ crate::neutral::request::Number>, field| {
        fit.drop_unless(number.filter(|_| is_3), 0.0, field);
        number.filter(|_| !is_3).map(|number| number.literal().to_owned())
    };
    let numbers = [
        ("temperature", fit.sampling(sampling.temperature.as_ref(), Field::Temperature, 2.0).map(str::to_owned)),
        ("topP", fit.sampling(sampling.top_p.as_ref(), Field::TopP, 1.0).map(str::to_owned)),
        ("topK", fit.sampling(sampling.top_k.as_ref(), Field::TopK, f64::INFINITY).map(str::to_owned)),
        ("seed", seed(fit).map(str::to_owned)),
        ("presencePenalty", penalty(sampling.presence_penalty.as_ref(), Field::PresencePenalty)),
        ("frequencyPenalty", penalty(sampling.frequency_penalty.as_ref(), Field::FrequencyPenalty)),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            json.put_raw(key, &number);
        }
    }
    json.put_some("mediaResolution", resolution_of_all(request).filter(|_| !is_3));
    let stop = fit.stops(STOP_MAX, |stop| !stop.is_empty());
    if !stop.is_empty() {
        json.put_texts("stopSequences", stop);
    }
    if let Some(answers) = request.answers {
        json.put_number("candidateCount", answers);
    }
    if let Some(alternatives) = fit.logprobs() {
        json.put_flag("responseLogprobs", true);
        if alternatives > 0 {
            json.put_number("logprobs", alternatives);
        }
    }
    fit.drop_unless(sampling.min_p.as_ref(), 0.0, Field::MinP);
    fit.drop_unless(sampling.repetition_penalty.as_ref(), 1.0, Field::RepetitionPenalty);
    fit.drop(sampling.logit_bias.is_some(), Field::LogitBias);
    fit.drop(request.is_stored == Some(true), Field::Store);
    match &request.output {
        OutputForm::Text => {}
        OutputForm::JsonObject => json.put("responseMimeType", "application/json"),
        OutputForm::JsonSchema { .. } if !fit.target.traits.has_json_schema => {
            fit.warn_field("json_schema_dropped", Field::Output);
            json.put("responseMimeType", "application/json");
        }
        OutputForm::JsonSchema { schema, .. } => {
            json.put("responseMimeType", "application/json");
            json.put_raw("responseJsonSchema", schema.get());
        }
    }
    if let Some(pictures) = &request.pictures {
        json.put_texts(
            "responseModalities",
            if pictures.is_only { &["IMAGE"][..] } else { &["TEXT", "IMAGE"] }.iter().copied(),
        );
        if pictures.aspect_ratio.is_some() || pictures.size.is_some() {
            json.put_object("imageConfig", |json| {
                json.put_some("aspectRatio", pictures.aspect_ratio.as_deref());
                json.put_some("imageSize", pictures.size.as_deref());
            });
        }
    }
    thinking_config(fit, json);
}

/// The seed, where it is one of 32 bits, as all are here.
fn seed<'r>(fit: &Fit<'r>) -> Option<&'r str> {
    let seed = fit.request.sampling.seed.as_ref()?.literal();
    let fits = seed.parse::<i32>().is_ok();
    fit.drop(!fits, Field::Seed);
    fits.then_some(seed)
}

fn thinking_config(fit: &Fit<'_>, json: &mut Json<'_>) {
    let asked = &fit.request.thinking;
    let effort = fit.effort();
    let shows = asked.shown.map(|shown| shown == Shown::Summary);
    if effort.is_none() && shows.is_none() {
        return;
    }
    json.put_object("thinkingConfig", |json| {
        if let Some(shows) = shows {
            json.put_flag("includeThoughts", shows);
        }
        let Some(effort) = effort else { return };
        if fit.target.traits.is_gemini_3 {
            let level = match effort {
                Effort::None => {
                    fit.warn_field("thinking_cannot_be_disabled", Field::Effort);
                    if is_pro(fit) { "LOW" } else { "MINIMAL" }
                }
                Effort::Minimal => "MINIMAL",
                Effort::Low => "LOW",
                Effort::Medium => "MEDIUM",
                Effort::XHigh | Effort::Max if fit.target.traits.efforts.contains(&Effort::XHigh) => "XHIGH",
                Effort::High | Effort::XHigh | Effort::Max => "HIGH",
            };
            json.put("thinkingLevel", level);
        } else {
            json.put_number("thinkingBudget", budget(fit, asked.budget_tokens.unwrap_or_else(|| effort.budget_tokens())));
        }
    });
}

/// Models of this name think always.
fn is_pro(fit: &Fit<'_>) -> bool {
    fit.target.model.contains("pro")
}

/// A budget that leaves room for an answer, and that the model takes.
fn budget(fit: &Fit<'_>, wanted: u64) -> u64 {
    if wanted == 0 && is_pro(fit) {
        fit.warn_field("thinking_cannot_be_disabled", Field::Effort);
        return PRO_BUDGET_TOKENS_MIN;
    }
    let most = capped(fit).map_or(u64::MAX, |tokens| tokens.saturating_sub(ANSWER_TOKENS_MIN));
    if most < PRO_BUDGET_TOKENS_MIN { wanted } else { wanted.min(most) }
}
