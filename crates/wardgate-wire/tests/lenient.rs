//! Bodies that SDKs and agents really send and that their vendor takes, however odd they look: every other format can say them.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use wardgate_core::format::Format;
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{decode_request, encode_request};

const CHAT: Format = Format::OpenAiChat;
const MESSAGES: Format = Format::AnthropicMessages;
const RESPONSES: Format = Format::OpenAiResponses;
const GEMINI: Format = Format::Gemini;

const PROVIDERS: [Format; 6] = [CHAT, MESSAGES, RESPONSES, GEMINI, Format::CohereChat, Format::BedrockConverse];

/// What each provider is sent, for all that the body must still hold.
fn check(client: Format, body: &str, kept: &[&str]) {
    let request = decode_request(client, body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"));
    for provider in PROVIDERS.into_iter().filter(|provider| *provider != client) {
        let encoded = encode_request(provider, &request, &Target::new("m"));
        let encoded = encoded.unwrap_or_else(|error| panic!("{provider:?}: {error}: {body}"));
        let sent = String::from_utf8_lossy(&encoded.body);
        for kept in kept {
            assert!(sent.contains(kept), "{provider:?} is not sent {kept}: {sent}");
        }
    }
}

/// The same of one that says nothing but `hi` in what follows its fields.
fn check_hi(client: Format, fields: &str) {
    let turn = match client {
        RESPONSES => r#""input":"hi""#,
        GEMINI => r#""contents":[{"parts":[{"text":"hi"}]}]"#,
        _ => r#""messages":[{"role":"user","content":"hi"}]"#,
    };
    check(client, &format!(r#"{{"model":"c",{turn},{fields}}}"#), &["hi"]);
}

#[test]
fn chat_fields_that_say_nothing() {
    for fields in [
        r#""max_tokens":null,"stop":null,"tools":null,"tool_choice":null,"response_format":null,"stream_options":null"#,
        r#""tools":[],"functions":[],"stop":[],"logit_bias":{},"logit_bias":null,"metadata":null,"user":null,"n":null"#,
        r#""temperature":null,"top_p":null,"seed":null,"logprobs":false,"top_logprobs":null,"service_tier":null"#,
        r#""reasoning_effort":null,"reasoning":null,"parallel_tool_calls":null,"store":null,"modalities":null,"audio":null"#,
        r#""n":1,"modalities":["text"],"stream":null,"stream_options":{"include_usage":true},"prediction":null"#,
        r#""top_logprobs":0,"frequency_penalty":0,"presence_penalty":0.0,"max_completion_tokens":64.0"#,
        r#""response_format":{"type":"text"},"verbosity":null,"web_search_options":null,"safety_identifier":null"#,
        r#""some_future_field":{"a":1}"#,
    ] {
        check_hi(CHAT, fields);
    }
}

#[test]
fn chat_forms_of_an_answer() {
    for form in [
        r#"{"type":"json_object"}"#,
        // The schema is optional, and some hosts have it beside the older word.
        r#"{"type":"json_schema","json_schema":{"name":"n"}}"#,
        r#"{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":null}}"#,
        r#"{"type":"json_object","schema":{"type":"object","properties":{"a":{"type":"string"}}}}"#,
    ] {
        check_hi(CHAT, &format!(r#""response_format":{form}"#));
    }
}

#[test]
fn chat_tools_and_choices() {
    let tool = r#"{"type":"function","function":{"name":"f","description":null,"parameters":null,"strict":null}}"#;
    for choice in [
        "null",
        r#""auto""#,
        r#""required""#,
        r#""any""#,
        r#"{"type":"function","function":{"name":"f"}}"#,
        r#"{"type":"function","name":"f"}"#,
        r#"{"name":"f"}"#,
        r#"{"type":"auto"}"#,
        r#"{"type":"required"}"#,
        r#"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}"#,
    ] {
        check_hi(CHAT, &format!(r#""tools":[{tool}],"tool_choice":{choice}"#));
    }
    check_hi(CHAT, r#""functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"}"#);
    check_hi(CHAT, r#""functions":[{"name":"f"}],"function_call":"auto""#);
    // The type may be left out.
    check_hi(CHAT, r#""tools":[{"function":{"name":"f"}}]"#);
}

#[test]
fn chat_messages() {
    let call = r#"{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}"#;
    for (said, kept) in [
        (r#"{"role":"user","content":[]},{"role":"user","content":"hi"}"#, "hi"),
        (r#"{"role":"user","content":null},{"role":"user","content":"hi"}"#, "hi"),
        (r#"{"role":"developer","content":[{"type":"text","text":"hi"}]},{"role":"user","content":"x"}"#, "hi"),
        (
            r#"{"role":"user","content":"x","name":null},{"role":"assistant","content":"hi","refusal":null,"annotations":[],"audio":null,"tool_calls":null,"function_call":null},{"role":"user","content":"x"}"#,
            "hi",
        ),
        (
            r#"{"role":"user","content":"x"},{"role":"assistant","content":"hi","refusal":"","tool_calls":[]},{"role":"user","content":"x"}"#,
            "hi",
        ),
        (
            r#"{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"text","text":"hi"}]},{"role":"user","content":"x"}"#,
            "hi",
        ),
        (r#"{"role":"user","content":[{"type":"text","text":"hi","cache_control":null}]}"#, "hi"),
    ] {
        check(CHAT, &format!(r#"{{"model":"c","messages":[{said}]}}"#), &[kept]);
    }
    for content in ["", r#","content":null"#, r#","content":"""#, r#","content":[]"#] {
        for result in [r#""hi""#, r#"[{"type":"text","text":"hi"}]"#] {
            check(
                CHAT,
                &format!(
                    r#"{{"model":"c","messages":[{{"role":"user","content":"x"}},{{"role":"assistant"{content},"tool_calls":[{call}]}},{{"role":"tool","tool_call_id":"c1","content":{result}}}]}}"#
                ),
                &["hi", "c1"],
            );
        }
    }
    // Results may be empty or have no content at all.
    for result in ["", r#","content":null"#, r#","content":"""#, r#","content":[]"#] {
        check(
            CHAT,
            &format!(
                r#"{{"model":"c","messages":[{{"role":"user","content":"x"}},{{"role":"assistant","tool_calls":[{call}]}},{{"role":"tool","tool_call_id":"c1","name":"f"{result}}}]}}"#
            ),
            &["c1"],
        );
    }
}

/// Functions, as they were before tools: no ids, so every format that has them is given some.
#[test]
fn chat_functions() {
    let body = r#"{"model":"c","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"one"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}},{"role":"function","name":"f","content":"two"}],"functions":[{"name":"f"}]}"#;
    check(CHAT, body, &["one", "two"]);
    let request = decode_request(CHAT, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    for provider in PROVIDERS {
        let encoded = encode_request(provider, &request, &Target::new("m")).unwrap_or_else(|error| panic!("{error}"));
        let sent = String::from_utf8_lossy(&encoded.body).into_owned();
        for empty in [r#""id":"""#, r#""call_id":"""#, r#""tool_call_id":"""#] {
            assert!(!sent.contains(empty), "{provider:?}: {sent}");
        }
    }
}

#[test]
fn messages_fields_that_say_nothing() {
    for fields in [
        r#""system":"","max_tokens":9"#,
        r#""system":[],"max_tokens":9"#,
        r#""system":null,"max_tokens":9,"tools":[],"tool_choice":null,"metadata":{},"stop_sequences":null"#,
        r#""system":[{"type":"text","text":""}],"max_tokens":9,"metadata":{"user_id":null},"thinking":null"#,
        r#""system":[{"type":"text","text":"  ","cache_control":{"type":"ephemeral"}}],"max_tokens":9"#,
        r#""max_tokens":9,"thinking":{"type":"disabled"},"stop_sequences":[],"service_tier":"auto","speed":"standard""#,
        r#""max_tokens":9,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto"}"#,
        r#""max_tokens":9,"tools":[{"type":null,"name":"f","input_schema":{"type":"object"},"cache_control":null}]"#,
        r#""max_tokens":9,"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]}"#,
    ] {
        check_hi(MESSAGES, fields);
    }
}

#[test]
fn messages_results() {
    for content in
        ["", r#","content":null"#, r#","content":"""#, r#","content":[]"#, r#","content":[{"type":"text","text":""}]"#]
    {
        check(
            MESSAGES,
            &format!(
                r#"{{"model":"c","max_tokens":9,"messages":[{{"role":"user","content":"hi"}},{{"role":"assistant","content":[{{"type":"text","text":""}},{{"type":"tool_use","id":"c1","name":"f","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c1"{content}}},{{"type":"text","text":"go on"}}]}}]}}"#
            ),
            &["hi", "c1", "go on"],
        );
    }
}

#[test]
fn responses_fields_that_say_nothing() {
    for fields in [
        r#""instructions":null,"tools":null,"tool_choice":null,"text":null,"reasoning":null,"previous_response_id":null"#,
        r#""tools":[],"include":[],"metadata":{},"truncation":"disabled","store":false,"background":false,"stream":null"#,
        r#""text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null},"max_output_tokens":null"#,
        r#""text":{"format":null,"verbosity":null},"reasoning":{},"conversation":null,"prompt":null,"user":null"#,
        r#""temperature":null,"top_p":null,"top_logprobs":0,"parallel_tool_calls":true,"max_tool_calls":null,"include":null"#,
        r#""tools":[{"type":"function","name":"f","parameters":null,"strict":null,"description":null}],"tool_choice":"auto""#,
        r#""tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"f"}"#,
    ] {
        check_hi(RESPONSES, fields);
    }
}

#[test]
fn responses_items() {
    for items in [
        r#"{"role":"user","content":"hi"}"#,
        r#"{"type":null,"role":"user","content":[{"type":"input_text","text":"hi"}]}"#,
        r#"{"role":"system","content":"s"},{"role":"user","content":"hi"}"#,
        r#"{"role":"user","content":"hi"},{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a"}]},{"role":"user","content":"b"}"#,
        r#"{"role":"user","content":"hi"},{"role":"assistant","content":[]},{"role":"user","content":"b"}"#,
        r#"{"role":"user","content":"hi"},{"type":"reasoning","id":"rs_1","summary":[],"content":null,"encrypted_content":null},{"role":"assistant","content":"a"},{"role":"user","content":"b"}"#,
        r#"{"role":"user","content":"hi"},{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"","status":null},{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"r"}],"id":null,"status":null}"#,
        // Only the item's own id.
        r#"{"role":"user","content":"hi"},{"type":"function_call","id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":""}"#,
        r#"{"role":"user","content":"hi"},{"type":"function_call","id":"c1","call_id":"","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"r"}"#,
    ] {
        check(RESPONSES, &format!(r#"{{"model":"c","input":[{items}]}}"#), &["hi"]);
    }
}

/// A picture that an earlier answer of ours held comes back with the next turn.
#[test]
fn responses_pictures_of_earlier_answers() {
    let body = r#"{"model":"c","input":[{"role":"user","content":"draw"},{"type":"image_generation_call","id":"ig_1","status":"completed","output_format":"png","result":"iVBORw0KGgo="},{"role":"user","content":"hi"}]}"#;
    check(RESPONSES, body, &["draw", "hi"]);
    let request = decode_request(RESPONSES, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let encoded = encode_request(GEMINI, &request, &Target::new("m")).unwrap_or_else(|error| panic!("{error}"));
    let sent = String::from_utf8_lossy(&encoded.body).into_owned();
    assert!(
        sent.contains(r#"{"role":"model","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}"#),
        "{sent}"
    );
}

#[test]
fn gemini_single_values_stand_for_lists() {
    for body in [
        r#"{"contents":{"role":"user","parts":{"text":"hi"}}}"#,
        r#"{"contents":[{"parts":{"text":"hi"}}],"system_instruction":{"parts":{"text":"s"}}}"#,
        r#"{"contents":{"parts":[{"text":"hi"}]},"tools":{"function_declarations":{"name":"f","description":"d"}}}"#,
        r#"{"contents":[{"parts":[{"text":"hi"}]}],"generation_config":{"stop_sequences":"x","max_output_tokens":"64","temperature":"0.5","top_k":"40","seed":"7","candidate_count":1}}"#,
        r#"{"contents":[{"parts":[{"text":"hi"}]}],"tool_config":{"function_calling_config":{"mode":"any","allowed_function_names":"f"}},"tools":[{"functionDeclarations":[{"name":"f"}]}]}"#,
    ] {
        check(GEMINI, body, &["hi"]);
    }
}

#[test]
fn gemini_in_snake_case() {
    check(
        GEMINI,
        r#"{"contents":[{"role":"user","parts":[{"text":"hi"},{"inline_data":{"mime_type":"image/png","data":"iVBORw0KGgo="}}]},{"role":"model","parts":[{"function_call":{"name":"f","args":{"a":1}},"thought_signature":"c2ln"}]},{"role":"function","parts":[{"function_response":{"name":"f","response":{"output":"r"}}}]}],"system_instruction":{"role":"system","parts":[{"text":"s"}]},"generation_config":{"top_p":0.5,"response_mime_type":"text/plain","thinking_config":{"include_thoughts":true,"thinking_budget":-1},"media_resolution":"MEDIA_RESOLUTION_LOW"},"safety_settings":[],"tool_config":{"function_calling_config":{"mode":"AUTO"}},"tools":[{"function_declarations":[{"name":"f","parameters_json_schema":{"type":"object"}}]}]}"#,
        &["hi", "iVBORw0KGgo="],
    );
}
