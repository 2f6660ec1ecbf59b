//! Reading is linear in what is read, however it is made up: four times as much takes about four times as long. Run by hand, since
//! a shared machine's times say nothing: `cargo test --release -p wardgate-wire --test linear -- --ignored --nocapture`.

#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

use bytes::Bytes;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wardgate_core::format::{Format, Surface};
use wardgate_wire::multipart::Scanner;
use wardgate_wire::peek::peek;
use wardgate_wire::stream::Watcher;
use wardgate_wire::transcode::stops::Stops;
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{ReplyOptions, Transcoder, decode_request, encode_request};
use wardgate_wire::{edit, envelope, fault, scrub, wants};

/// How much longer four times as much may take. What is quadratic takes sixteen times as long.
const RATIO_MAX: f64 = 8.0;

const CLIENTS: [(Format, Surface); 4] = [
    (Format::OpenAiChat, Surface::ChatCompletions),
    (Format::AnthropicMessages, Surface::Messages),
    (Format::OpenAiResponses, Surface::Responses),
    (Format::Gemini, Surface::GenerateContent),
];
const PROVIDERS: [Format; 6] = [
    Format::OpenAiChat,
    Format::AnthropicMessages,
    Format::OpenAiResponses,
    Format::Gemini,
    Format::CohereChat,
    Format::BedrockConverse,
];

