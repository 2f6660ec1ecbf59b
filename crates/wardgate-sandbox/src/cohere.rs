//! Cohere's Chat, version 2: reading a request, spelling an answer.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::{Ask, Content, read_json};
use crate::endpoint::Answer;
use crate::refusal::Refusal;
use crate::script::{Finish, Usage};
use crate::sse::Event;
use crate::tool::Tool;

#[derive(Deserialize)]
struct Request {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    max_tokens: Option<usize>,
    #[serde(default)]
    tools: Option<Vec<OfferedTool>>,
    #[serde(default)]
    stream: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    tool_calls: Vec<Called>,
    #[serde(default)]
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
struct Called {
    id: String,
}

#[derive(Deserialize)]
struct OfferedTool {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    parameters: Value,
}

/// Reads a request.
pub(crate) fn read(body: &[u8]) -> Result<Ask, Refusal> {
    let request: Request = read_json(body)?;
    if request.messages.is_empty() {
        return Err(Refusal::bad_request("invalid request: messages must not be empty."));
    }
    check_results(&request.messages)?;
    let functions = request.tools.unwrap_or_default().into_iter().map(|tool| tool.function);
    let mut ask = Ask {
        model: request.model,
        tools: functions.map(|function| Tool { name: function.name, schema: function.parameters }).collect(),
        tokens_max: request.max_tokens,
        stream: request.stream.unwrap_or(false),
        ..Ask::default()
    };
    for message in &request.messages {
        ask.add_turn(&message.role, message.content.as_ref().unwrap_or(&Content::Text(String::new())));
    }
    Ok(ask)
}

/// A result answers a call that was made before it.
fn check_results(messages: &[Message]) -> Result<(), Refusal> {
    let mut made: Vec<&str> = Vec::new();
    for message in messages {
        made.extend(message.tool_calls.iter().map(|call| call.id.as_str()));
        let answers_one = message.tool_call_id.as_deref().is_some_and(|id| made.contains(&id));
        if message.role == "tool" && !answers_one {
            return Err(Refusal::bad_request("invalid request: a tool message answers no tool call before it."));
        }
    }
    Ok(())
}

/// The answer in one piece.
pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let script = answer.script;
    let mut content = Vec::new();
    if !script.reasoning.is_empty() {
        content.push(json!({"type": "thinking", "thinking": script.reasoning.concat()}));
    }
    let mut message = json!({"role": "assistant"});
    match &script.call {
        None => content.push(json!({"type": "text", "text": script.text.concat()})),
        Some(call) => {
            let function = json!({"name": call.name, "arguments": call.fragments.concat()});
            message["tool_calls"] = json!([{"id": answer.id("call"), "type": "function", "function": function}]);
        }
    }
    message["content"] = json!(content);
    json!({
        "id": answer.id("chat"),
        "finish_reason": finish_word(script.finish),
        "message": message,
        "usage": usage(script.usage),
    })
}

/// The answer event by event.
pub(crate) fn stream(answer: &Answer<'_>) -> Vec<Event> {
    let script = answer.script;
    let message = |message: Value| json!({"message": message});
    let event = |kind: &str, index: usize, delta: Value| Event::named(&json!({"type": kind, "index": index, "delta": delta}));
    let opening = json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []});
    let start = json!({"type": "message-start", "id": answer.id("chat"), "delta": message(opening)});
    let mut events = vec![Event::named(&start)];
    let mut index = 0;
    if !script.reasoning.is_empty() {
        events.push(event("content-start", index, message(json!({"content": {"type": "thinking", "thinking": ""}}))));
        let pieces = script.reasoning.iter();
        events.extend(pieces.map(|piece| event("content-delta", index, message(json!({"content": {"thinking": piece}})))));
        events.push(Event::named(&json!({"type": "content-end", "index": index})));
        index += 1;
    }
    match &script.call {
        None => {
            events.push(event("content-start", index, message(json!({"content": {"type": "text", "text": ""}}))));
            let pieces = script.text.iter();
            events.extend(
                pieces.map(|piece| event("content-delta", index, message(json!({"content": {"text": piece}}))).with_content()),
            );
            events.push(Event::named(&json!({"type": "content-end", "index": index})));
        }
        Some(call) => {
            let function = json!({"name": call.name, "arguments": ""});
            let opened = json!({"id": answer.id("call"), "type": "function", "function": function});
            events.push(event("tool-call-start", 0, message(json!({"tool_calls": opened}))));
            events.extend(call.fragments.iter().map(|fragment| {
                let delta = message(json!({"tool_calls": {"function": {"arguments": fragment}}}));
                event("tool-call-delta", 0, delta).with_content()
            }));
            events.push(Event::named(&json!({"type": "tool-call-end", "index": 0})));
        }
    }
    let delta = json!({"finish_reason": finish_word(script.finish), "usage": usage(script.usage)});
    events.push(Event::named(&json!({"type": "message-end", "id": answer.id("chat"), "delta": delta})));
    events
}

fn usage(usage: Usage) -> Value {
    let tokens = json!({"input_tokens": usage.input, "output_tokens": usage.output});
    json!({"billed_units": tokens, "tokens": tokens})
}

const fn finish_word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "COMPLETE",
        Finish::Length => "MAX_TOKENS",
        Finish::Call => "TOOL_CALL",
    }
}
