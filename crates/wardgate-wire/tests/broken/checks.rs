//! What is done to bytes from outside, and what must hold whatever they are. The fuzzers of `fuzz/` do the same.

use bytes::Bytes;
use serde_json::value::RawValue;
use wardgate_core::format::{Format, Surface};
use wardgate_wire::stream::Watcher;
use wardgate_wire::transcode::embeddings::{self, EmbeddingsForm};
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{
    ReplyOptions, Transcoder, decode_reply, decode_request, encode_reply, encode_request, write_frame,
};
use wardgate_wire::{edit, fault, peek, reply, units, wants};

/// Formats that clients speak.
pub(crate) const CLIENTS: [(Format, Surface); 5] = [
    (Format::OpenAiChat, Surface::ChatCompletions),
    (Format::AnthropicMessages, Surface::Messages),
    (Format::OpenAiResponses, Surface::Responses),
    (Format::Gemini, Surface::GenerateContent),
    (Format::OpenAiCompletions, Surface::Completions),
];

/// Formats that providers speak.
pub(crate) const PROVIDERS: [Format; 7] = [
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

fn assert_json(what: &str, written: &[u8]) {
    let text = std::str::from_utf8(written).unwrap_or_else(|error| panic!("{what}: {error}"));
    serde_json::from_str::<&RawValue>(text).unwrap_or_else(|error| panic!("{what}: {error} in {text}"));
}

/// All that is done to a request.
pub(crate) fn ask(bytes: &[u8]) {
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
pub(crate) fn answer(bytes: &[u8]) {
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

/// Reads a stream whole and in two chunks, for each client.
pub(crate) fn stream(format: Format, bytes: &[u8], cut: usize) {
    let (first, second) = bytes.split_at(cut.min(bytes.len()));
    let chunks = || [Bytes::copy_from_slice(first), Bytes::copy_from_slice(second)];
    let mut watcher = Watcher::new(format, true);
    chunks().into_iter().for_each(|chunk| drop(watcher.push(chunk)));
    watcher.finish();
    for (client, _) in CLIENTS {
        let mut whole = Transcoder::new(format, client, 7, ReplyOptions::default());
        let mut told_whole = whole.push(Bytes::copy_from_slice(bytes)).to_vec();
        told_whole.extend_from_slice(&whole.finish());
        let mut transcoder = Transcoder::new(format, client, 7, ReplyOptions::default());
        let mut told = Vec::new();
        chunks().into_iter().for_each(|chunk| told.extend_from_slice(&transcoder.push(chunk)));
        told.extend_from_slice(&transcoder.finish());
        assert!(told == told_whole, "{} to {} differs when cut at {cut}", format.name(), client.name());
        let text = String::from_utf8(told).unwrap_or_else(|error| panic!("{} to {}: {error}", format.name(), client.name()));
        for data in text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]") {
            assert_json(client.name(), data.as_bytes());
        }
        let facts = transcoder.facts();
        assert!(facts.is_finished || facts.is_stopped || facts.fault.is_some(), "{} has no end", format.name());
    }
}

/// A recording as Amazon's frames, whose checksums are right. Recordings of them have a name and a payload a line.
pub(crate) fn frames(bytes: &[u8]) -> Vec<u8> {
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
