//! Gemini's generateContent and streamGenerateContent: reading a request, spelling an answer.
//!
//! As the real one it takes names in two spellings, and refuses members that it does not know and a call in the history whose
//! signature is missing.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::{Ask, Content, read_json};
use crate::endpoint::Answer;
use crate::refusal::Refusal;
use crate::script::{Finish, Usage};
use crate::sse::Event;
use crate::tool::Tool;

/// What stands for the proof that a call is the model's own. Callers hand it back as it is.
const SIGNATURE: &str = "c2FuZGJveC1jYWxs";
/// What Google takes in its place from those who have none.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    contents: Vec<Turn>,
    #[serde(default, alias = "system_instruction")]
    system_instruction: Option<Turn>,
    #[serde(default)]
    tools: Vec<OfferedTools>,
    #[serde(default, rename = "toolConfig", alias = "tool_config")]
    _tool_config: Option<Value>,
    #[serde(default, rename = "safetySettings", alias = "safety_settings")]
    _safety_settings: Option<Value>,
    #[serde(default, rename = "labels")]
    _labels: Option<Value>,
    #[serde(default, rename = "serviceTier", alias = "service_tier")]
    _service_tier: Option<Value>,
    #[serde(default, rename = "store")]
    _store: Option<Value>,
    #[serde(default, alias = "generation_config")]
    generation_config: GenerationConfig,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    #[serde(default, alias = "max_output_tokens")]
    max_output_tokens: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Turn {
    #[serde(default)]
    role: Option<String>,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Part {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    #[serde(default, alias = "thought_signature")]
    thought_signature: Option<String>,
    #[serde(default, alias = "function_call")]
    function_call: Option<FunctionCall>,
    #[serde(default, alias = "function_response")]
    function_response: Option<FunctionResponse>,
    #[serde(default, rename = "inlineData", alias = "inline_data")]
    _inline_data: Option<Value>,
    #[serde(default, rename = "fileData", alias = "file_data")]
    _file_data: Option<Value>,
    #[serde(default, rename = "mediaResolution", alias = "media_resolution")]
    _media_resolution: Option<Value>,
}

#[derive(Deserialize)]
struct FunctionCall {
    name: String,
}

#[derive(Deserialize)]
struct FunctionResponse {
    name: String,
    response: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfferedTools {
    #[serde(default, alias = "function_declarations")]
    function_declarations: Vec<Declaration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declaration {
    name: String,
    #[serde(default)]
    parameters: Value,
    #[serde(default, alias = "parameters_json_schema")]
    parameters_json_schema: Value,
}

/// Reads a request. The path named the model, and whether to stream.
pub(crate) fn read(model: String, stream: bool, body: &[u8]) -> Result<Ask, Refusal> {
    let request: Request = read_json(body)?;
    if request.contents.is_empty() {
        return Err(Refusal::bad_request("contents is not specified"));
    }
    check_calls(&request.contents)?;
    let declared = request.tools.into_iter().flat_map(|tools| tools.function_declarations);
    let mut ask = Ask {
        model,
        tools: declared.map(tool).collect(),
        tokens_max: request.generation_config.max_output_tokens,
        stream,
        ..Ask::default()
    };
    if let Some(system) = &request.system_instruction {
        ask.add_instructions(&Content::Text(text(system)));
    }
    for turn in &request.contents {
        let result = turn.parts.iter().find_map(|part| part.function_response.as_ref());
        match result {
            Some(result) => ask.add_turn("tool", &Content::Text(result.text())),
            None => ask.add_turn(turn.role.as_deref().unwrap_or("user"), &Content::Text(text(turn))),
        }
    }
    Ok(ask)
}

/// Each call of the model is signed, the first of a turn at least, and the next turn answers all of them.
fn check_calls(turns: &[Turn]) -> Result<(), Refusal> {
    for (turn, next) in turns.iter().zip(turns.iter().skip(1).map(Some).chain([None])) {
        let calls: Vec<_> = turn.parts.iter().filter_map(|part| Some((part, part.function_call.as_ref()?))).collect();
        let Some((first, call)) = calls.first() else { continue };
        if ![Some(SIGNATURE), Some(NO_SIGNATURE)].contains(&first.thought_signature.as_deref()) {
            let why = format!("Function call `{}` is missing a thought_signature in functionCall parts.", call.name);
            return Err(Refusal::bad_request(why));
        }
        let answered = next.map_or(&[][..], |next| &next.parts).iter().filter_map(|part| part.function_response.as_ref());
        if !calls.iter().map(|(_, call)| &call.name).eq(answered.map(|response| &response.name)) {
            let why = "Please ensure that the number of function response parts is equal to the number of function call parts.";
            return Err(Refusal::bad_request(why));
        }
    }
    Ok(())
}

impl FunctionResponse {
    fn text(&self) -> String {
        match self.response.get("output").or_else(|| self.response.get("result")) {
            Some(Value::String(text)) => text.clone(),
            _ => Value::Object(self.response.clone()).to_string(),
        }
    }
}

fn tool(declaration: Declaration) -> Tool {
    let Declaration { name, parameters, parameters_json_schema } = declaration;
    Tool { name, schema: if parameters_json_schema.is_null() { parameters } else { parameters_json_schema } }
}

fn text(turn: &Turn) -> String {
    turn.parts.iter().filter(|part| !part.thought).filter_map(|part| part.text.as_deref()).collect()
}

/// The answer in one piece.
pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let script = answer.script;
    let mut parts = Vec::new();
    if !script.reasoning.is_empty() {
        parts.push(json!({"text": script.reasoning.concat(), "thought": true}));
    }
    if !script.text.is_empty() {
        parts.push(json!({"text": script.text.concat()}));
    }
    parts.extend(call(answer));
    response(answer, &json!(parts), true)
}

/// The answer event by event. A call comes whole; why it ends comes by itself.
pub(crate) fn stream(answer: &Answer<'_>) -> Vec<Event> {
    let script = answer.script;
    let event = |part: &Value| Event::unnamed(&response(answer, &json!([part]), false));
    let mut events: Vec<Event> = script.reasoning.iter().map(|piece| event(&json!({"text": piece, "thought": true}))).collect();
    events.extend(script.text.iter().map(|piece| event(&json!({"text": piece})).with_content()));
    events.extend(call(answer).map(|part| event(&part).with_content()));
    events.push(Event::unnamed(&response(answer, &json!([{"text": ""}]), true)));
    events
}

fn call(answer: &Answer<'_>) -> Option<Value> {
    let call = answer.script.call.as_ref()?;
    let arguments: Value = serde_json::from_str(&call.fragments.concat()).unwrap_or_default();
    let call = json!({"id": answer.id("call"), "name": call.name, "args": arguments});
    Some(json!({"functionCall": call, "thoughtSignature": SIGNATURE}))
}

fn response(answer: &Answer<'_>, parts: &Value, is_last: bool) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if is_last {
        candidate["finishReason"] = json!(finish_word(answer.script.finish));
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": usage(answer.script.usage),
        "modelVersion": answer.ask.model,
        "responseId": answer.id("response"),
    })
}

fn usage(usage: Usage) -> Value {
    json!({
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
    })
}

/// A call ends as any answer does.
const fn finish_word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::Call => "STOP",
        Finish::Length => "MAX_TOKENS",
    }
}
