//! What other gateways got wrong about reasoning and cache marks, one test each: the input, and what must come of it.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use expect_test::{Expect, expect};
use wardgate_core::format::Format;
use wardgate_wire::neutral::opaque::mark;
use wardgate_wire::transcode::target::{Target, ThinkingWay, Traits};
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

/// The body that a target gets, and the warnings.
fn sent_to(client: Format, provider: Format, body: &str, target: &Target<'_>) -> (String, String) {
    let request = decode_request(client, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let encoded = encode_request(provider, &request, target).unwrap_or_else(|error| panic!("{error}"));
    (String::from_utf8_lossy(&encoded.body).into_owned(), encoded.warnings.to_header().unwrap_or_default())
}

fn sent(client: Format, provider: Format, body: &str) -> (String, String) {
    sent_to(client, provider, body, &Target::new("m"))
}

fn told(provider: Format, client: Format, body: &str, origin: u64) -> String {
    let reply = decode_reply(provider, body.as_bytes(), origin, None).unwrap_or_else(|fault| panic!("{fault:?}"));
    String::from_utf8_lossy(&encode_reply(client, &reply, &options())).into_owned()
}

fn stream(provider: Format, client: Format, stream: &[u8]) -> String {
    let mut transcoder = Transcoder::new(provider, client, 0, options());
    let mut out = transcoder.push(Bytes::copy_from_slice(stream)).to_vec();
    out.extend_from_slice(&transcoder.finish());
    assert!(transcoder.facts().fault.is_none(), "{:?}", transcoder.facts().fault);
    String::from_utf8_lossy(&out).into_owned()
}

/// The types of a Messages stream's events and deltas, in order.
fn outline(stream: &str) -> String {
    let words = stream.lines().filter_map(|line| line.strip_prefix("data: ")).map(|data| {
        let event: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().replace("content_block_", "");
        match (&event["content_block"]["type"], &event["delta"]["type"]) {
            (kind, _) if kind.is_string() => format!("{} {}", word(&event["type"]), word(kind)),
            (_, kind) if kind.is_string() => word(kind),
            _ => word(&event["type"]),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn reasoning_alone_is_a_thinking_block_that_closes_before_the_text() {
    let chunk = |delta: &str| format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n");
    let text = [
        chunk(r#"{"role":"assistant","reasoning_content":"Hm"}"#),
        chunk(r#"{"reasoning_content":"."}"#),
        chunk(r#"{"content":"Hi"}"#),
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n".to_owned(),
    ];
    let told = stream(CHAT, MESSAGES, text.concat().as_bytes());
    expect!["message_start, start thinking, thinking_delta, thinking_delta, signature_delta, stop, start text, text_delta, stop, message_delta, message_stop"]
        .assert_eq(&outline(&told));
}

#[test]
fn redacted_thinking_goes_through_chat_and_back_byte_by_byte() {
    let here = mark(&["anthropic", "key", "m"]);
    let body = r#"{"type":"message","id":"m","model":"c","stop_reason":"tool_use","content":[{"type":"redacted_thinking","data":"EuYB/+=="},{"type":"tool_use","id":"c1","name":"f","input":{}}],"usage":{"input_tokens":1,"output_tokens":1}}"#;
    let chat: serde_json::Value = serde_json::from_str(&told(MESSAGES, CHAT, body, here)).unwrap_or_default();
    let message = &chat["choices"][0]["message"];
    assert_eq!(message["reasoning_details"][0]["type"], "reasoning.encrypted", "{message}");
    let next = serde_json::json!({"model": "c", "messages": [
        {"role": "user", "content": "x"}, message, {"role": "tool", "tool_call_id": "c1", "content": "r"}]});
    let (back, warnings) = sent_to(CHAT, MESSAGES, &next.to_string(), &Target { mark: here, ..Target::new("m") });
    assert!(
        back.contains(r#"[{"type":"redacted_thinking","data":"EuYB/+=="},{"type":"tool_use""#)
            && warnings == "tools_declared_again;tools",
        "{back}"
    );
}

#[test]
fn redacted_thinking_is_a_whole_item_in_a_stream_of_responses() {
    let text = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"EuYB\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    let told = stream(MESSAGES, RESPONSES, text.as_bytes());
    let sealed = "\"encrypted_content\":\"wg1.anthropic-messages.0.r.EuYB\"";
    let with = |event: &str| told.split("\n\n").any(|it| it.contains(event) && it.contains(sealed));
    for event in ["\"response.output_item.done\"", "\"response.completed\""] {
        assert!(with(event), "{event}: {told}");
    }
    assert!(told.contains("\"response.output_item.added\""), "{told}");
}

#[test]
fn interleaved_thoughts_keep_their_order_and_their_bytes_at_bedrock() {
    let body = r#"{"model":"c","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"thinking","thinking":"one","signature":"AA=="},{"type":"tool_use","id":"c1","name":"f","input":{}},{"type":"thinking","thinking":"two","signature":"BB=="},{"type":"tool_use","id":"c2","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"r"},{"type":"tool_result","tool_use_id":"c2","content":"s"}]}]}"#;
    let here = mark(&["bedrock", "key", "m"]);
    let sealed = body
        .replace("AA==", &format!("wg1.bedrock-converse.{here:x}.s.AA=="))
        .replace("BB==", &format!("wg1.bedrock-converse.{here:x}.s.BB=="));
    let (sent, warnings) = sent_to(MESSAGES, CONVERSE, &sealed, &Target { mark: here, ..Target::new("m") });
    let places = [
        "\"text\":\"one\",\"signature\":\"AA==\"",
        "\"toolUseId\":\"c1\"",
        "\"text\":\"two\",\"signature\":\"BB==\"",
        "\"toolUseId\":\"c2\"",
    ];
    let found: Vec<Option<usize>> = places.iter().map(|place| sent.find(place)).collect();
    assert!(
        found.iter().all(Option::is_some) && found.is_sorted() && warnings == "tools_declared_again;tools",
        "{sent} {warnings}"
    );
}

#[test]
fn a_signature_of_bedrock_comes_in_a_delta_of_its_own_before_the_stop() {
    let mut frames = Vec::new();
    let mut frame = |name: &str, payload: &str| write_frame(&mut frames, "event", name, payload.as_bytes());
    frame("messageStart", r#"{"role":"assistant"}"#);
    frame("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm."}}}"#);
    frame("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"AA=="}}}"#);
    frame("contentBlockStop", r#"{"contentBlockIndex":0}"#);
    frame("messageStop", r#"{"stopReason":"end_turn"}"#);
    frame("metadata", r#"{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}"#);
    let told = stream(CONVERSE, MESSAGES, &frames);
    expect!["message_start, start thinking, thinking_delta, signature_delta, stop, message_delta, message_stop"]
        .assert_eq(&outline(&told));
    assert!(told.contains(r#""signature":"wg1.bedrock-converse.0.s.AA==""#), "{told}");
}

#[test]
fn empty_thoughts_are_told_only_if_they_are_signed() {
    let text = |signature: &str| {
        format!(
            concat!(
                "data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m1\",\"usage\":{{\"input_tokens\":7,\"output_tokens\":1}}}}}}\n\n",
                "data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}}}\n\n",
                "{}data: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n",
                "data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},\"usage\":{{\"output_tokens\":9}}}}\n\n",
                "data: {{\"type\":\"message_stop\"}}\n\n",
            ),
            signature
        )
    };
    let unsigned = stream(MESSAGES, CHAT, text("").as_bytes());
    assert!(!unsigned.contains("reasoning_details"), "{unsigned}");
    let signature = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"AA\"}}\n\n";
    let signed = stream(MESSAGES, CHAT, text(signature).as_bytes());
    assert!(signed.contains("wg1.anthropic-messages.0.s.AA"), "{signed}");
}

#[test]
fn a_signed_call_of_gemini_comes_back_through_chat_and_a_bare_one_says_so() {
    let here = mark(&["google", "key", "gemini-3"]);
    let body = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"id":"c1","name":"f","args":{}},"thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}"#;
    let chat: serde_json::Value = serde_json::from_str(&told(GEMINI, CHAT, body, here)).unwrap_or_default();
    let mut message = chat["choices"][0]["message"].clone();
    assert_eq!(message["reasoning_details"][0]["id"], "c1", "{message}");
    let next = |message: &serde_json::Value| {
        let turns = serde_json::json!([{"role": "user", "content": "x"}, message, {"role": "tool", "tool_call_id": "c1", "content": "r"}]);
        let body = serde_json::json!({"model": "c", "messages": turns});
        sent_to(CHAT, GEMINI, &body.to_string(), &Target { mark: here, ..Target::new("m") })
    };
    assert!(next(&message).0.contains(r#""args":{}},"thoughtSignature":"c2ln""#), "{}", next(&message).0);
    if let Some(message) = message.as_object_mut() {
        message.remove("reasoning_details");
    }
    let (bare, warnings) = next(&message);
    assert!(bare.contains("skip_thought_signature_validator") && warnings.contains("signature_missing"), "{bare} {warnings}");
}

#[test]
fn every_turn_with_calls_has_its_reasoning_where_that_is_demanded() {
    let target = Target { traits: Traits { needs_reasoning_back: true, ..Traits::default() }, ..Target::new("m") };
    let body = r#"{"model":"c","input":[{"role":"user","content":"x"},{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}]},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"r"},{"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c2","output":"r"}]}"#;
    let (sent, warnings) = sent_to(RESPONSES, CHAT, body, &target);
    assert!(sent.contains(r#""reasoning_content":"Hm.""#) && sent.contains(r#""reasoning_content":" ""#), "{sent}");
    assert!(warnings.contains("reasoning_missing"), "{warnings}");
}

#[test]
fn an_unknown_word_for_thinking_means_as_the_model_likes() {
    let body = r#"{"model":"c","max_tokens":9,"thinking":{"type":"auto"},"output_config":{"effort":"xhigh"},"messages":[{"role":"user","content":"x"}]}"#;
    let (sent, warnings) = sent(MESSAGES, RESPONSES, body);
    assert!(sent.contains(r#""effort":"xhigh""#) && warnings == "unknown_value;thinking.type", "{sent} {warnings}");
}

#[test]
fn an_effort_is_fitted_and_a_volatile_line_left_out() {
    let body = r#"{"model":"c","max_tokens":9,"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=1; cch=abc;"},{"type":"text","text":"Be good."}],"output_config":{"effort":"max"},"messages":[{"role":"user","content":"x"}]}"#;
    let efforts = [wardgate_wire::neutral::request::Effort::Low, wardgate_wire::neutral::request::Effort::High];
    let target = Target { traits: Traits { efforts: &efforts, ..Traits::default() }, ..Target::new("m") };
    let (sent, warnings) = sent_to(MESSAGES, CHAT, body, &target);
    assert!(sent.contains(r#""reasoning_effort":"high""#) && !sent.contains("billing"), "{sent}");
    assert!(warnings.contains("effort_clamped"), "{warnings}");
}

#[test]
fn thoughts_of_gemini_are_told_and_counted() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true},{"text":"Hi"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"thoughtsTokenCount":40}}"#;
    let chat = told(GEMINI, CHAT, body, 0);
    assert!(chat.contains(r#""reasoning_content":"Hm.""#) && chat.contains(r#""reasoning_tokens":40"#), "{chat}");
    assert!(chat.contains(r#""completion_tokens":42"#), "{chat}");
}

/// How a Claude of each kind is told to think, at Anthropic and at Bedrock.
fn check_thinking(way: ThinkingWay, asked: &str, expected: &Expect) {
    let target = Target { traits: Traits { thinking: way, ..Traits::default() }, ..Target::new("m") };
    let body = format!(r#"{{"model":"c","max_tokens":20000,{asked},"messages":[{{"role":"user","content":"x"}}]}}"#);
    let (messages, warnings) = sent_to(CHAT, MESSAGES, &body, &target);
    let (converse, again) = sent_to(CHAT, CONVERSE, &body, &target);
    let (messages, converse): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&messages).unwrap_or_default(), serde_json::from_str(&converse).unwrap_or_default());
    let fields = &converse["additionalModelRequestFields"];
    for name in ["thinking", "output_config"] {
        assert_eq!(messages[name], fields[name], "{way:?} {asked}");
    }
    assert_eq!(warnings, again, "{way:?} {asked}");
    let told = [&messages["thinking"], &messages["output_config"]]
        .map(|it| if it.is_null() { "-".to_owned() } else { it.to_string() });
    expected.assert_eq(&format!("{} {warnings}", told.join(" ")));
}

#[test]
fn each_kind_of_claude_is_told_to_think_in_its_way() {
    use ThinkingWay::{Adaptive, AlwaysOn, BetweenTools, Budget};
    let (none, minimal, high, budget) = (
        r#""reasoning_effort":"none""#,
        r#""reasoning_effort":"minimal""#,
        r#""reasoning_effort":"high""#,
        r#""reasoning":{"max_tokens":60000}"#,
    );
    check_thinking(Budget, none, &expect![[r#"{"type":"disabled"} - "#]]);
    check_thinking(Budget, minimal, &expect![[r#"{"budget_tokens":2048,"type":"enabled"} - "#]]);
    check_thinking(Budget, high, &expect![[r#"{"budget_tokens":16384,"type":"enabled"} - "#]]);
    check_thinking(Budget, budget, &expect![[r#"{"budget_tokens":18976,"type":"enabled"} - "#]]);
    check_thinking(Adaptive, none, &expect![[r#"{"type":"disabled"} - "#]]);
    check_thinking(Adaptive, minimal, &expect![[r#"{"type":"adaptive"} {"effort":"low"} "#]]);
    check_thinking(Adaptive, budget, &expect![[r#"{"type":"adaptive"} {"effort":"xhigh"} "#]]);
    check_thinking(BetweenTools, none, &expect![[r#"{"type":"between_tools"} - "#]]);
    check_thinking(BetweenTools, high, &expect![[r#"{"type":"adaptive"} {"effort":"high"} "#]]);
    check_thinking(AlwaysOn, none, &expect![[r#"- {"effort":"low"} thinking_cannot_be_disabled;reasoning_effort"#]]);
    check_thinking(AlwaysOn, high, &expect![[r#"{"type":"adaptive"} {"effort":"high"} "#]]);
}

#[test]
fn no_thinking_is_no_thinking_although_the_list_of_efforts_does_not_say_so() {
    let efforts = [wardgate_wire::neutral::request::Effort::Low, wardgate_wire::neutral::request::Effort::High];
    let traits = Traits { efforts: &efforts, thinking: ThinkingWay::Adaptive, ..Traits::default() };
    let body = r#"{"model":"c","reasoning_effort":"none","messages":[{"role":"user","content":"x"}]}"#;
    let (sent, warnings) = sent_to(CHAT, MESSAGES, body, &Target { traits, ..Target::new("m") });
    assert!(sent.contains(r#""thinking":{"type":"disabled"}"#) && warnings.is_empty(), "{sent} {warnings}");
}

#[test]
fn efforts_of_other_makers_at_bedrock_have_their_own_words() {
    let body = r#"{"model":"c","reasoning_effort":"xhigh","messages":[{"role":"user","content":"x"}]}"#;
    let fields = |model: &str| {
        let (sent, warnings) = sent_to(CHAT, CONVERSE, body, &Target::new(model));
        let sent: serde_json::Value = serde_json::from_str(&sent).unwrap_or_default();
        format!("{} {warnings}", sent["additionalModelRequestFields"])
    };
    assert_eq!(fields("us.amazon.nova-2-lite-v1:0"), r#"{"reasoningConfig":{"maxReasoningEffort":"high","type":"enabled"}} "#);
    assert_eq!(fields("openai.gpt-oss-120b-1:0"), r#"{"reasoning":{"effort":"xhigh"}} "#);
    assert_eq!(fields("meta.llama4-scout-v1:0"), "null unsupported_parameter;reasoning_effort");
}

#[test]
fn no_mark_is_spent_on_what_is_not_sent() {
    let mark = r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#;
    let user = |text: &str| format!(r#"{{"role":"user","content":[{{"type":"text","text":"{text}",{mark}}}]}}"#);
    let late = format!(r#"{{"role":"system","content":[{{"type":"text","text":"late",{mark}}}]}}"#);
    let turns = [user("u1"), user("u2"), user("u3"), user("u4"), user(" "), late].join(",");
    let body =
        format!(r#"{{"model":"c","messages":[{{"role":"system","content":[{{"type":"text","text":"s",{mark}}}]}},{turns}]}}"#);
    let (messages, _) = sent(CHAT, MESSAGES, &body);
    let (converse, _) = sent(CHAT, CONVERSE, &body);
    for kept in ["s", "u2", "u3", "u4"] {
        assert!(
            messages.contains(&format!(r#""text":"{kept}","cache_control":{{"type":"ephemeral","ttl":"1h"}}"#)),
            "{kept}: {messages}"
        );
        let point = r#"{"cachePoint":{"type":"default","ttl":"1h"}}"#;
        assert!(converse.contains(&format!(r#"{{"text":"{kept}"}},{point}"#)), "{kept}: {converse}");
    }
    assert_eq!((messages.matches("cache_control").count(), converse.matches("cachePoint").count()), (4, 4));
    // A mark on the whole request is one of the four.
    let whole = body.replacen('{', r#"{"cache_control":{"type":"ephemeral"},"#, 1);
    assert_eq!(sent(CHAT, MESSAGES, &whole).0.matches("cache_control").count(), 4);
}
