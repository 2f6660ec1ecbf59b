//! Recorded-shape requests, answers and streams, and what each becomes in every other format.
//!
//! Beside `fixtures/<format>/<case>.request.json`, `.reply.json` and `.sse` stand the expected results, one folder a file:
//! `<case>.request.expected/<other>.json` and so on. `UPDATE_EXPECT=1` writes them anew; whoever does that reads the difference.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use expect_test::expect_file;
use std::path::{Path, PathBuf};
use wardgate_core::fault::ErrorOrigin;
use wardgate_core::format::Format;
use wardgate_wire::error_body::{ErrorBody, ErrorKind};
use wardgate_wire::neutral::content::Content;
use wardgate_wire::neutral::logprobs::Logprob;
use wardgate_wire::neutral::opaque::mark;
use wardgate_wire::neutral::reply::{Gatherer, Reply, Stop};
use wardgate_wire::neutral::tool::CallKind;
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{
    self, ReplyOptions, StreamDecoder, Transcoder, decode_reply, decode_request, encode_reply, encode_request,
};

const CLIENTS: [Format; 4] = [Format::OpenAiChat, Format::AnthropicMessages, Format::OpenAiResponses, Format::Gemini];
const PROVIDERS: [Format; 6] = [
    Format::OpenAiChat,
    Format::AnthropicMessages,
    Format::OpenAiResponses,
    Format::Gemini,
    Format::CohereChat,
    Format::BedrockConverse,
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn origin() -> u64 {
    mark(&["provider", "key", "model"])
}

fn options() -> ReplyOptions {
    ReplyOptions {
        request_id: "rq_1".to_owned(),
        created: 1_700_000_000,
        wants_usage: true,
        answers: 3,
        ..ReplyOptions::default()
    }
}

/// The cases of a format whose file ends so, with their contents.
fn cases(format: Format, ending: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fixtures().join(format.name());
    let mut cases: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
            path.is_file().then(|| (name, std::fs::read(&path).unwrap_or_default()))
        })
        .collect();
    cases.sort();
    cases
}

