use super::EmbeddingsForm::{Bedrock, Cohere, Gemini, GeminiOne, OpenAi, Vertex};
use super::*;
use expect_test::{Expect, expect};

fn read(form: EmbeddingsForm, body: &str) -> EmbeddingsRequest {
    decode_request(form, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn check(client: EmbeddingsForm, provider: EmbeddingsForm, body: &str, expected: &Expect) {
    let encoded =
        decode_request(client, body.as_bytes()).and_then(|request| encode_request(provider, &request, &Target::new("m")));
    let found = match encoded {
        Ok((body, warnings)) => format!("{} | {}", String::from_utf8_lossy(&body), warnings.to_header().unwrap_or_default()),
        Err(refused) => format!("{}: {refused}", refused.code),
    };
    expected.assert_eq(&found);
}

#[test]
fn requests_of_openais_clients() {
    check(
        OpenAi,
        Gemini,
        r#"{"model":"x","input":["a","b"],"dimensions":3,"input_type":"search_query","odd":1}"#,
        &expect![[
            r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":3},{"model":"models/m","content":{"parts":[{"text":"b"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":3}]} | unknown_field;odd"#
        ]],
    );
    check(
        OpenAi,
        Cohere,
        r#"{"model":"x","input":"a","encoding_format":"base64","user":"u"}"#,
        &expect![[r#"{"model":"m","texts":["a"],"input_type":"search_document","embedding_types":["float"]} | "#]],
    );
    check(
        OpenAi,
        Cohere,
        r#"{"model":"x","input":[[1,2]]}"#,
        &expect![
            "unsupported_input: input[0]: tokens cannot be sent to this provider, since each model has its own: send text"
        ],
    );
    check(
        OpenAi,
        Gemini,
        r#"{"input":"a","input_type":"image"}"#,
        &expect![[
            r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}}]} | unsupported_parameter;input_type"#
        ]],
    );
}

