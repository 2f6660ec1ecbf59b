//! What OpenRouter's clients find in an answer beside what the model said: who answered, under which id it is accounted for, and
//! what it cost.
//!
//! Members are added to an answer that is in the client's format already, and all others stay byte for byte as they are. An
//! answer that cannot be read passes as it is: what a model said is worth more than what it cost.

mod reasoning;

use crate::edit::{for_each_member, json_string, push_member};
use crate::sse;
use bytes::{Bytes, BytesMut};
use serde_json::value::RawValue;
use wardgate_core::format::Format;
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::Usage;

/// What an answer is given.
#[derive(Debug, Clone, Default)]
pub struct Enrichment {
    /// The id under which the answer is accounted for, in place of the provider's; none leaves that. Only the formats of OpenAI's
    /// completions take it: to other clients an id means more than a name.
    pub id: Option<Box<str>>,
    /// Who answered; none: it is not told.
    pub provider: Option<Box<str>>,
}

/// What an answer costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// All of it; none when it is not known.
    pub cost: Option<NanoUsd>,
    /// Of that, what the provider takes for the input.
    pub input: Option<NanoUsd>,
    /// Of that, what the provider takes for the output.
    pub output: Option<NanoUsd>,
    /// Whether the provider was asked with a key of the caller's own account.
    pub is_byok: bool,
}

/// An unstreamed answer, enriched. `usage` is told where the answer has none of its own.
#[must_use]
pub fn whole(
    format: Format,
    body: &[u8],
    given: &Enrichment,
    bill: &Bill,
    usage: &Usage,
    stop_reason: Option<&str>,
) -> Option<Vec<u8>> {
    let told = Told { format, given, bill, usage, stop_reason };
    match format {
        Format::OpenAiChat | Format::OpenAiCompletions | Format::OpenAiEmbeddings => {
            told.completion(body, true).map(|(text, _)| text)
        }
        Format::AnthropicMessages | Format::OpenAiResponses => told.message(body, true),
        // These have no place for it, or no client is served in them.
        _ => None,
    }
}

/// Enriches a stream, a run of whole events at a time.
#[derive(Debug)]
pub struct Enricher {
    format: Format,
    given: Enrichment,
    has_told_usage: bool,
    /// The last chunk's members that every chunk repeats, for one of our own.
    created: Option<Box<str>>,
    model: Option<Box<str>>,
    id: Option<Box<str>>,
}

impl Enricher {
    /// For a stream of this format.
    #[must_use]
    pub const fn new(format: Format, given: Enrichment) -> Self {
        Self { format, given, has_told_usage: false, created: None, model: None, id: None }
    }

    /// Takes whole events and gives them back with what is added. `bill` says what has been used and what that costs, as far as
    /// is known; `stop_reason` is the provider's own word.
    pub fn pass(&mut self, run: Bytes, stop_reason: Option<&str>, bill: &dyn Fn() -> (Usage, Bill)) -> Bytes {
        let has_place = matches!(
            self.format,
            Format::OpenAiChat | Format::OpenAiCompletions | Format::AnthropicMessages | Format::OpenAiResponses
        );
        if !has_place {
            return run;
        }
        let mut out = BytesMut::with_capacity(run.len() + 256);
        for (bytes, event) in sse::events(&run) {
            let rewritten = match event.data.as_deref() {
                None | Some([]) => None,
                Some(data) => self.event(data, stop_reason, bill),
            };
            match rewritten {
                None => out.extend_from_slice(bytes),
                Some(texts) => {
                    for text in texts {
                        if !event.name.is_empty() {
                            out.extend_from_slice(b"event: ");
                            out.extend_from_slice(event.name);
                            out.extend_from_slice(b"\n");
                        }
                        // What came in several lines goes in as many.
                        for line in text.split(|byte| *byte == b'\n') {
                            out.extend_from_slice(b"data: ");
                            out.extend_from_slice(line);
                            out.extend_from_slice(b"\n");
                        }
                        out.extend_from_slice(b"\n");
                    }
                }
            }
        }
        out.freeze()
    }

