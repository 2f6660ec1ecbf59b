use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn check(body: &str, expected: &Expect) {
    let found = match peek(body.as_bytes(), Surface::ChatCompletions) {
        Ok(peek) => format!(
            "{} | at {:?} | stream {} | usage {} | gateway-only {}",
            peek.models.join(", "),
            peek.model_span.map(|span| &body[span]),
            peek.is_stream,
            peek.asks_for_usage,
            peek.has_gateway_only_fields
        ),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&found);
}

#[test]
fn all_answers_that_are_paid_for_count() {
    let chat = |body: &str| peek(body.as_bytes(), Surface::ChatCompletions).unwrap().answers;
    assert_eq!(chat(r#"{"model":"m"}"#), 1);
    assert_eq!(chat(r#"{"model":"m","n":null}"#), 1);
    assert_eq!(chat(r#"{"model":"m","n":0}"#), 1);
    assert_eq!(chat(r#"{"model":"m","n":3,"best_of":5,"n":2}"#), 5);
    assert_eq!(chat(r#"{"model":"m","n":"many"}"#), ANSWERS_MAX);
    let completions = |body: &str| peek(body.as_bytes(), Surface::Completions).unwrap().answers;
    assert_eq!(completions(r#"{"model":"m","prompt":"a","n":2}"#), 2);
    assert_eq!(completions(r#"{"model":"m","prompt":["a","b","c"]}"#), 3);
    assert_eq!(completions(r#"{"model":"m","prompt":["a","b","c"],"n":2,"best_of":4}"#), 12);
    assert_eq!(completions(r#"{"model":"m","prompt":[1,2,3]}"#), 1);
    assert_eq!(completions(r#"{"model":"m","prompt":[[1,2],[3]]}"#), 2);
    assert_eq!(completions(r#"{"model":"m","prompt":[]}"#), 1);
    assert_eq!(completions(r#"{"model":"m","prompt":["a","b"],"prompt":"a"}"#), 2);
    let many = vec!["\"a\""; 5_000].join(",");
    assert_eq!(completions(&format!(r#"{{"model":"m","prompt":[{many}]}}"#)), PROMPTS_MAX);
    assert_eq!(chat(r#"{"model":"m","prompt":["a","b","c"]}"#), 1);
    let gemini = |config: &str| {
        let body = format!(r#"{{"generationConfig":{config}}}"#);
        peek_gemini(body.as_bytes(), Surface::GenerateContent, "m", false).unwrap().answers
    };
    assert_eq!(gemini("null"), 1);
    assert_eq!(gemini(r#"{"candidateCount":4}"#), 4);
    assert_eq!(gemini(r#"{"candidateCount":4,"candidate_count":7}"#), 7);
    assert_eq!(gemini(r#"{"candidateCount":4,"candidateCount":1}"#), ANSWERS_MAX);
}

#[test]
fn finds_what_routing_needs() {
    check(
        r#"{"messages":[{"model":"x"}], "model" : "gpt-4o"}"#,
        &expect![[r#"gpt-4o | at Some("\"gpt-4o\"") | stream false | usage false | gateway-only false"#]],
    );
    check(
        r#"{"model":"a","models":["A","b"],"stream":true,"stream_options":{"include_usage":true}}"#,
        &expect![[r#"a, b | at Some("\"a\"") | stream true | usage true | gateway-only true"#]],
    );
    check(r#"{"models":["b"]}"#, &expect!["b | at None | stream false | usage false | gateway-only true"]);
    check(r#"{"m\u006fdel":"a"}"#, &expect![[r#"a | at Some("\"a\"") | stream false | usage false | gateway-only false"#]]);
}

#[test]
fn says_what_is_wrong() {
    check("", &expect!["the body is not valid JSON: it ends too early at line 1 column 0"]);
    check("{\"model\":\n x}", &expect!["the body is not valid JSON: unexpected character at line 2 column 2"]);
    check(r#"{"model":"a"} trailing"#, &expect!["the body is not valid JSON: unexpected character at line 1 column 15"]);
    for body in ["[]", "null", "\"x\"", "5"] {
        check(body, &expect!["the body must be a JSON object"]);
    }
    check("{}", &expect![[r#"the field "model" is missing"#]]);
    check(r#"{"model":null}"#, &expect![[r#"the field "model" must be a string"#]]);
    check(r#"{"model":5}"#, &expect![[r#"the field "model" must be a string"#]]);
    check(r#"{"model":""}"#, &expect![[r#"the field "model" is empty"#]]);
    check(r#"{"model":"a","model":"b"}"#, &expect![[r#"the field "model" stands in the body more than once"#]]);
    check(r#"{"model":"a","Model":"b"}"#, &expect![[r#"the field "Model" is written in another case than the format has it"#]]);
    check(
        r#"{"model":"a","max_to\u212aens":5}"#,
        &expect![[r#"the field "max_toKens" is written in another case than the format has it"#]],
    );
    check(
        r#"{"model":"a","\u017ftream":true}"#,
        &expect![[r#"the field "ſtream" is written in another case than the format has it"#]],
    );
    check(r#"{"model":"a","models":"b"}"#, &expect![[r#"the field "models" must be an array of non-empty strings"#]]);
    check(r#"{"model":"a","models":["b",5]}"#, &expect![[r#"the field "models" must be an array of non-empty strings"#]]);
    check(r#"{"model":"a","stream":"yes"}"#, &expect![[r#"the field "stream" must be true or false"#]]);
    check(
        &format!("{{\"model\":\"a\",\"x\":{}{}}}", "[".repeat(200), "]".repeat(200)),
        &expect!["the body nests deeper than 128 levels"],
    );
}

#[test]
fn finds_the_end_user_by_the_names_of_its_format() {
    let check = |surface: Surface, members: &str, expected: Option<&str>| {
        let body = format!(r#"{{"model":"m","input":"x",{members}}}"#);
        let span = peek(body.as_bytes(), surface).unwrap().end_user_span;
        assert_eq!(span.and_then(|span| end_user(&body[span], surface)).as_deref(), expected, "{surface} {members}");
    };
    for surface in [Surface::ChatCompletions, Surface::Responses, Surface::Embeddings, Surface::Completions] {
        check(surface, r#""user":"ann""#, Some("ann"));
        check(surface, r#""user":"ann","safety_identifier":"b\u00e9a""#, Some("béa"));
        check(surface, r#""user":"ann","safety_identifier":null"#, Some("ann"));
        check(surface, r#""user":"""#, None);
        check(surface, r#""user":7"#, None);
        check(surface, r#""metadata":{"user_id":"cem"}"#, None);
    }
    check(Surface::Messages, r#""metadata":{"user_id":"cem","x":[]},"user":"ann""#, Some("cem"));
    check(Surface::Messages, r#""metadata":{"user_id":null}"#, None);
    check(Surface::Messages, r#""metadata":"cem""#, None);
    check(Surface::Messages, r#""user":"ann""#, None);
}

#[test]
fn finds_the_cap_by_the_names_of_its_format() {
    let check = |surface, fields: &[&str]| {
        for field in ["max_tokens", "max_completion_tokens", "max_output_tokens"] {
            let body = format!(r#"{{"model":"a","input":"x","{field}":7}}"#);
            let found = peek(body.as_bytes(), surface).unwrap_or_else(|error| panic!("{error}")).output_tokens_max;
            assert_eq!(found, fields.contains(&field).then_some(7), "{surface} {field}");
        }
    };
    check(Surface::ChatCompletions, &["max_tokens", "max_completion_tokens"]);
    check(Surface::Messages, &["max_tokens"]);
    check(Surface::Completions, &["max_tokens"]);
    check(Surface::Responses, &["max_output_tokens"]);
    check(Surface::Embeddings, &[]);
}

#[test]
fn finds_the_cap_of_gemini_and_reads_it_as_no_less_than_it_may_be() {
    let check = |config: &str, expected: Option<u64>| {
        for name in ["generationConfig", "generation_config"] {
            let body = format!(r#"{{"contents":[],"max_tokens":1,"{name}":{config}}}"#);
            let peek = peek_gemini(body.as_bytes(), Surface::GenerateContent, "gemini-x", true)
                .unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((peek.output_tokens_max, peek.is_stream), (expected, true), "{config}");
            assert_eq!(peek.models, ["gemini-x"]);
        }
    };
    check(r#"{"maxOutputTokens":7}"#, Some(7));
    check(r#"{"max_output_tokens":7}"#, Some(7));
    check(r#"{"temperature":1}"#, None);
    check(r#"{"maxOutputTokens":null}"#, None);
    check("null", None);
    check(r#"{"maxOutputTokens":7,"max_output_tokens":9}"#, Some(9));
    check(r#"{"maxOutputTokens":6.5}"#, Some(7));
    check(r#"{"maxOutputTokens":"7"}"#, Some(u64::MAX));
    check(r#"{"maxOutputTokens":7,"maxOutputTokens":9}"#, Some(u64::MAX));
    check("[]", Some(u64::MAX));
}

#[test]
fn a_path_that_names_the_model_counts_more_than_the_body() {
    let peek = peek_gemini(
        br#"{"model":"other","models":["Gemini-X","b"],"contents":[]}"#,
        Surface::GenerateContent,
        "gemini-x",
        false,
    );
    let peek = peek.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(peek.models, ["gemini-x", "b"]);
    assert!(peek.is_model_in_path && peek.has_gateway_only_fields && peek.model_span.is_none());
    assert_eq!(peek_gemini(b"{}", Surface::GenerateContent, "", false), Err(PeekError::ModelEmpty));
}

#[test]
fn the_cap_on_the_output_is_never_read_as_less_than_a_provider_may_read() {
    let check = |members: &str, expected: (Option<u64>, Option<&str>, bool)| {
        let body = format!(r#"{{"model":"a"{members}}}"#);
        let peek = peek(body.as_bytes(), Surface::ChatCompletions).unwrap_or_else(|error| panic!("{members}: {error}"));
        let value = peek.output_tokens_span.map(|span| body[span].to_owned());
        assert_eq!((peek.output_tokens_max, value.as_deref(), peek.has_several_output_caps), expected, "{members}");
    };
    check("", (None, None, false));
    check(r#","max_tokens":100"#, (Some(100), Some("100"), false));
    check(r#","max_completion_tokens":100"#, (Some(100), Some("100"), false));
    check(r#","max_\u0074okens":100"#, (Some(100), Some("100"), false));
    check(r#","max_tokens":null"#, (None, Some("null"), false));
    check(r#","max_tokens":99.5"#, (Some(100), Some("99.5"), false));
    check(r#","max_tokens":1e3"#, (Some(1_000), Some("1e3"), false));
    check(r#","max_tokens":1e400"#, (Some(u64::MAX), Some("1e400"), false));
    check(r#","max_tokens":99999999999999999999"#, (Some(u64::MAX), Some("99999999999999999999"), false));
    check(r#","max_tokens":-1"#, (Some(u64::MAX), Some("-1"), false));
    check(r#","max_tokens":"7""#, (Some(u64::MAX), Some("\"7\""), false));
    check(r#","max_tokens":7,"max_completion_tokens":9"#, (Some(9), Some("7"), true));
    check(r#","max_tokens":9,"max_tokens":7"#, (Some(9), Some("9"), true));
}

proptest! {
    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = peek(&body, Surface::ChatCompletions);
        let _ = peek_gemini(&body, Surface::GenerateContent, "m", true);
        let _ = peek_gemini(&body, Surface::BatchEmbedContents, "m", false);
    }
}
