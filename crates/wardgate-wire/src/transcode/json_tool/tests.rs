use super::*;
use crate::neutral::reply::Gatherer;
use crate::neutral::tool::Call;
use crate::transcode::decode_request;
use crate::transcode::target::Traits;
use expect_test::{Expect, expect};
use wardgate_core::format::Format;

/// Whether a Chat request with these members is sent with the tool, to a model that has no mode for schemas.
fn is_rewritten(schema: &str, members: &str, traits: Traits<'_>) -> bool {
    let format = format!(r#"{{"type":"json_schema","json_schema":{{"name":"n","schema":{schema}}}}}"#);
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"x"}}],"response_format":{format}{members}}}"#);
    let request = decode_request(Format::OpenAiChat, body.as_bytes()).unwrap_or_else(|_| Request::new(Format::OpenAiChat));
    assert!(matches!(request.output, OutputForm::JsonSchema { .. }), "{body}");
    rewritten(&request, &Target { traits, ..Target::new("m") }).is_some()
}

fn without_mode() -> Traits<'static> {
    Traits { has_json_schema: false, ..Traits::default() }
}

const SCHEMA: &str = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;

#[test]
fn the_tool_is_for_who_needs_it_and_has_nothing_in_its_way() {
    let traits = without_mode();
    assert!(is_rewritten(SCHEMA, "", traits));
    assert!(!is_rewritten(SCHEMA, "", Traits::default()));
    assert!(!is_rewritten(SCHEMA, "", Traits { can_force_tools: false, ..traits }));
    assert!(!is_rewritten(SCHEMA, "", Traits { calls_tools: false, ..traits }));
    assert!(!is_rewritten(SCHEMA, r#","tools":[{"type":"function","function":{"name":"f"}}]"#, traits));
}

#[test]
fn a_model_that_thinks_is_not_forced() {
    let unasked = Traits { thinks_unasked: true, ..without_mode() };
    assert!(!is_rewritten(SCHEMA, "", unasked) && is_rewritten(SCHEMA, r#","reasoning_effort":"none""#, unasked));
    assert!(!is_rewritten(SCHEMA, r#","reasoning_effort":"low""#, without_mode()));
    let always = Traits { thinking: ThinkingWay::AlwaysOn, ..without_mode() };
    assert!(!is_rewritten(SCHEMA, r#","reasoning_effort":"none""#, always));
}

#[test]
fn an_empty_schema_is_never_used() {
    for schema in [
        "{}",
        r#"{"type":"object"}"#,
        r#"{"type":"object","properties":{}}"#,
        r#"{"type":"array","items":{}}"#,
        r#"{"type":["object","null"],"properties":{"a":{}}}"#,
        r#"{"anyOf":[{"type":"object","properties":{"a":{}}}]}"#,
        r#"{"type":"object","properties":[]}"#,
    ] {
        assert!(!is_rewritten(schema, "", without_mode()), "{schema}");
    }
}

/// An answer as a short text: `t:words` text, `j:arguments` our call, `c:arguments` another.
fn reply(parts: &[&str]) -> Reply {
    let call = |name: &str, arguments: &str| {
        let (id, name, arguments) = ("1".to_owned(), name.to_owned(), arguments.to_owned());
        Content::Call(Call { id, name, arguments, ..Call::default() })
    };
    let part = |part: &&str| match part.split_once(':') {
        Some(("j", arguments)) => call(NAME, arguments),
        Some(("c", arguments)) => call("real", arguments),
        Some((_, text)) => Content::text(text),
        None => Content::text(""),
    };
    let parts: Vec<Content> = parts.iter().map(part).collect();
    let stop = if parts.iter().any(|part| matches!(part, Content::Call(_))) { Stop::ToolUse } else { Stop::End };
    Reply { parts, stop, ..Reply::default() }
}

fn shown(reply: &Reply) -> String {
    let part = |part: &Content| match part {
        Content::Text { text, .. } => format!("t:{text}"),
        Content::Call(call) => format!("c:{}", call.arguments),
        _ => String::new(),
    };
    format!("{} | {:?}", reply.parts.iter().map(part).collect::<Vec<_>>().join(" "), reply.stop)
}

/// What the client gets, whole and streamed alike.
fn check(parts: &[&str], expected: &Expect) {
    let before = reply(parts);
    let mut whole = before.clone();
    unwrap(&mut whole);
    expected.assert_eq(&shown(&whole));
    let (mut unwrapper, mut gatherer) = (Unwrapper::default(), Gatherer::default());
    before.replay(&mut |event| unwrapper.push(&event, &mut |told| gatherer.push(&told)));
    assert_eq!(shown(&gatherer.finish().unwrap_or_default()), shown(&whole));
}

#[test]
fn the_arguments_are_the_text() {
    check(&[r#"j:{"a": 1}"#], &expect![[r#"t:{"a": 1} | End"#]]);
    check(&["j:"], &expect!["t:{} | End"]);
    // Words beside it would make it unreadable, and it counts once.
    check(&["t:Here:", "j:{\"a\":1}", "t:Done.", "j:{\"a\":2}"], &expect![[r#"t:{"a":1} | End"#]]);
}

#[test]
fn without_a_call_the_words_are_the_answer() {
    check(&["t:one", "t:two"], &expect!["t:one t:two | End"]);
}

#[test]
fn a_call_of_something_else_survives() {
    check(&["t:x", "j:{\"a\":1}", "c:{\"b\":2}"], &expect![[r#"t:{"a":1} c:{"b":2} | ToolUse"#]]);
    check(&["c:{\"b\":2}"], &expect![[r#"c:{"b":2} | ToolUse"#]]);
}

#[test]
fn an_answer_that_was_cut_off_stays_so() {
    let mut cut = Reply { stop: Stop::MaxTokens, ..reply(&["j:{\"a\":"]) };
    unwrap(&mut cut);
    assert_eq!(shown(&cut), r#"t:{"a": | MaxTokens"#);
}

#[test]
fn words_without_an_end_are_told_after_all() {
    let (mut unwrapper, mut told) = (Unwrapper::default(), 0);
    let long = "x".repeat(WORDS_BYTES_MAX / 2 + 1);
    let mut push = |event: &Event<'_>| {
        unwrapper.push(event, &mut |event| {
            if let Event::Delta(delta) = event {
                told += delta.len();
            }
        });
    };
    [Event::Open(Open::Text), Event::Delta(&long), Event::Delta(&long), Event::Delta("more"), Event::Close(None)]
        .iter()
        .for_each(&mut push);
    assert_eq!(told, 2 * long.len() + 4);
}

#[test]
fn words_do_not_keep_a_broken_stream_from_being_asked_for_elsewhere() {
    let (mut unwrapper, mut told, fault) = (Unwrapper::default(), Vec::new(), crate::neutral::event::truncated());
    [Event::Open(Open::Text), Event::Delta("Here"), Event::Fault(&fault)]
        .iter()
        .for_each(|event| unwrapper.push(event, &mut |event| told.push(format!("{event:?}"))));
    assert!(told.len() == 1 && told[0].starts_with("Fault"), "{told:?}");
}
