use super::*;
use crate::peek::peek;
use expect_test::{Expect, expect};
use wardgate_core::format::Surface;

fn edited(body: &str, edit: Edit<'_>) -> String {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let peek = peek(&body, Surface::ChatCompletions).unwrap_or_else(|error| panic!("{error}"));
    let edited = apply(&body, &peek, edit);
    edited.slices.iter().map(|slice| std::str::from_utf8(slice).unwrap_or("not UTF-8")).collect()
}

fn check(body: &str, ask_for_usage: bool, expected: &Expect) {
    expected.assert_eq(&edited(body, Edit { ask_for_usage, ..only_model("gpt-4o") }));
}

fn only_model(model: &str) -> Edit<'_> {
    Edit { model, ask_for_usage: false, output_cap: None, params: Params::default(), changes: &[] }
}

#[test]
fn only_the_models_value_changes() {
    check(
        r#"{ "x": 1.0, "model" : "openai:gpt-4o" , "y":[ ]}"#,
        false,
        &expect![[r#"{ "x": 1.0, "model" : "gpt-4o" , "y":[ ]}"#]],
    );
    check(r#"{"model":"gpt-4o","n":1e400}"#, false, &expect![[r#"{"model":"gpt-4o","n":1e400}"#]]);
}

#[test]
fn usage_is_asked_for_beside_what_the_client_set() {
    check(
        r#"{"model":"a","stream":true}"#,
        true,
        &expect![[r#"{"model":"gpt-4o","stream_options":{"include_usage":true},"stream":true}"#]],
    );
    check(
        r#"{"stream_options":{"include_obfuscation":false,"include_usage":false},"model":"a"}"#,
        true,
        &expect![[r#"{"stream_options":{"include_usage":true,"include_obfuscation":false},"model":"gpt-4o"}"#]],
    );
    check(
        r#"{"model":"a","stream_options":null}"#,
        true,
        &expect![[r#"{"model":"gpt-4o","stream_options":{"include_usage":true}}"#]],
    );
}

#[test]
fn a_model_in_the_path_stays_out_of_the_body() {
    let edited = |body: &'static str| {
        let body = Bytes::from_static(body.as_bytes());
        let peek =
            crate::peek::peek_gemini(&body, Surface::GenerateContent, "m", false).unwrap_or_else(|error| panic!("{error}"));
        let edited = apply(&body, &peek, only_model("other"));
        edited.slices.iter().flat_map(|slice| slice.to_vec()).map(char::from).collect::<String>()
    };
    assert_eq!(edited(r#"{ "contents":[ 1.0 ]}"#), r#"{ "contents":[ 1.0 ]}"#);
    assert_eq!(edited(r#"{"models":["b"],"contents":[ 1.0 ],"x":{}}"#), r#"{"contents":[ 1.0 ],"x":{}}"#);
}

#[test]
fn a_cap_of_gemini_stands_in_its_generation_config() {
    let check = |body: &'static str, expected: &str| {
        let body = Bytes::from_static(body.as_bytes());
        let peek =
            crate::peek::peek_gemini(&body, Surface::GenerateContent, "m", false).unwrap_or_else(|error| panic!("{error}"));
        let output_cap = Some(OutputCap { field: "maxOutputTokens", tokens: 50 });
        assert_eq!(apply(&body, &peek, Edit { output_cap, ..only_model("m") }).slices.concat(), expected.as_bytes());
    };
    check(
        r#"{"contents":[],"generationConfig":{"seed":1.0,"maxOutputTokens":90}}"#,
        r#"{"contents":[],"generationConfig":{"maxOutputTokens":50,"seed":1.0}}"#,
    );
    check(r#"{"contents":[]}"#, r#"{"contents":[],"generationConfig":{"maxOutputTokens":50}}"#);
    check(r#"{"generation_config":null}"#, r#"{"generation_config":{"maxOutputTokens":50}}"#);
}

#[test]
fn a_configuration_changes_parameters() {
    let (zero, list, one) = (Value::from(0), serde_json::json!(["x"]), serde_json::Number::from(1));
    let changes = [
        ("temperature", Change::Set(&zero)),
        ("stop", Change::Default(&list)),
        ("n", Change::Cap(&one)),
        ("logprobs", Change::Remove),
    ];
    let check = |body: &str, expected: &Expect| {
        expected.assert_eq(&edited(body, Edit { changes: &changes, ..only_model("m") }));
    };
    check(
        r#"{"model":"a","temperature":2,"stop":null,"n":4,"logprobs":true,"x":1.0}"#,
        &expect![[r#"{"model":"m","temperature":0,"stop":null,"n":1,"x":1.0}"#]],
    );
    check(
        r#"{"model":"a","n":1,"temperature":1,"temperature":2}"#,
        &expect![[r#"{"model":"m","n":1,"temperature":0,"stop":["x"]}"#]],
    );
    check(r#"{"model":"a","n":"9"}"#, &expect![[r#"{"model":"m","n":1,"temperature":0,"stop":["x"]}"#]]);
    check(r#"{"model":"a","n":null}"#, &expect![[r#"{"model":"m","n":null,"temperature":0,"stop":["x"]}"#]]);
}

#[test]
fn what_steers_the_gateway_stays_here() {
    check(
        r#"{"models":["b"],"model":"a","messages":[ {"role":"user"} ],"route":"fallback","provider":{},"usage":{"include":true}}"#,
        true,
        &expect![[r#"{"model":"gpt-4o","messages":[ {"role":"user"} ],"stream_options":{"include_usage":true}}"#]],
    );
    check(r#"{"models":["b"]}"#, false, &expect![[r#"{"model":"gpt-4o"}"#]]);
}

#[test]
fn names_that_need_escaping_are_escaped() {
    assert_eq!(edited(r#"{"model":"a"}"#, only_model("a\"b")), r#"{"model":"a\"b"}"#);
}

#[test]
fn a_cap_takes_the_place_of_the_clients_or_is_added() {
    let check = |body: &str, expected: &str| {
        let output_cap = Some(OutputCap { field: "max_tokens", tokens: 50 });
        assert_eq!(edited(body, Edit { output_cap, ..only_model("m") }), expected);
    };
    check(r#"{"model":"m","n":1}"#, r#"{"model":"m","max_tokens":50,"n":1}"#);
    check(r#"{"max_tokens": 900 ,"model":"a"}"#, r#"{"max_tokens": 50 ,"model":"m"}"#);
    check(r#"{"model":"a","max_completion_tokens":null}"#, r#"{"model":"m","max_completion_tokens":50}"#);
    check(
        r#"{"model":"a","max_completion_tokens":60,"n":1,"max_tokens":70}"#,
        r#"{"model":"m","max_completion_tokens":50,"n":1}"#,
    );
    check(r#"{"models":["a"],"n":1}"#, r#"{"model":"m","n":1,"max_tokens":50}"#);
}

#[test]
fn members_are_exchanged() {
    let check = |body: &'static str, expected: &str| {
        let slices = exchange(vec![Bytes::from_static(body.as_bytes())], &["model", "stream"], &[("v", "\"1\"")]);
        assert_eq!(String::from_utf8_lossy(&slices.concat()), expected);
    };
    check(r#"{"model":"m","a":1.0,"stream":true,"v":2}"#, r#"{"v":"1","a":1.0}"#);
    check("{}", r#"{"v":"1"}"#);
    check("[]", "[]");
}

#[test]
fn each_request_of_several_names_the_model_that_is_called() {
    let check = |body: &'static str, unsupported: &[&str], expected: &str| {
        let body = Bytes::from_static(body.as_bytes());
        let peek = crate::peek::peek_gemini(&body, Surface::BatchEmbedContents, "up:a", false);
        let unsupported = unsupported.iter().map(|name| Box::from(*name)).collect::<HashSet<Box<str>>>();
        let params = Params { unsupported: Some(&unsupported).filter(|names| !names.is_empty()), ..Params::default() };
        let edited = apply(&body, &peek.unwrap_or_else(|error| panic!("{error}")), Edit { params, ..only_model("b\"c") });
        assert_eq!(String::from_utf8_lossy(&edited.slices.concat()), expected);
    };
    let body = r#"{ "requests":[{"model":"models/up:a","content":{ }},{},{"x":1.0,"model":"up:a"}] }"#;
    check(body, &[], r#"{ "requests":[{"model":"models/b\"c","content":{ }},{},{"x":1.0,"model":"models/b\"c"}] }"#);
    let body = r#"{"provider":{},"odd":1,"requests":[{"model":"models/up:a"}],"after":2}"#;
    check(body, &["odd", "requests"], r#"{"requests":[{"model":"models/b\"c"}],"after":2}"#);
    check(r#"{"requests":[ {} ]}"#, &[], r#"{"requests":[ {} ]}"#);
}

#[test]
fn what_a_provider_does_not_take_is_taken_out_and_told() {
    let set = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect::<HashSet<Box<str>>>();
    let check = |supported: Option<&[&str]>, unsupported: Option<&[&str]>, expected: &str, told: &[&str]| {
        let (supported, unsupported) = (supported.map(set), unsupported.map(set));
        let params = Params { supported: supported.as_ref(), unsupported: unsupported.as_ref(), unsupported_there: None };
        let body = Bytes::from_static(
            br#"{"model":"a","messages":[{"seed":1}],"system":"s","stream":true,"seed":1.0,"top_\u0070":2}"#,
        );
        let peek = peek(&body, Surface::ChatCompletions).unwrap_or_else(|error| panic!("{error}"));
        let edited = apply(&body, &peek, Edit { params, ..only_model("m") });
        assert_eq!(edited.slices.concat(), expected.as_bytes());
        assert_eq!(edited.removed, told);
    };
    let kept = r#"{"model":"m","messages":[{"seed":1}],"system":"s","stream":true"#;
    check(Some(&["seed"]), None, &format!(r#"{kept},"seed":1.0}}"#), &["top_p"]);
    check(None, Some(&["seed"]), &format!(r#"{kept},"top_p":2}}"#), &["seed"]);
    check(Some(&["seed"]), Some(&["seed", "stream", "model", "messages"]), &format!("{kept}}}"), &["seed", "top_p"]);
    let without_system = kept.replace(r#","system":"s""#, "");
    check(None, Some(&["system", "top_p"]), &format!(r#"{without_system},"seed":1.0}}"#), &["system", "top_p"]);
}
