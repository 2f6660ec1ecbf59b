//! What arrives on a socket: statuses, shapes, streams, breaks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use wardgate_sandbox::Sandbox;

/// What came of a request: the body as far as it came, and whether it came to its end.
struct Arrived {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
    is_complete: bool,
}

impl Arrived {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The data of each event of a stream.
    fn data(&self) -> Vec<Value> {
        self.body
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter_map(|data| serde_json::from_str(data).ok())
            .collect()
    }

    /// The names of the events of a stream, each once in a row.
    fn event_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.body.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
        names.dedup();
        names
    }
}

async fn send(sandbox: &Sandbox, request: Request<Full<Bytes>>) -> Arrived {
    let stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    arrived(sender.send_request(request).await.unwrap()).await
}

async fn arrived(response: http::Response<hyper::body::Incoming>) -> Arrived {
    let (parts, mut body) = response.into_parts();
    let (mut bytes, mut is_complete) = (Vec::new(), true);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(frame.data_ref().unwrap()),
            Err(_) => {
                is_complete = false;
                break;
            }
        }
    }
    Arrived { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned(), is_complete }
}

fn request(method: Method, path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(path).header("host", "sandbox").body(Full::new(body.into())).unwrap()
}

async fn post(path: &str, body: &Value) -> Arrived {
    let sandbox = Sandbox::start().await.unwrap();
    send(&sandbox, request(Method::POST, path, body.to_string())).await
}

fn chat(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "one two three"}]})
}

fn chat_stream(model: &str) -> Value {
    let mut body = chat(model);
    body["stream"] = json!(true);
    body
}

fn messages(model: &str) -> Value {
    json!({"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "one two three"}]})
}

#[tokio::test]
async fn chat_answers_with_usage() {
    let answer = post("/v1/chat/completions", &chat("echo")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "one two three");
    assert_eq!(answer.json()["usage"]["total_tokens"], 6);
}

#[tokio::test]
async fn chat_streams_usage_only_when_asked() {
    let plain = post("/v1/chat/completions", &chat_stream("echo")).await;
    assert!(plain.body.ends_with("data: [DONE]\n\n"));
    assert!(plain.data().iter().all(|chunk| chunk.get("usage").is_none() && chunk["choices"][0].is_object()));

    let mut body = chat_stream("echo");
    body["stream_options"] = json!({"include_usage": true});
    let counted = post("/v1/chat/completions", &body).await.data();
    let (last, others) = counted.split_last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["completion_tokens"]), (&json!([]), &json!(3)));
    assert!(others.iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)));
}

#[tokio::test]
async fn messages_stream_in_order_with_thoughts_first() {
    let mut body = messages("reason");
    body["stream"] = json!(true);
    let answer = post("/v1/messages", &body).await;
    let data = answer.data();
    assert_eq!(data[0]["message"]["usage"]["input_tokens"], 3);
    assert_eq!(data.iter().filter(|event| event["type"] == "content_block_start").count(), 2);
    assert_eq!(answer.event_names().first(), Some(&"message_start"));
    assert_eq!(answer.event_names()[answer.event_names().len() - 2..], ["message_delta", "message_stop"]);
    let text: String = data.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert_eq!(text, "one two three");
}

#[tokio::test]
async fn responses_number_their_events_and_end_with_the_whole() {
    for model in ["echo", "reason", "tools"] {
        let tools = json!([{"type": "function", "name": "weather", "parameters": {"type": "object", "required": ["city"]}}]);
        let body = json!({"model": model, "input": "one two three", "stream": true, "tools": tools});
        let data = post("/v1/responses", &body).await.data();
        assert!(data.iter().enumerate().all(|(at, event)| event["sequence_number"] == at));
        let (first, last) = (data.first().unwrap(), data.last().unwrap());
        assert_eq!((&first["type"], &last["type"]), (&json!("response.created"), &json!("response.completed")));
        let done: Vec<_> =
            data.iter().filter(|event| event["type"] == "response.output_item.done").map(|event| &event["item"]).collect();
        assert_eq!(last["response"]["output"], json!(done), "{model}");
    }
}

