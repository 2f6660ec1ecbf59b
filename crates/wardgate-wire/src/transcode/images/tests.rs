use super::*;
use expect_test::{Expect, expect};

fn check(body: &str, expected: &Expect) {
    let sent = decode_request(body.as_bytes()).and_then(|request| encode_request(&request, &Target::new("m")));
    expected.assert_eq(&match sent {
        Ok((body, warnings)) => format!("{} {}", String::from_utf8_lossy(&body), warnings.to_header().unwrap_or_default()),
        Err(refused) => format!("{} {refused}", refused.code),
    });
}

#[test]
fn requests_become_geminis() {
    check(
        r#"{"model":"m","prompt":"a cat"}"#,
        &expect![[
            r#"{"contents":[{"role":"user","parts":[{"text":"a cat"}]}],"generationConfig":{"responseModalities":["IMAGE"]}} "#
        ]],
    );
    check(
        r#"{"prompt":"a","size":"1024x1024","n":1,"response_format":"b64_json","quality":"auto"}"#,
        &expect![[
            r#"{"contents":[{"role":"user","parts":[{"text":"a"}]}],"generationConfig":{"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"1:1"}}} "#
        ]],
    );
    check(
        r#"{"prompt":"a","size":"1792x1024","quality":"hd","odd":1}"#,
        &expect![[
            r#"{"contents":[{"role":"user","parts":[{"text":"a"}]}],"generationConfig":{"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"16:9","imageSize":"2K"}}} size_approximated;size, unsupported_parameter;quality, unknown_field;odd"#
        ]],
    );
    check(
        r#"{"prompt":"a","size":"2160x3840"}"#,
        &expect![[
            r#"{"contents":[{"role":"user","parts":[{"text":"a"}]}],"generationConfig":{"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"9:16","imageSize":"4K"}}} size_approximated;size"#
        ]],
    );
}

#[test]
fn what_gemini_cannot_give_is_refused() {
    for (body, expected) in [
        (
            r#"{"prompt":"a","n":2}"#,
            expect![
                "unsupported_parameter n: this provider makes one picture a request: leave it out, and send as many requests as you want pictures"
            ],
        ),
        (
            r#"{"prompt":"a","response_format":"url"}"#,
            expect![[
                r#"image_url_not_available response_format: this gateway keeps no pictures, so there is no address for one: ask for "b64_json""#
            ]],
        ),
        (r#"{"prompt":"a","stream":true}"#, expect!["unsupported_parameter stream: this provider's pictures come whole"]),
        (
            r#"{"prompt":"a","background":"transparent"}"#,
            expect!["unsupported_parameter background: this provider makes no transparent pictures"],
        ),
        (r#"{"prompt":"a","size":"0x9"}"#, expect![[r#"invalid_value size: must be a size such as "1024x1024", or "auto""#]]),
        (r#"{"n":1}"#, expect!["invalid_value prompt: is missing"]),
    ] {
        check(body, &expected);
    }
}

#[test]
fn answers_become_openais() {
    let answer = r#"{"candidates":[{"content":{"parts":[{"text":"here"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},
        "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":1290,"totalTokenCount":1295,
        "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}}"#;
    let reply = decode_reply(answer.as_bytes(), None).unwrap_or_else(|fault| panic!("{}", fault.message));
    expect![[r#"{"created":7,"data":[{"b64_json":"AAAA"}],"output_format":"png","usage":{"total_tokens":1295,"input_tokens":5,"output_tokens":1290,"input_tokens_details":{"text_tokens":5,"image_tokens":0},"output_tokens_details":{"text_tokens":0,"image_tokens":1290}}}"#]].assert_eq(&String::from_utf8_lossy(&encode_reply(&reply, 7)));
}

#[test]
fn an_answer_without_a_picture_is_a_fault() {
    let class = |reason: &str| {
        let answer = format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"no"}}]}},"finishReason":"{reason}"}}]}}"#);
        decode_reply(answer.as_bytes(), None).err().map(|fault| fault.class)
    };
    assert_eq!(class("STOP"), Some(FaultClass::Unreadable));
    assert_eq!(class("IMAGE_SAFETY"), Some(FaultClass::ContentPolicy));
}
