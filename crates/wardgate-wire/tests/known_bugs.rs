//! What other gateways got wrong, one test each: the input, and what must come of it.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use wardgate_core::fault::FaultClass;
use wardgate_core::format::Format;
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::neutral::opaque::mark;
use wardgate_wire::transcode::target::{CacheMarks, Target, ThinkingWay, Traits};
use wardgate_wire::transcode::{Encoded, ReplyOptions, Transcoder, decode_reply, decode_request, encode_reply, encode_request};

fn target() -> Target<'static> {
    Target::new("m")
}

fn request(client: Format, provider: Format, body: &str, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    decode_request(client, body.as_bytes()).and_then(|request| encode_request(provider, &request, target))
}

/// The body as text, and the warnings.
fn sent(client: Format, provider: Format, body: &str) -> (String, String) {
    let encoded = request(client, provider, body, &target()).unwrap_or_else(|error| panic!("{error}"));
    (String::from_utf8_lossy(&encoded.body).into_owned(), encoded.warnings.to_header().unwrap_or_default())
}

fn options() -> ReplyOptions {
    ReplyOptions { request_id: "rq_1".to_owned(), wants_usage: true, ..ReplyOptions::default() }
}

/// The stream that a client gets, and how it ended.
fn stream(provider: Format, client: Format, text: &str) -> (String, Option<FaultClass>) {
    let mut transcoder = Transcoder::new(provider, client, 0, options());
    let mut out = transcoder.push(Bytes::copy_from_slice(text.as_bytes())).to_vec();
    out.extend_from_slice(&transcoder.finish());
    (String::from_utf8_lossy(&out).into_owned(), transcoder.facts().fault.as_ref().map(|fault| fault.class))
}

fn reply(provider: Format, client: Format, body: &str) -> String {
    let reply = decode_reply(provider, body.as_bytes(), 0, None).unwrap_or_else(|fault| panic!("{fault:?}"));
    String::from_utf8_lossy(&encode_reply(client, &reply, &options())).into_owned()
}

const CHAT: Format = Format::OpenAiChat;
const MESSAGES: Format = Format::AnthropicMessages;
const RESPONSES: Format = Format::OpenAiResponses;
const GEMINI: Format = Format::Gemini;

