//! Responses: reading a request, spelling an answer.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::{Ask, Content, read_json};
use crate::chat::CREATED;
use crate::endpoint::Answer;
use crate::refusal::Refusal;
use crate::script::{Call, Finish};
use crate::sse::Event;
use crate::tool::Tool;

#[derive(Deserialize)]
struct Request {
    model: String,
    input: Input,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default)]
    max_output_tokens: Option<usize>,
    #[serde(default)]
    tools: Option<Vec<OfferedTool>>,
    #[serde(default)]
    stream: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Items(Vec<Item>),
}

/// An item of the conversation. Of the many kinds, messages and results of tools are read.
#[derive(Deserialize)]
struct Item {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    output: Option<Content>,
}

#[derive(Deserialize)]
struct OfferedTool {
    /// Hosted tools have no name, and nothing here could call them.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    parameters: Value,
}

/// Reads a request.
pub(crate) fn read(body: &[u8]) -> Result<Ask, Refusal> {
    let request: Request = read_json(body)?;
    let tools = request.tools.unwrap_or_default().into_iter();
    let mut ask = Ask {
        model: request.model,
        tools: tools.filter_map(|tool| tool.name.map(|name| Tool { name, schema: tool.parameters })).collect(),
        tokens_max: request.max_output_tokens,
        stream: request.stream.unwrap_or(false),
        ..Ask::default()
    };
    if let Some(instructions) = request.instructions {
        ask.add_instructions(&Content::Text(instructions));
    }
    match request.input {
        Input::Text(text) => ask.add_turn("user", &Content::Text(text)),
        Input::Items(items) => {
            for item in &items {
                match (item.kind.as_deref(), &item.role, &item.content, &item.output) {
                    (Some("function_call_output"), _, _, Some(output)) => ask.add_turn("tool", output),
                    (_, Some(role), Some(content), _) => ask.add_turn(role, content),
                    _ => {}
                }
            }
        }
    }
    Ok(ask)
}

/// The answer in one piece.
pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let script = answer.script;
    let mut output = Vec::new();
    if !script.reasoning.is_empty() {
        output.push(reasoning_item(answer, "completed", &script.reasoning.concat()));
    }
    output.push(match &script.call {
        None => message_item(answer, "completed", &[text_part(&script.text.concat())]),
        Some(call) => call_item(answer, "completed", call, &call.fragments.concat()),
    });
    response(answer, &output, true)
}

/// The answer event by event.
pub(crate) fn stream(answer: &Answer<'_>) -> Vec<Event> {
    let script = answer.script;
    let mut stream = Stream::default();
    stream.event(json!({"type": "response.created", "response": response(answer, &[], false)}));
    stream.event(json!({"type": "response.in_progress", "response": response(answer, &[], false)}));
    if !script.reasoning.is_empty() {
        stream.reasoning(answer);
    }
    match &script.call {
        None => stream.text(answer),
        Some(call) => stream.call(answer, call),
    }
    let end = if script.finish == Finish::Length { "response.incomplete" } else { "response.completed" };
    stream.event(json!({"type": end, "response": whole(answer)}));
    stream.events
}

/// Events, numbered, and the item that is open.
#[derive(Default)]
struct Stream {
    events: Vec<Event>,
    output_index: usize,
}

impl Stream {
    fn event(&mut self, data: Value) {
        let event = self.numbered(data);
        self.events.push(event);
    }

    fn content(&mut self, data: Value) {
        let event = self.numbered(data).with_content();
        self.events.push(event);
    }

    fn numbered(&self, mut data: Value) -> Event {
        data["sequence_number"] = json!(self.events.len());
        Event::named(&data)
    }

    fn open(&mut self, item: &Value) {
        self.event(json!({"type": "response.output_item.added", "output_index": self.output_index, "item": item}));
    }

    fn close(&mut self, item: &Value) {
        self.event(json!({"type": "response.output_item.done", "output_index": self.output_index, "item": item}));
        self.output_index += 1;
    }

