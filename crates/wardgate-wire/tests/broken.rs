//! What breaks every reader of bytes from outside: recordings with something absurd in their middle. No reader panics, none
//! writes anything that is no JSON, and a stream that was broken ends in a fault or as it would have.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::path::Path;
use std::sync::LazyLock;
use wardgate_core::format::{Format, Surface};
use wardgate_wire::stream::Watcher;
use wardgate_wire::transcode::embeddings::{self, EmbeddingsForm};
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{
    ReplyOptions, Transcoder, decode_reply, decode_request, encode_reply, encode_request, write_frame,
};
use wardgate_wire::{edit, fault, peek, reply, units, wants};

/// Formats that clients speak.
const CLIENTS: [(Format, Surface); 5] = [
    (Format::OpenAiChat, Surface::ChatCompletions),
    (Format::AnthropicMessages, Surface::Messages),
    (Format::OpenAiResponses, Surface::Responses),
    (Format::Gemini, Surface::GenerateContent),
    (Format::OpenAiCompletions, Surface::Completions),
];

/// Formats that providers speak.
const PROVIDERS: [Format; 7] = [
    Format::OpenAiChat,
    Format::AnthropicMessages,
    Format::OpenAiResponses,
    Format::Gemini,
    Format::OpenAiCompletions,
    Format::CohereChat,
    Format::BedrockConverse,
];

const FORMS: [EmbeddingsForm; 6] = [
    EmbeddingsForm::OpenAi,
    EmbeddingsForm::Gemini,
    EmbeddingsForm::GeminiOne,
    EmbeddingsForm::Cohere,
    EmbeddingsForm::Vertex,
    EmbeddingsForm::Bedrock,
];

const EMBEDDINGS: [&str; 9] = [
    r#"{"model":"m","input":["a","b"],"dimensions":3,"encoding_format":"base64","input_type":"search_query"}"#,
    r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"CLUSTERING","outputDimensionality":3}]}"#,
    r#"{"content":{"parts":[{"text":"a"}]},"taskType":"CLUSTERING"}"#,
    r#"{"object":"list","data":[{"index":0,"embedding":[0.5]},{"index":1,"embedding":"AAAAPw=="}],"usage":{"prompt_tokens":3}}"#,
    r#"{"embeddings":[{"values":[0.5]}],"usageMetadata":{"promptTokenCount":3}}"#,
    r#"{"embeddings":{"float":[[0.5]]},"meta":{"billed_units":{"input_tokens":7}}}"#,
    r#"{"predictions":[{"embeddings":{"values":[0.5],"statistics":{"token_count":2.0,"truncated":false}}}]}"#,
    r#"{"embedding":[0.5],"inputTextTokenCount":3}"#,
    r#"{"embeddings":[{"embeddingType":"TEXT","embedding":[0.5]}]}"#,
];

const COMPLETIONS: [&str; 3] = [
    r#"{"model":"m","prompt":["a",[1,2]],"max_tokens":5,"n":2,"suffix":"s","echo":true,"logprobs":3,"stop":["x"]}"#,
    r#"{"id":"c","object":"text_completion","choices":[{"index":0,"text":"x","finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#,
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"text\":\"x\",\"finish_reason\":null}]}\n\ndata: [DONE]\n\n",
];

/// Every recording of every format.
static RECORDINGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files: Vec<_> = PROVIDERS
        .iter()
        .filter_map(|format| std::fs::read_dir(folder.join(format.name())).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.is_file()))
        .collect();
    files.sort();
    let read = files.iter().map(|path| std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    read.chain(EMBEDDINGS.into_iter().chain(COMPLETIONS).map(|text| text.as_bytes().to_vec())).collect()
});

