//! What holds for any request, answer and stream.

use bytes::Bytes;
use proptest::prelude::*;
use wardgate_core::format::Format;
use wardgate_wire::neutral::content::{Content, Role};
use wardgate_wire::neutral::request::Request;
use wardgate_wire::stream::Watcher;
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{ReplyOptions, StreamDecoder, Transcoder, decode_reply, decode_request, encode_request};

const CLIENTS: [Format; 4] = [Format::OpenAiChat, Format::AnthropicMessages, Format::OpenAiResponses, Format::Gemini];

/// Roles, texts, ids and arguments of a conversation, in order. Turns of one role that follow each other are one.
fn essence(request: &Request) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut last = None;
    for turn in &request.turns {
        let role = if turn.role == Role::Developer { Role::System } else { turn.role };
        if last != Some(role) {
            found.push(format!("{role:?}"));
            last = Some(role);
        }
        for part in &turn.parts {
            found.push(match &part.content {
                Content::Text { text, .. } => text.clone(),
                Content::Call(call) => {
                    format!("{} {} {}", call.id, call.name, if call.arguments.is_empty() { "{}" } else { &call.arguments })
                }
                Content::Result(result) => format!("{} {:?}", result.call_id, result.parts),
                other => format!("{other:?}"),
            });
        }
    }
    found
}

#[derive(Debug, Clone)]
struct Exchange {
    user: String,
    calls: usize,
    result: String,
    answer: String,
}

fn exchange() -> impl Strategy<Value = Exchange> {
    ("u[a-zé\"\\\\\n🌍]{1,20}", 0usize..3, "[a-z{}\"]{1,20}", "[a-zé]{1,20}")
        .prop_map(|(user, calls, result, answer)| Exchange { user, calls, result, answer })
}

/// A conversation as a Chat client sends it.
fn chat(exchanges: &[Exchange]) -> String {
    let mut messages = vec![serde_json::json!({"role": "system", "content": "be good"})];
    for (number, exchange) in exchanges.iter().enumerate() {
        messages.push(serde_json::json!({"role": "user", "content": exchange.user}));
        if exchange.calls > 0 {
            let calls: Vec<_> = (0..exchange.calls)
                .map(|call| serde_json::json!({"id": format!("call_{number}_{call}"), "type": "function", "function": {"name": "tool", "arguments": format!("{{\"n\":{call}}}")}}))
                .collect();
            messages.push(serde_json::json!({"role": "assistant", "content": null, "tool_calls": calls}));
            for call in 0..exchange.calls {
                messages.push(serde_json::json!({"role": "tool", "tool_call_id": format!("call_{number}_{call}"), "content": exchange.result}));
            }
        }
        messages.push(serde_json::json!({"role": "assistant", "content": exchange.answer}));
    }
    messages.push(serde_json::json!({"role": "user", "content": "end"}));
    serde_json::json!({"model": "m", "messages": messages, "tools": [{"type": "function", "function": {"name": "tool"}}]})
        .to_string()
}