    /// The data of the events that take the place of one; none: it stays.
    fn event(&mut self, data: &[u8], stop_reason: Option<&str>, bill: &dyn Fn() -> (Usage, Bill)) -> Option<Vec<Vec<u8>>> {
        match self.format {
            Format::OpenAiChat | Format::OpenAiCompletions => {
                if data.starts_with(b"[DONE]") {
                    if self.has_told_usage {
                        return None;
                    }
                    self.has_told_usage = true;
                    return Some(vec![self.usage_chunk(bill), data.to_vec()]);
                }
                self.remember(data);
                let (usage, bill) = if finds(data, b"\"usage\"") { bill() } else { Default::default() };
                let told = Told { format: self.format, given: &self.given, bill: &bill, usage: &usage, stop_reason };
                let (text, has_usage) = told.completion(data, false)?;
                self.has_told_usage |= has_usage;
                Some(vec![text])
            }
            Format::AnthropicMessages => {
                let is_start = finds(data, b"message_start");
                if !is_start && !finds(data, b"message_delta") {
                    return None;
                }
                let (usage, bill) = if is_start { Default::default() } else { bill() };
                let told = Told { format: self.format, given: &self.given, bill: &bill, usage: &usage, stop_reason };
                if is_start { told.within(data, "message", false) } else { told.message(data, false) }.map(|text| vec![text])
            }
            Format::OpenAiResponses => {
                let is_last = ["response.completed", "response.incomplete"].iter().any(|name| finds(data, name.as_bytes()));
                if !is_last {
                    return None;
                }
                let (usage, bill) = bill();
                let told = Told { format: self.format, given: &self.given, bill: &bill, usage: &usage, stop_reason };
                told.within(data, "response", true).map(|text| vec![text])
            }
            _ => None,
        }
    }

    /// What a chunk of our own repeats of the provider's.
    fn remember(&mut self, data: &[u8]) {
        if self.model.is_some() {
            return;
        }
        // A chunk that cannot be read leaves its envelope to the next one.
        let _ = for_each_member(data, |key, value| match key {
            "created" => self.created = Some(value.into()),
            "model" => self.model = Some(value.into()),
            "id" => self.id = Some(value.into()),
            _ => {}
        });
    }

    /// A chunk that tells usage, for a provider that told none.
    fn usage_chunk(&self, bill: &dyn Fn() -> (Usage, Bill)) -> Vec<u8> {
        let (usage, bill) = bill();
        let mut text = String::from("{");
        let id = self.given.id.as_deref().map(json_string);
        if let Some(id) = id.as_deref().or(self.id.as_deref()) {
            push_member(&mut text, "id", id);
        }
        let object = if self.format == Format::OpenAiChat { "\"chat.completion.chunk\"" } else { "\"text_completion\"" };
        push_member(&mut text, "object", object);
        if let Some(created) = &self.created {
            push_member(&mut text, "created", created);
        }
        if let Some(model) = &self.model {
            push_member(&mut text, "model", model);
        }
        if let Some(provider) = &self.given.provider {
            push_member(&mut text, "provider", &json_string(provider));
        }
        push_member(&mut text, "choices", "[]");
        let told = Told { format: self.format, given: &self.given, bill: &bill, usage: &usage, stop_reason: None };
        push_member(&mut text, "usage", &told.usage(None));
        text.push('}');
        text.into_bytes()
    }
}

/// What is added to one object.
struct Told<'t> {
    format: Format,
    given: &'t Enrichment,
    bill: &'t Bill,
    usage: &'t Usage,
    stop_reason: Option<&'t str>,
}

/// What this adds to `usage`, in place of what a provider may have put there.
const OF_BILL: [&str; 4] = ["cost", "total_cost", "is_byok", "cost_details"];

