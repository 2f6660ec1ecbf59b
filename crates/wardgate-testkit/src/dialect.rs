//! The APIs that are spoken on both sides, as far as tests speak them.

mod cohere;
mod converse;
mod gemini;
mod responses;

use serde_json::{Value, json};

/// One of the APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's Chat Completions.
    Chat,
    /// Anthropic's Messages.
    Messages,
    /// OpenAI's Responses.
    Responses,
    /// Gemini's generateContent.
    Gemini,
    /// OpenAI's legacy Completions.
    Completions,
    /// OpenAI's embeddings: vectors, which stand as text here, and no streams.
    Embeddings,
    /// Gemini's batchEmbedContents, of the same kind.
    BatchEmbedContents,
    /// Cohere's Chat, which providers speak and clients do not.
    Cohere,
    /// Bedrock's Converse, likewise. Its streams are binary.
    Converse,
}

const NO_CLIENT: &str = "no client speaks it";
const BINARY: &str = "its streams are no text: see `frames`";

/// A stream in parts, as bytes: also of a dialect whose streams are no text.
pub struct Frames {
    /// Its media type.
    pub media_type: &'static str,
    /// What comes before content.
    pub opening: Vec<u8>,
    /// An event for each piece.
    pub contents: Vec<Vec<u8>>,
    /// The end.
    pub ending: Vec<u8>,
    /// What comes in its place when the provider fails.
    pub error: Vec<u8>,
}

impl Dialect {
    /// The two that most is asked in.
    pub const ALL: [Self; 2] = [Self::Chat, Self::Messages];