    fn reasoning(&mut self, answer: &Answer<'_>) {
        let (id, index) = (answer.id("rs"), self.output_index);
        // The place that each of these events speaks of.
        let at = |kind: &str| json!({"type": kind, "item_id": id, "output_index": index, "summary_index": 0});
        let text = answer.script.reasoning.concat();
        self.open(&reasoning_item(answer, "in_progress", ""));
        self.event(with(at("response.reasoning_summary_part.added"), "part", json!({"type": "summary_text", "text": ""})));
        for piece in &answer.script.reasoning {
            self.event(with(at("response.reasoning_summary_text.delta"), "delta", json!(piece)));
        }
        self.event(with(at("response.reasoning_summary_text.done"), "text", json!(text)));
        self.event(with(at("response.reasoning_summary_part.done"), "part", json!({"type": "summary_text", "text": text})));
        self.close(&reasoning_item(answer, "completed", &text));
    }

    fn text(&mut self, answer: &Answer<'_>) {
        let (id, index) = (answer.id("msg"), self.output_index);
        let at = |kind: &str| json!({"type": kind, "item_id": id, "output_index": index, "content_index": 0});
        let text = answer.script.text.concat();
        self.open(&message_item(answer, "in_progress", &[]));
        self.event(with(at("response.content_part.added"), "part", text_part("")));
        for piece in &answer.script.text {
            self.content(with(with(at("response.output_text.delta"), "delta", json!(piece)), "logprobs", json!([])));
        }
        self.event(with(with(at("response.output_text.done"), "text", json!(text)), "logprobs", json!([])));
        self.event(with(at("response.content_part.done"), "part", text_part(&text)));
        self.close(&message_item(answer, "completed", &[text_part(&text)]));
    }

    fn call(&mut self, answer: &Answer<'_>, call: &Call) {
        let (id, index) = (answer.id("fc"), self.output_index);
        let at = |kind: &str| json!({"type": kind, "item_id": id, "output_index": index});
        let arguments = call.fragments.concat();
        self.open(&call_item(answer, "in_progress", call, ""));
        for fragment in &call.fragments {
            self.content(with(at("response.function_call_arguments.delta"), "delta", json!(fragment)));
        }
        let done = with(at("response.function_call_arguments.done"), "arguments", json!(arguments));
        self.event(with(done, "name", json!(call.name)));
        self.close(&call_item(answer, "completed", call, &arguments));
    }
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn message_item(answer: &Answer<'_>, status: &str, content: &[Value]) -> Value {
    json!({"type": "message", "id": answer.id("msg"), "status": status, "role": "assistant", "content": content})
}

fn call_item(answer: &Answer<'_>, status: &str, call: &Call, arguments: &str) -> Value {
    json!({
        "type": "function_call",
        "id": answer.id("fc"),
        "call_id": answer.id("call"),
        "status": status,
        "name": call.name,
        "arguments": arguments,
    })
}

fn reasoning_item(answer: &Answer<'_>, status: &str, text: &str) -> Value {
    let summary = if text.is_empty() { json!([]) } else { json!([{"type": "summary_text", "text": text}]) };
    json!({"type": "reasoning", "id": answer.id("rs"), "status": status, "summary": summary})
}

/// The response itself: as it stands before anything is said, or at its end.
fn response(answer: &Answer<'_>, output: &[Value], is_ended: bool) -> Value {
    let usage = answer.script.usage;
    let is_cut_short = answer.script.finish == Finish::Length;
    let mut response = json!({
        "id": answer.id("resp"),
        "object": "response",
        "created_at": CREATED,
        "status": "in_progress",
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "max_output_tokens": answer.ask.tokens_max,
        "model": answer.ask.model,
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null},
        "store": false,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": null,
        "user": null,
        "metadata": {},
    });
    if is_ended {
        response["status"] = json!(if is_cut_short { "incomplete" } else { "completed" });
        response["completed_at"] = json!(CREATED);
        response["usage"] = json!({
            "input_tokens": usage.input,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        });
        if is_cut_short {
            response["incomplete_details"] = json!({"reason": "max_output_tokens"});
        }
    }
    response
}
