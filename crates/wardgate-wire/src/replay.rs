//! A whole answer told as a stream of its own format, for a client that asked for a stream and a provider that gave none.
//!
//! Nothing of it is read that does not have to be: what a field means is the client's business, which speaks the same format, so
//! all choices, probabilities and blocks of the vendor's newest kind are told as they are. What comes out goes through a
//! [`crate::stream::Watcher`] as if the provider had sent it.

mod chat;
mod messages;
mod responses;

use crate::json::write::one_line;
use crate::json::{Json, Object, Path, list};
use serde_json::value::RawValue;
use wardgate_core::format::Format;

/// The events of an answer; none where the format has no streams, or where the answer is not over, so that no stream could end.
#[must_use]
pub fn events(format: Format, body: &[u8]) -> Option<Vec<u8>> {
    let body = one_line(std::str::from_utf8(body).ok()?);
    let answer: Object<'_> = serde_json::from_str(&body).ok()?;
    let mut out = Events { out: Vec::with_capacity(body.len() + body.len() / 2), is_named: false, numbered: None };
    match format {
        Format::OpenAiChat => chat::chat(&answer, &mut out),
        Format::OpenAiCompletions => chat::completions(&answer, &mut out),
        Format::AnthropicMessages => messages::write(&answer, &mut out)?,
        Format::OpenAiResponses => responses::write(&answer, &mut out)?,
        // Each event of its streams is such an answer.
        Format::Gemini => out.data(body.trim()),
        _ => return None,
    }
    Some(out.out)
}

/// Where events are written to.
struct Events {
    out: Vec<u8>,
    /// Their names stand before their data.
    is_named: bool,
    /// The number of the next one, where they are numbered.
    numbered: Option<u64>,
}

impl Events {
    /// Data as it stands.
    fn data(&mut self, data: &str) {
        self.out.extend_from_slice(b"data: ");
        self.out.extend_from_slice(data.as_bytes());
        self.out.extend_from_slice(b"\n\n");
    }

    /// An object.
    fn object(&mut self, write: impl FnOnce(&mut Json<'_>)) {
        self.out.extend_from_slice(b"data: ");
        Json(&mut self.out).object(write);
        self.out.extend_from_slice(b"\n\n");
    }

    /// An object that tells its type, and its number where events have one.
    fn typed(&mut self, kind: &str, write: impl FnOnce(&mut Json<'_>)) {
        if self.is_named {
            self.out.extend_from_slice(b"event: ");
            self.out.extend_from_slice(kind.as_bytes());
            self.out.push(b'\n');
        }
        let number = self.numbered;
        self.numbered = number.map(|number| number + 1);
        self.object(|json| {
            json.put("type", kind);
            if let Some(number) = number {
                json.put_number("sequence_number", number);
            }
            write(json);
        });
    }
}

/// The members of an object but for some.
fn put_all_but(json: &mut Json<'_>, object: &Object<'_>, others: &[&str]) {
    for (key, value) in object.members().filter(|(key, _)| !others.contains(key)) {
        json.put_member(key, value.get());
    }
}

/// A member's value; `null` counts as absent.
fn member<'b>(object: &Object<'b>, key: &str) -> Option<&'b RawValue> {
    let found = object.members().filter(|(name, _)| *name == key).map(|(_, value)| value).last();
    found.filter(|value| value.get() != "null")
}

/// The objects in a member that is a list of them; none where it is not.
fn objects<'b>(object: &Object<'b>, key: &str) -> Vec<(&'b RawValue, Object<'b>)> {
    let values = member(object, key).and_then(|value| list(value, &Path::Root).ok()).unwrap_or_default();
    values.into_iter().filter_map(|value| Some((value, Object::read(value, &Path::Root).ok()?))).collect()
}

/// A member that is a text, taken out of its quotes.
fn word(object: &Object<'_>, key: &str) -> String {
    member(object, key).and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default()
}

