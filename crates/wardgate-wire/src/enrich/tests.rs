use super::*;
use expect_test::{Expect, expect};
use wardgate_core::usage::Units;

const USAGE: Usage = Usage {
    input_uncached: 12,
    cache_read: 0,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_other: 0,
    output: 3,
    reasoning: 0,
    units: Units::NONE,
};

fn given(is_all: bool) -> Enrichment {
    if is_all { Enrichment { id: Some("gen-1".into()), provider: Some("Open \"AI\"".into()) } } else { Enrichment::default() }
}

fn bill() -> Bill {
    let nano = |amount| Some(NanoUsd::new(amount));
    Bill { cost: nano(4_200_000), input: nano(3_000_000), output: nano(1_200_000), is_byok: false }
}

fn check_whole(format: Format, is_all: bool, body: &str, expected: &Expect) {
    let found = whole(format, body.as_bytes(), &given(is_all), &bill(), &USAGE, Some("end_turn"));
    expected.assert_eq(&found.map_or("as it was".to_owned(), |found| String::from_utf8(found).unwrap_or_default()));
}

#[test]
fn whole_answers() {
    check_whole(
        Format::OpenAiChat,
        true,
        r#"{"id":"c1", "choices":[{"index":0,"message":{"content":"a  b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"cost":9},"x":1e400}"#,
        &expect![[
            r#"{"id":"gen-1","choices":[{"index":0,"message":{"content":"a  b"},"finish_reason":"stop","native_finish_reason":"end_turn"}],"usage":{"prompt_tokens":12,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}},"x":1e400,"provider":"Open \"AI\""}"#
        ]],
    );
    check_whole(
        Format::OpenAiChat,
        false,
        r#"{"id":"c1","choices":[],"usage":null}"#,
        &expect![[
            r#"{"id":"c1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":0},"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}}}"#
        ]],
    );
    check_whole(
        Format::AnthropicMessages,
        true,
        r#"{"id":"msg_1","type":"message","usage":{"input_tokens":12,"output_tokens":3}}"#,
        &expect![[
            r#"{"id":"msg_1","type":"message","usage":{"input_tokens":12,"output_tokens":3,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}},"provider":"Open \"AI\""}"#
        ]],
    );
    check_whole(
        Format::OpenAiResponses,
        true,
        r#"{"id":"resp_1","usage":{"input_tokens":1}}"#,
        &expect![[
            r#"{"id":"resp_1","usage":{"input_tokens":1,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_input_cost":0.003,"upstream_inference_output_cost":0.0012}},"provider":"Open \"AI\""}"#
        ]],
    );
    check_whole(Format::Gemini, true, r#"{"candidates":[]}"#, &expect!["as it was"]);
    check_whole(Format::OpenAiChat, true, "[1]", &expect!["as it was"]);
}

#[test]
fn an_unknown_cost_is_null_and_no_cost_is_zero() {
    let of = |cost| {
        let bill = Bill { cost, ..Bill::default() };
        let body = whole(Format::OpenAiChat, b"{}", &given(false), &bill, &USAGE, None).unwrap_or_default();
        serde_json::from_slice::<serde_json::Value>(&body).unwrap_or_default()["usage"]["cost"].to_string()
    };
    assert_eq!([of(None), of(Some(NanoUsd::ZERO)), of(Some(NanoUsd::new(1)))], ["null", "0", "1e-9"]);
}

fn check_stream(format: Format, text: &'static str, expected: &Expect) {
    let mut enricher = Enricher::new(format, given(true));
    let passed = enricher.pass(Bytes::from_static(text.as_bytes()), Some("length"), &|| (USAGE, bill()));
    expected.assert_eq(std::str::from_utf8(&passed).unwrap_or_default());
}

#[test]
fn streams() {
    check_stream(
        Format::OpenAiChat,
        concat!(
            "data: {\"id\":\"c1\",\"created\":5,\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\"\"},\"finish_reason\":null}],\"usage\":null}\n\n",
            ": keep-alive\n\n",
            "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":12}}\n\n",
            "data: [DONE]\n\n",
        ),
        &expect![[r#"
            data: {"id":"gen-1","created":5,"model":"m","choices":[{"delta":{"content":"\"usage\""},"finish_reason":null,"native_finish_reason":null}],"usage":null,"provider":"Open \"AI\""}

            : keep-alive

            data: {"id":"gen-1","choices":[{"delta":{},"finish_reason":"stop","native_finish_reason":"length"}],"provider":"Open \"AI\""}

            data: {"id":"gen-1","choices":[],"usage":{"prompt_tokens":12,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}},"provider":"Open \"AI\""}

            data: [DONE]

        "#]],
    );
    check_stream(
        Format::OpenAiChat,
        "data: {\"id\":\"c1\",\"created\":5,\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        &expect![[r#"
            data: {"id":"gen-1","created":5,"model":"m","choices":[{"delta":{},"finish_reason":"stop","native_finish_reason":"length"}],"provider":"Open \"AI\""}

            data: {"id":"gen-1","object":"chat.completion.chunk","created":5,"model":"m","provider":"Open \"AI\"","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":0},"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}}}

            data: [DONE]

        "#]],
    );
    check_stream(
        Format::AnthropicMessages,
        concat!(
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":1}}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":3}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        &expect![[r#"
            event: message_start
            data: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":1},"provider":"Open \"AI\""}}

            event: content_block_delta
            data: {"type":"content_block_delta"}

            event: message_delta
            data: {"type":"message_delta","delta":{},"usage":{"output_tokens":3,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.003,"upstream_inference_completions_cost":0.0012}}}

            event: message_stop
            data: {"type":"message_stop"}

        "#]],
    );
    check_stream(
        Format::OpenAiResponses,
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"usage\":{\"input_tokens\":1}}}\n\n",
        &expect![[r#"
            event: response.completed
            data: {"type":"response.completed","response":{"id":"r","usage":{"input_tokens":1,"cost":0.0042,"total_cost":0.0042,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_input_cost":0.003,"upstream_inference_output_cost":0.0012}},"provider":"Open \"AI\""}}

        "#]],
    );
}
