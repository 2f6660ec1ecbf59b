//! More of what other gateways got wrong: calls in streams, ends that are none, usage that got lost, turns that moved.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use wardgate_core::fault::FaultClass;
use wardgate_core::format::Format;
use wardgate_core::usage::Usage;
use wardgate_wire::transcode::target::{Target, Traits};
use wardgate_wire::transcode::{
    ReplyOptions, Transcoder, decode_reply, decode_request, encode_reply, encode_request, write_frame,
};

const CHAT: Format = Format::OpenAiChat;
const MESSAGES: Format = Format::AnthropicMessages;
const RESPONSES: Format = Format::OpenAiResponses;
const GEMINI: Format = Format::Gemini;
const CONVERSE: Format = Format::BedrockConverse;

fn options() -> ReplyOptions {
    ReplyOptions { request_id: "rq_1".to_owned(), wants_usage: true, ..ReplyOptions::default() }
}

/// What a stream came to.
struct Told {
    text: String,
    fault: Option<FaultClass>,
    usage: Option<Usage>,
}

fn stream(provider: Format, client: Format, bytes: &[u8]) -> Told {
    let mut transcoder = Transcoder::new(provider, client, 0, options());
    let mut out = transcoder.push(Bytes::copy_from_slice(bytes)).to_vec();
    out.extend_from_slice(&transcoder.finish());
    let facts = transcoder.facts();
    Told {
        text: String::from_utf8_lossy(&out).into_owned(),
        fault: facts.fault.as_ref().map(|fault| fault.class),
        usage: facts.usage,
    }
}

/// A Chat stream of these deltas, ended by this reason and marker.
fn chat(deltas: &[&str], reason: &str) -> Vec<u8> {
    let mut text = String::new();
    for delta in deltas {
        text.push_str(&format!("data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n"));
    }
    text.push_str(&format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":{reason}}}]}}\n\n"));
    (text + "data: [DONE]\n\n").into_bytes()
}

fn sent_to(provider: Format, client: Format, body: &str, target: &Target<'_>) -> String {
    let encoded = decode_request(client, body.as_bytes()).and_then(|request| encode_request(provider, &request, target));
    String::from_utf8_lossy(&encoded.unwrap_or_else(|error| panic!("{error}")).body).into_owned()
}

fn sent(provider: Format, client: Format, body: &str) -> String {
    sent_to(provider, client, body, &Target::new("m"))
}

/// The pieces stand in the text, one behind the other.
#[track_caller]
fn in_order(text: &str, pieces: &[&str]) {
    let mut rest = text;
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, behind)) => rest = behind,
            None => panic!("{piece} is missing, or not behind the others, in {text}"),
        }
    }
}

