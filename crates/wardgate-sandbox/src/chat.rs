//! Chat Completions: reading a request, spelling an answer.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::{Ask, Content, read_json};
use crate::endpoint::Answer;
use crate::refusal::Refusal;
use crate::script::{Finish, Usage};
use crate::sse::Event;
use crate::tool::Tool;

/// When everything here was made. The sandbox has no clock: its answers are the same on any day.
pub(crate) const CREATED: u64 = 1_767_225_600;

#[derive(Deserialize)]
struct Request {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    max_tokens: Option<usize>,
    #[serde(default)]
    max_completion_tokens: Option<usize>,
    #[serde(default)]
    tools: Option<Vec<OfferedTool>>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Deserialize)]
struct OfferedTool {
    #[serde(default)]
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    parameters: Value,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

/// Reads a request.
pub(crate) fn read(body: &[u8]) -> Result<Ask, Refusal> {
    let request: Request = read_json(body)?;
    if request.messages.is_empty() {
        return Err(Refusal::bad_request("The request has no messages."));
    }
    let functions = request.tools.unwrap_or_default().into_iter().filter_map(|tool| tool.function);
    let mut ask = Ask {
        model: request.model,
        tools: functions.map(|function| Tool { name: function.name, schema: function.parameters }).collect(),
        tokens_max: request.max_completion_tokens.or(request.max_tokens),
        stream: request.stream.unwrap_or(false),
        stream_usage: request.stream_options.and_then(|options| options.include_usage).unwrap_or(false),
        ..Ask::default()
    };
    for message in &request.messages {
        ask.add_turn(&message.role, message.content.as_ref().unwrap_or(&Content::Text(String::new())));
    }
    Ok(ask)
}

/// The answer in one piece.
pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let script = answer.script;
    // A call comes without text, and that is null and not an empty string.
    let content = if script.call.is_some() { Value::Null } else { json!(script.text.concat()) };
    let mut message = json!({"role": "assistant", "content": content, "refusal": null});
    if !script.reasoning.is_empty() {
        message["reasoning_content"] = json!(script.reasoning.concat());
    }
    if let Some(call) = &script.call {
        let function = json!({"name": call.name, "arguments": call.fragments.concat()});
        message["tool_calls"] = json!([{"id": answer.id("call"), "type": "function", "function": function}]);
    }
    json!({
        "id": answer.id("chatcmpl"),
        "object": "chat.completion",
        "created": CREATED,
        "model": answer.ask.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_word(script.finish)}],
        "usage": usage(script.usage),
        "system_fingerprint": null,
    })
}

/// The answer event by event.
pub(crate) fn stream(answer: &Answer<'_>) -> Vec<Event> {
    let script = answer.script;
    let delta = |delta: Value| chunk(answer, &json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]));

    let first_content = if script.call.is_some() { Value::Null } else { json!("") };
    let mut events = vec![delta(json!({"role": "assistant", "content": first_content}))];
    events.extend(script.reasoning.iter().map(|piece| delta(json!({"reasoning_content": piece}))));
    events.extend(script.text.iter().map(|piece| delta(json!({"content": piece})).with_content()));
    if let Some(call) = &script.call {
        let function = json!({"name": call.name, "arguments": ""});
        events.push(delta(
            json!({"tool_calls": [{"index": 0, "id": answer.id("call"), "type": "function", "function": function}]}),
        ));
        let fragments = call.fragments.iter();
        events.extend(
            fragments.map(|fragment| {
                delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": fragment}}]})).with_content()
            }),
        );
    }
    let finish = json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": finish_word(script.finish)}]);
    events.push(chunk(answer, &finish));
    if answer.ask.stream_usage {
        let mut last = chunk_value(answer, &json!([]));
        last["usage"] = usage(script.usage);
        events.push(Event::unnamed(&last));
    }
    events.push(Event::done());
    events
}

fn chunk(answer: &Answer<'_>, choices: &Value) -> Event {
    let mut chunk = chunk_value(answer, choices);
    if answer.ask.stream_usage {
        chunk["usage"] = Value::Null;
    }
    Event::unnamed(&chunk)
}

fn chunk_value(answer: &Answer<'_>, choices: &Value) -> Value {
    json!({
        "id": answer.id("chatcmpl"),
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": answer.ask.model,
        "system_fingerprint": null,
        "choices": choices,
    })
}

fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

const fn finish_word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::Call => "tool_calls",
    }
}
