//! What is written into one object of an answer: what it cost, who made it, and what the provider itself said.

use super::{Bill, Enrichment, reasoning};
use crate::edit::{for_each_member, json_string, push_member};
use serde_json::value::RawValue;
use wardgate_core::format::Format;
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::Usage;

/// What is added to one object.
pub(super) struct Told<'t> {
    pub(super) format: Format,
    pub(super) given: &'t Enrichment,
    pub(super) bill: &'t Bill,
    pub(super) usage: &'t Usage,
    pub(super) stop_reason: Option<&'t str>,
}

/// What this adds to `usage`, in place of what a provider may have put there.
const OF_BILL: [&str; 4] = ["cost", "total_cost", "is_byok", "cost_details"];

impl Told<'_> {
    /// An answer or a chunk of OpenAI's completions, or an answer of its embeddings; and whether usage is told in it.
    pub(super) fn completion(&self, data: &[u8], is_whole: bool) -> Option<(Vec<u8>, bool)> {
        let mut text = String::with_capacity(data.len() + 256);
        text.push('{');
        let (mut has_usage, mut has_id) = (false, false);
        for_each_member(data, |key, value| match key {
            "id" => {
                has_id = true;
                match &self.given.id {
                    Some(id) => push_member(&mut text, key, &json_string(id)),
                    None => push_member(&mut text, key, value),
                }
            }
            "provider" if self.given.provider.is_some() => {}
            "choices" => push_member(&mut text, key, &self.choices(value)),
            "usage" if value.starts_with('{') => {
                has_usage = true;
                push_member(&mut text, key, &self.usage(Some(value)));
            }
            "usage" if is_whole => {}
            _ => push_member(&mut text, key, value),
        })
        .ok()?;
        if let Some(id) = self.given.id.as_ref().filter(|_| !has_id) {
            push_member(&mut text, "id", &json_string(id));
        }
        if let Some(provider) = &self.given.provider {
            push_member(&mut text, "provider", &json_string(provider));
        }
        if is_whole && !has_usage {
            push_member(&mut text, "usage", &self.usage(None));
        }
        text.push('}');
        Some((text.into_bytes(), is_whole || has_usage))
    }

    /// A message of Anthropic's or a response of OpenAI's; or the delta of a message, which is no answer and has no place for who
    /// answered.
    pub(super) fn message(&self, data: &[u8], is_answer: bool) -> Option<Vec<u8>> {
        let mut text = String::with_capacity(data.len() + 256);
        self.object(&mut text, data, true, is_answer)?;
        Some(text.into_bytes())
    }

    /// An event in which such a thing is a member.
    pub(super) fn within(&self, data: &[u8], member: &str, has_bill: bool) -> Option<Vec<u8>> {
        let mut text = String::with_capacity(data.len() + 256);
        text.push('{');
        let mut is_whole = true;
        for_each_member(data, |key, value| {
            if key == member && value.starts_with('{') {
                let mut inner = String::with_capacity(value.len() + 256);
                is_whole &= self.object(&mut inner, value.as_bytes(), has_bill, true).is_some();
                push_member(&mut text, key, &inner);
            } else {
                push_member(&mut text, key, value);
            }
        })
        .ok()?;
        text.push('}');
        is_whole.then(|| text.into_bytes())
    }

    fn object(&self, text: &mut String, data: &[u8], has_bill: bool, is_answer: bool) -> Option<()> {
        text.push('{');
        for_each_member(data, |key, value| match key {
            "provider" if self.given.provider.is_some() => {}
            "usage" if has_bill && value.starts_with('{') => push_member(text, key, &self.usage(Some(value))),
            _ => push_member(text, key, value),
        })
        .ok()?;
        if let Some(provider) = self.given.provider.as_ref().filter(|_| is_answer) {
            push_member(text, "provider", &json_string(provider));
        }
        text.push('}');
        Some(())
    }

    /// The provider's own word for the end stands beside the one that the format has.
    fn choices(&self, value: &str) -> String {
        let Ok(choices) = serde_json::from_str::<Vec<&RawValue>>(value) else { return value.to_owned() };
        let mut text = String::with_capacity(value.len() + 64);
        text.push('[');
        for (index, choice) in choices.into_iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            match self.choice(choice.get()) {
                Some(choice) => text.push_str(&choice),
                None => text.push_str(choice.get()),
            }
        }
        text.push(']');
        text
    }

    fn choice(&self, choice: &str) -> Option<String> {
        let mut text = String::from("{");
        let mut reason: Option<String> = None;
        for_each_member(choice.as_bytes(), |key, value| {
            if key == "finish_reason" {
                reason = Some(value.to_owned());
            }
            let named = match key {
                "message" | "delta" if self.given.provider.is_some() => reasoning::under_all_names(value),
                _ => None,
            };
            if key != "native_finish_reason" {
                push_member(&mut text, key, named.as_deref().unwrap_or(value));
            }
        })
        .ok()?;
        if let Some(reason) = reason {
            let native = match self.stop_reason {
                Some(native) if reason != "null" => json_string(native),
                _ => reason,
            };
            push_member(&mut text, "native_finish_reason", &native);
        }
        text.push('}');
        Some(text)
    }

    /// The usage with its bill; of our own making where the provider told none.
    pub(super) fn usage(&self, value: Option<&str>) -> String {
        let mut text = String::from("{");
        let is_read = value.is_some_and(|value| {
            for_each_member(value.as_bytes(), |key, value| {
                if !OF_BILL.contains(&key) {
                    push_member(&mut text, key, value);
                }
            })
            .is_ok()
        });
        if !is_read {
            text.truncate(1);
            let (input, output) = (self.usage.input(), self.usage.output);
            push_member(&mut text, "prompt_tokens", &input.to_string());
            push_member(&mut text, "completion_tokens", &output.to_string());
            push_member(&mut text, "total_tokens", &input.saturating_add(output).to_string());
            let (cached, written) = (self.usage.cache_read, self.usage.cache_write());
            let details = format!("{{\"cached_tokens\":{cached},\"cache_write_tokens\":{written}}}");
            push_member(&mut text, "prompt_tokens_details", &details);
            let details = format!("{{\"reasoning_tokens\":{}}}", self.usage.reasoning);
            push_member(&mut text, "completion_tokens_details", &details);
        }
        let cost = dollars(self.bill.cost);
        push_member(&mut text, "cost", &cost);
        // What it was called in the first guide to the product that this follows.
        push_member(&mut text, "total_cost", &cost);
        push_member(&mut text, "is_byok", if self.bill.is_byok { "true" } else { "false" });
        let names = match self.format {
            Format::OpenAiResponses => ["upstream_inference_input_cost", "upstream_inference_output_cost"],
            _ => ["upstream_inference_prompt_cost", "upstream_inference_completions_cost"],
        };
        // Clients add this to the cost, which has all of it already.
        let mut details = String::from("{\"upstream_inference_cost\":null");
        push_member(&mut details, names[0], &dollars(self.bill.input));
        push_member(&mut details, names[1], &dollars(self.bill.output));
        details.push('}');
        push_member(&mut text, "cost_details", &details);
        text.push('}');
        text
    }
}

/// An amount as a number of JSON, to the nano-dollar; null when it is not known.
fn dollars(amount: Option<NanoUsd>) -> String {
    let Some(amount) = amount else { return "null".to_owned() };
    let text = amount.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