#[test]
fn requests_that_clouds_are_invoked_with() {
    let of = |form, model: &str, body: &str| {
        let encoded =
            decode_request(OpenAi, body.as_bytes()).and_then(|request| encode_request(form, &request, &Target::new(model)));
        match encoded {
            Ok((body, warnings)) => {
                format!("{} | {}", String::from_utf8_lossy(&body), warnings.to_header().unwrap_or_default())
            }
            Err(refused) => format!("{}: {refused}", refused.code),
        }
    };
    let (two, one) = (
        r#"{"model":"x","input":["a","b"],"dimensions":3,"input_type":"search_query"}"#,
        r#"{"model":"x","input":"a","dimensions":3,"input_type":"search_query"}"#,
    );
    expect![[r#"{"instances":[{"content":"a","task_type":"RETRIEVAL_QUERY"},{"content":"b","task_type":"RETRIEVAL_QUERY"}],"parameters":{"outputDimensionality":3}} | "#]].assert_eq(&of(Vertex, "text-embedding-005", two));
    expect![[r#"{"texts":["a","b"],"input_type":"search_query","embedding_types":["float"],"output_dimension":3} | "#]]
        .assert_eq(&of(Bedrock, "us.cohere.embed-v4:0", two));
    expect!["too_many_inputs: input: this model takes 1 text a request and there are 2: send one request for each"]
        .assert_eq(&of(Bedrock, "amazon.titan-embed-text-v2:0", two));
    expect![[r#"{"inputText":"a","dimensions":3} | unsupported_parameter;input_type"#]].assert_eq(&of(
        Bedrock,
        "amazon.titan-embed-text-v2:0",
        one,
    ));
    expect![[r#"{"schemaVersion":"nova-multimodal-embed-v1","taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"GENERIC_RETRIEVAL","embeddingDimension":3,"text":{"truncationMode":"NONE","value":"a"}}} | "#]].assert_eq(&of(Bedrock, "amazon.nova-2-multimodal-embeddings-v1:0", one));
    expect!["unsupported_model: model: this gateway knows no form of embeddings for this model of Bedrock's: it knows Titan's, Nova's and Cohere's"].assert_eq(&of(Bedrock, "acme.embed", one));
}

#[test]
fn answers_of_clouds() {
    for (form, body, tokens) in [
        (Vertex, r#"{"predictions":[{"embeddings":{"values":[0.5],"statistics":{"token_count":2.0}}}]}"#, Some(2)),
        (Vertex, r#"{"predictions":[{"embeddings":{"values":[0.5]}}]}"#, None),
        (Bedrock, r#"{"embedding":[0.5],"inputTextTokenCount":3,"embeddingsByType":{"float":[0.5]}}"#, Some(3)),
        (Bedrock, r#"{"id":"x","embeddings":{"float":[[0.5]]},"texts":["a"]}"#, None),
        (Bedrock, r#"{"embeddings":[[0.5]]}"#, None),
        (Bedrock, r#"{"embeddings":[{"embeddingType":"TEXT","embedding":[0.5]}]}"#, None),
    ] {
        let reply = decode_reply(form, body.as_bytes(), 1, None).unwrap_or_else(|fault| panic!("{body}: {}", fault.message));
        assert_eq!((reply.vectors, reply.usage.map(|usage| usage.input())), (vec![vec![0.5]], tokens), "{body}");
    }
    for (form, body) in [(Vertex, r#"{"predictions":[{}]}"#), (Bedrock, r#"{"embeddings":[5]}"#), (Bedrock, "{}")] {
        assert!(decode_reply(form, body.as_bytes(), 1, None).is_err(), "{body}");
    }
}

#[test]
fn requests_of_googles_clients() {
    let two = r#"{"requests":[
        {"model":"models/x","content":{"parts":[{"text":"a"}],"role":"user"},"taskType":"RETRIEVAL_QUERY","outputDimensionality":3},
        {"content":{"parts":[{"text":"b"},{"text":"c"}]},"task_type":"RETRIEVAL_QUERY","output_dimensionality":3}]}"#;
    check(
        Gemini,
        OpenAi,
        two,
        &expect![[
            r#"{"model":"m","input":["a","b\nc"],"encoding_format":"float","dimensions":3} | unsupported_parameter;requests[0].taskType"#
        ]],
    );
    check(
        Gemini,
        Cohere,
        two,
        &expect![[
            r#"{"model":"m","texts":["a","b\nc"],"input_type":"search_query","embedding_types":["float"],"output_dimension":3} | "#
        ]],
    );
    check(
        Gemini,
        Cohere,
        r#"{"provider":{},"requests":[{"content":{"parts":[{"text":"a"}]},"taskType":"FACT_VERIFICATION","title":"t","odd":1}]}"#,
        &expect![[
            r#"{"model":"m","texts":["a"],"input_type":"search_document","embedding_types":["float"]} | unsupported_parameter;requests[0].title, unknown_field;requests[0].odd, unsupported_parameter;requests[0].taskType"#
        ]],
    );
    check(
        GeminiOne,
        OpenAi,
        r#"{"model":"models/x","content":{"parts":[{"text":"a"}]},"taskType":"TASK_TYPE_UNSPECIFIED"}"#,
        &expect![[r#"{"model":"m","input":["a"],"encoding_format":"float"} | "#]],
    );
    check(
        GeminiOne,
        Gemini,
        r#"{"content":{"parts":[{"text":"a"}]},"taskType":"FACT_VERIFICATION"}"#,
        &expect![[
            r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"FACT_VERIFICATION"}]} | "#
        ]],
    );
}

#[test]
fn what_is_said_of_one_text_alone_is_refused() {
    let check = |requests: &str, expected: &Expect| check(Gemini, OpenAi, &format!(r#"{{"requests":{requests}}}"#), expected);
    let text = r#""content":{"parts":[{"text":"a"}]}"#;
    check(
        &format!(r#"[{{{text}}},{{{text},"outputDimensionality":3}}]"#),
        &expect![
            "unsupported_parameter: requests[1].outputDimensionality: must be the same in all requests, since this provider is told it once for all texts"
        ],
    );
    check(
        &format!(r#"[{{{text},"taskType":"CLUSTERING"}},{{{text}}}]"#),
        &expect![
            "unsupported_parameter: requests[1].taskType: must be the same in all requests, since this provider is told it once for all texts"
        ],
    );
    check(
        r#"[{"content":{"parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}]"#,
        &expect!["unsupported_modality: requests[0].content.parts[1]: this provider makes vectors of text only"],
    );
    check(r#"[{"content":{"parts":[]}}]"#, &expect!["invalid_value: requests[0].content.parts: must hold at least one part"]);
    check(r#"[{"content":"a"}]"#, &expect!["invalid_value: requests[0].content: must be an object"]);
    check("[]", &expect!["invalid_value: requests: must hold at least one request and at most 2048"]);
}

#[test]
fn strict_requests_lose_nothing() {
    let request = read(OpenAi, r#"{"input":"a","odd":1}"#);
    let strict = Target { is_strict: true, ..Target::new("m") };
    assert_eq!(encode_request(Cohere, &request, &strict).map_err(|refused| refused.code), Err("unknown_field"));
}

const ONE: &str = r#"{"model":"x","input":["a"]}"#;
const TWO: &str = r#"{"model":"x","input":["a","b"]}"#;

fn told(provider: EmbeddingsForm, client: EmbeddingsForm, request: &EmbeddingsRequest, body: &str) -> String {
    let reply = decode_reply(provider, body.as_bytes(), request.inputs.len(), None);
    let reply = reply.unwrap_or_else(|fault| panic!("{fault:?}"));
    String::from_utf8_lossy(&encode_reply(client, &reply, request, "m")).into_owned()
}

#[test]
fn answers() {
    let mut request = read(OpenAi, ONE);
    let cohere = r#"{"embeddings":{"float":[[0.5,-1.0]]},"meta":{"billed_units":{"input_tokens":7}}}"#;
    expect![[r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}"#]]
        .assert_eq(&told(Cohere, OpenAi, &request, cohere));
    expect![[r#"{"embedding":{"values":[0.5,-1]},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}}"#]]
        .assert_eq(&told(Cohere, GeminiOne, &request, cohere));
    request.is_base64 = true;
    let gemini = r#"{"embeddings":[{"values":[0.5,-1.0]}]}"#;
    expect![[r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAAPwAAgL8="}],"model":"m","usage":{"prompt_tokens":0,"total_tokens":0}}"#]]
        .assert_eq(&told(Gemini, OpenAi, &request, gemini));
    let openai = r#"{"data":[{"index":1,"embedding":"AAAAPwAAgL8="},{"index":0,"embedding":[0.25,1e-7]}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#;
    expect![[r#"{"embeddings":[{"values":[0.25,0.0000001]},{"values":[0.5,-1]}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}"#]].assert_eq(&told(OpenAi, Gemini, &read(OpenAi, TWO), openai));
}

#[test]
fn answers_that_are_none() {
    let check = |form, body: &str, expected: &Expect| {
        let fault = decode_reply(form, body.as_bytes(), 1, None).err();
        expected.assert_eq(&fault.map(|fault| format!("{}: {}", fault.class.name(), fault.message)).unwrap_or_default());
    };
    check(Gemini, r#"{"embeddings":[]}"#, &expect!["unreadable: the provider answered 0 vectors for 1 inputs"]);
    check(
        Gemini,
        r#"{"embeddings":[{"values":[1e39]}]}"#,
        &expect!["unreadable: the provider's answer holds a vector with something else than numbers"],
    );
    check(Gemini, r#"{"error":{"code":429,"message":"later"}}"#, &expect!["rate_limited: later"]);
    check(Cohere, r#"{"embeddings":[[1]]}"#, &expect!["unreadable: the provider's answer holds something else than vectors"]);
    check(OpenAi, "{}", &expect!["unreadable: the provider's answer has no data"]);
    check(
        OpenAi,
        r#"{"data":[{"index":1,"embedding":[1]}]}"#,
        &expect!["unreadable: the provider's answer numbers its vectors wrongly"],
    );
    check(
        OpenAi,
        r#"{"data":[{"index":0,"embedding":"AAA="}]}"#,
        &expect!["unreadable: the provider's answer holds something else than vectors"],
    );
    check(
        OpenAi,
        r#"{"data":[{"index":0,"embedding":"AADAfw=="}]}"#,
        &expect!["unreadable: the provider's answer holds a vector with something else than numbers"],
    );
    let deep = format!(r#"{{"data":{}{}}}"#, "[".repeat(500), "]".repeat(500));
    check(OpenAi, &deep, &expect!["unreadable: the provider's answer nests too deep"]);
}
