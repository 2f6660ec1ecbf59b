//! Vendors' own switches for thinking in Chat Completions, beside `reasoning_effort`.

use crate::json::{Json, Object, Path};
use crate::neutral::loss::Untranslatable;
use crate::neutral::request::{Effort, Request, Thinking};
use crate::transcode::fit::{Field, Fit};
use crate::transcode::target::{ChatThinking, ThinkingWay};

/// Reads the switches that clients of these vendors write. What the request says in the format's own words counts more.
pub(super) fn read(object: &mut Object<'_>, path: &Path<'_>, request: &mut Request) -> Result<(), Untranslatable> {
    let mut is_on = object.flag("enable_thinking", path)?;
    let mut budget_tokens = object.count("thinking_budget", path)?;
    if let Some(mut thinking) = object.object("thinking", path)? {
        let path = path.key("thinking");
        let word = thinking.text("type", &path)?;
        is_on = is_on.or(word.map(|word| word != "disabled"));
        budget_tokens = budget_tokens.or(thinking.count("budget_tokens", &path)?);
        // Which thoughts of earlier turns are kept is the vendor's own matter.
        for key in ["clear_thinking", "keep"] {
            thinking.take(key);
        }
        thinking.warn_rest(&path, &mut request.warnings);
    }
    if let Some(mut template) = object.object("chat_template_kwargs", path)? {
        let path = path.key("chat_template_kwargs");
        for key in ["enable_thinking", "thinking"] {
            let told = template.flag(key, &path)?;
            is_on = is_on.or(told);
        }
        template.warn_rest(&path, &mut request.warnings);
    }
    let thinking = &mut request.thinking;
    thinking.is_on = thinking.is_on.or(is_on);
    // Who switches thinking off means no budget.
    thinking.budget_tokens = thinking.budget_tokens.or(budget_tokens.filter(|_| thinking.is_on != Some(false)));
    Ok(())
}

/// Writes how much to think in the words of the host.
pub(super) fn write(fit: &Fit<'_>, json: &mut Json<'_>) {
    let traits = &fit.target.traits;
    let thinking = &fit.request.thinking;
    match traits.chat_thinking {
        ChatThinking::Effort => effort(fit, json),
        ChatThinking::Template if !traits.efforts.is_empty() => effort(fit, json),
        ChatThinking::Template => {
            if let Some(is_on) = is_on(fit) {
                json.put_object("chat_template_kwargs", |json| json.put_flag("enable_thinking", is_on));
            }
        }
        ChatThinking::Switch => {
            if let Some(is_on) = is_on(fit) {
                json.put_flag("enable_thinking", is_on);
                if let Some(tokens) = budget(thinking).filter(|_| is_on) {
                    json.put_number("thinking_budget", tokens);
                }
            }
        }
        ChatThinking::Type => {
            let is_on = is_on(fit);
            if let Some(is_on) = is_on.filter(|_| traits.thinking != ThinkingWay::AlwaysOn) {
                json.put_object("thinking", |json| json.put("type", if is_on { "enabled" } else { "disabled" }));
            }
            if is_on == Some(true) && !traits.efforts.is_empty() {
                effort(fit, json);
            }
        }
    }
}

fn effort(fit: &Fit<'_>, json: &mut Json<'_>) {
    if let Some(effort) = fit.effort() {
        json.put("reasoning_effort", effort.name());
    }
}

/// Whether to think, where anything was asked for. A model that always does is told no such thing; where it has efforts, the least.
fn is_on(fit: &Fit<'_>) -> Option<bool> {
    let traits = &fit.target.traits;
    let wanted = fit.request.thinking.effort_or_budget();
    let is_on = wanted.map(|effort| effort != Effort::None).or(fit.request.thinking.is_on)?;
    if !is_on && traits.thinking == ThinkingWay::AlwaysOn {
        fit.warn_field("thinking_cannot_be_disabled", Field::Effort);
        return Some(true);
    }
    Some(is_on)
}