/// What a chunk says: text, reasoning, or a piece of a call.
fn delta() -> impl Strategy<Value = serde_json::Value> {
    let text = "[a-zé\"\\\\\n{}]{0,8}";
    prop_oneof![
        8 => text.prop_map(|text| serde_json::json!({"content": text})),
        1 => text.prop_map(|text| serde_json::json!({"content": text, "reasoning_content": "r"})),
        1 => text.prop_map(|text| serde_json::json!({"reasoning_content": text})),
        1 => text.prop_map(|text| serde_json::json!({"refusal": text, "content": null})),
        1 => text.prop_map(|text| serde_json::json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": text}}]})),
    ]
}

/// A stream of Chat Completions whose chunks are alike but for what they say; or, with a number in each, are not.
fn stream(deltas: &[(serde_json::Value, Option<String>)], is_numbered: bool) -> Vec<Bytes> {
    let chunk = |number: usize, delta: &serde_json::Value, end: Option<&str>, padding: Option<&str>| {
        let number = if is_numbered { number } else { 0 };
        let padding = padding.map(|padding| format!(r#","obfuscation":"{padding}""#)).unwrap_or_default();
        let end = serde_json::json!(end);
        Bytes::from(format!(
            "data: {{\"id\":\"i\",\"model\":\"m\",\"number\":{number},\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{end}}}]{padding}}}\n\n"
        ))
    };
    let said = deltas.iter().enumerate().map(|(number, (delta, padding))| chunk(number, delta, None, padding.as_deref()));
    said.chain([chunk(0, &serde_json::json!({}), Some("stop"), None), Bytes::from_static(b"data: [DONE]\n\n")]).collect()
}

proptest! {
    #[test]
    fn chunks_that_are_alike_read_as_others_do(deltas in proptest::collection::vec((delta(), proptest::option::of("[a-z]{0,3}")), 0..12)) {
        let read = |is_numbered: bool| {
            let chunks = stream(&deltas, is_numbered);
            let mut watcher = Watcher::new(Format::OpenAiChat, false);
            let mut transcoder = Transcoder::new(Format::OpenAiChat, Format::AnthropicMessages, 0, ReplyOptions::default());
            let mut told = Vec::new();
            for chunk in &chunks {
                assert_eq!(watcher.push(chunk.clone()), chunk);
                told.extend_from_slice(&transcoder.push(chunk.clone()));
            }
            told.extend_from_slice(&transcoder.finish());
            let (watched, translated) = (watcher.facts(), transcoder.facts());
            let fault = translated.fault.as_ref().map(|fault| fault.message.clone());
            let told = String::from_utf8_lossy(&told).into_owned();
            (told, watched.content_bytes, watched.has_content, watched.is_finished, translated.content_bytes, fault)
        };
        prop_assert_eq!(read(false), read(true));
    }

    #[test]
    fn a_conversation_keeps_its_essence_in_every_format(exchanges in proptest::collection::vec(exchange(), 0..4)) {
        let request = decode_request(Format::OpenAiChat, chat(&exchanges).as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        for format in CLIENTS {
            let encoded = encode_request(format, &request, &Target::new("m")).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let again = decode_request(format, &encoded.body).map_err(|error| TestCaseError::fail(error.to_string()))?;
            // Gemini is given a word in place of a signature that never was.
            let again: Vec<String> = essence(&again).into_iter().filter(|it| !it.contains("skip_thought_signature")).collect();
            prop_assert_eq!(again, essence(&request), "{:?}", format);
        }
    }

    #[test]
    fn no_request_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in Format::ALL {
            let _ = decode_request(format, &bytes);
            let _ = decode_reply(format, &bytes, 0, None);
        }
    }

    #[test]
    fn no_stream_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
        for format in Format::ALL {
            let mut decoder = StreamDecoder::new(format, 0);
            let cut = cut.min(bytes.len());
            for chunk in [&bytes[..cut], &bytes[cut..]] {
                decoder.push(Bytes::copy_from_slice(chunk), &mut |_| {});
            }
            decoder.finish(&mut |_| {});
        }
    }

    /// Members in any place hold anything: a reader says what is wrong and never panics.
    #[test]
    fn broken_recordings_do_not_panic(from in 0usize..4000, length in 0usize..40, filling in "[\\[\\]{}\":,a0n]{0,6}", which in 0usize..4) {
        let (format, text) = [
            (Format::OpenAiChat, include_str!("../fixtures/openai-chat/everything.request.json")),
            (Format::AnthropicMessages, include_str!("../fixtures/anthropic-messages/everything.request.json")),
            (Format::OpenAiResponses, include_str!("../fixtures/openai-responses/everything.request.json")),
            (Format::Gemini, include_str!("../fixtures/gemini/everything.request.json")),
        ][which];
        let mut bytes = text.as_bytes().to_vec();
        let from = from.min(bytes.len());
        let end = (from + length).min(bytes.len());
        bytes.splice(from..end, filling.bytes());
        if let Ok(request) = decode_request(format, &bytes) {
            for provider in Format::ALL {
                let _ = encode_request(provider, &request, &Target::new("m"));
            }
        }
    }
}