/// A member that says something: a text that is not empty, as it was written.
fn words<'b>(object: &Object<'b>, key: &str) -> Option<&'b str> {
    member(object, key).map(RawValue::get).filter(|text| text.starts_with('"') && *text != "\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Watcher;
    use bytes::Bytes;
    use expect_test::{Expect, expect};

    fn check(format: Format, body: &str, expected: &Expect) {
        let told = events(format, body.as_bytes());
        expected.assert_eq(told.as_deref().map_or("nothing", |told| std::str::from_utf8(told).unwrap_or("no text")));
        if let Some(told) = told {
            let mut watcher = Watcher::new(format, false);
            assert_eq!(watcher.push(Bytes::from(told.clone())), told, "it passes as it is");
            let _ = watcher.finish();
            let facts = watcher.facts();
            assert!(facts.fault.is_none() && facts.has_content && facts.usage.is_some(), "{facts:?}");
        }
    }

    #[test]
    fn chat_keeps_every_choice_and_numbers_calls() {
        check(
            Format::OpenAiChat,
            "{\"id\":\"c\",\"object\":\"chat.completion\",\n\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\",\"x\":1.0},\"logprobs\":{\"content\":[]},\"finish_reason\":\"stop\"},{\"index\":1,\"message\":{\"tool_calls\":[{\"id\":\"t\",\"function\":{\"name\":\"f\"}},{\"index\":1,\"id\":\"u\"}]},\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
            &expect![[r#"
                data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"logprobs":{"content":[]},"delta":{"role":"assistant","content":"a","x":1.0},"finish_reason":null},{"index":1,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f"}},{"index":1,"id":"u"}]},"finish_reason":null}]}

                data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{},"finish_reason":"tool_calls"}]}

                data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}

                data: [DONE]

            "#]],
        );
    }

    #[test]
    fn completions() {
        check(
            Format::OpenAiCompletions,
            r#"{"id":"c","choices":[{"index":0,"text":"a","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
            &expect![[r#"
                data: {"id":"c","choices":[{"index":0,"text":"a","finish_reason":"stop"}]}

                data: {"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}

                data: [DONE]

            "#]],
        );
    }

    #[test]
    fn gemini_is_its_own_event() {
        check(
            Format::Gemini,
            "{\r\n \"candidates\": [{\"content\": {}, \"finishReason\": \"STOP\"}], \"usageMetadata\": {\"promptTokenCount\": 1}}\n",
            &expect![[r#"
                data: {   "candidates": [{"content": {}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1}}

            "#]],
        );
    }

    #[test]
    fn messages_has_its_blocks_one_after_the_other() {
        check(
            Format::AnthropicMessages,
            r#"{"id":"m","type":"message","role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"text","text":"a","citations":[{"type":"x"}]},{"type":"tool_use","id":"u","name":"f","input":{"a":1}},{"type":"redacted_thinking","data":"d"}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}"#,
            &expect![[r#"
                event: message_start
                data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","usage":{"input_tokens":1,"output_tokens":2},"content":[],"stop_reason":null,"stop_sequence":null}}

                event: content_block_start
                data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

                event: content_block_delta
                data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"t"}}

                event: content_block_delta
                data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}

                event: content_block_stop
                data: {"type":"content_block_stop","index":0}

                event: content_block_start
                data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":"","citations":[]}}

                event: content_block_delta
                data: {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"x"}}}

                event: content_block_delta
                data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}}

                event: content_block_stop
                data: {"type":"content_block_stop","index":1}

                event: content_block_start
                data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"u","name":"f","input":{}}}

                event: content_block_delta
                data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}

                event: content_block_stop
                data: {"type":"content_block_stop","index":2}

                event: content_block_start
                data: {"type":"content_block_start","index":3,"content_block":{"type":"redacted_thinking","data":"d"}}

                event: content_block_stop
                data: {"type":"content_block_stop","index":3}

                event: message_delta
                data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":1,"output_tokens":2}}

                event: message_stop
                data: {"type":"message_stop"}

            "#]],
        );
    }

    #[test]
    fn responses_tells_each_item_and_ends_with_all_of_it() {
        check(
            Format::OpenAiResponses,
            r#"{"id":"r","object":"response","status":"completed","output":[{"id":"m","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[{"type":"x"}]}]},{"id":"f","type":"function_call","status":"completed","call_id":"c","name":"n","arguments":"{}"}],"usage":{"input_tokens":1,"output_tokens":2}}"#,
            &expect![[r#"
                event: response.created
                data: {"type":"response.created","sequence_number":0,"response":{"id":"r","object":"response","status":"in_progress","output":[],"usage":null}}

                event: response.in_progress
                data: {"type":"response.in_progress","sequence_number":1,"response":{"id":"r","object":"response","status":"in_progress","output":[],"usage":null}}

                event: response.output_item.added
                data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"m","type":"message","status":"in_progress","role":"assistant","content":[]}}

                event: response.content_part.added
                data: {"type":"response.content_part.added","sequence_number":3,"item_id":"m","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}

                event: response.output_text.delta
                data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"m","output_index":0,"content_index":0,"delta":"a","logprobs":[]}

                event: response.output_text.done
                data: {"type":"response.output_text.done","sequence_number":5,"item_id":"m","output_index":0,"content_index":0,"text":"a","logprobs":[]}

                event: response.output_text.annotation.added
                data: {"type":"response.output_text.annotation.added","sequence_number":6,"item_id":"m","output_index":0,"content_index":0,"annotation_index":0,"annotation":{"type":"x"}}

                event: response.content_part.done
                data: {"type":"response.content_part.done","sequence_number":7,"item_id":"m","output_index":0,"content_index":0,"part":{"type":"output_text","text":"a","annotations":[{"type":"x"}]}}

                event: response.output_item.done
                data: {"type":"response.output_item.done","sequence_number":8,"output_index":0,"item":{"id":"m","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[{"type":"x"}]}]}}

                event: response.output_item.added
                data: {"type":"response.output_item.added","sequence_number":9,"output_index":1,"item":{"id":"f","type":"function_call","status":"in_progress","call_id":"c","name":"n","arguments":""}}

                event: response.function_call_arguments.delta
                data: {"type":"response.function_call_arguments.delta","sequence_number":10,"item_id":"f","output_index":1,"delta":"{}"}

                event: response.function_call_arguments.done
                data: {"type":"response.function_call_arguments.done","sequence_number":11,"item_id":"f","output_index":1,"arguments":"{}"}

                event: response.output_item.done
                data: {"type":"response.output_item.done","sequence_number":12,"output_index":1,"item":{"id":"f","type":"function_call","status":"completed","call_id":"c","name":"n","arguments":"{}"}}

                event: response.completed
                data: {"type":"response.completed","sequence_number":13,"response":{"id":"r","object":"response","status":"completed","output":[{"id":"m","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[{"type":"x"}]}]},{"id":"f","type":"function_call","status":"completed","call_id":"c","name":"n","arguments":"{}"}],"usage":{"input_tokens":1,"output_tokens":2}}}

            "#]],
        );
        check(
            Format::OpenAiResponses,
            r#"{"id":"r","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"id":"s","type":"reasoning","summary":[{"type":"summary_text","text":"a"}],"encrypted_content":"e"},{"id":"w","type":"web_search_call","status":"completed"},{"id":"t","type":"custom_tool_call","call_id":"c","name":"n","input":"i"}],"usage":{"input_tokens":1,"output_tokens":2}}"#,
            &expect![[r#"
                event: response.created
                data: {"type":"response.created","sequence_number":0,"response":{"id":"r","status":"in_progress","incomplete_details":null,"output":[],"usage":null}}

                event: response.in_progress
                data: {"type":"response.in_progress","sequence_number":1,"response":{"id":"r","status":"in_progress","incomplete_details":null,"output":[],"usage":null}}

                event: response.output_item.added
                data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"s","type":"reasoning","summary":[],"encrypted_content":"e"}}

                event: response.reasoning_summary_part.added
                data: {"type":"response.reasoning_summary_part.added","sequence_number":3,"item_id":"s","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}

                event: response.reasoning_summary_text.delta
                data: {"type":"response.reasoning_summary_text.delta","sequence_number":4,"item_id":"s","output_index":0,"summary_index":0,"delta":"a"}

                event: response.reasoning_summary_text.done
                data: {"type":"response.reasoning_summary_text.done","sequence_number":5,"item_id":"s","output_index":0,"summary_index":0,"text":"a"}

                event: response.reasoning_summary_part.done
                data: {"type":"response.reasoning_summary_part.done","sequence_number":6,"item_id":"s","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"a"}}

                event: response.output_item.done
                data: {"type":"response.output_item.done","sequence_number":7,"output_index":0,"item":{"id":"s","type":"reasoning","summary":[{"type":"summary_text","text":"a"}],"encrypted_content":"e"}}

                event: response.output_item.added
                data: {"type":"response.output_item.added","sequence_number":8,"output_index":1,"item":{"id":"w","type":"web_search_call","status":"in_progress"}}

                event: response.output_item.done
                data: {"type":"response.output_item.done","sequence_number":9,"output_index":1,"item":{"id":"w","type":"web_search_call","status":"completed"}}

                event: response.output_item.added
                data: {"type":"response.output_item.added","sequence_number":10,"output_index":2,"item":{"id":"t","type":"custom_tool_call","call_id":"c","name":"n","input":""}}

                event: response.custom_tool_call_input.delta
                data: {"type":"response.custom_tool_call_input.delta","sequence_number":11,"item_id":"t","output_index":2,"delta":"i"}

                event: response.custom_tool_call_input.done
                data: {"type":"response.custom_tool_call_input.done","sequence_number":12,"item_id":"t","output_index":2,"input":"i"}

                event: response.output_item.done
                data: {"type":"response.output_item.done","sequence_number":13,"output_index":2,"item":{"id":"t","type":"custom_tool_call","call_id":"c","name":"n","input":"i"}}

                event: response.incomplete
                data: {"type":"response.incomplete","sequence_number":14,"response":{"id":"r","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"id":"s","type":"reasoning","summary":[{"type":"summary_text","text":"a"}],"encrypted_content":"e"},{"id":"w","type":"web_search_call","status":"completed"},{"id":"t","type":"custom_tool_call","call_id":"c","name":"n","input":"i"}],"usage":{"input_tokens":1,"output_tokens":2}}}

            "#]],
        );
        check(Format::OpenAiResponses, r#"{"id":"r","status":"queued","output":[]}"#, &expect!["nothing"]);
    }

    #[test]
    fn what_has_no_streams_has_no_events() {
        check(Format::OpenAiEmbeddings, "{}", &expect!["nothing"]);
        check(Format::OpenAiChat, "[]", &expect!["nothing"]);
        check(Format::AnthropicMessages, "{}", &expect!["nothing"]);
    }
}