/// What may stand anywhere in a body.
fn absurdity() -> impl Strategy<Value = Vec<u8>> {
    let fixed: Vec<Vec<u8>> = [
        "null",
        "[]",
        "{}",
        "\"\"",
        "-1",
        "1e400",
        "-1e400",
        "1e39",
        "99999999999999999999999999",
        "0.00000000000000000001",
        "true",
        r#""\ud800""#,
        r#""\udc00\ud800x""#,
        r#""\u0000""#,
        r#"{"a":1,"a":2}"#,
        r#"{"type":"text","type":"tool_use"}"#,
        r#""data:image/png;base64,""#,
        r#""not base64 !!""#,
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([[b"[".repeat(3_000), b"]".repeat(3_000)].concat(), b"{\"a\":".repeat(3_000), vec![0xff, 0xfe], vec![0]])
    .collect();
    prop_oneof![
        4 => proptest::sample::select(fixed),
        1 => "[\\[\\]{}\":,a0n\\\\\r\n ]{0,8}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ]
}

/// A recording with one of its values, or any of its bytes, replaced.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    (0..RECORDINGS.len(), any::<prop::sample::Index>(), absurdity(), any::<bool>(), 0usize..40).prop_map(
        |(which, at, filling, is_value, length)| {
            let recording = &RECORDINGS[which];
            let values = if is_value { values(recording) } else { Vec::new() };
            let (from, to) = match values.is_empty() {
                false => values[at.index(values.len())],
                true => {
                    let from = at.index(recording.len());
                    (from, (from + length).min(recording.len()))
                }
            };
            [&recording[..from], filling.as_slice(), &recording[to..]].concat()
        },
    )
}

/// Where the scalar values of a JSON text, or of one in events, stand.
fn values(text: &[u8]) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let from = at;
        at += match text[at] {
            b'"' => string_length(&text[at..]),
            b'0'..=b'9' | b'-' | b't' | b'f' | b'n' => {
                text[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count()
            }
            _ => {
                at += 1;
                continue;
            }
        };
        let is_key = text[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if !is_key {
            found.push((from, at));
        }
    }
    found
}

fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

fn assert_json(what: &str, written: &[u8]) {
    let text = std::str::from_utf8(written).unwrap_or_else(|error| panic!("{what}: {error}"));
    serde_json::from_str::<&RawValue>(text).unwrap_or_else(|error| panic!("{what}: {error} in {text}"));
}

/// All that is done to a request.
fn ask(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    for surface in Surface::ALL {
        let peeked = match surface.upstream_path().contains("{model}") {
            true => peek::peek_gemini(bytes, surface, "m", false),
            false => peek::peek(bytes, surface),
        };
        let Ok(peeked) = peeked else { continue };
        let _ = (units::asked(surface, bytes), wants::read(bytes));
        let edit = edit::Edit {
            model: "m",
            ask_for_usage: surface == Surface::ChatCompletions,
            output_cap: Some(edit::OutputCap { field: "max_tokens", tokens: 5 }),
            params: edit::Params::default(),
            changes: &[],
        };
        assert_json(surface.name(), &edit::apply(&body, &peeked, edit).slices.concat());
    }
    for (format, _) in CLIENTS {
        let Ok(request) = decode_request(format, bytes) else { continue };
        for provider in PROVIDERS {
            if let Ok(encoded) = encode_request(provider, &request, &Target::new("m")) {
                assert_json(provider.name(), &encoded.body);
            }
        }
    }
    for form in FORMS {
        let Ok(request) = embeddings::decode_request(form, bytes) else { continue };
        for provider in FORMS {
            if let Ok((body, _)) = embeddings::encode_request(provider, &request, &Target::new("m")) {
                assert_json("embeddings", &body);
            }
        }
    }
}