#[tokio::test]
async fn the_formats_that_no_client_speaks_answer_as_their_makers_do() {
    let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "one two three"}]}]});
    let whole = post("/v1beta/models/echo:generateContent", &gemini).await.json();
    assert_eq!(whole["candidates"][0]["content"]["parts"][0]["text"], "one two three");
    let streamed = post("/v1beta/models/echo:streamGenerateContent?alt=sse", &gemini).await.data();
    let finishes: Vec<_> = streamed.iter().map(|chunk| &chunk["candidates"][0]["finishReason"]).collect();
    assert_eq!(finishes, [&Value::Null, &Value::Null, &Value::Null, &json!("STOP")]);

    let mut cohere = chat("echo");
    assert_eq!(post("/v2/chat", &cohere).await.json()["message"]["content"][0]["text"], "one two three");
    cohere["stream"] = json!(true);
    let names = post("/v2/chat", &cohere).await;
    assert_eq!(names.event_names(), ["message-start", "content-start", "content-delta", "content-end", "message-end"]);

    let converse = json!({"messages": [{"role": "user", "content": [{"text": "one two three"}]}]});
    let whole = post("/model/echo/converse", &converse).await.json();
    assert_eq!(
        (&whole["output"]["message"]["content"][0]["text"], &whole["usage"]["totalTokens"]),
        (&json!("one two three"), &json!(6))
    );
    let streamed = post("/model/echo/converse-stream", &converse).await;
    assert_eq!(streamed.headers["content-type"], "application/vnd.amazon.eventstream");
}

/// What the real ones refuse, so that a request which was translated wrongly does not pass here.
#[tokio::test]
async fn requests_that_only_look_right_are_refused() {
    let call = json!({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2FuZGJveC1jYWxs"});
    let unsigned = json!({"functionCall": {"name": "f", "args": {}}});
    let response = json!({"functionResponse": {"name": "f", "response": {"output": "x"}}});
    let turns = |call: &Value, response: &Value| json!({"contents": [{"role": "user", "parts": [{"text": "a"}]}, {"role": "model", "parts": [call]}, {"role": "user", "parts": [response]}]});
    let converse = |messages: Value| json!({"messages": messages});
    let user = json!({"role": "user", "content": [{"text": "a"}]});
    let cases = [
        ("/v1beta/models/echo:generateContent", turns(&call, &response), 200),
        ("/v1beta/models/echo:generateContent", turns(&unsigned, &response), 400),
        ("/v1beta/models/echo:generateContent", turns(&call, &json!({"text": "x"})), 400),
        ("/v1beta/models/echo:generateContent", json!({"contents": [], "messages": []}), 400),
        ("/v1beta/models/echo:somethingElse", json!({}), 404),
        ("/model/echo/converse", converse(json!([user])), 200),
        ("/model/echo/converse", converse(json!([user, user])), 400),
        ("/model/echo/converse", converse(json!([{"role": "assistant", "content": [{"text": "a"}]}])), 400),
        ("/model/echo/converse", converse(json!([{"role": "user", "content": [{"text": " "}]}])), 400),
        (
            "/model/echo/converse",
            converse(
                json!([user, {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}]}]),
            ),
            400,
        ),
        ("/v2/chat", json!({"model": "echo", "messages": [{"role": "tool", "tool_call_id": "t", "content": "x"}]}), 400),
    ];
    for (path, body, status) in cases {
        assert_eq!(post(path, &body).await.status.as_u16(), status, "{path} {body}");
    }
}

#[tokio::test]
async fn a_limit_is_named_in_each_format() {
    let mut body = chat("lorem");
    body["max_tokens"] = json!(2);
    assert_eq!(post("/v1/chat/completions", &body).await.json()["choices"][0]["finish_reason"], "length");
    assert_eq!(post("/v1/messages", &body).await.json()["stop_reason"], "max_tokens");
    let body = json!({"model": "lorem", "input": "go", "max_output_tokens": 2});
    assert_eq!(post("/v1/responses", &body).await.json()["status"], "incomplete");
}

