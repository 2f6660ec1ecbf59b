//! An error in the form that clients of a format understand.

use crate::format::{anthropic_messages, gemini, openai_chat, openai_responses};
use crate::stream::Envelope;
use wardgate_core::fault::ErrorOrigin;
use wardgate_core::format::{Family, Format};

/// What kind of error it is: the word that SDKs of a format map to an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong.
    InvalidRequest,
    /// The access key is missing or not valid.
    Authentication,
    /// The access key may not do this.
    Permission,
    /// There is no money for it.
    Payment,
    /// There is no such thing.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// A limit is used up for now.
    RateLimit,
    /// Out of capacity for now.
    Overloaded,
    /// It took too long.
    Timeout,
    /// Anything that is not the client's fault.
    Server,
}

/// An error to be told to a client.
#[derive(Debug, Clone)]
pub struct ErrorBody<'e> {
    /// What kind it is.
    pub kind: ErrorKind,
    /// The stable code.
    pub code: &'e str,
    /// What happened, why, and what to do, for people.
    pub message: &'e str,
    /// The request field it is about, if it is about one.
    pub param: Option<&'e str>,
    /// Who made it.
    pub origin: ErrorOrigin,
    /// The request's id.
    pub request_id: &'e str,
}

/// The body of an HTTP error.
#[must_use]
pub fn body(format: Format, error: &ErrorBody<'_>) -> Vec<u8> {
    match format.family() {
        Family::Anthropic => anthropic_messages::error::body(error),
        Family::Google => gemini::error::body(error),
        // No client speaks the last two.
        Family::OpenAi | Family::Cohere | Family::Bedrock => openai_chat::error::body(error),
    }
}

/// The event that ends a stream which broke, its empty line included.
#[must_use]
pub fn event(format: Format, error: &ErrorBody<'_>, envelope: &Envelope) -> Vec<u8> {
    match format {
        Format::AnthropicMessages | Format::AnthropicTokenCount => anthropic_messages::error::event(error),
        Format::OpenAiResponses => openai_responses::error::event(error, envelope),
        Format::Gemini
        | Format::GeminiBatchEmbedding
        | Format::GeminiTokenCount
        | Format::VertexTokenCount
        | Format::GeminiEmbedding => gemini::error::event(error),
        Format::OpenAiChat
        | Format::OpenAiCompletions
        | Format::OpenAiEmbeddings
        | Format::OpenAiTokenCount
        | Format::CohereChat
        | Format::CohereEmbedding
        | Format::VertexEmbedding
        | Format::BedrockEmbedding
        | Format::OpenAiImages
        | Format::JinaRerank
        | Format::CohereRerank
        | Format::VoyageRerank
        | Format::BedrockRerank
        | Format::Opaque
        | Format::BedrockConverse => openai_chat::error::event(error, envelope),
    }
}

/// What is sent into a silent stream so that nothing between here and the client takes it for dead.
#[must_use]
pub const fn keep_alive(format: Format) -> &'static [u8] {
    match format.family() {
        Family::Anthropic => b"event: ping\ndata: {\"type\": \"ping\"}\n\n",
        Family::OpenAi | Family::Google | Family::Cohere | Family::Bedrock => b": keep-alive\n\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const ERROR: ErrorBody<'_> = ErrorBody {
        kind: ErrorKind::Overloaded,
        code: "upstream_overloaded",
        message: "say \"when\"",
        param: None,
        origin: ErrorOrigin::Provider,
        request_id: "rq_1",
    };

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap_or_default()
    }

    #[test]
    fn bodies() {
        expect![[r#"{"error":{"message":"say \"when\"","type":"server_error","param":null,"code":"upstream_overloaded","origin":"provider"},"request_id":"rq_1"}"#]]
            .assert_eq(&text(body(Format::OpenAiChat, &ERROR)));
        expect![[r#"{"type":"error","error":{"type":"overloaded_error","message":"say \"when\"","code":"upstream_overloaded","origin":"provider"},"request_id":"rq_1"}"#]]
            .assert_eq(&text(body(Format::AnthropicMessages, &ERROR)));
    }

    #[test]
    fn what_is_too_long_is_said_in_the_words_that_agents_know() {
        let error = ErrorBody { code: "context_length_exceeded", message: "maximum context length is 9", ..ERROR };
        assert!(text(body(Format::AnthropicMessages, &error)).contains(r#""prompt is too long: maximum context length is 9""#));
        let error = ErrorBody { message: "prompt is too long: 10 tokens > 9 maximum", ..error };
        assert!(text(body(Format::AnthropicMessages, &error)).contains(r#""prompt is too long: 10 tokens > 9 maximum""#));
    }

    #[test]
    fn events() {
        let envelope = Envelope { id: Some("c1".into()), model: Some("m".into()), created: Some(5), events: 2 };
        expect![[r#"
            data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"error"}],"error":{"message":"say \"when\"","type":"server_error","param":null,"code":"upstream_overloaded","origin":"provider"}}

        "#]]
        .assert_eq(&text(event(Format::OpenAiChat, &ERROR, &envelope)));
        expect![[r#"
            event: error
            data: {"type":"error","error":{"type":"overloaded_error","message":"say \"when\"","code":"upstream_overloaded","origin":"provider"},"request_id":"rq_1"}

        "#]]
        .assert_eq(&text(event(Format::AnthropicMessages, &ERROR, &envelope)));
        expect![[r#"
            event: response.failed
            data: {"type":"response.failed","sequence_number":2,"response":{"id":"c1","object":"response","created_at":5,"status":"failed","error":{"code":"server_error","message":"say \"when\"","origin":"provider"},"model":"m","output":[]}}

        "#]]
        .assert_eq(&text(event(Format::OpenAiResponses, &ERROR, &envelope)));
    }
}