#[test]
fn calls_have_numbers_of_their_own() {
    let blocks = concat!(
        "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"f\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":2}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    );
    let told = stream(MESSAGES, CHAT, blocks.as_bytes());
    in_order(&told.text, &[r#"{"index":0,"id":"a""#, r#"{"index":1,"id":"b""#, r#""finish_reason":"tool_calls""#]);
}

#[test]
fn blocks_of_calls_follow_one_another_and_nothing_empty_comes_first() {
    let calls = chat(
        &[
            r#"{"role":"assistant","content":""}"#,
            r#"{"content":null,"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\""}},{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}"#,
        ],
        "\"tool_calls\"",
    );
    let told = stream(CHAT, MESSAGES, &calls);
    in_order(
        &told.text,
        &[
            r#""index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}"#,
            r#""partial_json":"{\"x\"""#,
            r#""partial_json":":1}""#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#""index":1,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
            r#""stop_reason":"tool_use""#,
            "message_stop",
        ],
    );
    assert!(!told.text.contains(r#""type":"text""#), "{}", told.text);
}

#[test]
fn what_switches_kinds_is_told_at_once() {
    let mut transcoder = Transcoder::new(CHAT, MESSAGES, 0, options());
    let mut push = |delta: &str| {
        let chunk = format!("data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n");
        String::from_utf8_lossy(&transcoder.push(Bytes::from(chunk))).into_owned()
    };
    in_order(&push(r#"{"reasoning_content":"Hm."}"#), &["message_start", "content_block_start", "thinking_delta"]);
    in_order(&push(r#"{"content":"Hi"}"#), &["content_block_stop", "content_block_start", r#""text":"Hi""#]);
    let call = r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x"}}]}"#;
    in_order(&push(call), &["content_block_stop", "content_block_start", "input_json_delta"]);
}

#[test]
fn a_blank_reason_behind_calls_is_tool_use() {
    let call = r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}"#;
    for reason in ["\"\"", "\"stop\"", "\"whatever\""] {
        let told = stream(CHAT, MESSAGES, &chat(&[call], reason));
        assert!(told.fault.is_none() && told.text.contains(r#""stop_reason":"tool_use""#), "{reason}: {}", told.text);
    }
    // Without a reason at all, and without its marker, it was cut off.
    let cut = chat(&[call], "null");
    assert_eq!(stream(CHAT, MESSAGES, &cut).fault, Some(FaultClass::Truncated));
    let unmarked = chat(&[call], "\"\"");
    let unmarked = &unmarked[..unmarked.len() - "data: [DONE]\n\n".len()];
    assert_eq!(stream(CHAT, MESSAGES, unmarked).fault, Some(FaultClass::Truncated));
}

/// Hosts that number nothing repeat the name with each fragment, or send each call whole.
#[test]
fn calls_without_numbers_are_told_apart() {
    let fragments = chat(
        &[
            r#"{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\""}}]}"#,
            r#"{"tool_calls":[{"function":{"name":"f","arguments":":1}"}}]}"#,
        ],
        "\"tool_calls\"",
    );
    assert_eq!(stream(CHAT, MESSAGES, &fragments).text.matches("tool_use\",\"id\"").count(), 1);
    let whole = r#"{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}"#;
    assert_eq!(stream(CHAT, MESSAGES, &chat(&[whole, whole], "\"stop\"")).text.matches("tool_use\",\"id\"").count(), 2);
}

#[test]
fn usage_of_a_stream_is_kept_wherever_it_stands() {
    let at_both_ends = concat!(
        "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":90,\"output_tokens\":1}}}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    );
    let told = stream(MESSAGES, CHAT, at_both_ends.as_bytes());
    assert!(told.text.contains(r#""prompt_tokens":100,"completion_tokens":7"#), "{}", told.text);
    let in_last_chunk = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";
    let told = stream(CHAT, GEMINI, in_last_chunk.as_bytes());
    assert!(told.text.contains(r#""promptTokenCount":3"#), "{}", told.text);
}

#[test]
fn an_incomplete_response_is_an_answer() {
    let body = r#"{"id":"r","object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[],"usage":{"input_tokens":3,"output_tokens":64}}"#;
    let reply = decode_reply(RESPONSES, body.as_bytes(), 0, None).unwrap_or_else(|fault| panic!("{fault:?}"));
    let whole = String::from_utf8_lossy(&encode_reply(CHAT, &reply, &options())).into_owned();
    assert!(whole.contains(r#""finish_reason":"length""#) && whole.contains(r#""completion_tokens":64"#), "{whole}");
    let told = stream(
        RESPONSES,
        CHAT,
        format!("data: {{\"type\":\"response.incomplete\",\"sequence_number\":0,\"response\":{body}}}\n\n").as_bytes(),
    );
    assert!(told.fault.is_none() && told.text.contains(r#""finish_reason":"length""#), "{}", told.text);
    assert_eq!(told.usage.map(|usage| usage.output), Some(64));
}

#[test]
fn a_failed_response_is_an_error_whose_usage_counts() {
    let failed = r#"data: {"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"},"output":[],"usage":{"input_tokens":3,"output_tokens":2}}}"#;
    for client in [CHAT, MESSAGES, GEMINI] {
        let told = stream(RESPONSES, client, format!("{failed}\n\n").as_bytes());
        assert_eq!(told.fault, Some(FaultClass::RateLimited), "{client:?}");
        assert_eq!(told.usage.map(|usage| usage.total()), Some(5), "{client:?}");
        for end in ["end_turn", "[DONE]", "message_stop", "finishReason"] {
            assert!(!told.text.contains(end), "{client:?}: {}", told.text);
        }
    }
    let bare = "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"x\",\"param\":null}\n\n";
    assert_eq!(stream(RESPONSES, MESSAGES, bare.as_bytes()).fault, Some(FaultClass::Server));
}

#[test]
fn a_stream_of_frames_that_is_cut_in_a_call_does_not_end() {
    let mut frames = Vec::new();
    write_frame(&mut frames, "event", "messageStart", br#"{"role":"assistant"}"#);
    write_frame(
        &mut frames,
        "event",
        "contentBlockStart",
        br#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"a","name":"f"}}}"#,
    );
    write_frame(&mut frames, "event", "contentBlockDelta", br#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"x"}}}"#);
    let told = stream(CONVERSE, MESSAGES, &frames);
    assert_eq!(told.fault, Some(FaultClass::Truncated));
    assert!(told.text.contains("tool_use") && !told.text.contains("message_stop") && !told.text.contains("content_block_stop"));
}

#[test]
fn being_cut_off_is_told_across_formats() {
    let body = r#"{"output":{"message":{"role":"assistant","content":[{"text":"x"}]}},"stopReason":"max_tokens","usage":{"inputTokens":1,"outputTokens":2}}"#;
    let reply = decode_reply(CONVERSE, body.as_bytes(), 0, None).unwrap_or_else(|fault| panic!("{fault:?}"));
    let told = String::from_utf8_lossy(&encode_reply(RESPONSES, &reply, &options())).into_owned();
    in_order(&told, &[r#""status":"incomplete""#, r#""incomplete_details":{"reason":"max_output_tokens"}"#]);
}

#[test]
fn tools_reach_claude_in_its_own_shape() {
    let tools = r#"[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{}}}}},{"type":"custom","custom":{"name":"c","description":"e"}},{"type":"function","function":{"name":"s","strict":true,"parameters":{"type":"object","properties":{},"required":[],"additionalProperties":false}}},{"type":"function","function":{"name":"n"}}]"#;
    let body = format!(r#"{{"model":"c","messages":[{{"role":"user","content":"x"}}],"tools":{tools}}}"#);
    let found = sent(MESSAGES, CHAT, &body);
    let expected = r#""tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{}}}},{"name":"c","description":"e","input_schema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}},{"name":"s","input_schema":{"type":"object","properties":{},"required":[],"additionalProperties":false},"strict":true},{"name":"n","input_schema":{"type":"object","properties":{}}}]"#;
    assert!(found.contains(expected), "{found}");
}

/// A conversation of a call and its result, with this content.
fn result(content: &str) -> String {
    format!(
        r#"{{"model":"c","max_tokens":9,"messages":[{{"role":"user","content":"x"}},{{"role":"assistant","content":[{{"type":"tool_use","id":"c1","name":"f","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c1","content":{content}}}]}}]}}"#
    )
}

#[test]
fn pictures_and_documents_of_results_arrive() {
    let picture = result(r#"[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]"#);
    let document =
        result(r#"[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}]"#);
    let found = sent(CONVERSE, MESSAGES, &picture);
    assert!(found.contains(r#""content":[{"image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}}]"#), "{found}");
    let found = sent(CONVERSE, MESSAGES, &document);
    assert!(found.contains(r#""content":[{"document":{"format":"pdf""#), "{found}");
    for (body, data) in [(&picture, "iVBORw0KGgo="), (&document, "JVBERi0=")] {
        in_order(
            &sent(CHAT, MESSAGES, body),
            &[r#"{"role":"tool","tool_call_id":"c1""#, "next message", r#""role":"user""#, data],
        );
    }
}

#[test]
fn blank_results_say_so() {
    for content in [r#""""#, r#"" ""#, "null", "[]", r#"[{"type":"text","text":" "}]"#] {
        for provider in [CONVERSE, Format::CohereChat] {
            let found = sent(provider, MESSAGES, &result(content));
            assert!(found.contains("(no output)"), "{provider:?} {content}: {found}");
        }
    }
    let blank = r#"{"model":"c","messages":[{"role":"user","content":"x"},{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":""}}]},{"role":"tool","tool_call_id":"c1","content":"  "}]}"#;
    for provider in [MESSAGES, CONVERSE] {
        assert!(sent(provider, CHAT, blank).contains("(no output)"), "{provider:?}");
    }
}

#[test]
fn late_instructions_stay_where_they_are() {
    let body = r#"{"model":"c","messages":[{"role":"system","content":"first"},{"role":"user","content":"u1"},{"role":"assistant","content":"a1"},{"role":"system","content":"later"},{"role":"user","content":"u2"}]}"#;
    for provider in [MESSAGES, GEMINI, CONVERSE] {
        let found = sent(provider, CHAT, body);
        let moved = found.find("<system-reminder>later</system-reminder>");
        assert!(found.find("a1") < moved && moved < found.find("u2"), "{provider:?}: {found}");
    }
    let traits = Traits { takes_late_instructions: true, ..Traits::default() };
    let found = sent_to(MESSAGES, CHAT, body, &Target { traits, ..Target::new("m") });
    in_order(
        &found,
        &[
            r#""system":[{"type":"text","text":"first"}]"#,
            "a1",
            r#"{"role":"system","content":[{"type":"text","text":"later"}]}"#,
            "u2",
        ],
    );
}

#[test]
fn instructions_alone_are_asked_as_the_users_words() {
    let body = r#"{"model":"c","messages":[{"role":"system","content":"only this"}]}"#;
    in_order(&sent(GEMINI, CHAT, body), &[r#""contents":[{"role":"user","parts":[{"text":"only this"}]}]"#]);
    for provider in [MESSAGES, CONVERSE] {
        let found = sent(provider, CHAT, body);
        in_order(&found, &[r#""role":"user""#, "only this"]);
        assert!(!found.contains(r#""system":["#), "{found}");
    }
}

#[test]
fn a_bucket_is_read_where_it_can_be() {
    let body =
        r#"{"model":"c","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"gs://b/cat.png"}}]}]}"#;
    assert!(sent(GEMINI, CHAT, body).contains(r#"{"fileData":{"fileUri":"gs://b/cat.png","mimeType":"image/png"}}"#));
}

#[test]
fn mistral_gets_ids_and_schemas_of_its_own() {
    let traits = Traits { is_mistral: true, ..Traits::default() };
    let body = r#"{"model":"c","max_tokens":9,"tools":[{"name":"f","input_schema":{"$schema":"x","type":"object","additionalProperties":false}}],"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_01","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01","content":"r"}]}]}"#;
    let found = sent_to(CHAT, MESSAGES, body, &Target { traits, ..Target::new("m") });
    let id = found.split(r#""tool_calls":[{"id":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    assert!(id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    assert_eq!(found.matches(id).count(), 2, "{found}");
    assert!(found.contains(r#""parameters":{"type":"object"}"#), "{found}");
}

#[test]
fn a_schema_beside_tools_is_refused_where_the_host_cannot() {
    let schema = r#""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#;
    let body = |fields: &str| {
        format!(r#"{{"model":"c","max_tokens":9,"messages":[{{"role":"user","content":"x"}}],{schema}{fields}}}"#)
    };
    let refused = |fields: &str, traits: Traits<'static>, provider: Format| {
        let request = decode_request(MESSAGES, body(fields).as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        encode_request(provider, &request, &Target { traits, ..Target::new("m") }).err().map(|refused| refused.code)
    };
    let tools = r#","tools":[{"name":"f","input_schema":{"type":"object"}}]"#;
    let or_tools = Traits { has_schema_or_tools: true, ..Traits::default() };
    let or_stream = Traits { has_schema_or_stream: true, ..Traits::default() };
    let early = Traits { is_gemini_3: false, ..Traits::default() };
    assert_eq!(refused(tools, or_tools, CHAT), Some("combination_not_supported"));
    assert_eq!(refused(r#","stream":true"#, or_stream, CHAT), Some("combination_not_supported"));
    assert_eq!(refused(tools, early, GEMINI), Some("combination_not_supported"));
    assert_eq!(refused(tools, Traits::default(), GEMINI), None);
    assert_eq!(refused("", or_tools, CHAT), None);
}

#[test]
fn a_document_alone_comes_to_converse_with_a_word() {
    let with = |rest: &str| {
        let document = r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}}"#;
        sent(CONVERSE, MESSAGES, &format!(r#"{{"max_tokens":9,"messages":[{{"role":"user","content":[{document}{rest}]}}]}}"#))
    };
    assert!(with("").contains(r#"{"text":"(document)"}"#), "{}", with(""));
    for words in [r#",{"type":"text","text":"read it"}"#, r#"]},{"role":"user","content":["#] {
        assert_eq!(with(words).contains("(document)"), words.starts_with(']'), "{}", with(words));
    }
}

#[test]
fn what_a_document_is_about_is_not_lost_in_silence() {
    let document = r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"context":"c","citations":{"enabled":true}}"#;
    let body = format!(r#"{{"max_tokens":9,"messages":[{{"role":"user","content":[{document}]}}]}}"#);
    for (provider, expected) in [
        (CHAT, "messages[0].content[0].context, messages[0].content[0].citations"),
        (RESPONSES, "messages[0].content[0].context, messages[0].content[0].citations"),
        (GEMINI, "messages[0].content[0].context, messages[0].content[0].citations"),
        (CONVERSE, ""),
    ] {
        let request = decode_request(MESSAGES, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let encoded = encode_request(provider, &request, &Target::new("m")).unwrap_or_else(|error| panic!("{error}"));
        let lost: Vec<_> = encoded.warnings.as_slice().iter().map(|warning| warning.path.as_str()).collect();
        assert_eq!(lost.join(", "), expected, "{provider:?}");
    }
}

#[test]
fn an_answer_that_is_told_at_its_end_alone_is_told() {
    let answer = |output: &str| {
        let begun = r#"{"type":"response.created","response":{"id":"r","model":"m","status":"in_progress","output":[]}}"#;
        let ended =
            format!(r#"{{"type":"response.completed","response":{{"id":"r","status":"completed","output":[{output}]}}}}"#);
        stream(RESPONSES, CHAT, format!("data: {begun}\n\ndata: {ended}\n\n").as_bytes()).text
    };
    let message = r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Good day"}]}"#;
    let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}"#;
    let told = answer(&format!("{message},{call}"));
    for piece in [r#""content":"Good day""#, r#""name":"f""#, r#""arguments":"{\"a\":1}""#, r#""finish_reason":"tool_calls""#] {
        assert!(told.contains(piece), "{piece}: {told}");
    }
}
