use super::*;
use expect_test::{Expect, expect};

const JINA: &str = r#"{"model":"up:m","query":"q","documents":["a",{"text":"b"}],"top_n":1}"#;
const COHERE: &str = r#"{"model":"up:m","query":"q","documents":["a","b"],"max_tokens_per_doc":9,"priority":1}"#;
const VOYAGE: &str = r#"{"model":"up:m","query":"q","documents":["a","b"],"top_k":null,"truncation":false}"#;

fn read(format: Format, body: &str) -> RankRequest {
    decode_request(format, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn check_request(client: Format, body: &str, provider: Format, expected: &Expect) {
    let (sent, warnings) =
        encode_request(provider, &read(client, body), &Target::new("m")).unwrap_or_else(|error| panic!("{error}"));
    expected.assert_eq(&format!("{} {}", String::from_utf8_lossy(&sent), warnings.to_header().unwrap_or_default()));
}

fn check_reply(body: &str, client: Format, request: &str, expected: &Expect) {
    let told = decode_reply(body.as_bytes(), 2, None)
        .map(|reply| String::from_utf8_lossy(&encode_reply(client, &reply, &read(client, request), "m")).into_owned());
    expected.assert_eq(&told.unwrap_or_else(|fault| fault.message));
}

#[test]
fn requests_are_written_in_each_form() {
    use Format::{BedrockRerank, CohereRerank, JinaRerank, VoyageRerank};
    check_request(JinaRerank, JINA, CohereRerank, &expect![[r#"{"model":"m","query":"q","documents":["a","b"],"top_n":1} "#]]);
    check_request(JinaRerank, JINA, VoyageRerank, &expect![[r#"{"model":"m","query":"q","documents":["a","b"],"top_k":1} "#]]);
    check_request(
        JinaRerank,
        JINA,
        BedrockRerank,
        &expect![[r#"{"api_version":2,"query":"q","documents":["a","b"],"top_n":1} "#]],
    );
    check_request(
        CohereRerank,
        COHERE,
        JinaRerank,
        &expect![[
            r#"{"model":"m","query":"q","documents":["a","b"],"return_documents":false} unsupported_parameter;max_tokens_per_doc"#
        ]],
    );
    check_request(
        CohereRerank,
        COHERE,
        BedrockRerank,
        &expect![[r#"{"api_version":2,"query":"q","documents":["a","b"],"max_tokens_per_doc":9} "#]],
    );
    check_request(
        VoyageRerank,
        VOYAGE,
        CohereRerank,
        &expect![[r#"{"model":"m","query":"q","documents":["a","b"]} unsupported_parameter;truncation"#]],
    );
}

#[test]
fn answers_are_written_in_each_form() {
    let cohere = r#"{"id":"r","results":[{"index":1,"relevance_score":0.90},{"index":0,"relevance_score":1e-3}],
        "meta":{"billed_units":{"search_units":1}}}"#;
    let voyage = r#"{"object":"list","data":[{"index":1,"relevance_score":0.5}],"usage":{"total_tokens":7}}"#;
    check_reply(
        cohere,
        Format::JinaRerank,
        JINA,
        &expect![[
            r#"{"id":"r","object":"list","model":"m","results":[{"index":1,"relevance_score":0.90,"document":{"text":"b"}},{"index":0,"relevance_score":1e-3,"document":{"text":"a"}}],"usage":{"total_tokens":0,"search_units":1}}"#
        ]],
    );
    check_reply(
        cohere,
        Format::VoyageRerank,
        VOYAGE,
        &expect![[
            r#"{"id":"r","object":"list","model":"m","data":[{"index":1,"relevance_score":0.90},{"index":0,"relevance_score":1e-3}],"usage":{"total_tokens":0,"search_units":1}}"#
        ]],
    );
    check_reply(
        voyage,
        Format::JinaRerank,
        JINA,
        &expect![[
            r#"{"object":"list","model":"m","results":[{"index":1,"relevance_score":0.5,"document":{"text":"b"}}],"usage":{"total_tokens":7}}"#
        ]],
    );
    check_reply(
        voyage,
        Format::CohereRerank,
        COHERE,
        &expect![[
            r#"{"results":[{"index":1,"relevance_score":0.5}],"meta":{"api_version":{"version":"2"},"billed_units":{},"tokens":{"input_tokens":7}}}"#
        ]],
    );
}

#[test]
fn what_is_no_answer_is_a_fault() {
    for body in [
        r#"{"results":[{"index":2,"relevance_score":0.5}]}"#,
        r#"{"results":[{"index":0,"relevance_score":"high"}]}"#,
        r#"{"error":{"message":"no"}}"#,
        "{}",
    ] {
        assert!(decode_reply(body.as_bytes(), 2, None).is_err(), "{body}");
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let refused = |body: &str| decode_request(Format::JinaRerank, body.as_bytes()).err().map(|refused| refused.code);
    assert_eq!(refused(r#"{"query":"q","documents":[{"image":"x"}]}"#), Some("unsupported_modality"));
    assert_eq!(refused(r#"{"query":"q","documents":[]}"#), Some("invalid_value"));
    assert_eq!(refused(r#"{"documents":["a"]}"#), Some("invalid_value"));
    assert_eq!(refused(r#"{"query":"q","documents":[5]}"#), Some("invalid_value"));
    let strict = Target { is_strict: true, ..Target::new("m") };
    let refused = encode_request(Format::JinaRerank, &read(Format::CohereRerank, COHERE), &strict);
    assert_eq!(refused.err().map(|refused| refused.path), Some("max_tokens_per_doc".to_owned()));
}

#[test]
fn voyages_clients_are_known_by_what_only_they_write() {
    assert!(is_voyages(VOYAGE.as_bytes()));
    assert!(!is_voyages(JINA.as_bytes()) && !is_voyages(COHERE.as_bytes()) && !is_voyages(b"[") && !is_voyages(b"{}"));
    assert!(!is_voyages(br#"{"top_n":1,"truncation":true}"#));
}
