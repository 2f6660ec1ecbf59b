//! Calls of the provider's own tools on their way: to a client of another format, back with its next turn, and on to whoever is
//! asked then.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use serde_json::{Value, json};
use wardgate_core::format::Format;
use wardgate_wire::envelope;
use wardgate_wire::neutral::opaque::mark;
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{ReplyOptions, decode_reply, decode_request, encode_reply, encode_request};

/// What Claude searched for and ran.
fn blocks() -> Value {
    json!([
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Größe"}, "caller": {"type": "direct"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content":
            [{"type": "web_search_result", "url": "https://a.example", "title": "A", "encrypted_content": "Eo8/+=", "page_age": null}]},
        {"type": "server_tool_use", "id": "srvtoolu_2", "name": "code_execution", "input": {"code": "print(4)"}},
        {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_2", "content":
            {"type": "code_execution_result", "stdout": "4\n", "stderr": "", "return_code": 0, "content": []}},
    ])
}

fn maker() -> u64 {
    mark(&["anthropic", "key", "claude"])
}

/// The body of a client's next turn, which sends the answer back as it came.
fn next_turn(client: Format, answer: &Value) -> Value {
    let asked = json!("And?");
    match client {
        Format::OpenAiChat => json!({
            "model": "m", "web_search_options": {},
            "messages": [{"role": "user", "content": "x"}, answer["choices"][0]["message"], {"role": "user", "content": asked}],
        }),
        Format::OpenAiResponses => {
            let mut input = answer["output"].as_array().cloned().unwrap_or_default();
            input.insert(0, json!({"role": "user", "content": "x"}));
            input.push(json!({"role": "user", "content": asked}));
            json!({"model": "m", "input": input, "tools": [{"type": "web_search"}, {"type": "code_interpreter", "container": {"type": "auto"}}]})
        }
        _ => json!({
            "model": "m", "max_tokens": 9, "tools": [{"type": "web_search_20250305", "name": "web_search"}],
            "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": answer["content"]}, {"role": "user", "content": asked}],
        }),
    }
}

fn answered(provider: Format, client: Format, body: &Value) -> Value {
    let reply = decode_reply(provider, body.to_string().as_bytes(), maker(), None).unwrap_or_else(|fault| panic!("{fault:?}"));
    assert!(reply.warnings.as_slice().is_empty(), "{:?}", reply.warnings);
    serde_json::from_slice(&encode_reply(client, &reply, &ReplyOptions::default())).unwrap_or_else(|error| panic!("{error}"))
}

fn of_claude(client: Format) -> Value {
    let mut content = blocks();
    if let Some(content) = content.as_array_mut() {
        content.push(json!({"type": "text", "text": "Four."}));
    }
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": content,
        "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}});
    answered(Format::AnthropicMessages, client, &message)
}

/// What a provider is sent for a client's next turn, and the codes of what was lost.
fn sent(client: Format, body: &Value, provider: Format, mark: u64) -> (String, Vec<&'static str>) {
    let request = decode_request(client, body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let target = Target { mark, ..Target::new("claude") };
    let encoded = encode_request(provider, &request, &target).unwrap_or_else(|error| panic!("{error}"));
    let codes = encoded.warnings.as_slice().iter().map(|warning| warning.code).collect();
    (String::from_utf8_lossy(&encoded.body).into_owned(), codes)
}

#[test]
fn the_maker_gets_its_calls_back_bit_by_bit() {
    for client in [Format::OpenAiChat, Format::OpenAiResponses] {
        let body = next_turn(client, &of_claude(client));
        let (sent_back, lost) = sent(client, &body, Format::AnthropicMessages, maker());
        let sent_back: Value = serde_json::from_str(&sent_back).unwrap_or_else(|error| panic!("{error}"));
        let content = sent_back["messages"][1]["content"].as_array().cloned().unwrap_or_default();
        assert_eq!(json!(content[..2]), json!(blocks().as_array().map(|blocks| blocks[..2].to_vec())), "{client:?}");
        // A client of Chat Completions cannot ask for code to be run, so what was run is told in words.
        match client {
            Format::OpenAiChat => assert_eq!(lost, ["server_call_as_text"]),
            _ => assert_eq!((json!(content[2..4]), lost), (json!(blocks().as_array().map(|it| it[2..].to_vec())), vec![])),
        }
    }
}

#[test]
fn others_are_told_what_was_run_and_never_what_was_sealed() {
    let another = mark(&["anthropic", "another key", "claude"]);
    for client in [Format::OpenAiChat, Format::OpenAiResponses] {
        let body = next_turn(client, &of_claude(client));
        for (provider, mark) in
            [(Format::OpenAiResponses, maker()), (Format::Gemini, maker()), (Format::AnthropicMessages, another)]
        {
            let mut body = body.clone();
            if provider == Format::Gemini {
                body["tools"] = Value::Null;
                body["web_search_options"] = Value::Null;
            }
            let (sent, lost) = sent(client, &body, provider, mark);
            assert!(!sent.contains("wg1") && !sent.contains("Eo8/+=") && !sent.contains("srvtoolu"), "{provider:?} {sent}");
            assert!(sent.contains("print(4)") && sent.contains("Four."), "{provider:?} {sent}");
            assert_eq!(lost, ["content_dropped", "server_call_as_text"], "{provider:?}");
        }
    }
}

#[test]
fn a_provider_of_the_clients_own_format_never_sees_another_ones_calls() {
    let searched = json!({"id": "r", "object": "response", "status": "completed", "model": "gpt", "output": [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "a"}},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Four.", "annotations": []}]},
    ]});
    let cases = [
        (Format::AnthropicMessages, answered(Format::OpenAiResponses, Format::AnthropicMessages, &searched)),
        (Format::OpenAiChat, of_claude(Format::OpenAiChat)),
        (Format::OpenAiResponses, of_claude(Format::OpenAiResponses)),
    ];
    for (client, answer) in cases {
        let body = next_turn(client, &answer).to_string();
        assert!(envelope::are_in(client, body.as_bytes()), "{body}");
        let stripped = envelope::strip(body.as_bytes()).unwrap_or_default();
        for word in ["wg1", "server_tool", "srvtoolu", "_call\"", "tool_result"] {
            assert!(!stripped.contains(word), "{word} {stripped}");
        }
        assert!(stripped.contains("Four."), "{stripped}");
    }
}