/// The tokens to think with. The most there is needs no number: it is what the model does by itself.
fn budget(thinking: &Thinking) -> Option<u64> {
    let effort = thinking.effort.filter(|effort| *effort != Effort::Max).map(Effort::budget_tokens);
    thinking.budget_tokens.or(effort).filter(|tokens| *tokens > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcode::target::{Target, Traits};
    use crate::transcode::{decode_request, encode_request};
    use serde_json::{Map, Value};
    use wardgate_core::format::Format;

    const LEVELS: &[Effort] = &[Effort::Low, Effort::High, Effort::Max];

    /// What a request with these members comes to, beside its model, its messages and its cap, and what is warned of.
    fn check(members: &str, traits: Traits<'_>, expected: &str) {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"x"}}],{members}}}"#);
        let request = decode_request(Format::OpenAiChat, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let target = Target { traits, ..Target::new("m") };
        let encoded = encode_request(Format::OpenAiChat, &request, &target).unwrap_or_else(|error| panic!("{error}"));
        let mut written: Map<String, Value> = serde_json::from_slice(&encoded.body).unwrap_or_else(|error| panic!("{error}"));
        written.retain(|key, _| !matches!(key.as_str(), "model" | "messages"));
        let warnings = encoded.warnings.as_slice().iter().map(|warning| warning.code).collect::<Vec<_>>().join(" ");
        let written = Value::Object(written).to_string();
        assert_eq!([written.trim_matches(['{', '}']), &warnings].join(" ").trim(), expected, "{members}");
    }

    fn of(chat_thinking: ChatThinking, efforts: &[Effort]) -> Traits<'_> {
        Traits { chat_thinking, efforts, ..Traits::default() }
    }

    #[test]
    fn each_host_is_told_in_its_own_words() {
        let (low, none) = (r#""reasoning_effort":"low""#, r#""reasoning_effort":"none""#);
        check(low, of(ChatThinking::Effort, &[]), r#""reasoning_effort":"low""#);
        check(low, of(ChatThinking::Type, &[]), r#""thinking":{"type":"enabled""#);
        check(low, of(ChatThinking::Type, LEVELS), r#""reasoning_effort":"low","thinking":{"type":"enabled""#);
        check(none, of(ChatThinking::Type, LEVELS), r#""thinking":{"type":"disabled""#);
        check(low, of(ChatThinking::Switch, &[]), r#""enable_thinking":true,"thinking_budget":2048"#);
        check(none, of(ChatThinking::Switch, &[]), r#""enable_thinking":false"#);
        check(r#""reasoning_effort":"max""#, of(ChatThinking::Switch, &[]), r#""enable_thinking":true"#);
        check(
            r#""reasoning":{"max_tokens":5000}"#,
            of(ChatThinking::Switch, &[]),
            r#""enable_thinking":true,"thinking_budget":5000"#,
        );
        check(low, of(ChatThinking::Template, LEVELS), r#""reasoning_effort":"low""#);
        check(none, of(ChatThinking::Template, &[]), r#""chat_template_kwargs":{"enable_thinking":false"#);
        for way in [ChatThinking::Type, ChatThinking::Switch, ChatThinking::Template] {
            check(r#""n":1"#, of(way, LEVELS), "");
        }
        let always = Traits { thinking: ThinkingWay::AlwaysOn, ..of(ChatThinking::Type, LEVELS) };
        check(r#""reasoning_effort":"high""#, always, r#""reasoning_effort":"high""#);
        check(none, always, r#""reasoning_effort":"low" thinking_cannot_be_disabled effort_clamped"#);
        check(none, Traits { efforts: &[], ..always }, "thinking_cannot_be_disabled");
    }

    #[test]
    fn every_vendors_switch_is_understood() {
        let (off, on) = (r#""enable_thinking":false"#, r#""enable_thinking":true"#);
        let switch = of(ChatThinking::Switch, &[]);
        for members in [
            r#""enable_thinking":false,"thinking_budget":100"#,
            r#""thinking":{"type":"disabled"}"#,
            r#""chat_template_kwargs":{"enable_thinking":false}"#,
            r#""chat_template_kwargs":{"thinking":false}"#,
        ] {
            check(members, switch, off);
        }
        check(r#""enable_thinking":true"#, switch, on);
        check(r#""thinking":{"type":"enabled","clear_thinking":false}"#, switch, on);
        check(r#""thinking":{"type":"auto"}"#, switch, on);
        check(r#""enable_thinking":true,"thinking_budget":100"#, switch, r#""enable_thinking":true,"thinking_budget":100"#);
        check(
            r#""thinking":{"type":"enabled","budget_tokens":100}"#,
            switch,
            r#""enable_thinking":true,"thinking_budget":100"#,
        );
        check(r#""chat_template_kwargs":{"enable_thinking":true,"x":1}"#, switch, r#""enable_thinking":true unknown_field"#);
        check(
            r#""reasoning_effort":"low","enable_thinking":false"#,
            switch,
            r#""enable_thinking":true,"thinking_budget":2048"#,
        );
    }
}
