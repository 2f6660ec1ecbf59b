//! Why an answer ended, from every provider's words to every client's.

use bytes::Bytes;
use expect_test::{Expect, expect};
use std::fmt::Write;
use wardgate_core::fault::Fault;
use wardgate_core::format::Format;
use wardgate_wire::neutral::content::Content;
use wardgate_wire::neutral::reply::{Gatherer, Reply, Stop};
use wardgate_wire::neutral::tool::Call;
use wardgate_wire::reply;
use wardgate_wire::stream::Watcher;
use wardgate_wire::transcode::{self, ReplyOptions, StreamDecoder, Transcoder, decode_reply, encode_reply};

/// A whole answer that ends with a word, with a call in it or without.
fn whole(format: Format, word: &str, has_call: bool) -> String {
    match format {
        Format::OpenAiChat => {
            let call = r#","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]"#;
            let call = if has_call { call } else { "" };
            format!(
                r#"{{"choices":[{{"index":0,"message":{{"role":"assistant","content":"x"{call}}},"finish_reason":"{word}"}}]}}"#
            )
        }
        Format::AnthropicMessages => {
            let call = if has_call { r#",{"type":"tool_use","id":"c","name":"f","input":{}}"# } else { "" };
            let content = format!(r#"[{{"type":"text","text":"x"}}{call}]"#);
            format!(r#"{{"type":"message","content":{content},"stop_reason":"{word}","usage":{{}}}}"#)
        }
        Format::Gemini => {
            let call = if has_call { r#",{"functionCall":{"name":"f","args":{}}}"# } else { "" };
            let parts = format!(r#"[{{"text":"x"}}{call}]"#);
            format!(r#"{{"candidates":[{{"content":{{"parts":{parts}}},"finishReason":"{word}"}}]}}"#)
        }
        Format::CohereChat => {
            let call = r#","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]"#;
            let call = if has_call { call } else { "" };
            let message = format!(r#"{{"role":"assistant","content":[{{"type":"text","text":"x"}}]{call}}}"#);
            format!(r#"{{"id":"i","finish_reason":"{word}","message":{message}}}"#)
        }
        Format::BedrockConverse => {
            let call = if has_call { r#",{"toolUse":{"toolUseId":"c","name":"f","input":{}}}"# } else { "" };
            let content = format!(r#"[{{"text":"x"}}{call}]"#);
            format!(r#"{{"output":{{"message":{{"role":"assistant","content":{content}}}}},"stopReason":"{word}"}}"#)
        }
        // The word is the reason of an incomplete answer, or a status.
        _ => {
            let call = r#",{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":"{}"}"#;
            let call = if has_call { call } else { "" };
            let output = format!(
                r#"[{{"type":"message","id":"m","role":"assistant","content":[{{"type":"output_text","text":"x","annotations":[]}}]}}{call}]"#
            );
            let (status, details) = match word {
                "completed" | "failed" | "cancelled" => (word, "null".to_owned()),
                reason => ("incomplete", format!(r#"{{"reason":"{reason}"}}"#)),
            };
            format!(r#"{{"id":"r","object":"response","status":"{status}","incomplete_details":{details},"output":{output}}}"#)
        }
    }
}

/// The same as a stream.
fn stream(format: Format, word: &str) -> Vec<u8> {
    let text = match format {
        Format::OpenAiChat => format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"x\"}}}}]}}\n\ndata: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{word}\"}}]}}\n\ndata: [DONE]\n\n"
        ),
        Format::AnthropicMessages => format!(
            "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m\",\"usage\":{{}}}}}}\n\nevent: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{word}\"}},\"usage\":{{}}}}\n\nevent: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
        ),
        Format::Gemini => format!("data: {}\n\n", whole(format, word, false)),
        Format::CohereChat => format!(
            "event: message-start\ndata: {{\"type\":\"message-start\",\"id\":\"i\"}}\n\nevent: message-end\ndata: {{\"type\":\"message-end\",\"delta\":{{\"finish_reason\":\"{word}\"}}}}\n\n"
        ),
        Format::BedrockConverse => {
            let mut out = Vec::new();
            transcode::write_frame(&mut out, "event", "messageStart", br#"{"role":"assistant"}"#);
            transcode::write_frame(&mut out, "event", "messageStop", format!(r#"{{"stopReason":"{word}"}}"#).as_bytes());
            return out;
        }
        _ => {
            let kind = match word {
                "completed" | "failed" => word,
                _ => "incomplete",
            };
            let response = whole(format, word, false);
            format!(
                "event: response.created\ndata: {{\"type\":\"response.created\",\"response\":{{\"id\":\"r\",\"status\":\"in_progress\"}}}}\n\nevent: response.{kind}\ndata: {{\"type\":\"response.{kind}\",\"response\":{response}}}\n\n"
            )
        }
    };
    text.into_bytes()
}

fn shown(reply: Result<Reply, Fault>) -> String {
    match reply {
        Ok(reply) => reply.stop.name().to_owned(),
        Err(fault) => format!("fault {}", fault.class.name()),
    }
}

/// What each word comes to: whole and in a stream alike, and in an answer that also calls a tool.
fn check(format: Format, words: &[&str], expected: &Expect) {
    let mut found = String::new();
    for word in words {
        let reply = decode_reply(format, whole(format, word, false).as_bytes(), 0, None);
        let warnings = reply.as_ref().ok().and_then(|reply| reply.warnings.to_header()).unwrap_or_default();
        let name = shown(reply);
        let mut gatherer = Gatherer::default();
        let mut decoder = StreamDecoder::new(format, 0);
        decoder.push(Bytes::from(stream(format, word)), &mut |event| gatherer.push(&event));
        decoder.finish(&mut |event| gatherer.push(&event));
        assert_eq!(shown(gatherer.finish()), name, "{word} of {format:?} in a stream");
        let mut transcoder = Transcoder::new(format, Format::OpenAiResponses, 0, ReplyOptions::default());
        let _ = transcoder.push(Bytes::from(stream(format, word)));
        let _ = transcoder.finish();
        assert_eq!(transcoder.warnings().to_header().unwrap_or_default(), warnings, "{word} of {format:?} in a stream");
        let called = shown(decode_reply(format, whole(format, word, true).as_bytes(), 0, None));
        let _ = writeln!(found, "{word}: {name}; with a call {called} {warnings}");
    }
    let found: String = found.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    expected.assert_eq(&found);
}

#[test]
fn from_chat() {
    check(
        Format::OpenAiChat,
        &[
            "stop",
            "stop_sequence",
            "length",
            "model_context_window_exceeded",
            "tool_calls",
            "function_call",
            "content_filter",
            "sensitive",
            "error",
            "network_error",
            "insufficient_system_resource",
            "function_call_filter: MALFORMED_FUNCTION_CALL",
            "tired",
        ],
        &expect![[r#"
            stop: end; with a call tool_use
            stop_sequence: stop_sequence; with a call tool_use
            length: max_tokens; with a call max_tokens
            model_context_window_exceeded: context_window; with a call context_window
            tool_calls: tool_use; with a call tool_use
            function_call: tool_use; with a call tool_use
            content_filter: content_filter; with a call content_filter
            sensitive: content_filter; with a call content_filter
            error: fault server; with a call fault server
            network_error: fault server; with a call fault server
            insufficient_system_resource: fault server; with a call fault server
            function_call_filter: MALFORMED_FUNCTION_CALL: fault unreadable; with a call fault unreadable
            tired: tired; with a call tool_use unknown_finish_reason;tired
        "#]],
    );
}

#[test]
fn from_responses() {
    check(
        Format::OpenAiResponses,
        &["completed", "max_output_tokens", "content_filter", "failed", "tired"],
        &expect![[r#"
        completed: end; with a call tool_use
        max_output_tokens: max_tokens; with a call max_tokens
        content_filter: content_filter; with a call content_filter
        failed: fault server; with a call fault server
        tired: tired; with a call tool_use unknown_finish_reason;tired
    "#]],
    );
}

#[test]
fn from_messages() {
    check(
        Format::AnthropicMessages,
        &[
            "end_turn",
            "stop_sequence",
            "max_tokens",
            "model_context_window_exceeded",
            "tool_use",
            "refusal",
            "pause_turn",
            "tired",
        ],
        &expect![[r#"
            end_turn: end; with a call tool_use
            stop_sequence: stop_sequence; with a call tool_use
            max_tokens: max_tokens; with a call max_tokens
            model_context_window_exceeded: context_window; with a call context_window
            tool_use: tool_use; with a call tool_use
            refusal: refusal; with a call refusal
            pause_turn: pause; with a call pause turn_paused;stop_reason
            tired: tired; with a call tool_use unknown_finish_reason;tired
        "#]],
    );
}

#[test]
fn from_gemini() {
    check(
        Format::Gemini,
        &[
            "STOP",
            "MAX_TOKENS",
            "SAFETY",
            "RECITATION",
            "PROHIBITED_CONTENT",
            "IMAGE_SAFETY",
            "CONTINUATION",
            "MALFORMED_FUNCTION_CALL",
            "UNEXPECTED_TOOL_CALL",
            "TOO_MANY_TOOL_CALLS",
            "MISSING_THOUGHT_SIGNATURE",
            "MALFORMED_RESPONSE",
            "OTHER",
        ],
        &expect![[r#"
            STOP: end; with a call tool_use
            MAX_TOKENS: max_tokens; with a call max_tokens
            SAFETY: content_filter; with a call content_filter
            RECITATION: content_filter; with a call content_filter
            PROHIBITED_CONTENT: content_filter; with a call content_filter
            IMAGE_SAFETY: content_filter; with a call content_filter
            CONTINUATION: pause; with a call pause
            MALFORMED_FUNCTION_CALL: fault unreadable; with a call fault unreadable
            UNEXPECTED_TOOL_CALL: fault unreadable; with a call fault unreadable
            TOO_MANY_TOOL_CALLS: fault unreadable; with a call fault unreadable
            MISSING_THOUGHT_SIGNATURE: fault unreadable; with a call fault unreadable
            MALFORMED_RESPONSE: fault unreadable; with a call fault unreadable
            OTHER: OTHER; with a call tool_use unknown_finish_reason;OTHER
        "#]],
    );
}

#[test]
fn from_converse() {
    check(
        Format::BedrockConverse,
        &[
            "end_turn",
            "stop_sequence",
            "max_tokens",
            "model_context_window_exceeded",
            "tool_use",
            "guardrail_intervened",
            "content_filtered",
            "malformed_tool_use",
            "malformed_model_output",
            "tired",
        ],
        &expect![[r#"
            end_turn: end; with a call tool_use
            stop_sequence: stop_sequence; with a call tool_use
            max_tokens: max_tokens; with a call max_tokens
            model_context_window_exceeded: context_window; with a call context_window
            tool_use: tool_use; with a call tool_use
            guardrail_intervened: content_filter; with a call content_filter
            content_filtered: content_filter; with a call content_filter
            malformed_tool_use: fault unreadable; with a call fault unreadable
            malformed_model_output: fault unreadable; with a call fault unreadable
            tired: tired; with a call tool_use unknown_finish_reason;tired
        "#]],
    );
}

#[test]
fn from_cohere() {
    check(
        Format::CohereChat,
        &["COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL", "ERROR", "TIMEOUT", "tired"],
        &expect![[r#"
            COMPLETE: end; with a call tool_use
            STOP_SEQUENCE: stop_sequence; with a call tool_use
            MAX_TOKENS: max_tokens; with a call max_tokens
            TOOL_CALL: tool_use; with a call tool_use
            ERROR: fault server; with a call fault server
            TIMEOUT: fault timeout; with a call fault timeout
            tired: tired; with a call tool_use unknown_finish_reason;tired
        "#]],
    );
}

/// The members of an answer that say why it ended.
fn told(client: Format, stop: &Stop) -> String {
    let mut reply = Reply { parts: vec![Content::text("x")], stop: stop.clone(), ..Reply::default() };
    if *stop == Stop::ToolUse {
        reply.parts.push(Content::Call(Call { id: "c".to_owned(), name: "f".to_owned(), ..Call::default() }));
    }
    let body = encode_reply(client, &reply, &ReplyOptions::default());
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let choice = &body["choices"][0];
    let members = [
        &choice["finish_reason"],
        &choice["native_finish_reason"],
        &body["status"],
        &body["incomplete_details"]["reason"],
        &body["stop_reason"],
        &body["stop_sequence"],
        &body["candidates"][0]["finishReason"],
    ];
    let members: Vec<&str> = members.into_iter().filter_map(|member| member.as_str()).collect();
    // A stream of the same says the same.
    let mut transcoder = Transcoder::new(Format::OpenAiChat, client, 0, ReplyOptions::default());
    let streamed = transcoder.replay(&reply);
    let streamed = String::from_utf8_lossy(&streamed);
    for member in &members {
        assert!(streamed.contains(&format!("\"{member}\"")), "{member} of {client:?}: {streamed}");
    }
    members.join(" ")
}

#[test]
fn to_clients() {
    let stops = [
        Stop::End,
        Stop::Sequence(Some("END".to_owned())),
        Stop::MaxTokens,
        Stop::ContextWindow,
        Stop::ToolUse,
        Stop::ContentFilter,
        Stop::Refusal(None),
        Stop::Pause,
        Stop::Other("tired".to_owned()),
    ];
    let clients = [Format::OpenAiChat, Format::OpenAiResponses, Format::AnthropicMessages, Format::Gemini];
    let mut found = String::new();
    for stop in &stops {
        let told: Vec<String> = clients.iter().map(|client| told(*client, stop)).collect();
        let _ = writeln!(found, "{}: {}", stop.name(), told.join(" | "));
    }
    expect![[r#"
        end: stop | completed | end_turn | STOP
        stop_sequence: stop | completed | stop_sequence END | STOP
        max_tokens: length | incomplete max_output_tokens | max_tokens | MAX_TOKENS
        context_window: length context_window | incomplete max_output_tokens | model_context_window_exceeded | MAX_TOKENS
        tool_use: tool_calls | completed | tool_use | STOP
        content_filter: content_filter | incomplete content_filter | refusal | SAFETY
        refusal: content_filter refusal | incomplete content_filter | refusal | SAFETY
        pause: length pause | incomplete max_output_tokens | pause_turn | CONTINUATION
        tired: stop tired | completed | end_turn | STOP
    "#]]
    .assert_eq(&found);
}

/// Where nothing is translated, a word for a failure leads to the next provider as well, as long as the client has seen nothing.
#[test]
fn failures_are_seen_in_passing() {
    for (format, word, is_fault_later) in [
        (Format::OpenAiChat, "network_error", true),
        (Format::OpenAiChat, "insufficient_system_resource", true),
        (Format::OpenAiChat, "error", true),
        (Format::Gemini, "MALFORMED_FUNCTION_CALL", false),
        (Format::Gemini, "UNEXPECTED_TOOL_CALL", false),
    ] {
        assert!(reply::read(format, whole(format, word, false).as_bytes(), None).is_err(), "{word}");
        let fault = |text: &[u8]| {
            let mut watcher = Watcher::new(format, false);
            let _ = watcher.push(Bytes::copy_from_slice(text));
            watcher.facts().fault.is_some()
        };
        let end = stream(format, word);
        let content: &[u8] = match format {
            Format::Gemini => b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}]}\n\n",
            _ => b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n",
        };
        assert!(fault(&end), "{word} in a stream");
        assert_eq!(fault(&[content, &end].concat()), is_fault_later, "{word} behind content");
    }
    let completions = |word: &str| {
        let mut watcher = Watcher::new(Format::OpenAiCompletions, false);
        let event = format!("data: {{\"choices\":[{{\"index\":0,\"text\":\"\",\"finish_reason\":\"{word}\"}}]}}\n\n");
        let _ = watcher.push(Bytes::from(event));
        watcher.facts().fault.is_some()
    };
    assert!(completions("network_error") && !completions("stop"));
    for word in ["stop", "tired"] {
        assert!(reply::read(Format::OpenAiChat, whole(Format::OpenAiChat, word, false).as_bytes(), None).is_ok(), "{word}");
    }
}
