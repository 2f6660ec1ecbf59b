//! The two APIs that are spoken on both sides, as far as tests speak them.

use serde_json::{Value, json};

/// One of the APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's Chat Completions.
    Chat,
    /// Anthropic's Messages.
    Messages,
}

impl Dialect {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chat, Self::Messages];

    /// Where it is asked.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
        }
    }

    /// A whole answer that says `text`: 12 tokens in, of which 4 from a cache, and 3 out.
    #[must_use]
    pub fn whole(self, text: &str) -> Value {
        match self {
            Self::Chat => json!({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 5, "model": "upstream-model",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 4}},
            }),
            Self::Messages => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": "upstream-model",
                "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": null,
                "usage": {"input_tokens": 8, "cache_read_input_tokens": 4, "output_tokens": 3},
            }),
        }
    }

    /// What a stream says before its content.
    #[must_use]
    pub fn opening(self) -> String {
        match self {
            Self::Chat => chunk(&json!({"role": "assistant", "content": ""}), &Value::Null),
            Self::Messages => {
                let start = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"upstream-model","content":[],"stop_reason":null,"usage":{"input_tokens":8,"cache_read_input_tokens":4,"output_tokens":1}}}"#;
                let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
                format!("event: message_start\ndata: {start}\n\nevent: content_block_start\ndata: {block}\n\n")
            }
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
        }
    }

    /// The end of a stream, usage and end marker included. Chat's usage comes whether it was asked for or not.
    #[must_use]
    pub fn ending(self) -> String {
        match self {
            Self::Chat => format!("{}{}data: [DONE]\n\n", chunk(&json!({}), &json!("stop")), usage_chunk()),
            Self::Messages => "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
                 event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":3}}\n\n\
                 event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
                .to_owned(),
        }
    }

    /// A whole stream that says these pieces, as the provider sends it: a piece, an event.
    #[must_use]
    pub fn stream(self, pieces: &[&str]) -> Vec<String> {
        let contents = pieces.iter().map(|piece| self.content(piece));
        std::iter::once(self.opening()).chain(contents).chain([self.ending()]).collect()
    }

    /// What the provider sends when it fails in the middle.
    #[must_use]
    pub fn error_event(self, message: &str) -> String {
        match self {
            Self::Chat => format!("data: {}\n\n", json!({"error": {"message": message, "type": "server_error", "code": null}})),
            Self::Messages => {
                let error = json!({"type": "error", "error": {"type": "api_error", "message": message}});
                format!("event: error\ndata: {error}\n\n")
            }
        }
    }

    /// The error body of an HTTP error.
    #[must_use]
    pub fn error(self, message: &str) -> Value {
        match self {
            Self::Chat => json!({"error": {"message": message, "type": "some_error", "param": null, "code": null}}),
            Self::Messages => json!({"type": "error", "error": {"type": "some_error", "message": message}}),
        }
    }

    /// What marks the end of a whole stream.
    #[must_use]
    pub const fn end_marker(self) -> &'static str {
        match self {
            Self::Chat => "data: [DONE]",
            Self::Messages => "event: message_stop",
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
        let is_right = is_text(&error["message"]) && is_text(&error["type"]) && is_text(&error["code"]);
        let is_enveloped = match self {
            Self::Chat => error.get("param").is_some() && body.get("type").is_none(),
            Self::Messages => body["type"] == "error",
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
        let data = match self {
            Self::Chat => last.strip_prefix("data: "),
            Self::Messages => last.strip_prefix("event: error\ndata: "),
        };
        let event: Value = data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
        let is_right = match self {
            Self::Chat => event["choices"][0]["finish_reason"] == "error",
            Self::Messages => event["type"] == "error",
        };
        assert!(is_right && event["error"]["message"].is_string(), "no error event of {self:?} at the end: {text}");
        event["error"].clone()
    }
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
