//! Counts of tokens: what a request would have, asked of whom it would be asked of.
//!
//! A request that is to be counted is the request itself, less what only the answer depends on. So it is read as the format
//! that it belongs to reads it, written as the provider's format writes it, and of that only what is counted there is kept: the
//! counting calls refuse the rest. Where nobody counts, [`weigh`] tells what can be reckoned from.

use super::Encoded;
use super::target::Target;
use crate::format::gemini::model_name;
use crate::format::{anthropic_messages, figures, gemini, openai_responses};
use crate::json::write::object;
use crate::json::{Object, Path};
use crate::neutral::content::{Content, Part, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::request::{OutputForm, Request};
use crate::neutral::tool::Tool;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::format::{Family, Format};

/// What Anthropic counts.
const OF_MESSAGES: [&str; 6] = ["model", "messages", "system", "tools", "tool_choice", "thinking"];

/// What Google counts.
const OF_GEMINI: [&str; 4] = ["contents", "systemInstruction", "tools", "toolConfig"];

/// What OpenAI counts.
const OF_RESPONSES: [&str; 8] =
    ["model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text"];

/// Where Gemini's clients put more than the conversation.
const NESTED: [&str; 2] = ["generateContentRequest", "generate_content_request"];

/// What a turn or a tool takes beside its words, in bytes of text that make as many tokens.
const FRAME_BYTES: u64 = 16;

/// What an image comes to, likewise. Providers count from two hundred tokens to two thousand, by size.
const IMAGE_BYTES: u64 = 4_000;

/// How many bytes of a file, in base64, come to one byte of text: a page of 50 KiB is about three thousand tokens.
const FILE_BYTES_PER_BYTE: u64 = 6;

/// Reads what a client wants counted.
pub(crate) fn decode(format: Format, body: &RawValue) -> Result<Request, Untranslatable> {
    let mut request = match format.family() {
        Family::Anthropic => anthropic_messages::decode_request::decode(body),
        Family::Google => {
            let mut members = Object::read(body, &Path::Root)?;
            let nested = members.take_either(NESTED[0], NESTED[1]);
            gemini::decode_request::decode(nested.unwrap_or(body))
        }
        Family::OpenAi | Family::Cohere | Family::Bedrock => openai_responses::decode_request::decode(body),
    }?;
    // Tools that the provider runs are not run for a count, and the calls that count need not know them.
    if !request.server_tools.is_empty() {
        request.server_tools.clear();
        request.warnings.add("server_tool_not_available", "tools");
    }
    Ok(request)
}

/// Writes a request to be counted.
pub(crate) fn encode(format: Format, request: &Request, target: &Target<'_>) -> Result<Encoded, Untranslatable> {
    let (encoded, kept): (Encoded, &[&str]) = match format.family() {
        Family::Anthropic => (anthropic_messages::encode_request::encode(request, target)?, &OF_MESSAGES),
        Family::Google => (gemini::encode_request::encode(request, target)?, &OF_GEMINI),
        Family::OpenAi | Family::Cohere | Family::Bedrock => {
            (openai_responses::encode_request::encode(request, target)?, &OF_RESPONSES)
        }
    };
    let body: &RawValue = serde_json::from_slice(&encoded.body).map_err(|_| Path::Root.wrong("cannot be counted"))?;
    let members = Object::read(body, &Path::Root)?;
    let kept = || members.members().filter(|(name, _)| kept.contains(name));
    let body = object(|json| match format {
        // Google's own host takes a conversation alone at the top, or a whole request below, which names its model again.
        Format::GeminiTokenCount => json.put_object(NESTED[0], |json| {
            json.put("model", &model_name(target.model));
            kept().for_each(|(name, value)| json.put_member(name, value.get()));
        }),
        _ => kept().for_each(|(name, value)| json.put_member(name, value.get())),
    });
    Ok(Encoded { body, ..encoded })
}

/// Reads a count with status 200.
///
/// # Errors
/// When it is none, or an error in its place.
pub fn read(body: &[u8], credential: Option<&str>) -> Result<u64, Fault> {
    figures::count(body, credential)
}

/// Writes a count for a client.
#[must_use]
pub fn write(format: Format, tokens: u64) -> Vec<u8> {
    object(|json| match format.family() {
        Family::Google => json.put_number("totalTokens", tokens),
        Family::Anthropic => json.put_number("input_tokens", tokens),
        Family::OpenAi | Family::Cohere | Family::Bedrock => {
            json.put("object", "response.input_tokens");
            json.put_number("input_tokens", tokens);
        }
    })
}

/// What a count is called in a client's format.
#[must_use]
pub const fn field(format: Format) -> &'static str {
    match format.family() {
        Family::Google => "totalTokens",
        Family::Anthropic | Family::OpenAi | Family::Cohere | Family::Bedrock => "input_tokens",
    }
}

/// About how many bytes of plain text have as many tokens as a request: its words, and what stands for everything else.
/// The bytes of a body would not do, since an image of a megabyte has a thousand tokens and not a quarter of a million.
#[must_use]
pub fn weigh(request: &Request) -> u64 {
    let turns = request.turns.iter().map(|turn| FRAME_BYTES + turn.parts.iter().map(part).sum::<u64>()).sum::<u64>();
    let tools = request.tools.iter().map(|of| FRAME_BYTES + tool(of)).sum::<u64>();
    let form = match &request.output {
        OutputForm::JsonSchema { schema, .. } => schema.get().len() as u64,
        OutputForm::Text | OutputForm::JsonObject => 0,
    };
    turns + tools + form
}