/// All that is done to a whole answer.
fn answer(bytes: &[u8]) {
    let _ = fault::from_response(500, None, bytes, Some("a credential"));
    for format in Format::ALL {
        let _ = reply::read(format, bytes, Some("a credential"));
        let Ok(reply) = decode_reply(format, bytes, 7, None) else { continue };
        for (client, _) in CLIENTS {
            assert_json(client.name(), &encode_reply(client, &reply, &ReplyOptions::default()));
        }
    }
    let request = embeddings::decode_request(EmbeddingsForm::OpenAi, br#"{"input":["a","b"]}"#);
    let request = request.unwrap_or_else(|error| panic!("{error}"));
    for form in FORMS {
        for inputs in 1..3 {
            let Ok(reply) = embeddings::decode_reply(form, bytes, inputs, None) else { continue };
            for client in [EmbeddingsForm::OpenAi, EmbeddingsForm::Gemini, EmbeddingsForm::GeminiOne] {
                assert_json("embeddings", &embeddings::encode_reply(client, &reply, &request, "m"));
            }
        }
    }
}

/// Reads a stream in two chunks, for each client.
fn stream(format: Format, bytes: &[u8], cut: usize) {
    let (first, second) = bytes.split_at(cut.min(bytes.len()));
    let chunks = || [Bytes::copy_from_slice(first), Bytes::copy_from_slice(second)];
    let mut watcher = Watcher::new(format, true);
    chunks().into_iter().for_each(|chunk| drop(watcher.push(chunk)));
    watcher.finish();
    for (client, _) in CLIENTS {
        let mut transcoder = Transcoder::new(format, client, 7, ReplyOptions::default());
        let mut told = Vec::new();
        chunks().into_iter().for_each(|chunk| told.extend_from_slice(&transcoder.push(chunk)));
        told.extend_from_slice(&transcoder.finish());
        let text = String::from_utf8(told).unwrap_or_else(|error| panic!("{} to {}: {error}", format.name(), client.name()));
        for data in text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]") {
            assert_json(client.name(), data.as_bytes());
        }
        let facts = transcoder.facts();
        assert!(facts.is_finished || facts.is_stopped || facts.fault.is_some(), "{} has no end", format.name());
    }
}

/// A recording as Amazon's frames, whose checksums are right. Recordings of them have a name and a payload a line.
fn frames(bytes: &[u8]) -> Vec<u8> {
    let mut frames = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let place = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (name, payload) = line.split_at(place.min(100));
        let name = String::from_utf8_lossy(name);
        let kind = if name.ends_with("Exception") { "exception" } else { "event" };
        write_frame(&mut frames, kind, &name, payload.trim_ascii());
    }
    frames
}

proptest! {
    #[test]
    fn requests(bytes in broken()) {
        ask(&bytes);
    }

    #[test]
    fn answers(bytes in broken()) {
        answer(&bytes);
    }

    #[test]
    fn streams(bytes in broken(), cut in 0usize..6_000) {
        PROVIDERS.into_iter().for_each(|provider| stream(provider, &bytes, cut));
    }

    #[test]
    fn event_streams(bytes in broken(), cut in 0usize..6_000, at in any::<prop::sample::Index>(), flip in 0u8..4) {
        // Of others hardly any line is a frame of this format.
        let mut frames = frames(&bytes);
        // Of a frame whose bytes changed on the way a length or a checksum is wrong.
        if flip > 0 && !frames.is_empty() {
            let at = at.index(frames.len());
            frames[at] ^= flip << 6 | flip;
        }
        stream(Format::BedrockConverse, &frames, cut);
    }
}

/// A property says nothing of a body that is no longer one: some absurdities must come through to the readers.
#[test]
fn what_is_absurd_is_still_read() {
    let read = RECORDINGS.iter().filter(|bytes| CLIENTS.iter().any(|(format, _)| decode_request(*format, bytes).is_ok()));
    assert!(read.count() > 20);
    for (format, value) in [(Format::OpenAiChat, r#""\ud800""#), (Format::AnthropicMessages, "1e400")] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.name());
        let recording = std::fs::read(folder.join("everything.request.json")).unwrap_or_else(|error| panic!("{error}"));
        for (from, to) in values(&recording) {
            let bytes = [&recording[..from], value.as_bytes(), &recording[to..]].concat();
            ask(&bytes);
        }
    }
}
