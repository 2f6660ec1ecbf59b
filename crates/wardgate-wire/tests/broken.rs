//! What breaks every reader of bytes from outside: recordings with something absurd in their middle. No reader panics, none
//! writes anything that is no JSON, and a stream that was broken ends in a fault or as it would have.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "broken/checks.rs"]
mod checks;

use checks::{CLIENTS, PROVIDERS, answer, ask, frames, stream};
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;
use wardgate_core::format::Format;
use wardgate_wire::transcode::decode_request;

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