impl Told<'_> {
    /// An answer or a chunk of OpenAI's completions, or an answer of its embeddings; and whether usage is told in it.
    fn completion(&self, data: &[u8], is_whole: bool) -> Option<(Vec<u8>, bool)> {
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
    fn message(&self, data: &[u8], is_answer: bool) -> Option<Vec<u8>> {
        let mut text = String::with_capacity(data.len() + 256);
        self.object(&mut text, data, true, is_answer)?;
        Some(text.into_bytes())
    }

    /// An event in which such a thing is a member.
    fn within(&self, data: &[u8], member: &str, has_bill: bool) -> Option<Vec<u8>> {
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
    fn usage(&self, value: Option<&str>) -> String {
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

fn finds(data: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(data, word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use wardgate_core::usage::Units;

    const USAGE: Usage = Usage {
        input_uncached: 12,
        cache_read: 0,
        cache_write_5m: 0,
        cache_write_1h: 0,
        cache_write_other: 0,
        output: 3,
        reasoning: 0,
        units: Units::NONE,
    };

    fn given(is_all: bool) -> Enrichment {
        if is_all {
            Enrichment { id: Some("gen-1".into()), provider: Some("Open \"AI\"".into()) }
        } else {
            Enrichment::default()
        }
    }

    fn bill() -> Bill {
        let nano = |amount| Some(NanoUsd::new(amount));
        Bill { cost: nano(4_200_000), input: nano(3_000_000), output: nano(1_200_000), is_byok: false }
    }

    fn check_whole(format: Format, is_all: bool, body: &str, expected: &Expect) {
        let found = whole(format, body.as_bytes(), &given(is_all), &bill(), &USAGE, Some("end_turn"));
        expected.assert_eq(&found.map_or("as it was".to_owned(), |found| String::from_utf8(found).unwrap_or_default()));
    }

    #[test]
    fn whole_answers() {
        check_whole(
            Format::OpenAiChat,
            true,
            r#"{"id":"c1", "choices":[{"index":0,"message":{"content":"a  b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"cost":9},"x":1e400}"#,
            &expect![[
                r#"{"id":"gen-1","choices":[{"index":0,"message":{"content":"a  b"},"finish_reason":"stop","native_finish_reason":"end_turn"}],"usage":{"prompt_tokens":12,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}},"x":1e400,"provider":"Open \"AI\""}"#
            ]],
        );
        check_whole(
            Format::OpenAiChat,
            false,
            r#"{"id":"c1","choices":[],"usage":null}"#,
            &expect![[
                r#"{"id":"c1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":0},"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}}}"#
            ]],
        );
        check_whole(
            Format::AnthropicMessages,
            true,
            r#"{"id":"msg_1","type":"message","usage":{"input_tokens":12,"output_tokens":3}}"#,
            &expect![[
                r#"{"id":"msg_1","type":"message","usage":{"input_tokens":12,"output_tokens":3,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}},"provider":"Open \"AI\""}"#
            ]],
        );
        check_whole(
            Format::OpenAiResponses,
            true,
            r#"{"id":"resp_1","usage":{"input_tokens":1}}"#,
            &expect![[
                r#"{"id":"resp_1","usage":{"input_tokens":1,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_input_cost":0.003,"upstream_inference_output_cost":0.0012}},"provider":"Open \"AI\""}"#
            ]],
        );
        check_whole(Format::Gemini, true, r#"{"candidates":[]}"#, &expect!["as it was"]);
        check_whole(Format::OpenAiChat, true, "[1]", &expect!["as it was"]);
    }

    #[test]
    fn an_unknown_cost_is_null_and_no_cost_is_zero() {
        let of = |cost| {
            let bill = Bill { cost, ..Bill::default() };
            let body = whole(Format::OpenAiChat, b"{}", &given(false), &bill, &USAGE, None).unwrap_or_default();
            serde_json::from_slice::<serde_json::Value>(&body).unwrap_or_default()["usage"]["cost"].to_string()
        };
        assert_eq!([of(None), of(Some(NanoUsd::ZERO)), of(Some(NanoUsd::new(1)))], ["null", "0", "1e-9"]);
    }

    fn check_stream(format: Format, text: &'static str, expected: &Expect) {
        let mut enricher = Enricher::new(format, given(true));
        let passed = enricher.pass(Bytes::from_static(text.as_bytes()), Some("length"), &|| (USAGE, bill()));
        expected.assert_eq(std::str::from_utf8(&passed).unwrap_or_default());
    }

    #[test]
    fn streams() {
        check_stream(
            Format::OpenAiChat,
            concat!(
                "data: {\"id\":\"c1\",\"created\":5,\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\"\"},\"finish_reason\":null}],\"usage\":null}\n\n",
                ": keep-alive\n\n",
                "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
                "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":12}}\n\n",
                "data: [DONE]\n\n",
            ),
            &expect![[r#"
                data: {"id":"gen-1","created":5,"model":"m","choices":[{"delta":{"content":"\"usage\""},"finish_reason":null,"native_finish_reason":null}],"usage":null,"provider":"Open \"AI\""}

                : keep-alive

                data: {"id":"gen-1","choices":[{"delta":{},"finish_reason":"stop","native_finish_reason":"length"}],"provider":"Open \"AI\""}

                data: {"id":"gen-1","choices":[],"usage":{"prompt_tokens":12,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}},"provider":"Open \"AI\""}

                data: [DONE]

            "#]],
        );
        check_stream(
            Format::OpenAiChat,
            "data: {\"id\":\"c1\",\"created\":5,\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
            &expect![[r#"
                data: {"id":"gen-1","created":5,"model":"m","choices":[{"delta":{},"finish_reason":"stop","native_finish_reason":"length"}],"provider":"Open \"AI\""}

                data: {"id":"gen-1","object":"chat.completion.chunk","created":5,"model":"m","provider":"Open \"AI\"","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":0},"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}}}

                data: [DONE]

            "#]],
        );
        check_stream(
            Format::AnthropicMessages,
            concat!(
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":1}}}\n\n",
                "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n",
                "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":3}}\n\n",
                "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            ),
            &expect![[r#"
                event: message_start
                data: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":1},"provider":"Open \"AI\""}}

                event: content_block_delta
                data: {"type":"content_block_delta"}

                event: message_delta
                data: {"type":"message_delta","delta":{},"usage":{"output_tokens":3,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}}}

                event: message_stop
                data: {"type":"message_stop"}

            "#]],
        );
        check_stream(
            Format::OpenAiResponses,
            "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"usage\":{\"input_tokens\":1}}}\n\n",
            &expect![[r#"
                event: response.completed
                data: {"type":"response.completed","response":{"id":"r","usage":{"input_tokens":1,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_input_cost":0.003,"upstream_inference_output_cost":0.0012}},"provider":"Open \"AI\""}}

            "#]],
        );
    }
}
