//! Amazon Bedrock's Converse and ConverseStream: reading a request, spelling an answer.
//!
//! As the real one it takes turns that alternate and begin with the user's, no blank text, no block of a tool without
//! tools, and results only of the calls just made.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::{Ask, Content, read_json};
use crate::endpoint::Answer;
use crate::refusal::Refusal;
use crate::script::{Finish, Usage};
use crate::sse::Event;
use crate::tool::Tool;

/// The media type of its streams.
pub(crate) const STREAM: &str = "application/vnd.amazon.eventstream";

/// What stands for the proof that thoughts are the model's own. Callers hand it back as it is.
const SIGNATURE: &str = "c2FuZGJveC1zaWduYXR1cmU=";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    messages: Vec<Turn>,
    #[serde(default)]
    system: Vec<Block>,
    #[serde(default)]
    inference_config: InferenceConfig,
    #[serde(default)]
    tool_config: Option<ToolConfig>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig {
    #[serde(default)]
    max_tokens: Option<usize>,
}

#[derive(Deserialize)]
struct ToolConfig {
    tools: Vec<Offered>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offered {
    #[serde(default)]
    tool_spec: Option<ToolSpec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec {
    name: String,
    input_schema: InputSchema,
}

#[derive(Deserialize)]
struct InputSchema {
    json: Value,
}

#[derive(Deserialize)]
struct Turn {
    role: String,
    content: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    tool_use: Option<ToolUse>,
    #[serde(default)]
    tool_result: Option<ToolResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse {
    tool_use_id: String,
    /// Has to be an object, and is not looked into.
    #[serde(rename = "input")]
    _input: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolResult {
    tool_use_id: String,
    content: Vec<ResultBlock>,
}

#[derive(Deserialize)]
struct ResultBlock {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    json: Option<Value>,
}

/// Reads a request. The path named the model, and whether to stream.
pub(crate) fn read(model: String, stream: bool, body: &[u8]) -> Result<Ask, Refusal> {
    let request: Request = read_json(body)?;
    check(&request).map_err(Refusal::bad_request)?;
    let offered = request.tool_config.into_iter().flat_map(|config| config.tools).filter_map(|offered| offered.tool_spec);
    let mut ask = Ask {
        model,
        tools: offered.map(|tool| Tool { name: tool.name, schema: tool.input_schema.json }).collect(),
        tokens_max: request.inference_config.max_tokens,
        stream,
        ..Ask::default()
    };
    ask.add_instructions(&Content::Text(text(&request.system)));
    for turn in &request.messages {
        let results: String =
            turn.content.iter().filter_map(|block| block.tool_result.as_ref()).map(ToolResult::text).collect();
        if turn.content.iter().any(|block| block.tool_result.is_some()) {
            ask.add_turn("tool", &Content::Text(results));
        } else {
            ask.add_turn(&turn.role, &Content::Text(text(&turn.content)));
        }
    }
    Ok(ask)
}

fn check(request: &Request) -> Result<(), &'static str> {
    let mut called: Vec<&str> = Vec::new();
    for (number, turn) in request.messages.iter().enumerate() {
        if turn.role != ["user", "assistant"][number % 2] {
            return Err("A conversation must start with a user message, and roles must alternate between user and assistant.");
        }
        if turn.content.is_empty() {
            return Err("The content field in a Message object is empty.");
        }
        if turn.content.iter().filter_map(|block| block.text.as_deref()).any(|text| text.trim().is_empty()) {
            return Err("The text field in a ContentBlock object is blank.");
        }
        let results: Vec<_> =
            turn.content.iter().filter_map(|block| Some(block.tool_result.as_ref()?.tool_use_id.as_str())).collect();
        if results.len() != called.len() || !results.iter().all(|id| called.contains(id)) {
            return Err("The toolResult blocks do not match the toolUse blocks of the previous turn.");
        }
        called = turn.content.iter().filter_map(|block| Some(block.tool_use.as_ref()?.tool_use_id.as_str())).collect();
        if !(called.is_empty() && results.is_empty()) && request.tool_config.is_none() {
            return Err("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
        }
    }
    if request.messages.is_empty() { Err("A conversation must have at least one message.") } else { Ok(()) }
}

impl ToolResult {
    fn text(&self) -> String {
        let piece = |block: &ResultBlock| match (&block.text, &block.json) {
            (Some(text), _) => text.clone(),
            (None, Some(json)) => json.to_string(),
            (None, None) => String::new(),
        };
        self.content.iter().map(piece).collect()
    }
}

fn text(blocks: &[Block]) -> String {
    blocks.iter().filter_map(|block| block.text.as_deref()).collect()
}

/// The answer in one piece.
pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let script = answer.script;
    let mut content = Vec::new();
    if !script.reasoning.is_empty() {
        let thought = json!({"text": script.reasoning.concat(), "signature": SIGNATURE});
        content.push(json!({"reasoningContent": {"reasoningText": thought}}));
    }
    match &script.call {
        None => content.push(json!({"text": script.text.concat()})),
        Some(call) => {
            let input: Value = serde_json::from_str(&call.fragments.concat()).unwrap_or_default();
            content.push(json!({"toolUse": {"toolUseId": answer.id("tooluse"), "name": call.name, "input": input}}));
        }
    }
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_word(script.finish),
        "usage": usage(script.usage),
        "metrics": {"latencyMs": 1},
    })
}

/// The answer event by event, as binary frames. Blocks of text and of thoughts begin with their first delta.
pub(crate) fn stream(answer: &Answer<'_>) -> Vec<Event> {
    let script = answer.script;
    let mut events = vec![event("messageStart", &json!({"role": "assistant"}))];
    let delta = |index: usize, delta: Value| event("contentBlockDelta", &json!({"contentBlockIndex": index, "delta": delta}));
    let stop = |index: usize| event("contentBlockStop", &json!({"contentBlockIndex": index}));
    let mut index = 0;
    if !script.reasoning.is_empty() {
        events.extend(script.reasoning.iter().map(|piece| delta(index, json!({"reasoningContent": {"text": piece}}))));
        events.push(delta(index, json!({"reasoningContent": {"signature": SIGNATURE}})));
        events.push(stop(index));
        index += 1;
    }
    match &script.call {
        None => events.extend(script.text.iter().map(|piece| delta(index, json!({"text": piece})).with_content())),
        Some(call) => {
            let start = json!({"toolUse": {"toolUseId": answer.id("tooluse"), "name": call.name}});
            events.push(event("contentBlockStart", &json!({"contentBlockIndex": index, "start": start})));
            let fragments = call.fragments.iter();
            events.extend(fragments.map(|fragment| delta(index, json!({"toolUse": {"input": fragment}})).with_content()));
        }
    }
    events.push(stop(index));
    events.push(event("messageStop", &json!({"stopReason": stop_word(script.finish)})));
    events.push(event("metadata", &json!({"usage": usage(script.usage), "metrics": {"latencyMs": 1}})));
    events
}

/// One message of `application/vnd.amazon.eventstream`: two lengths and their checksum, the headers, the payload, the checksum
/// of all. Header values here are texts, which is type 7.
fn event(kind: &str, payload: &Value) -> Event {
    let payload = payload.to_string();
    let mut headers = Vec::new();
    for (name, value) in [(":message-type", "event"), (":event-type", kind), (":content-type", "application/json")] {
        headers.push(u8::try_from(name.len()).unwrap_or_default());
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let whole = 4 + 4 + 4 + headers.len() + payload.len() + 4;
    let mut bytes = Vec::with_capacity(whole);
    for length in [whole, headers.len()] {
        bytes.extend_from_slice(&u32::try_from(length).unwrap_or_default().to_be_bytes());
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(&headers);
    bytes.extend_from_slice(payload.as_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    Event::binary(bytes)
}

fn usage(usage: Usage) -> Value {
    json!({"inputTokens": usage.input, "outputTokens": usage.output, "totalTokens": usage.input + usage.output})
}

const fn stop_word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Call => "tool_use",
    }
}