fn check(format: Format, case: &str, other: Format, ending: &str, found: &str) {
    let path = fixtures().join(format.name()).join(format!("{case}.expected")).join(format!("{}.{ending}", other.name()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{error}"));
    }
    expect_file![path].assert_eq(found);
}

/// JSON with line breaks, nothing of it changed but white space.
fn pretty(json: &[u8]) -> String {
    let text = std::str::from_utf8(json).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str::<&serde_json::value::RawValue>(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let (mut out, mut depth, mut in_text, mut escaped) = (String::new(), 0usize, false, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if in_text {
            out.push(character);
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match character {
            '{' | '[' => {
                out.push(character);
                if matches!(characters.peek(), Some('}' | ']')) {
                    out.extend(characters.next());
                } else {
                    depth += 1;
                    out.push('\n');
                    out.push_str(&"  ".repeat(depth));
                }
            }
            '}' | ']' => {
                depth -= 1;
                out.push('\n');
                out.push_str(&"  ".repeat(depth));
                out.push(character);
            }
            ',' => {
                out.push_str(",\n");
                out.push_str(&"  ".repeat(depth));
            }
            ':' => out.push_str(": "),
            '"' => {
                in_text = true;
                out.push('"');
            }
            white if white.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    out.push('\n');
    out
}

fn chunks(format: Format, stream: &[u8]) -> Vec<u8> {
    // Frames are kept as text in the fixtures: a name and a payload a line.
    match format {
        Format::BedrockConverse => frames(std::str::from_utf8(stream).unwrap_or_default()),
        _ => stream.to_vec(),
    }
}

/// Binary event-stream frames of lines like `messageStart {"role":"assistant"}`.
fn frames(lines: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let (name, payload) = line.split_once(' ').unwrap_or((line, "{}"));
        let kind = if name.ends_with("Exception") { "exception" } else { "event" };
        transcode::write_frame(&mut out, kind, name, payload.as_bytes());
    }
    out
}

fn gather(format: Format, stream: &[u8]) -> Result<Reply, wardgate_core::fault::Fault> {
    let mut gatherer = Gatherer::default();
    let mut decoder = StreamDecoder::new(format, origin());
    decoder.push(Bytes::copy_from_slice(&chunks(format, stream)), &mut |event| gatherer.push(&event));
    decoder.finish(&mut |event| gatherer.push(&event));
    gatherer.finish()
}

fn translate(provider: Format, client: Format, stream: &[u8], size: usize) -> String {
    let mut transcoder = Transcoder::new(provider, client, origin(), options());
    let mut out = Vec::new();
    for chunk in chunks(provider, stream).chunks(size) {
        out.extend_from_slice(&transcoder.push(Bytes::copy_from_slice(chunk)));
    }
    out.extend_from_slice(&transcoder.finish());
    if let Some(fault) = &transcoder.facts().fault {
        let message = format!("{}: {}", fault.class.name(), fault.message);
        let error = ErrorBody {
            kind: ErrorKind::Server,
            code: "upstream_error",
            message: &message,
            param: None,
            origin: ErrorOrigin::Provider,
            request_id: "rq_1",
        };
        out.extend_from_slice(&transcoder.fail(&error));
    }
    if let Some(warnings) = transcoder.warnings().to_header() {
        out.extend_from_slice(format!(": warnings {warnings}\n").as_bytes());
    }
    String::from_utf8(out).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn requests() {
    for client in CLIENTS {
        for (case, body) in cases(client, ".request.json") {
            let request = decode_request(client, &body);
            for provider in PROVIDERS.into_iter().filter(|provider| *provider != client) {
                let target = Target { mark: origin(), ..Target::new("the-model") };
                let found = match request.as_ref().map_err(Clone::clone).and_then(|it| encode_request(provider, it, &target)) {
                    Ok(encoded) => {
                        let warnings = encoded.warnings.to_header().unwrap_or_default();
                        format!("// warnings: {warnings}\n{}", pretty(&encoded.body))
                    }
                    Err(refused) => format!("// refused: {}\n{refused}\n", refused.code),
                };
                check(client, &format!("{case}.request"), provider, "json", &found);
            }
        }
    }
}

#[test]
fn replies() {
    for provider in PROVIDERS {
        for (case, body) in cases(provider, ".reply.json") {
            let reply = decode_reply(provider, &body, origin(), None);
            for client in CLIENTS.into_iter().filter(|client| *client != provider) {
                let found = match &reply {
                    Ok(reply) => {
                        let warnings = reply.warnings.to_header().unwrap_or_default();
                        format!("// warnings: {warnings}\n{}", pretty(&encode_reply(client, reply, &options())))
                    }
                    Err(fault) => format!("// fault: {}\n{}\n", fault.class.name(), fault.message),
                };
                check(provider, &format!("{case}.reply"), client, "json", &found);
            }
        }
    }
}

#[test]
fn streams() {
    for provider in PROVIDERS {
        for (case, stream) in cases(provider, ".sse") {
            for client in CLIENTS.into_iter().filter(|client| *client != provider) {
                let found = translate(provider, client, &stream, usize::MAX);
                check(provider, &format!("{case}.sse"), client, "sse", &found);
            }
        }
    }
}

/// However the bytes are cut, the client gets the same.
#[test]
fn streams_do_not_depend_on_chunks() {
    for provider in PROVIDERS {
        for (case, stream) in cases(provider, ".sse") {
            for client in CLIENTS.into_iter().filter(|client| *client != provider) {
                let whole = translate(provider, client, &stream, usize::MAX);
                for size in [1, 2, 7, 61, 1_000] {
                    assert_eq!(translate(provider, client, &stream, size), whole, "{case} of {provider:?} in chunks of {size}");
                }
            }
        }
    }
}

/// What the client's own format says of a translated stream is what the provider's said.
#[test]
fn a_translated_stream_gathers_to_the_same_answer() {
    for provider in PROVIDERS {
        for (case, stream) in cases(provider, ".sse") {
            let Ok(reply) = gather(provider, &stream) else { continue };
            // The words of a refusal are content in some formats and not in others, and some have no pictures.
            let has_image = reply.parts.iter().any(|part| matches!(part, Content::Image { .. }));
            if has_image || matches!(reply.stop, Stop::Refusal(_)) {
                continue;
            }
            for client in CLIENTS.into_iter().filter(|client| *client != provider) {
                let translated = translate(provider, client, &stream, usize::MAX);
                let again =
                    gather(client, translated.as_bytes()).unwrap_or_else(|fault| panic!("{case} {client:?}: {fault:?}"));
                assert_eq!(summary(&again), summary(&reply), "{case} of {provider:?} for {client:?}");
                let whole = encode_reply(client, &reply, &options());
                let whole =
                    decode_reply(client, &whole, 0, None).unwrap_or_else(|fault| panic!("{case} {client:?}: {fault:?}"));
                assert_eq!(summary(&whole), summary(&reply), "{case} of {provider:?} for {client:?}, whole");
                if matches!(client, Format::OpenAiChat | Format::Gemini) {
                    let others = |reply: &Reply| reply.others.iter().map(ended).collect::<Vec<_>>();
                    assert_eq!(others(&again), others(&reply), "{case} of {provider:?} for {client:?}");
                    assert_eq!(others(&whole), others(&reply), "{case} of {provider:?} for {client:?}, whole");
                }
                if client != Format::AnthropicMessages {
                    assert_eq!(tokens(&again), tokens(&reply), "{case} of {provider:?} for {client:?}");
                    assert_eq!(tokens(&whole), tokens(&reply), "{case} of {provider:?} for {client:?}, whole");
                }
            }
        }
    }
}

/// What every format can say of an answer: text, calls with their ids and arguments, reasoning.
fn summary(reply: &Reply) -> String {
    let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
    for part in &reply.parts {
        match part {
            Content::Text { text: said, .. } | Content::Refusal(said) => text.push_str(said),
            Content::Reasoning(thought) => reasoning.push_str(&thought.text),
            Content::Call(call) => {
                // No arguments and an empty object are the same, and formats with objects have no white space to keep.
                let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
                let mut arguments: String = pretty_or_text(arguments);
                // A custom tool's text is an argument where there are only functions.
                if call.kind == CallKind::Custom {
                    arguments = pretty(&serde_json::to_vec(&serde_json::json!({"input": call.arguments})).unwrap_or_default());
                }
                calls.push(format!("{} {} {arguments}", call.id, call.name));
            }
            _ => {}
        }
    }
    format!("text {text:?} reasoning {:?} calls {calls:?}", reasoning.replace('\n', ""))
}

/// One of several answers, and whether it was cut off.
fn ended(reply: &Reply) -> (String, bool) {
    (summary(reply), reply.stop == Stop::MaxTokens)
}

/// In a JSON array, as in a stream of events, the messages of several answers stand among each other.
#[test]
fn several_answers_are_one_array() {
    let (_, stream) =
        cases(Format::OpenAiChat, ".sse").into_iter().find(|(case, _)| case == "several-answers").unwrap_or_default();
    let options = ReplyOptions { is_json_array: true, ..options() };
    let mut transcoder = Transcoder::new(Format::OpenAiChat, Format::Gemini, origin(), options);
    let mut out = transcoder.push(Bytes::from(stream)).to_vec();
    out.extend_from_slice(&transcoder.finish());
    let messages: Vec<serde_json::Value> = serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{error}"));
    let indices: Vec<_> = messages.iter().filter_map(|message| message["candidates"][0]["index"].as_u64()).collect();
    assert_eq!(indices, [1, 0, 0, 1, 1, 2, 2, 0]);
    // Who asked for one gets one.
    let options = ReplyOptions { answers: 0, ..self::options() };
    let mut transcoder = Transcoder::new(Format::Gemini, Format::OpenAiChat, origin(), options);
    let (_, stream) = cases(Format::Gemini, ".sse").into_iter().find(|(case, _)| case == "several-answers").unwrap_or_default();
    let mut out = transcoder.push(Bytes::from(stream)).to_vec();
    out.extend_from_slice(&transcoder.finish());
    let out = String::from_utf8_lossy(&out);
    assert!(out.contains("[DONE]") && out.contains(" there") && !out.contains("\"index\":1,\"delta\""), "{out}");
}

/// The tokens of an answer's text with their probabilities, and with those of their alternatives.
fn tokens(reply: &Reply) -> Vec<String> {
    let one = |it: &Logprob| format!("{} {}", it.token, it.logprob.literal());
    let all = |it: &Logprob| format!("{} of {:?}", one(it), it.top.iter().map(one).collect::<Vec<_>>());
    reply.parts.iter().flat_map(Content::logprobs).map(all).collect()
}

fn pretty_or_text(arguments: &str) -> String {
    match serde_json::from_str::<&serde_json::value::RawValue>(arguments) {
        Ok(_) => pretty(arguments.as_bytes()),
        Err(_) => arguments.to_owned(),
    }
}

/// A stream that is cut anywhere before its end is never a whole one.
#[test]
fn a_cut_stream_is_a_fault() {
    for provider in PROVIDERS {
        for (case, stream) in cases(provider, ".sse") {
            let bytes = chunks(provider, &stream);
            if gather(provider, &stream).is_err() {
                continue;
            }
            for cut in (0..bytes.len()).step_by(3) {
                let mut transcoder = Transcoder::new(provider, Format::AnthropicMessages, origin(), options());
                let mut out = transcoder.push(Bytes::copy_from_slice(&bytes[..cut])).to_vec();
                out.extend_from_slice(&transcoder.finish());
                let facts = transcoder.facts();
                assert!(facts.fault.is_some() || facts.is_stopped, "{case} of {provider:?} cut at {cut}");
                let out = String::from_utf8_lossy(&out);
                assert_eq!(out.contains("message_stop"), facts.fault.is_none(), "{case} of {provider:?} cut at {cut}");
            }
        }
    }
}