/// What it is, how much of it is read, and how it is made.
type Shape<B> = (&'static str, usize, fn(usize) -> B);

/// The same for what comes in chunks, with their size before the making.
type Chunked<'c> = (&'static str, usize, usize, Box<dyn Fn(usize) -> String + 'c>);

/// The shortest of several runs.
fn best(mut run: impl FnMut()) -> Duration {
    let once = || {
        let begin = Instant::now();
        run();
        begin.elapsed()
    };
    std::iter::repeat_with(once).take(15).min().unwrap_or_default()
}

/// Measures a reading of `size` and of four times that. Returns a line for those that are not linear.
fn check<B>(what: &str, size: usize, make: impl Fn(usize) -> B, read: impl Fn(&B)) -> Option<String> {
    let took = |size| {
        let body = make(size);
        best(|| read(&body))
    };
    let (once, four_times) = (took(size), took(4 * size));
    let ratio = four_times.as_secs_f64() / once.as_secs_f64();
    println!("{what}: {once:?}, {four_times:?}, {ratio:.1} times");
    // What takes no time at all says nothing.
    (ratio > RATIO_MAX && four_times > Duration::from_micros(200)).then(|| format!("{what}: {ratio:.1}"))
}

/// Conversations that are hard on whoever looks for something in them again and again, as Chat Completions has them.
fn conversations() -> Vec<Shape<Value>> {
    vec![
        ("many turns", 2_000, |size| {
            let turn = |at: usize| json!({"role": if at.is_multiple_of(2) { "user" } else { "assistant" }, "content": "a"});
            json!({"model": "m", "messages": (0..size).map(turn).collect::<Vec<_>>()})
        }),
        (
            "many turns of one role",
            2_000,
            |size| json!({"model": "m", "messages": vec![json!({"role": "user", "content": "a"}); size]}),
        ),
        ("many instructions", 2_000, |size| {
            let mut messages = vec![json!({"role": "system", "content": "a"}); size];
            messages.push(json!({"role": "user", "content": "a"}));
            json!({"model": "m", "messages": messages})
        }),
        ("many parts", 2_000, |size| {
            let parts = vec![json!({"type": "text", "text": "a"}); size];
            json!({"model": "m", "messages": [{"role": "user", "content": parts}]})
        }),
        ("many calls and results", 1_000, |size| {
            let mut messages = vec![json!({"role": "user", "content": "a"})];
            for at in 0..size {
                let function = json!({"name": "f", "arguments": "{}"});
                messages.push(json!({"role": "assistant", "content": null,
                    "tool_calls": [{"id": format!("call_{at}"), "type": "function", "function": function}]}));
                messages.push(json!({"role": "tool", "tool_call_id": format!("call_{at}"), "content": "r"}));
            }
            json!({"model": "m", "messages": messages, "tools": tools(1)})
        }),
        ("many calls at once", 1_000, |size| {
            let function = json!({"name": "f", "arguments": "{}"});
            let call = |at: usize| json!({"id": format!("call_{at}"), "type": "function", "function": function});
            let result = |at: usize| json!({"role": "tool", "tool_call_id": format!("call_{at}"), "content": "r"});
            let mut messages = vec![json!({"role": "user", "content": "a"})];
            messages.push(json!({"role": "assistant", "content": null, "tool_calls": (0..size).map(call).collect::<Vec<_>>()}));
            messages.extend((0..size).rev().map(result));
            json!({"model": "m", "messages": messages, "tools": tools(1)})
        }),
        ("many calls, and then their results", 1_000, |size| {
            let function = json!({"name": "f", "arguments": "{}"});
            let call = |at: usize| json!({"id": format!("call_{at}"), "type": "function", "function": function});
            let mut messages = vec![json!({"role": "user", "content": "a"})];
            messages.extend((0..size).map(|at| json!({"role": "assistant", "content": null, "tool_calls": [call(at)]})));
            messages.extend((0..size).map(|at| json!({"role": "tool", "tool_call_id": format!("call_{at}"), "content": "r"})));
            json!({"model": "m", "messages": messages, "tools": tools(1)})
        }),
        (
            "many tools",
            1_000,
            |size| json!({"model": "m", "messages": [{"role": "user", "content": "a"}], "tools": tools(size)}),
        ),
        (
            "text full of escapes",
            200_000,
            |size| json!({"model": "m", "messages": [{"role": "user", "content": "\"\\\n\u{1}é".repeat(size / 6)}]}),
        ),
        ("a schema with many properties", 2_000, |size| {
            let names: Vec<_> = (0..size).map(|at| format!("p{at}")).collect();
            let properties: serde_json::Map<_, _> = (0..size).map(|at| (format!("p{at}"), json!({"type": "string"}))).collect();
            let function = json!({"name": "f", "parameters":
                {"type": "object", "properties": properties, "required": names, "additionalProperties": false}});
            let tools = json!([{"type": "function", "function": function}]);
            json!({"model": "m", "messages": [{"role": "user", "content": "a"}], "tools": tools})
        }),
    ]
}

fn tools(count: usize) -> Value {
    let tool =
        |at: usize| json!({"type": "function", "function": {"name": format!("f{at}"), "parameters": {"type": "object"}}});
    (0..count).map(tool).collect()
}

/// Bodies of no use, which are read nevertheless.
fn bodies() -> Vec<Shape<String>> {
    vec![
        ("many fields", 2_000, |size| {
            let fields: String = (0..size).map(|at| format!("\"x{at}\":1,")).collect();
            format!("{{{fields}\"model\":\"m\",\"messages\":[]}}")
        }),
        ("one field again and again", 2_000, |size| format!("{{{}\"model\":\"m\",\"messages\":[]}}", "\"x\":1,".repeat(size))),
        ("nested and nested again", 2_000, |size| {
            let nested = format!("{}{}", "[".repeat(60), "]".repeat(60));
            format!("{{\"x\":[{}1],\"model\":\"m\",\"messages\":[]}}", format!("{nested},").repeat(size))
        }),
        ("a key full of escapes", 200_000, |size| {
            format!("{{\"{}\":1,\"model\":\"m\",\"messages\":[]}}", "\\u00e9".repeat(size / 6))
        }),
        ("an open text", 200_000, |size| format!("{{\"model\":\"m\",\"x\":\"{}", "\\\\".repeat(size / 2))),
    ]
}

#[test]
#[ignore = "measures time"]
fn requests() {
    let mut wrong = Vec::new();
    for (what, size, make) in conversations() {
        for (client, surface) in CLIENTS {
            let body = |size| {
                let request = decode_request(Format::OpenAiChat, make(size).to_string().as_bytes()).unwrap();
                Bytes::from(encode_request(client, &request, &Target::new("m")).unwrap().body)
            };
            let name = client.name();
            wrong.extend(check(&format!("{what}, reading {name}"), size, body, |body| {
                assert!(decode_request(client, body).is_ok());
            }));
            wrong.extend(check(&format!("{what}, looking at {name}"), size, body, |body| {
                let found = if client == Format::Gemini {
                    wardgate_wire::peek::peek_gemini(body, Surface::GenerateContent, "m", false)
                } else {
                    peek(body, surface)
                };
                assert!(found.is_ok());
                let _ = (wants::read(body), envelope::are_in(client, body), envelope::strip(body));
            }));
        }
        for provider in PROVIDERS {
            let request = |size| decode_request(Format::OpenAiChat, make(size).to_string().as_bytes()).unwrap();
            wrong.extend(check(&format!("{what}, writing {}", provider.name()), size, request, |request| {
                let _ = encode_request(provider, request, &Target::new("m"));
            }));
        }
    }
    for (what, size, make) in bodies() {
        for (client, surface) in CLIENTS {
            wrong.extend(check(
                &format!("{what}, {}", client.name()),
                size,
                |size| Bytes::from(make(size)),
                |body| {
                    let found = peek(body, surface);
                    let _ = (decode_request(client, body), wants::read(body), envelope::strip(body));
                    if let Ok(found) = found {
                        let params = edit::Params { supported: None, unsupported: None, unsupported_there: None };
                        let _ = edit::retain(body.clone(), params, Some("x"));
                        assert!(!found.models.is_empty());
                    }
                },
            ));
        }
        wrong.extend(check(&format!("{what}, an error"), size, make, |body| {
            let _ =
                (fault::from_response(500, None, body.as_bytes(), Some("sk-secret")), scrub::scrub(body, Some("sk-secret")));
        }));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Stop sequences that a text of one letter nearly holds, as many as there may be.
fn nearly() -> Stops {
    let mut stops = Stops::default();
    let mut sequence = String::from("b");
    while stops.add(&sequence) {
        sequence.insert(0, 'a');
    }
    stops
}

#[test]
#[ignore = "measures time"]
fn streams() {
    let mut wrong = Vec::new();
    let head = r#"data: {"id":"c","model":"m","choices":[{"index":0,"delta":"#;
    let event = |delta: &str| format!("{head}{delta}}}]}}\n\n");
    let calls = |size: usize| -> String {
        let call = |at: usize| {
            format!(r#"{{"tool_calls":[{{"index":{at},"id":"c{at}","function":{{"name":"f","arguments":"{{"}}}}]}}"#)
        };
        (0..size).map(|at| event(&call(at))).collect()
    };
    let cases: Vec<Chunked<'_>> = vec![
        ("many events", 2_000, 300, Box::new(|size| event(r#"{"content":"a\n"}"#).repeat(size))),
        ("many events in one chunk", 2_000, usize::MAX, Box::new(|size| event(r#"{"content":"a\n"}"#).repeat(size))),
        (
            "a large event in small chunks",
            100_000,
            50,
            Box::new(|size| event(&format!(r#"{{"content":"{}"}}"#, "a".repeat(size)))),
        ),
        ("an event without an end", 100_000, 50, Box::new(|size| format!("data: {}", "a".repeat(size)))),
        ("an event of many lines", 20_000, 50, Box::new(|size| "data: \n".repeat(size))),
        ("comments", 100_000, 50, Box::new(|size| ": x\n\n".repeat(size / 5))),
        ("many calls", 100, 200, Box::new(calls)),
        (
            "text and reasoning in turn",
            1_000,
            300,
            Box::new(|size| [event(r#"{"content":"a"}"#), event(r#"{"reasoning":"b"}"#)].concat().repeat(size)),
        ),
    ];
    for (what, size, chunk, make) in &cases {
        let chunks = |size| -> Vec<Bytes> {
            let bytes = Bytes::from(make(size));
            (0..bytes.len())
                .step_by((*chunk).min(bytes.len()))
                .map(|at| bytes.slice(at..bytes.len().min(at.saturating_add(*chunk))))
                .collect()
        };
        wrong.extend(check(&format!("{what}, passing"), *size, chunks, |chunks| {
            let mut watcher = Watcher::new(Format::OpenAiChat, true);
            for chunk in chunks {
                let _ = watcher.push(chunk.clone());
            }
            let _ = watcher.finish();
        }));
        let options = ReplyOptions { stops: nearly(), ..ReplyOptions::default() };
        wrong.extend(check(&format!("{what}, with stop sequences"), *size, chunks, |chunks| {
            let mut transcoder = Transcoder::new(Format::OpenAiChat, Format::AnthropicMessages, 0, options.clone());
            for chunk in chunks {
                let _ = transcoder.push(chunk.clone());
            }
            let _ = transcoder.finish();
        }));
        for (client, _) in CLIENTS {
            wrong.extend(check(&format!("{what}, to {}", client.name()), *size, chunks, |chunks| {
                let mut transcoder = Transcoder::new(Format::OpenAiChat, client, 0, ReplyOptions::default());
                for chunk in chunks {
                    let _ = transcoder.push(chunk.clone());
                }
                let _ = transcoder.finish();
            }));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[ignore = "measures time"]
fn forms() {
    let part = |name: &str, value: &str| format!("--b\r\ncontent-disposition: form-data; name={name}\r\n\r\n{value}\r\n");
    let cases: Vec<Chunked<'_>> = vec![
        ("a large file", 400_000, 16_000, Box::new(|size| part("file", &"x".repeat(size)))),
        ("beginnings of boundaries", 400_000, 7, Box::new(|size| part("file", &"\r\n--".repeat(size / 4)))),
        ("many parts", 240, 3, Box::new(|size| part("x", "y").repeat(size))),
        (
            "headers byte by byte",
            1_900,
            1,
            Box::new(|size| format!("--b\r\ncontent-disposition: form-data; name={}", "\r".repeat(size))),
        ),
    ];
    let mut wrong = Vec::new();
    for (what, size, chunk, make) in &cases {
        wrong.extend(check(
            what,
            *size,
            |size| make(size).into_bytes(),
            |body| {
                let mut scanner = Scanner::new("b");
                for chunk in body.chunks(*chunk) {
                    let _ = scanner.push(chunk);
                }
            },
        ));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
