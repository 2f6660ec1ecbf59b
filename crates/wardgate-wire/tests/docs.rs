//! Keeps the tables of `docs/wire-formats.md` true.

use expect_test::expect_file;
use std::fmt::Write;
use wardgate_core::format::Format;
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{decode_request, encode_request};

const MARKER: &str = "<!-- made by crates/wardgate-wire/tests/docs.rs from here on -->\n";

const PROVIDERS: [(Format, &str); 6] = [
    (Format::OpenAiChat, "Chat"),
    (Format::OpenAiResponses, "Responses"),
    (Format::AnthropicMessages, "Messages"),
    (Format::Gemini, "Gemini"),
    (Format::BedrockConverse, "Converse"),
    (Format::CohereChat, "Cohere"),
];

const USER: &str = r#""messages":[{"role":"user","content":"x"}]"#;

/// Members of a Chat request, one feature each.
const FEATURES: [(&str, &str); 31] = [
    ("text", ""),
    (
        "late instructions",
        r#""messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"},{"role":"system","content":"s"},{"role":"user","content":"z"}]"#,
    ),
    ("name of a speaker", r#""messages":[{"role":"user","name":"anna","content":"x"}]"#),
    ("assistant's turn at the end", r#""messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]"#),
    (
        "image, bytes",
        r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]"#,
    ),
    (
        "image, URL",
        r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]"#,
    ),
    (
        "PDF, bytes",
        r#""messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}}]}]"#,
    ),
    ("stored file", r#""messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]"#),
    (
        "audio",
        r#""messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}]}]"#,
    ),
    ("tools", r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]"#),
    ("custom tool", r#""tools":[{"type":"custom","custom":{"name":"f"}}]"#),
    (
        "forced tool",
        r#""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}}"#,
    ),
    ("no tool", r#""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none""#),
    (
        "allowed tools",
        r#""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}"#,
    ),
    ("one call at a time", r#""tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false"#),
    (
        "JSON schema",
        r#""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{}}}}"#,
    ),
    ("JSON object", r#""response_format":{"type":"json_object"}"#),
    ("effort", r#""reasoning_effort":"high""#),
    ("no thinking", r#""reasoning_effort":"none""#),
    ("temperature above 1", r#""temperature":1.5"#),
    ("top_k", r#""top_k":40"#),
    ("seed", r#""seed":1"#),
    ("stop", r#""stop":["END"]"#),
    ("penalties", r#""frequency_penalty":0.5"#),
    ("logit bias", r#""logit_bias":{"1":1}"#),
    ("log probabilities", r#""logprobs":true"#),
    ("several answers", r#""n":2"#),
    ("store", r#""store":true"#),
    ("flex tier", r#""service_tier":"flex""#),
    ("web search", r#""web_search_options":{}"#),
    ("unknown field", r#""made_up":1"#),
];

fn outcome(format: Format, body: &str) -> String {
    // Bytes pass through unchanged where the formats are the same; here it is read and written all the same.
    let encoded = decode_request(Format::OpenAiChat, body.as_bytes())
        .and_then(|request| encode_request(format, &request, &Target::new("m")));
    match encoded {
        Err(refused) => format!("**{}**", refused.code),
        Ok(encoded) => {
            let codes: Vec<&str> = encoded.warnings.as_slice().iter().map(|warning| warning.code).collect();
            if codes.is_empty() { "kept".to_owned() } else { codes.join(", ") }
        }
    }
}

#[test]
fn the_page_says_what_the_code_does() {
    let mut table = String::from("\n| feature |");
    PROVIDERS.iter().for_each(|(_, name)| {
        let _ = write!(table, " {name} |");
    });
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(PROVIDERS.len()));
    table.push('\n');
    for (feature, members) in FEATURES {
        let mut body = String::from(r#"{"model":"m","max_tokens":30000"#);
        for part in [if members.contains("\"messages\"") { "" } else { USER }, members] {
            if !part.is_empty() {
                body.push(',');
                body.push_str(part);
            }
        }
        body.push('}');
        let _ = write!(table, "| {feature} |");
        for (format, _) in PROVIDERS {
            let _ = write!(table, " {} |", outcome(format, &body));
        }
        table.push('\n');
    }
    table.push_str("\nBold is a refusal. Between equal formats nothing is translated, so nothing is lost: the first column is for hosts that\nimitate Chat Completions and clients of other formats.\n");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/wire-formats.md");
    let text = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{error}"));
    let prose = text.split_once(MARKER).map_or(text.as_str(), |(prose, _)| prose);
    expect_file![page].assert_eq(&format!("{prose}{MARKER}{table}"));
}