#[test]
fn a_tools_type_stays_out_of_its_schema() {
    let body = r#"{"model":"c","max_tokens":9,"messages":[{"role":"user","content":"x"}],"tools":[{"type":"custom","name":"t","input_schema":{"type":"object","properties":{}}}]}"#;
    assert!(sent(MESSAGES, CHAT, body).0.contains(r#""parameters":{"type":"object","properties":{}}"#));
}

#[test]
fn thoughts_of_another_model_are_left_out_and_named() {
    let theirs = mark(&["google", "key", "gemini"]);
    let mut gemini = Transcoder::new(GEMINI, MESSAGES, theirs, options());
    let chunk = r#"data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"c1","name":"f","args":{}},"thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}"#;
    let shown = gemini.push(Bytes::from(format!("{chunk}\n\n")));
    let shown = String::from_utf8_lossy(&shown).into_owned();
    let data = shown.split("\"data\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    let body = format!(
        r#"{{"model":"c","max_tokens":9,"messages":[{{"role":"user","content":"x"}},{{"role":"assistant","content":[{{"type":"redacted_thinking","data":"{data}"}},{{"type":"tool_use","id":"c1","name":"f","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c1","content":"r"}}]}}]}}"#
    );
    // Back where it came from it goes bit by bit, on the very call.
    let back = request(MESSAGES, GEMINI, &body, &Target { mark: theirs, ..target() }).unwrap_or_else(|error| panic!("{error}"));
    assert!(String::from_utf8_lossy(&back.body).contains(r#""thoughtSignature":"c2ln""#));
    // Elsewhere it is left out.
    let other = Target { mark: mark(&["google", "other key", "gemini"]), ..target() };
    let elsewhere = request(MESSAGES, GEMINI, &body, &other).unwrap_or_else(|error| panic!("{error}"));
    assert!(!String::from_utf8_lossy(&elsewhere.body).contains("c2ln"));
    assert!(elsewhere.warnings.to_header().is_some_and(|header| header.contains("reasoning_dropped")));
}

#[test]
fn thinking_is_off_where_the_history_lacks_the_thoughts() {
    let body = r#"{"model":"c","reasoning_effort":"high","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"}]}"#;
    let (sent, warnings) = sent(CHAT, MESSAGES, body);
    assert!(!sent.contains("\"thinking\"") && warnings.contains("thinking_off;reasoning_effort"), "{sent} {warnings}");
    let adaptive = Target { traits: Traits { thinking: ThinkingWay::Adaptive, ..Default::default() }, ..target() };
    let encoded = request(CHAT, MESSAGES, body, &adaptive).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        String::from_utf8_lossy(&encoded.body).contains(r#""thinking":{"type":"adaptive"},"output_config":{"effort":"high"}"#)
    );
}

#[test]
fn the_same_body_gives_the_same_bytes() {
    let body = include_str!("../fixtures/openai-chat/everything.request.json");
    for provider in [MESSAGES, RESPONSES, GEMINI, Format::BedrockConverse] {
        assert_eq!(sent(CHAT, provider, body), sent(CHAT, provider, body));
    }
}

#[test]
fn the_marks_that_matter_survive() {
    let mut messages: Vec<String> = Vec::new();
    for number in 0..6 {
        messages.push(format!(
            r#"{{"role":"user","content":[{{"type":"text","text":"u{number}","cache_control":{{"type":"ephemeral"}}}}]}}"#
        ));
        messages.push(format!(r#"{{"role":"assistant","content":"a{number}"}}"#));
    }
    messages.pop();
    let body = format!(
        r#"{{"model":"c","messages":[{{"role":"system","content":[{{"type":"text","text":"s","cache_control":{{"type":"ephemeral"}}}}]}},{}]}}"#,
        messages.join(",")
    );
    let (sent, _) = sent(CHAT, MESSAGES, &body);
    assert_eq!(sent.matches("cache_control").count(), 4);
    for kept in ["s", "u3", "u4", "u5"] {
        assert!(sent.contains(&format!(r#""text":"{kept}","cache_control""#)), "{kept}: {sent}");
    }
}

/// A conversation as Claude Code marks it: its tools, its instructions, a turn, and the results of calls.
const MARKED: &str = r#"{"model":"c","max_tokens":9,"tools":[{"name":"f","input_schema":{},"cache_control":{"type":"ephemeral"}}],"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":[{"type":"text","text":"u","cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"tool_use","id":"c1","name":"f","input":{},"cache_control":{"type":"ephemeral"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"r","cache_control":{"type":"ephemeral"}}]}]}"#;

#[test]
fn marks_are_written_in_the_hosts_words() {
    let sent = |provider, cache_marks| {
        let target = Target { traits: Traits { cache_marks, ..Default::default() }, ..target() };
        let encoded = request(MESSAGES, provider, MARKED, &target).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(encoded.warnings.to_header(), None);
        String::from_utf8_lossy(&encoded.body).into_owned()
    };
    // Four of five that can have one: the first, and the last three.
    let host = sent(CHAT, CacheMarks::Control);
    let mark = r#""cache_control":{"type":"ephemeral"}"#;
    for kept in ["u", "a", "r"] {
        assert!(host.contains(&format!(r#"{{"type":"text","text":"{kept}",{mark}}}"#)), "{kept}: {host}");
    }
    assert!(host.contains(&format!(r#""parameters":{{}}}},{mark}}}"#)) && host.matches("cache_control").count() == 4, "{host}");
    // OpenAI has no place at tools and at what the assistant said.
    let (usual, long) =
        (r#""prompt_cache_breakpoint":{"mode":"explicit"}"#, r#""prompt_cache_breakpoint":{"mode":"explicit","ttl":"30m"}"#);
    for (provider, kind) in [(CHAT, "text"), (RESPONSES, "input_text")] {
        let openai = sent(provider, CacheMarks::Breakpoint);
        for (text, mark) in [("s", long), ("u", usual), ("r", usual)] {
            assert!(openai.contains(&format!(r#"{{"type":"{kind}","text":"{text}",{mark}}}"#)), "{text}: {openai}");
        }
        assert_eq!(openai.matches("prompt_cache_breakpoint").count(), 3, "{openai}");
    }
    for (provider, none) in [(CHAT, CacheMarks::None), (RESPONSES, CacheMarks::None), (RESPONSES, CacheMarks::Control)] {
        assert!(!sent(provider, none).contains("cache"));
    }
}

#[test]
fn three_hundred_tools_keep_their_order_and_their_bytes() {
    let schema = r##"{"$schema":"x","type":"object","properties":{"z":{"anyOf":[{"type":["string","null"],"format":"odd"},{"$ref":"#/$defs/n"}]},"a":{"type":"number","maximum":1e308,"default":12345678901234567890}},"$defs":{"n":{"type":"integer"}},"additionalProperties":false,"uniqueItems":true}"##;
    let tools: Vec<String> = (0..300)
        .map(|number| {
            format!(r#"{{"type":"function","function":{{"name":"mcp__server__tool_{number:03}","parameters":{schema}}}}}"#)
        })
        .collect();
    let body = format!(r#"{{"model":"c","messages":[{{"role":"user","content":"x"}}],"tools":[{}]}}"#, tools.join(","));
    for provider in [MESSAGES, RESPONSES, GEMINI, Format::CohereChat, Format::BedrockConverse] {
        let (sent, warnings) = sent(CHAT, provider, &body);
        assert_eq!(sent.matches(schema).count(), 300, "{provider:?}");
        let order: Vec<usize> = (0..300).filter_map(|number| sent.find(&format!("tool_{number:03}"))).collect();
        assert!(order.len() == 300 && order.is_sorted(), "{provider:?}");
        assert_eq!(warnings, "", "{provider:?}");
    }
}

#[test]
fn usage_counts_what_caches_held() {
    let body = r#"{"type":"message","id":"m","model":"c","content":[],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":5,"output_tokens":7}}"#;
    let chat = reply(MESSAGES, CHAT, body);
    assert!(chat.contains(r#""prompt_tokens":105,"completion_tokens":7,"total_tokens":112,"prompt_tokens_details":{"cached_tokens":90,"cache_write_tokens":5}"#), "{chat}");
    let chat = r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30}}}"#;
    let messages = reply(CHAT, MESSAGES, chat);
    assert!(
        messages.contains(r#""input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":60"#),
        "{messages}"
    );
}

#[test]
fn a_turn_with_calls_waits_for_tools_whatever_was_said() {
    for reason in ["stop", "end_turn", "whatever", "tool_calls"] {
        let body = format!(
            r#"{{"choices":[{{"message":{{"tool_calls":[{{"id":"c","type":"function","function":{{"name":"f","arguments":"{{}}"}}}}]}},"finish_reason":"{reason}"}}]}}"#
        );
        assert!(reply(CHAT, MESSAGES, &body).contains(r#""stop_reason":"tool_use""#), "{reason}");
    }
    // Unless it was cut off.
    let cut = r#"{"choices":[{"message":{"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"length"}]}"#;
    assert!(reply(CHAT, MESSAGES, cut).contains(r#""stop_reason":"max_tokens""#));
}

#[test]
fn a_reason_in_a_later_message_than_the_call_is_still_tool_use() {
    let text = concat!(
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\",\"args\":{}}}]}}]}\n\n",
        "data: {\"usageMetadata\":{\"promptTokenCount\":3}}\n\n",
        "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n",
    );
    let (out, fault) = stream(GEMINI, CHAT, text);
    assert!(out.contains(r#""finish_reason":"tool_calls""#) && fault.is_none(), "{out}");
}

#[test]
fn chunks_without_choices_are_metadata() {
    let text = "data: {\"id\":\"c\",\"choices\":[],\"prompt_filter_results\":[]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";
    let (out, fault) = stream(CHAT, MESSAGES, text);
    assert!(out.contains(r#""input_tokens":3"#) && fault.is_none(), "{out}");
}

#[test]
fn one_finish_behind_all_items() {
    let text = include_str!("../fixtures/openai-responses/reasoning-message-then-tools.sse");
    let (out, _) = stream(RESPONSES, CHAT, text);
    assert_eq!(out.matches(r#""finish_reason":"tool_calls""#).count(), 1);
    assert!(out.find("call_b") < out.find(r#""finish_reason":"tool_calls""#));
    // Calls are counted from zero, whatever items came before.
    assert!(
        out.contains(r#""tool_calls":[{"index":0,"id":"call_a""#) && out.contains(r#""tool_calls":[{"index":1,"id":"call_b""#)
    );
}

#[test]
fn a_cut_stream_is_never_a_stop() {
    for (provider, text) in [
        (CHAT, include_str!("../fixtures/openai-chat/no-end-marker.sse")),
        (MESSAGES, include_str!("../fixtures/anthropic-messages/no-end-marker.sse")),
        (RESPONSES, include_str!("../fixtures/openai-responses/no-end-marker.sse")),
        (GEMINI, include_str!("../fixtures/gemini/no-end-marker.sse")),
        (Format::CohereChat, include_str!("../fixtures/cohere-chat/no-end-marker.sse")),
    ] {
        for client in [CHAT, MESSAGES, RESPONSES, GEMINI] {
            let (out, fault) = stream(provider, client, text);
            assert_eq!(fault, Some(FaultClass::Truncated), "{provider:?} {client:?}");
            for end in ["[DONE]", "message_stop", "response.completed", "\"finishReason\"", "\"finish_reason\":\"stop\""] {
                assert!(!out.contains(end), "{provider:?} {client:?} {end}");
            }
        }
    }
}

#[test]
fn an_effort_may_be_an_object() {
    let body =
        r#"{"model":"c","messages":[{"role":"user","content":"x"}],"reasoning_effort":{"effort":"low","summary":"auto"}}"#;
    assert!(sent(CHAT, RESPONSES, body).0.contains(r#""reasoning":{"effort":"low","summary":"auto"}"#));
}

#[test]
fn reasoning_goes_back_to_hosts_that_demand_it() {
    let traits = Traits { needs_reasoning_back: true, ..Default::default() };
    let body = r#"{"model":"c","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"wg1.unsigned"},{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"r"}]}]}"#;
    let encoded = request(MESSAGES, CHAT, body, &Target { traits, ..target() }).unwrap_or_else(|error| panic!("{error}"));
    assert!(String::from_utf8_lossy(&encoded.body).contains(r#""reasoning_content":"Hm.""#));
}

#[test]
fn nothing_is_lost_for_those_who_ask_for_that() {
    let strict = Target { is_strict: true, ..target() };
    let body = r#"{"model":"c","messages":[{"role":"user","content":"x"}],"seed":1}"#;
    let refused = request(CHAT, MESSAGES, body, &strict).err();
    assert_eq!(refused.map(|it| (it.code, it.path)), Some(("unsupported_parameter", "seed".to_owned())));
    let whole = r#"{"model":"c","messages":[{"role":"user","content":"x"}],"temperature":0.5}"#;
    assert!(request(CHAT, MESSAGES, whole, &strict).is_ok());
}

#[test]
fn a_megabyte_in_single_bytes_takes_no_longer_than_it_should() {
    let text = "a".repeat(1_000_000);
    let message =
        format!("[{{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{text}\"}}]}},\"finishReason\":\"STOP\"}}]}}]");
    let mut transcoder = Transcoder::new(GEMINI, CHAT, 0, options());
    let mut length = 0;
    let begin = std::time::Instant::now();
    for byte in message.as_bytes() {
        length += transcoder.push(Bytes::copy_from_slice(&[*byte])).len();
    }
    length += transcoder.finish().len();
    assert!(length > 1_000_000 && transcoder.facts().is_finished);
    // Quadratic reading would take minutes.
    assert!(begin.elapsed().as_secs() < 20);
}

#[test]
fn arguments_pass_bit_by_bit() {
    let arguments = r#"{"z":1,  "a":[1e308, 12345678901234567890, 1.50, "\u00e9\n"]}"#;
    let escaped = serde_json::to_string(arguments).unwrap_or_default();
    let body = format!(
        r#"{{"model":"c","messages":[{{"role":"user","content":"x"}},{{"role":"assistant","tool_calls":[{{"id":"c1","type":"function","function":{{"name":"f","arguments":{escaped}}}}}]}},{{"role":"tool","tool_call_id":"c1","content":"r"}}]}}"#
    );
    for provider in [MESSAGES, GEMINI, Format::BedrockConverse] {
        assert!(sent(CHAT, provider, &body).0.contains(arguments), "{provider:?}");
    }
    for provider in [RESPONSES, Format::CohereChat] {
        assert!(sent(CHAT, provider, &body).0.contains(&escaped), "{provider:?}");
    }
}

/// A model writes its arguments in several lines, and a client whose format has them as JSON reads a stream of lines.
#[test]
fn arguments_in_several_lines_stay_in_one_event() {
    let call = r#"{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\n  \"a\": \"x\\ny\"\r\n}"}}"#;
    let text = format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n\
         data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"tool_calls\"}}]}}\n\ndata: [DONE]\n\n"
    );
    let (told, fault) = stream(CHAT, GEMINI, &text);
    assert!(fault.is_none() && told.contains(r#""args":{   "a": "x\ny"  }"#), "{told}");
}

/// Google's layer for Chat signs a call beside it; that is no entry of the list in which others have their signatures.
#[test]
fn a_signature_beside_a_call_goes_out_as_json() {
    let call = r#"{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"c2ln"}}}"#;
    let body = format!(
        r#"{{"choices":[{{"index":0,"message":{{"role":"assistant","tool_calls":[{call}]}},"finish_reason":"tool_calls"}}]}}"#
    );
    let told = reply(CHAT, CHAT, &body);
    assert!(serde_json::from_str::<serde_json::Value>(&told).is_ok() && told.contains(r#""data":"c2ln""#), "{told}");
}

#[test]
fn counts_without_sense_do_not_overflow() {
    let most = u64::MAX;
    let body = format!(
        r#"{{"type":"message","content":[],"stop_reason":"end_turn","usage":{{"input_tokens":{most},"cache_read_input_tokens":{most},"output_tokens":{most}}}}}"#
    );
    for client in [CHAT, RESPONSES, GEMINI] {
        assert!(reply(MESSAGES, client, &body).contains(&most.to_string()), "{client:?}");
    }
}

/// A schema for a model that has no mode for it: the hidden tool's arguments are the text, nothing of the tool is left, and what
/// the client's own tools would be called with never goes through it.
#[test]
fn json_by_a_hidden_tool_leaks_neither_the_tool_nor_a_wrapping() {
    let traits = Traits { has_json_schema: false, ..Traits::default() };
    let target = Target { is_strict: true, traits, ..target() };
    let format =
        |schema: &str| format!(r#""response_format":{{"type":"json_schema","json_schema":{{"name":"n","schema":{schema}}}}}"#);
    let schema = r#"{"type":"object","properties":{"values":{"type":"array"}}}"#;
    let body = format!(r#"{{"model":"c","max_tokens":9,"messages":[{{"role":"user","content":"x"}}],{}}}"#, format(schema));
    let encoded = request(CHAT, MESSAGES, &body, &target).unwrap_or_else(|error| panic!("{error}"));
    let sent = String::from_utf8_lossy(&encoded.body).into_owned();
    assert!(sent.contains(r#""tools":[{"name":"structured_output""#) && sent.contains(schema), "{sent}");
    assert!(sent.contains(r#""tool_choice":{"type":"any"}"#) && !sent.contains("output_config"), "{sent}");
    assert!(encoded.warnings.as_slice().is_empty() && encoded.is_json_call);
    let options = ReplyOptions { is_json_call: true, ..options() };
    let start =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":{}}}\n\n";
    let block = |block: &str| {
        format!(
            "event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{block}}}\n\n"
        )
    };
    let delta = |json: &str| {
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":{json}}}}}\n\n"
        )
    };
    let end = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let call = block(r#"{"type":"tool_use","id":"t","name":"structured_output","input":{}}"#);
    let text = [start, &call, &delta(r#""{\"values\": ""#), &delta(r#""[1]}""#), end].concat();
    let mut transcoder = Transcoder::new(MESSAGES, CHAT, 0, options.clone());
    let mut told = transcoder.push(Bytes::from(text)).to_vec();
    told.extend_from_slice(&transcoder.finish());
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains(r#""content":"{\"values\": ""#) && told.contains(r#""content":"[1]}""#), "{told}");
    assert!(
        told.contains(r#""finish_reason":"stop""#) && !told.contains("tool_calls") && !told.contains("structured_output"),
        "{told}"
    );
    // The client's own tools go alone: then the model is told of the schema in words.
    let tools = format!(
        r#"{{"model":"c","max_tokens":9,"messages":[{{"role":"user","content":"x"}}],"tools":[{{"type":"function","function":{{"name":"f"}}}}],{}}}"#,
        format(schema)
    );
    let lenient = Target { is_strict: false, ..target };
    let encoded = request(CHAT, MESSAGES, &tools, &lenient).unwrap_or_else(|error| panic!("{error}"));
    let sent = String::from_utf8_lossy(&encoded.body).into_owned();
    assert!(!sent.contains("structured_output") && !encoded.is_json_call && sent.contains("JSON schema"), "{sent}");
    // A call of a tool beside the hidden one survives.
    let mut mixed = decode_reply(MESSAGES, br#"{"type":"message","content":[{"type":"tool_use","id":"1","name":"structured_output","input":{"values":[1]}},{"type":"tool_use","id":"2","name":"f","input":{}}],"stop_reason":"tool_use","usage":{}}"#, 0, None).unwrap_or_else(|fault| panic!("{fault:?}"));
    options.apply(&mut mixed);
    let told = String::from_utf8_lossy(&encode_reply(CHAT, &mixed, &options)).into_owned();
    assert!(
        told.contains(r#""content":"{\"values\":[1]}""#)
            && told.contains(r#""name":"f""#)
            && told.contains(r#""finish_reason":"tool_calls""#),
        "{told}"
    );
    // And a schema without properties is none to force a model to.
    let empty = format!(r#"{{"model":"c","max_tokens":9,"messages":[{{"role":"user","content":"x"}}],{}}}"#, format("{}"));
    assert!(request(CHAT, MESSAGES, &empty, &lenient).is_ok_and(|encoded| !encoded.is_json_call));
}
