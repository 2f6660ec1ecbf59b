use super::*;
use proptest::prelude::*;

const ID: &str = "resp_1";

fn identity() -> Identity {
    Identity { id: ID.to_owned(), previous: None, is_stored: true }
}

fn turn(previous: Option<&str>, input: Option<&str>, output: &str) -> Turn {
    let answer = format!(r#"{{"id":"{ID}","output":[{output}],"usage":null}}"#).into();
    Turn { previous: previous.map(str::to_owned), input: input.map(Into::into), answer }
}

#[test]
fn the_id_of_an_item_tells_where_it_is() {
    let named = |id: &str| ItemName::read(id);
    assert_eq!(named(&identity().item_id("msg", 3)), Some(ItemName { answer: number(ID), index: 3 }));
    let theirs = ["", "msg", "msg_", "msg_68a1", "rs_0123456789abcdef0123456789abcdef", "fc_0123456789ABCDEF0000", "fc_é"];
    theirs.iter().for_each(|id| assert_eq!(named(id), None, "{id}"));
}

#[test]
fn a_conversation_is_put_together() {
    let (said, thought, call) = (identity().item_id("msg", 2), identity().item_id("rs", 0), identity().item_id("fc", 1));
    let output = format!(
        r#"{{"id":"{thought}","type":"reasoning","summary":[]}},{{"type":"function_call","id":"{call}","call_id":"c"}},{{"id":"{said}","type":"message","content":[1.0]}}"#
    );
    let first = turn(None, Some(r#""hi \n""#), &output);
    let sealed = r#"{"type":"reasoning","id":"x","encrypted_content":"wg1.a"}"#;
    let sealed = format!(r#"{sealed},{{"type":"web_search_call","id":"ws_1"}}"#);
    let second = turn(Some(ID), Some(&format!(r#"[{{"type":"item_reference","id":"{said}"}},2]"#)), &sealed);
    let answers = [(number(ID), &first)];
    let check = |body: &str, chain: &[&Turn], expected: &str| {
        let find = |wanted| answers.iter().find(|(number, _)| *number == wanted).map(|(_, turn)| *turn);
        let whole = complete(body.as_bytes(), chain, find, |_| true).map(|whole| String::from_utf8(whole).unwrap());
        assert_eq!(whole.as_deref(), Ok(expected), "{body}");
    };
    let [hi, thought_in, call_in, said_in] = [
        r#"{"type":"message","role":"user","content":"hi \n"}"#,
        r#"{"type":"reasoning","summary":[]}"#,
        r#"{"type":"function_call","call_id":"c"}"#,
        r#"{"type":"message","content":[1.0]}"#,
    ];
    let reference = |id: &str| format!(r#"{{"type":"item_reference","id":"{id}"}}"#);
    // By reference, each for itself. What is not known stays, and so do others' ids.
    check(
        &format!(
            r#"{{"input":[{},{{"role":"user"}},{},{},{}],"model":"m","n":1.50,"previous_response_id":"theirs"}}"#,
            reference(&said),
            reference(&identity().item_id("msg", 9)),
            reference("msg_theirs"),
            reference(&thought)
        ),
        &[],
        &format!(
            r#"{{"model":"m","n":1.50,"previous_response_id":"theirs","input":[{said_in},{{"role":"user"}},{},{},{thought_in}]}}"#,
            reference(&identity().item_id("msg", 9)),
            reference("msg_theirs")
        ),
    );
    // By the answer before, and the one before that.
    check(
        &format!(r#"{{"previous_response_id":"{ID}","model":"m","input":"go on"}}"#),
        &[&first, &second],
        &format!(
            r#"{{"model":"m","input":[{hi},{thought_in},{call_in},{said_in},{said_in},2,{{"type":"reasoning","encrypted_content":"wg1.a"}},{{"type":"web_search_call","id":"ws_1"}},{{"type":"message","role":"user","content":"go on"}}]}}"#
        ),
    );
    // With nothing to add.
    check(r#"{"previous_response_id":"x"}"#, &[&first], &format!(r#"{{"input":[{hi},{thought_in},{call_in},{said_in}]}}"#));
    check("[]", &[], "[]");
}

#[test]
fn the_room_is_asked_for_before_it_is_taken() {
    let long = turn(None, Some("[1]"), &format!("{{\"text\":\"{}\"}}", "x".repeat(1_000)));
    let reference = format!(r#"{{"type":"item_reference","id":"{}"}}"#, identity().item_id("msg", 0));
    let body = format!(r#"{{"input":[{}]}}"#, vec![reference; 500].join(","));
    let mut most = 0;
    let room = |bytes| {
        most = most.max(bytes);
        bytes < 10_000
    };
    assert_eq!(complete(body.as_bytes(), &[], |_| Some(&long), room), Err(NoRoom));
    assert!((10_000..12_000).contains(&most), "{most}");
}

#[test]
fn what_a_request_says_of_its_conversation() {
    let check = |body: &str, previous: Option<&str>, input: Option<&str>| {
        let read = Conversation::of(body.as_bytes());
        assert_eq!((read.previous.as_deref(), read.input), (previous, input), "{body}");
    };
    check(r#"{"previous_response_id":"a\"b","input": [1, 2] }"#, Some("a\"b"), Some("[1, 2]"));
    check(r#"{"previous_response_id":null,"input":{}}"#, None, None);
    check(r#"{"previous_response_id":1,"input":"x"}"#, None, Some("\"x\""));
    check("[", None, None);
    assert!(may_name(br#"{"previous_response_id":"#) && may_name(br#"{"type":"item_reference"}"#) && !may_name(b"{}"));
}

#[test]
fn the_last_event_tells_the_answer() {
    let events =
        "event: a\ndata: {\"response\":1}\n\nevent: response.completed\ndata: {\"type\":\"x\",\"response\":{\"id\":1}}\n\n";
    assert_eq!(told_at_end(events.as_bytes()), Some("{\"id\":1}"));
    assert_eq!(told_at_end(b"data: {}\n\n"), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(body in r#"\{("(input|previous_response_id|type|id)":[\[\]{}"a-z_0-9,:]{0,20}){0,6}\}?"#) {
        let kept = turn(None, None, "1");
        let _ = items_named(&body);
        let _ = complete(body.as_bytes(), &[&kept], |_| Some(&kept), |_| true);
        let _ = told_at_end(body.as_bytes());
    }
}
