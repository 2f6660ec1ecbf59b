//! Answers as odd servers write them: what can be understood reaches the client whole, and what is none is a failed attempt.

use crate::dev;
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Said, Upstream};

const ALL: [Dialect; 5] = [Dialect::Chat, Dialect::Messages, Dialect::Responses, Dialect::Gemini, Dialect::Completions];
/// Who answers all of them.
const PROVIDERS: [Dialect; 4] = [Dialect::Chat, Dialect::Messages, Dialect::Responses, Dialect::Gemini];

async fn before(upstream: &Upstream, provider: Dialect) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), provider).await;
    gateway
}

/// What every client hears of a reply, and with which status and code.
async fn heard(provider: Dialect, reply: Reply, is_stream: bool, check: impl Fn(Dialect, u16, &str, Option<Said>, &str)) {
    let upstream = Upstream::always(reply).await;
    let gateway = before(&upstream, provider).await;
    for client in ALL {
        crate::scene::forget_health(&gateway).await;
        let answer = Ask::new(client, "up:some-model").stream(is_stream).send(&gateway).await;
        let text = answer.text();
        let said = (answer.status == 200)
            .then(|| if is_stream { client.read_stream(&text) } else { client.read_whole(&answer.json()) });
        let code = if answer.status == 200 { String::new() } else { client.error_code(&answer.json()) };
        check(client, answer.status, &code, said, &text);
    }
}

async fn check_said(what: &str, provider: Dialect, reply: Reply, is_stream: bool) {
    heard(provider, reply, is_stream, |client, status, _, said, text| {
        let said = said.map(|said| said.text);
        assert_eq!((status, said.as_deref()), (200, Some("Good day")), "{what}, {provider:?} to {client:?}: {text}");
        let has_end = client == Dialect::Responses || text.contains(client.end_marker());
        assert!(!is_stream || has_end, "{what}, {provider:?} to {client:?}: {text}");
    })
    .await;
}

async fn check_fault(what: &str, provider: Dialect, reply: Reply, is_stream: bool, expected: (u16, &str)) {
    heard(provider, reply, is_stream, |client, status, code, _, text| {
        assert_eq!((status, code), expected, "{what}, {provider:?} to {client:?}: {text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_under_the_name_of_a_stream() {
    for provider in PROVIDERS {
        let body = provider.whole("Good day").to_string();
        check_said("an answer", provider, Reply::whole(200, "text/event-stream", format!(" {body}")), true).await;
    }
    let limited = r#"{"error":{"message":"slow down","code":429}}"#;
    let reply = Reply::whole(200, "text/event-stream; charset=utf-8", limited);
    check_fault("an error", Dialect::Chat, reply, true, (429, "upstream_rate_limited")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_order_mark() {
    for provider in PROVIDERS {
        let marked = |text: String| format!("\u{feff}{text}");
        let whole = || Reply::whole(200, "application/json", marked(provider.whole("Good day").to_string()));
        check_said("whole", provider, whole(), false).await;
        check_said("whole for a stream", provider, whole(), true).await;
        let events = provider.stream(&["Good ", "day"]).concat();
        check_said("a stream", provider, Reply::begin_stream().chunk(marked(events)).end(), true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_of_chunks_that_are_of_other_types() {
    for (from, to) in [("\"created\":5", "\"created\":5.25"), ("\"created\":5", "\"created\":\"5\""), ("\"chatcmpl-1\"", "1")] {
        let whole = Dialect::Chat.whole("Good day").to_string().replace(from, to);
        check_said(to, Dialect::Chat, Reply::whole(200, "application/json", &whole), false).await;
        let events: Vec<_> = Dialect::Chat.stream(&["Good ", "day"]).iter().map(|event| event.replace(from, to)).collect();
        check_said(to, Dialect::Chat, Reply::events(&events), true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opening_that_was_left_out() {
    let events = Dialect::Messages.stream(&["Good ", "day"]);
    let without = |left_out: &[&str]| {
        let is_kept = |event: &&String| !left_out.iter().any(|name| event.contains(&format!("event: {name}\n")));
        events.concat().split_inclusive("\n\n").map(str::to_owned).collect::<Vec<_>>().iter().filter(is_kept).cloned().collect()
    };
    for left_out in [&["message_start"][..], &["content_block_start"], &["message_start", "content_block_start"]] {
        let kept: Vec<String> = without(left_out);
        check_said(&left_out.join(" and "), Dialect::Messages, Reply::events(&kept), true).await;
    }
    let opening = "data: {\"type\":\"response.created\"";
    let kept = Dialect::Responses.stream(&["Good ", "day"]).concat();
    let kept: Vec<_> = kept.split_inclusive("\n\n").filter(|event| !event.contains(opening)).map(str::to_owned).collect();
    check_said("response.created", Dialect::Responses, Reply::events(&kept), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_of_nothing_is_no_answer() {
    let role = Dialect::Chat.opening();
    for events in ["data: [DONE]\n\n".to_owned(), format!("{role}data: [DONE]\n\n")] {
        let reply = Reply::begin_stream().chunk(events).end();
        check_fault("an end alone", Dialect::Chat, reply, true, (502, "upstream_truncated")).await;
    }
    let failed = r#"{"id":"r","object":"response","status":"failed","error":null,"output":[]}"#;
    let reply = || Reply::whole(200, "application/json", failed);
    check_fault("a failure", Dialect::Responses, reply(), false, (502, "upstream_error")).await;
    check_fault("a failure", Dialect::Responses, reply(), true, (502, "upstream_error")).await;
}
