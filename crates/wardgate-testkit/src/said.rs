//! What an answer comes to, whatever its format.

use crate::Dialect;
use serde_json::Value;

/// What a client understands of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// All its text.
    pub text: String,
    /// The calls of tools: name and arguments.
    pub calls: Vec<(String, Value)>,
    /// Whether it stopped for its tools to be run; formats that do not say so are taken by their calls.
    pub is_for_tools: bool,
    /// Tokens in and out, if they were told.
    pub tokens: Option<(u64, u64)>,
}

impl Dialect {
    /// Reads a whole answer.
    ///
    /// # Panics
    /// When it is none of this dialect.
    #[must_use]
    pub fn read_whole(self, body: &Value) -> Said {
        let mut said = Said::default();
        match self {
            Self::Chat | Self::Completions => {
                let choice = &body["choices"][0];
                let is_chat = self == Self::Chat;
                assert_eq!(body["object"], if is_chat { "chat.completion" } else { "text_completion" }, "{body}");
                said.text = text(if is_chat { &choice["message"]["content"] } else { &choice["text"] });
                for call in list(&choice["message"]["tool_calls"]) {
                    said.calls.push((text(&call["function"]["name"]), parsed(&text(&call["function"]["arguments"]))));
                }
                said.is_for_tools = choice["finish_reason"] == "tool_calls";
                said.tokens = tokens(&body["usage"], "prompt_tokens", "completion_tokens");
            }
            Self::Messages => {
                assert_eq!(body["type"], "message", "{body}");
                for block in list(&body["content"]) {
                    match block["type"].as_str() {
                        Some("text") => said.text.push_str(&text(&block["text"])),
                        Some("tool_use") => said.calls.push((text(&block["name"]), block["input"].clone())),
                        _ => {}
                    }
                }
                said.is_for_tools = body["stop_reason"] == "tool_use";
                said.tokens = messages_tokens(&body["usage"]);
            }
            Self::Responses => {
                assert_eq!((&body["object"], &body["status"]), (&"response".into(), &"completed".into()), "{body}");
                for item in list(&body["output"]) {
                    match item["type"].as_str() {
                        Some("message") => {
                            let parts = list(&item["content"]).iter();
                            said.text.extend(parts.map(|part| text(&part["text"])));
                        }
                        Some("function_call") => {
                            said.calls.push((text(&item["name"]), parsed(&text(&item["arguments"]))));
                        }
                        _ => {}
                    }
                }
                said.is_for_tools = !said.calls.is_empty();
                said.tokens = tokens(&body["usage"], "input_tokens", "output_tokens");
            }
            Self::Embeddings => {
                assert_eq!((&body["object"], &body["data"][0]["object"]), (&"list".into(), &"embedding".into()), "{body}");
                said.text = text(&body["data"][0]["embedding"]);
                said.tokens = body["usage"]["prompt_tokens"].as_u64().map(|tokens| (tokens, 0));
            }
            Self::BatchEmbedContents => {
                said.text = text(&body["embeddings"][0]["values"]);
                said.tokens = body["usageMetadata"]["promptTokenCount"].as_u64().map(|tokens| (tokens, 0));
            }
            Self::Gemini => {
                assert!(body["candidates"].is_array(), "{body}");
                for part in list(&body["candidates"][0]["content"]["parts"]) {
                    said.text.push_str(&text(&part["text"]));
                    if let Some(call) = part.get("functionCall") {
                        said.calls.push((text(&call["name"]), call["args"].clone()));
                    }
                }
                said.is_for_tools = !said.calls.is_empty();
                said.tokens = tokens(&body["usageMetadata"], "promptTokenCount", "candidatesTokenCount");
            }
            Self::Cohere | Self::Converse => panic!("no client speaks it"),
        }
        said
    }

    /// Reads a whole stream of server-sent events.
    ///
    /// # Panics
    /// When it is none of this dialect, or not whole.
    #[must_use]
    pub fn read_stream(self, stream: &str) -> Said {
        let mut said = Said::default();
        let mut arguments: Vec<String> = Vec::new();
        assert!(stream.contains(self.end_marker()), "no end in {stream}");
        for event in events(stream) {
            match self {
                Self::Chat | Self::Completions => {
                    let choice = &event["choices"][0];
                    said.text.push_str(&text(&choice["delta"]["content"]));
                    said.text.push_str(&text(&choice["text"]));
                    for call in list(&choice["delta"]["tool_calls"]) {
                        if call["id"].is_string() {
                            said.calls.push((text(&call["function"]["name"]), Value::Null));
                            arguments.push(String::new());
                        }
                        let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
                        arguments[index].push_str(&text(&call["function"]["arguments"]));
                    }
                    said.is_for_tools |= choice["finish_reason"] == "tool_calls";
                    said.tokens = tokens(&event["usage"], "prompt_tokens", "completion_tokens").or(said.tokens);
                }
                Self::Messages => {
                    let (block, delta) = (&event["content_block"], &event["delta"]);
                    if block["type"] == "tool_use" {
                        said.calls.push((text(&block["name"]), Value::Null));
                        arguments.push(String::new());
                    }
                    said.text.push_str(&text(&delta["text"]));
                    if let Some(last) = arguments.last_mut() {
                        last.push_str(&text(&delta["partial_json"]));
                    }
                    said.is_for_tools |= delta["stop_reason"] == "tool_use";
                    if event["type"] == "message_delta" {
                        said.tokens = messages_tokens(&event["usage"]);
                    }
                }
                Self::Responses => {
                    if event["type"] == "response.output_text.delta" {
                        said.text.push_str(&text(&event["delta"]));
                    }
                    if event["type"] == "response.completed" {
                        let whole = self.read_whole(&event["response"]);
                        assert_eq!(whole.text, said.text, "the end repeats what was said");
                        (said.calls, said.is_for_tools, said.tokens) = (whole.calls, whole.is_for_tools, whole.tokens);
                    }
                }
                Self::Embeddings | Self::BatchEmbedContents | Self::Cohere | Self::Converse => panic!("no streams there"),
                Self::Gemini => {
                    let one = self.read_whole(&event);
                    said.text.push_str(&one.text);
                    said.calls.extend(one.calls);
                    said.is_for_tools |= one.is_for_tools;
                    said.tokens = one.tokens.or(said.tokens);
                }
            }
        }
        for (call, arguments) in said.calls.iter_mut().zip(&arguments) {
            call.1 = parsed(arguments);
        }
        said
    }
}

/// The JSON of each event.
fn events(stream: &str) -> impl Iterator<Item = Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}")))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn parsed(arguments: &str) -> Value {
    serde_json::from_str(arguments).unwrap_or_else(|error| panic!("{error}: {arguments}"))
}

fn tokens(usage: &Value, input: &str, output: &str) -> Option<(u64, u64)> {
    Some((usage[input].as_u64()?, usage[output].as_u64()?))
}

/// Here the cache is counted apart.
fn messages_tokens(usage: &Value) -> Option<(u64, u64)> {
    let cached = usage["cache_read_input_tokens"].as_u64().unwrap_or(0);
    tokens(usage, "input_tokens", "output_tokens").map(|(input, output)| (input + cached, output))
}
