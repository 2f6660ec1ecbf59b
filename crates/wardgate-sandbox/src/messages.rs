//! Messages: reading a request, spelling an answer.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::{Ask, Content, read_json};
use crate::endpoint::Answer;
use crate::refusal::Refusal;
use crate::script::{Finish, Usage};
use crate::sse::Event;
use crate::tool::Tool;

/// What stands for the proof that thoughts are the model's own. Callers hand it back as it is.
const SIGNATURE: &str = "c2FuZGJveC1zaWduYXR1cmU=";

#[derive(Deserialize)]
struct Request {
    model: String,
    messages: Vec<Message>,
    /// Required by the format for an answer, and not for counting.
    #[serde(default)]
    max_tokens: Option<usize>,
    #[serde(default)]
    system: Option<Content>,
    #[serde(default)]
    tools: Option<Vec<OfferedTool>>,
    #[serde(default)]
    stream: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
struct OfferedTool {
    name: String,
    #[serde(default)]
    input_schema: Value,
}

/// Reads a request for an answer.
pub(crate) fn read(body: &[u8]) -> Result<Ask, Refusal> {
    let ask = read_to_count(body)?;
    if ask.tokens_max.is_none() {
        return Err(Refusal::bad_request("max_tokens: Field required"));
    }
    Ok(ask)
}

/// Reads a request whose tokens are to be counted.
pub(crate) fn read_to_count(body: &[u8]) -> Result<Ask, Refusal> {
    let request: Request = read_json(body)?;
    if request.messages.is_empty() {
        return Err(Refusal::bad_request("messages: at least one message is required"));
    }
    let tools = request.tools.unwrap_or_default().into_iter();
    let mut ask = Ask {
        model: request.model,
        tools: tools.map(|tool| Tool { name: tool.name, schema: tool.input_schema }).collect(),
        tokens_max: request.max_tokens,
        stream: request.stream.unwrap_or(false),
        ..Ask::default()
    };
    if let Some(system) = &request.system {
        ask.add_instructions(system);
    }
    for message in &request.messages {
        ask.add_turn(&message.role, &message.content);
    }
    Ok(ask)
}

/// The count that was asked for.
pub(crate) fn counted(ask: &Ask) -> Value {
    json!({"input_tokens": ask.prompt_tokens})
}

/// The answer in one piece.
pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let script = answer.script;
    let mut content = Vec::new();
    if !script.reasoning.is_empty() {
        content.push(json!({"type": "thinking", "thinking": script.reasoning.concat(), "signature": SIGNATURE}));
    }
    match &script.call {
        None => content.push(json!({"type": "text", "text": script.text.concat()})),
        Some(call) => {
            let input: Value = serde_json::from_str(&call.fragments.concat()).unwrap_or_default();
            content.push(json!({"type": "tool_use", "id": answer.id("toolu"), "name": call.name, "input": input}));
        }
    }
    let mut message = message(answer, &usage(script.usage));
    message["content"] = json!(content);
    message["stop_reason"] = json!(stop_word(script.finish));
    message
}

/// The answer event by event.
pub(crate) fn stream(answer: &Answer<'_>) -> Vec<Event> {
    let script = answer.script;
    let at_start = Usage { output: 0, reasoning: 0, ..script.usage };
    let mut stream = Stream::default();
    stream.event(&json!({"type": "message_start", "message": message(answer, &usage(at_start))}));
    if !script.reasoning.is_empty() {
        stream.open(&json!({"type": "thinking", "thinking": "", "signature": ""}));
        stream.event(&json!({"type": "ping"}));
        for piece in &script.reasoning {
            stream.delta(&json!({"type": "thinking_delta", "thinking": piece}));
        }
        stream.delta(&json!({"type": "signature_delta", "signature": SIGNATURE}));
        stream.close();
    }
    match &script.call {
        None => {
            stream.open(&json!({"type": "text", "text": ""}));
            for piece in &script.text {
                stream.content(&json!({"type": "text_delta", "text": piece}));
            }
        }
        Some(call) => {
            stream.open(&json!({"type": "tool_use", "id": answer.id("toolu"), "name": call.name, "input": {}}));
            stream.delta(&json!({"type": "input_json_delta", "partial_json": ""}));
            for fragment in &call.fragments {
                stream.content(&json!({"type": "input_json_delta", "partial_json": fragment}));
            }
        }
    }
    stream.close();
    let delta = json!({"stop_reason": stop_word(script.finish), "stop_sequence": null});
    stream.event(&json!({"type": "message_delta", "delta": delta, "usage": usage(script.usage)}));
    stream.event(&json!({"type": "message_stop"}));
    stream.events
}

/// Events, and the block that is open.
#[derive(Default)]
struct Stream {
    events: Vec<Event>,
    index: usize,
}

impl Stream {
    fn event(&mut self, data: &Value) {
        self.events.push(Event::named(data));
    }

    fn open(&mut self, block: &Value) {
        self.event(&json!({"type": "content_block_start", "index": self.index, "content_block": block}));
    }

    fn delta(&mut self, delta: &Value) {
        self.event(&json!({"type": "content_block_delta", "index": self.index, "delta": delta}));
    }

    fn content(&mut self, delta: &Value) {
        let data = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
        self.events.push(Event::named(&data).with_content());
    }

    fn close(&mut self) {
        self.event(&json!({"type": "content_block_stop", "index": self.index}));
        self.index += 1;
    }
}

fn message(answer: &Answer<'_>, usage: &Value) -> Value {
    json!({
        "id": answer.id("msg"),
        "type": "message",
        "role": "assistant",
        "model": answer.ask.model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage,
    })
}

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": usage.output,
    })
}

const fn stop_word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Call => "tool_use",
    }
}