#[tokio::test]
async fn a_cut_stream_brings_its_content_and_no_end() {
    for chunks in [0, 3, 150] {
        let answer = post("/v1/chat/completions", &chat_stream(&format!("cut-{chunks}"))).await;
        let contents = answer
            .data()
            .iter()
            .filter(|chunk| chunk["choices"][0]["delta"]["content"].as_str().is_some_and(|text| !text.is_empty()))
            .count();
        assert_eq!((contents, answer.is_complete, answer.body.contains("[DONE]")), (chunks, false, false));
    }
}

#[tokio::test]
async fn a_cut_answer_is_half_of_what_was_announced() {
    let answer = post("/v1/chat/completions", &chat("cut-3")).await;
    let announced: usize = answer.headers["content-length"].to_str().unwrap().parse().unwrap();
    assert_eq!((answer.is_complete, answer.body.len()), (false, announced / 2));
}

#[tokio::test]
async fn failures_have_the_shape_of_their_format() {
    let openai = post("/v1/chat/completions", &chat("fail-429")).await;
    assert_eq!((openai.status.as_u16(), &openai.headers["retry-after"]), (429, &http::HeaderValue::from_static("1")));
    assert_eq!(openai.json()["error"]["code"], "rate_limit_exceeded");
    let anthropic = post("/v1/messages", &messages("fail-529")).await;
    assert_eq!((anthropic.status.as_u16(), &anthropic.json()["error"]["type"]), (529, &json!("overloaded_error")));
    assert_eq!(post("/v1/chat/completions", &chat("gpt-5")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(post("/v1/chat/completions", &chat("fail-204")).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn requests_that_cannot_be_understood() {
    let sandbox = Sandbox::start().await.unwrap();
    let cases = [
        (Method::POST, "/v1/chat/completions", "{", 400),
        (Method::POST, "/v1/chat/completions", r#"{"model":"echo","messages":[]}"#, 400),
        (Method::POST, "/v1/messages", r#"{"model":"echo","messages":[{"role":"user","content":"a"}]}"#, 400),
        (Method::POST, "/v1/nothing", "{}", 404),
        (Method::GET, "/v1/messages", "", 405),
        (Method::POST, "/v1/models", "{}", 405),
    ];
    for (method, path, body, status) in cases {
        let answer = send(&sandbox, request(method, path, body)).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {body}");
        assert!(answer.json()["error"]["message"].is_string());
    }
    let too_large = vec![b' '; (32 << 20) + 1];
    assert_eq!(send(&sandbox, request(Method::POST, "/v1/chat/completions", too_large)).await.status.as_u16(), 413);
}

#[tokio::test]
async fn flaky_fails_every_second_call() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let body = chat("flaky-50").to_string();
        statuses.push(send(&sandbox, request(Method::POST, "/v1/chat/completions", body)).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 500, 200, 500]);
}

#[tokio::test]
async fn slow_waits_before_it_answers() {
    let started = Instant::now();
    let answer = post("/v1/chat/completions", &chat("slow-200")).await;
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "one two three");
}

#[tokio::test]
async fn models_are_listed_in_both_dialects_and_tokens_counted() {
    let sandbox = Sandbox::start().await.unwrap();
    let openai = send(&sandbox, request(Method::GET, "/v1/models", "")).await.json();
    assert_eq!((&openai["object"], &openai["data"][0]["id"]), (&json!("list"), &json!("echo")));
    let mut asked = request(Method::GET, "/v1/models", "");
    asked.headers_mut().insert("anthropic-version", http::HeaderValue::from_static("2023-06-01"));
    assert_eq!(send(&sandbox, asked).await.json()["data"][0]["type"], "model");

    let body = json!({"model": "echo", "system": "be kind", "messages": [{"role": "user", "content": "one two"}]});
    assert_eq!(post("/v1/messages/count_tokens", &body).await.json()["input_tokens"], 4);
}

#[tokio::test]
async fn http2_is_spoken_and_a_cut_resets_the_stream() {
    let sandbox = Sandbox::start().await.unwrap();
    let stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for (model, is_complete) in [("echo", true), ("cut-1", false)] {
        let uri = format!("{}/chat/completions", sandbox.base_url());
        let asked = Request::post(uri).body(Full::new(Bytes::from(chat_stream(model).to_string()))).unwrap();
        assert_eq!(arrived(sender.send_request(asked).await.unwrap()).await.is_complete, is_complete, "{model}");
    }
}