    /// Where it is asked. Gemini's path goes on with the model.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
            Self::Responses => "/v1/responses",
            Self::Gemini | Self::BatchEmbedContents => "/v1beta/models",
            Self::Completions => "/v1/completions",
            Self::Embeddings => "/v1/embeddings",
            Self::Cohere => "/v2/chat",
            Self::Converse => "/model",
        }
    }

    /// The family and the surface, as the management API calls them.
    #[must_use]
    pub const fn surface(self) -> (&'static str, &'static str) {
        match self {
            Self::Chat => ("openai", "chat-completions"),
            Self::Messages => ("anthropic", "messages"),
            Self::Responses => ("openai", "responses"),
            Self::Gemini => ("google", "generate-content"),
            Self::Completions => ("openai", "completions"),
            Self::Embeddings => ("openai", "embeddings"),
            Self::BatchEmbedContents => ("google", "batch-embed-contents"),
            Self::Cohere => ("cohere", "chat-completions"),
            Self::Converse => ("bedrock", "chat-completions"),
        }
    }

    /// The fields of a question.
    #[must_use]
    pub fn question(self, model: &str) -> Value {
        match self {
            Self::Chat | Self::Messages => {
                json!({"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]})
            }
            Self::Responses => json!({"model": model, "max_output_tokens": 100, "input": "Hello"}),
            Self::Gemini => json!({
                "contents": [{"role": "user", "parts": [{"text": "Hello"}]}], "generationConfig": {"maxOutputTokens": 100},
            }),
            Self::Completions => json!({"model": model, "max_tokens": 100, "prompt": "Hello"}),
            Self::Embeddings => json!({"model": model, "input": ["Hello"], "encoding_format": "base64"}),
            Self::BatchEmbedContents => {
                json!({"requests": [{"model": format!("models/{model}"), "content": {"parts": [{"text": "Hello"}]}}]})
            }
            Self::Cohere | Self::Converse => panic!("{NO_CLIENT}"),
        }
    }

    /// A tool in the question's field `tools`.
    #[must_use]
    pub fn tools(self, name: &str, schema: &Value) -> Value {
        match self {
            Self::Chat | Self::Completions | Self::Embeddings | Self::BatchEmbedContents => {
                json!([{"type": "function", "function": {"name": name, "parameters": schema}}])
            }
            Self::Messages => json!([{"name": name, "input_schema": schema}]),
            Self::Responses => json!([{"type": "function", "name": name, "parameters": schema}]),
            Self::Gemini => json!([{"functionDeclarations": [{"name": name, "parametersJsonSchema": schema}]}]),
            Self::Cohere | Self::Converse => panic!("{NO_CLIENT}"),
        }
    }

    /// A whole answer that says `text`: 12 tokens in, of which 4 from a cache, and 3 out.
    #[must_use]
    pub fn whole(self, text: &str) -> Value {
        match self {
            Self::Chat => chat_whole(&json!({"role": "assistant", "content": text}), "stop"),
            Self::Messages => messages_whole(&json!([{"type": "text", "text": text}]), "end_turn"),
            Self::Responses => responses::whole(&json!([responses::message(text)])),
            Self::Gemini => gemini::whole(&json!([{"text": text}])),
            Self::Completions => json!({
                "id": "cmpl-1", "object": "text_completion", "created": 5, "model": "upstream-model",
                "choices": [{"index": 0, "text": text, "finish_reason": "stop", "logprobs": null}],
                "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
            }),
            Self::Embeddings => json!({
                "object": "list", "model": "upstream-model", "data": [{"object": "embedding", "index": 0, "embedding": text}],
                "usage": {"prompt_tokens": 12, "total_tokens": 12},
            }),
            Self::BatchEmbedContents => {
                json!({"embeddings": [{"values": text}], "usageMetadata": {"promptTokenCount": 12, "totalTokenCount": 12}})
            }
            Self::Cohere => {
                cohere::whole(&json!({"role": "assistant", "content": [{"type": "text", "text": text}]}), "COMPLETE")
            }
            Self::Converse => converse::whole(&json!([{"text": text}]), "end_turn"),
        }
    }

    /// A whole answer that calls a tool.
    ///
    /// # Panics
    /// When the dialect has no tools.
    #[must_use]
    pub fn whole_call(self, name: &str, arguments: &str) -> Value {
        match self {
            Self::Chat => {
                let call = json!({"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}});
                chat_whole(&json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
            }
            Self::Messages => {
                let input: Value = serde_json::from_str(arguments).unwrap_or_default();
                messages_whole(&json!([{"type": "tool_use", "id": "call_1", "name": name, "input": input}]), "tool_use")
            }
            Self::Responses => responses::whole(&json!([responses::call(name, arguments)])),
            Self::Gemini => gemini::whole(&json!([gemini::call(name, arguments)])),
            Self::Cohere => {
                let calls = json!([cohere::call(name, arguments)]);
                cohere::whole(&json!({"role": "assistant", "tool_calls": calls}), "TOOL_CALL")
            }
            Self::Converse => converse::whole(&json!([converse::call(name, arguments)]), "tool_use"),
            Self::Completions | Self::Embeddings | Self::BatchEmbedContents => panic!("no tools there"),
        }
    }

    /// A stream that calls a tool with arguments in these fragments.
    ///
    /// # Panics
    /// When the dialect has no tools.
    #[must_use]
    pub fn call_stream(self, name: &str, fragments: &[&str]) -> Vec<String> {
        match self {
            Self::Chat => {
                let call = |fields: Value| chunk(&json!({"tool_calls": [fields]}), &Value::Null);
                let function = json!({"name": name, "arguments": ""});
                let mut events = vec![call(json!({"index": 0, "id": "call_1", "type": "function", "function": function}))];
                events.extend(fragments.iter().map(|part| call(json!({"index": 0, "function": {"arguments": part}}))));
                events.push(format!("{}{}data: [DONE]\n\n", chunk(&json!({}), &json!("tool_calls")), usage_chunk()));
                events
            }
            Self::Messages => {
                let block = json!({"type": "tool_use", "id": "call_1", "name": name, "input": {}});
                let start = json!({"type": "content_block_start", "index": 0, "content_block": block});
                let mut events = vec![message_start(), format!("event: content_block_start\ndata: {start}\n\n")];
                for part in fragments {
                    let delta = json!({"type": "input_json_delta", "partial_json": part});
                    let delta = json!({"type": "content_block_delta", "index": 0, "delta": delta});
                    events.push(format!("event: content_block_delta\ndata: {delta}\n\n"));
                }
                events.push(messages_ending("tool_use"));
                events
            }
            Self::Responses => responses::call_stream(name, fragments),
            Self::Gemini => gemini::call_stream(name, fragments),
            Self::Cohere => cohere::call_stream(name, fragments),
            Self::Converse => panic!("{BINARY}"),
            Self::Completions | Self::Embeddings | Self::BatchEmbedContents => panic!("no tools there"),
        }
    }

    /// What a stream says before its content.
    #[must_use]
    pub fn opening(self) -> String {
        match self {
            Self::Chat => chunk(&json!({"role": "assistant", "content": ""}), &Value::Null),
            Self::Messages => {
                let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
                format!("{}event: content_block_start\ndata: {block}\n\n", message_start())
            }
            Self::Responses => responses::opening(),
            Self::Gemini | Self::Completions | Self::Embeddings | Self::BatchEmbedContents => String::new(),
            Self::Cohere => cohere::opening(),
            Self::Converse => panic!("{BINARY}"),
        }
    }

    /// An event that says `text`.
    #[must_use]
    pub fn content(self, text: &str) -> String {
        match self {
            Self::Chat => chunk(&json!({"content": text}), &Value::Null),
            Self::Messages => {
                let delta = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
                format!("event: content_block_delta\ndata: {delta}\n\n")
            }
            Self::Responses => responses::content(text),
            Self::Gemini => gemini::content(text),
            Self::Completions => completions_chunk(text, &Value::Null),
            Self::Cohere => cohere::content(text),
            Self::Converse => panic!("{BINARY}"),
            Self::Embeddings | Self::BatchEmbedContents => panic!("no streams there"),
        }
    }

    /// The end of a stream that said `text`, usage and end marker included. Chat's usage comes whether it was asked for or not.
    #[must_use]
    pub fn ending_of(self, text: &str) -> String {
        match self {
            Self::Chat => format!("{}{}data: [DONE]\n\n", chunk(&json!({}), &json!("stop")), usage_chunk()),
            Self::Messages => messages_ending("end_turn"),
            Self::Responses => responses::ending(text),
            Self::Gemini => gemini::ending(),
            Self::Completions => format!("{}data: [DONE]\n\n", completions_chunk("", &json!("stop"))),
            Self::Cohere => cohere::ending("content-end", "COMPLETE"),
            Self::Converse => panic!("{BINARY}"),
            Self::Embeddings | Self::BatchEmbedContents => panic!("no streams there"),
        }
    }

    /// The end of a stream, for dialects whose end does not repeat what was said.
    #[must_use]
    pub fn ending(self) -> String {
        self.ending_of("")
    }

    /// A stream that says these pieces, or fails with `error`.
    #[must_use]
    pub fn frames(self, pieces: &[&str], error: &str) -> Frames {
        if self == Self::Converse {
            return Frames {
                media_type: "application/vnd.amazon.eventstream",
                opening: converse::opening(),
                contents: pieces.iter().map(|piece| converse::content(piece)).collect(),
                ending: converse::ending("end_turn"),
                error: converse::error_event(error),
            };
        }
        Frames {
            media_type: "text/event-stream",
            opening: self.opening().into(),
            contents: pieces.iter().map(|piece| self.content(piece).into()).collect(),
            ending: self.ending_of(&pieces.concat()).into(),
            error: self.error_event(error).into(),
        }
    }

    /// A whole stream that says these pieces, as the provider sends it: a piece, an event.
    #[must_use]
    pub fn stream(self, pieces: &[&str]) -> Vec<String> {
        let contents = pieces.iter().map(|piece| self.content(piece));
        let opening = Some(self.opening()).filter(|opening| !opening.is_empty());
        opening.into_iter().chain(contents).chain([self.ending_of(&pieces.concat())]).collect()
    }

    /// What the provider sends when it fails in the middle.
    #[must_use]
    pub fn error_event(self, message: &str) -> String {
        match self {
            Self::Chat | Self::Completions | Self::Embeddings => {
                format!("data: {}\n\n", json!({"error": {"message": message, "type": "server_error", "code": null}}))
            }
            Self::Messages => {
                let error = json!({"type": "error", "error": {"type": "api_error", "message": message}});
                format!("event: error\ndata: {error}\n\n")
            }
            Self::Responses => {
                let error = json!({"type": "error", "code": "server_error", "message": message, "sequence_number": 9});
                format!("event: error\ndata: {error}\n\n")
            }
            Self::Gemini | Self::BatchEmbedContents => {
                format!("data: {}\n\n", json!({"error": {"code": 500, "message": message, "status": "INTERNAL"}}))
            }
            Self::Cohere => cohere::error_event(message),
            Self::Converse => panic!("{BINARY}"),
        }
    }

    /// The error body of an HTTP error.
    #[must_use]
    pub fn error(self, message: &str) -> Value {
        match self {
            Self::Chat | Self::Completions | Self::Responses | Self::Embeddings => {
                json!({"error": {"message": message, "type": "some_error", "param": null, "code": null}})
            }
            Self::Messages => json!({"type": "error", "error": {"type": "some_error", "message": message}}),
            Self::Gemini | Self::BatchEmbedContents => {
                json!({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}})
            }
            Self::Cohere | Self::Converse => json!({"message": message}),
        }
    }

    /// What marks the end of a whole stream.
    #[must_use]
    pub const fn end_marker(self) -> &'static str {
        match self {
            Self::Chat | Self::Completions | Self::Embeddings => "data: [DONE]",
            Self::Messages => "event: message_stop",
            Self::Responses => "event: response.completed",
            Self::Gemini | Self::BatchEmbedContents => "\"finishReason\":",
            Self::Cohere => "event: message-end",
            Self::Converse => "messageStop",
        }
    }

    /// The code of an error body, after a look at its shape.
    ///
    /// # Panics
    /// When the body is not of this dialect's shape.
    #[must_use]
    pub fn error_code(self, body: &Value) -> String {
        let error = &body["error"];
        let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        if matches!(self, Self::Gemini | Self::BatchEmbedContents) {
            let reason = &error["details"][0]["reason"];
            let is_right = is_text(&error["message"]) && is_text(&error["status"]) && error["code"].is_u64();
            assert!(is_right && is_text(reason), "no error of {self:?}: {body}");
            return reason.as_str().unwrap_or_default().to_owned();
        }
        let is_right = is_text(&error["message"]) && is_text(&error["type"]) && is_text(&error["code"]);
        let is_enveloped = match self {
            Self::Chat | Self::Responses | Self::Completions | Self::Embeddings => {
                error.get("param").is_some() && body.get("type").is_none()
            }
            Self::Messages | Self::Gemini | Self::BatchEmbedContents => body["type"] == "error",
            Self::Cohere | Self::Converse => panic!("{NO_CLIENT}"),
        };
        assert!(is_right && is_enveloped && is_text(&body["request_id"]), "no error of {self:?}: {body}");
        error["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The error with which a broken stream ends, which must be its last event.
    ///
    /// # Panics
    /// When the text does not end so, or has an end marker as well.
    #[must_use]
    pub fn stream_error(self, text: &str) -> Value {
        assert!(!text.contains(self.end_marker()), "a broken stream with an end marker: {text}");
        assert!(text.ends_with("\n\n"), "half an event at the end: {text}");
        let last = text.trim_end().rsplit("\n\n").next().unwrap_or_default();
        let data = last.lines().find_map(|line| line.strip_prefix("data: "));
        let event: Value = data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
        let (is_right, error) = match self {
            Self::Chat | Self::Completions | Self::Embeddings => {
                (event["choices"][0]["finish_reason"] == "error", &event["error"])
            }
            Self::Messages => (last.starts_with("event: error\n") && event["type"] == "error", &event["error"]),
            Self::Responses => (
                last.starts_with("event: response.failed\n") && event["response"]["status"] == "failed",
                &event["response"]["error"],
            ),
            Self::Gemini | Self::BatchEmbedContents => (event["error"]["status"].is_string(), &event["error"]),
            Self::Cohere | Self::Converse => panic!("{NO_CLIENT}"),
        };
        assert!(is_right && error["message"].is_string(), "no error event of {self:?} at the end: {text}");
        error.clone()
    }
}

fn chat_whole(message: &Value, reason: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 5, "model": "upstream-model",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 4}},
    })
}