fn part(part: &Part) -> u64 {
    let text = |text: &str| text.len() as u64;
    match &part.content {
        Content::Text { text: said, .. } | Content::Refusal(said) => text(said),
        Content::Image { .. } => IMAGE_BYTES,
        Content::Audio(source) | Content::Video(source) | Content::File { source, .. } => match source {
            Source::Base64 { data, .. } => text(data) / FILE_BYTES_PER_BYTE,
            Source::Text(said) => text(said),
            Source::Url { .. } | Source::FileId { .. } => IMAGE_BYTES,
        },
        Content::SearchResult { source, title, text: said } => text(source) + text(title) + text(said),
        Content::Call(call) => text(&call.name) + text(&call.arguments),
        Content::Result(result) => result.parts.iter().map(self::part).sum(),
        Content::Served(served) => served.told().as_deref().map_or(0, text),
        Content::Reasoning(reasoning) => text(&reasoning.text),
        Content::Foreign { json, .. } => text(json),
    }
}

fn tool(tool: &Tool) -> u64 {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let json = |json: &Option<Box<RawValue>>| json.as_ref().map_or(0, |json| json.get().len());
    let bytes = match tool {
        Tool::Function(function) => function.name.len() + length(&function.description) + json(&function.schema),
        Tool::Custom { name, description, grammar } => name.len() + length(description) + json(grammar),
        Tool::Builtin { json, .. } => json.get().len(),
    };
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcode::{decode_request, encode_request};
    use expect_test::{Expect, expect};

    const MESSAGES: &str = r#"{"model":"up:m","system":"be brief","tools":[{"name":"f","input_schema":{"type":"object"}}],
        "messages":[{"role":"user","content":"hi"}],"metadata":{"user_id":"u"}}"#;
    const GEMINI: &str = r#"{"generateContentRequest":{"model":"models/up:m","contents":[{"parts":[{"text":"hi"}]}],
        "generationConfig":{"temperature":1}}}"#;
    const RESPONSES: &str = r#"{"model":"up:m","input":"hi","instructions":"be brief","max_output_tokens":9}"#;

    fn check(client: Format, body: &str, provider: Format, expected: &Expect) {
        let request = decode_request(client, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let encoded = encode_request(provider, &request, &Target::new("m")).unwrap_or_else(|error| panic!("{error}"));
        expected.assert_eq(&String::from_utf8_lossy(&encoded.body));
    }

    #[test]
    fn only_what_is_counted_is_sent() {
        use Format::{AnthropicTokenCount, GeminiTokenCount, OpenAiTokenCount, VertexTokenCount};
        check(
            AnthropicTokenCount,
            MESSAGES,
            GeminiTokenCount,
            &expect![[
                r#"{"generateContentRequest":{"model":"models/m","systemInstruction":{"parts":[{"text":"be brief"}]},"contents":[{"role":"user","parts":[{"text":"hi"}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}]}}"#
            ]],
        );
        check(
            AnthropicTokenCount,
            MESSAGES,
            VertexTokenCount,
            &expect![[
                r#"{"systemInstruction":{"parts":[{"text":"be brief"}]},"contents":[{"role":"user","parts":[{"text":"hi"}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}]}"#
            ]],
        );
        check(
            AnthropicTokenCount,
            MESSAGES,
            OpenAiTokenCount,
            &expect![[
                r#"{"model":"m","instructions":"be brief","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}],"tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}]}"#
            ]],
        );
        check(
            GeminiTokenCount,
            GEMINI,
            AnthropicTokenCount,
            &expect![[r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#]],
        );
        check(
            GeminiTokenCount,
            r#"{"contents":[{"parts":[{"text":"hi"}]}]}"#,
            OpenAiTokenCount,
            &expect![[
                r#"{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}"#
            ]],
        );
        check(
            OpenAiTokenCount,
            RESPONSES,
            AnthropicTokenCount,
            &expect![[
                r#"{"model":"m","system":[{"type":"text","text":"be brief"}],"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#
            ]],
        );
    }

    #[test]
    fn tools_that_the_provider_runs_are_not_counted() {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]}"#;
        let request = decode_request(Format::AnthropicTokenCount, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let encoded =
            encode_request(Format::GeminiTokenCount, &request, &Target::new("m")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(encoded.warnings.to_header().as_deref(), Some("server_tool_not_available;tools"));
        assert!(!String::from_utf8_lossy(&encoded.body).contains("tools"));
    }

    #[test]
    fn counts_are_told_in_each_form() {
        for format in [Format::AnthropicTokenCount, Format::GeminiTokenCount, Format::OpenAiTokenCount] {
            let told = write(format, 7);
            assert_eq!(read(&told, None), Ok(7));
            assert!(String::from_utf8_lossy(&told).contains(&format!("\"{}\":7", field(format))));
        }
    }

    #[test]
    fn an_image_weighs_the_same_however_large_its_file_is() {
        let weight = |data: &str| {
            let image = format!(r#"{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{data}"}}}}"#);
            let body = format!(
                r#"{{"model":"m","messages":[{{"role":"user","content":[{image},{{"type":"text","text":"abcd"}}]}}]}}"#
            );
            decode_request(Format::AnthropicTokenCount, body.as_bytes()).map(|request| weigh(&request)).unwrap_or_default()
        };
        assert_eq!(
            (weight("AAAA"), weight(&"A".repeat(100_000))),
            (FRAME_BYTES + IMAGE_BYTES + 4, FRAME_BYTES + IMAGE_BYTES + 4)
        );
    }
}