fn messages_whole(content: &Value, reason: &str) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "upstream-model",
        "content": content, "stop_reason": reason, "stop_sequence": null,
        "usage": {"input_tokens": 8, "cache_read_input_tokens": 4, "output_tokens": 3},
    })
}

fn message_start() -> String {
    let start = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"upstream-model","content":[],"stop_reason":null,"usage":{"input_tokens":8,"cache_read_input_tokens":4,"output_tokens":1}}}"#;
    format!("event: message_start\ndata: {start}\n\n")
}

fn messages_ending(reason: &str) -> String {
    format!(
        "event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n\
         event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{reason}\",\"stop_sequence\":null}},\"usage\":{{\"output_tokens\":3}}}}\n\n\
         event: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
    )
}

fn completions_chunk(text: &str, finish_reason: &Value) -> String {
    let choice = json!([{"index": 0, "text": text, "logprobs": null, "finish_reason": finish_reason}]);
    format!(
        "data: {{\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"created\":5,\"model\":\"upstream-model\",\"choices\":{choice}}}\n\n"
    )
}

fn chunk(delta: &Value, finish_reason: &Value) -> String {
    let choice = json!([{"index": 0, "delta": delta, "finish_reason": finish_reason}]);
    format!(
        "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"upstream-model\",\"choices\":{choice}}}\n\n"
    )
}

fn usage_chunk() -> String {
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"upstream-model\",\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n".to_owned()
}
