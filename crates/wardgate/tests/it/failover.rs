//! A provider that is ill in any of the ways there are: the next one answers, and the client learns of it from a header alone.

use crate::scene::forget_health;
use crate::{ask, gateway};
use std::time::Duration;
use tokio::time::Instant;
use wardgate_testkit::{Dialect, Gateway, Reply, Upstream, refused_url};

const HTML: &str = "<html><body>bad gateway</body></html>";

/// What goes wrong before anything of an answer has reached the client.
fn illnesses(dialect: Dialect, is_stream: bool) -> Vec<(&'static str, Reply)> {
    let status = |status| Reply::json(status, &dialect.error("ill"));
    let whole = dialect.whole("half").to_string();
    let half = &whole[..whole.len() / 2];
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let mut cases = vec![
        ("401", status(401)),
        ("402", status(402)),
        ("403", status(403)),
        ("408", status(408)),
        ("429", status(429)),
        ("429 that names a time", Reply::with_headers(429, &[("retry-after", "30")], "{}")),
        ("500", status(500)),
        ("502 in HTML", Reply::whole(502, "text/html", HTML)),
        ("503", status(503)),
        ("529", status(529)),
        ("200 in HTML", Reply::whole(200, "text/html", HTML)),
        ("200 with an error", Reply::json(200, &dialect.error("ill"))),
        ("empty 200", Reply::whole(200, "application/json", "")),
        ("204", Reply::raw("HTTP/1.1 204 No Content\r\n\r\n")),
        ("half an answer that says it is one", Reply::whole(200, "application/json", half)),
        ("less than announced", Reply::raw(format!("{head}content-length: {}\r\n\r\n{half}", whole.len())).close()),
        ("a bad chunk", Reply::raw(format!("{head}transfer-encoding: chunked\r\n\r\nxyz\r\n{half}")).close()),
        ("garbage", Reply::raw("\u{1}\u{2}garbage\r\n\r\n").close()),
        ("closed at once", Reply::silence().close()),
        ("reset at once", Reply::silence().reset()),
        ("reset behind the head", Reply::raw(format!("{head}content-length: 100\r\n\r\n")).reset()),
        ("a redirect", Reply::with_headers(307, &[("location", "http://127.0.0.1:9/")], "")),
    ];
    if is_stream {
        let begin = || Reply::begin_stream().chunk(dialect.opening());
        cases.extend([
            ("an error event at once", Reply::begin_stream().chunk(dialect.error_event("ill")).end()),
            ("an error event before content", begin().chunk(dialect.error_event("ill")).end()),
            ("a clean end before content", begin().end()),
            ("a cut before content", begin().close()),
            ("a reset before content", begin().reset()),
            ("an empty stream", Reply::begin_stream().end()),
            ("nonsense before content", begin().chunk("data: {\"choices\": nonsense\n\n").end()),
        ]);
    }
    cases
}

async fn check(gateway: &Gateway, dialect: Dialect, is_stream: bool, what: &str) {
    let what = format!("{dialect:?} stream={is_stream} {what}");
    let answer = ask(dialect).or(&["well:m"]).stream(is_stream).send(gateway).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
    assert!(answer.text().contains("from the other"), "{what}: {}", answer.text());
    assert_eq!((answer.header("x-wardgate-attempts"), answer.header("x-wardgate-provider")), ("2", "well"), "{what}");
    assert!(!answer.text().contains("error"), "{what}: {}", answer.text());
}

async fn matrix(dialect: Dialect, is_stream: bool) {
    let well = match is_stream {
        true => Reply::streams(dialect, &["from the other"]),
        false => Reply::says(dialect, "from the other"),
    };
    // No more a gateway than its budget of retries has for a second.
    for cases in illnesses(dialect, is_stream).chunks(8) {
        let ill = Upstream::queue(cases.iter().map(|(_, reply)| reply.clone())).await;
        let well = Upstream::always(well.clone()).await;
        let gateway = gateway(&ill).await;
        gateway.add_provider("well", well.url()).await;
        for (number, (what, _)) in cases.iter().enumerate() {
            forget_health(&gateway).await;
            check(&gateway, dialect, is_stream, what).await;
            let asked = (ill.seen().len(), well.seen().len());
            assert_eq!(asked, (number + 1, number + 1), "{dialect:?} stream={is_stream} {what}");
        }
        // Both got the same body, but for the model.
        let body = |upstream: &Upstream| upstream.seen().last().unwrap().text();
        assert_eq!(body(&ill).replace("some-model", "m"), body(&well));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_chat_answers() {
    matrix(Dialect::Chat, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_messages() {
    matrix(Dialect::Messages, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chat_streams() {
    matrix(Dialect::Chat, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_streams() {
    matrix(Dialect::Messages, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_and_no_answer_in_time() {
    let mute = Upstream::always(Reply::silence().hang()).await;
    let (nobody, _socket) = refused_url();
    let gateway = crate::started(crate::dev().with("--per-request-timeout", "300ms"), &mute).await;
    gateway.add_provider("nobody", &nobody).await;
    for dialect in Dialect::ALL {
        let well = Upstream::always(Reply::streams(dialect, &["from the other"])).await;
        let name = if dialect == Dialect::Chat { "well" } else { "fine" };
        gateway.add_provider(name, well.url()).await;
        for model in ["up:m", "nobody:m"] {
            let asked = wardgate_testkit::Ask::new(dialect, model).or(&[&format!("{name}:m")]).stream(true);
            let answer = asked.send(&gateway).await;
            assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "2"), "{model}");
        }
    }
    mute.wait_for_gone(2, Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_of_the_same_provider() {
    for (status, dialect) in [(401, Dialect::Chat), (403, Dialect::Messages), (429, Dialect::Chat), (402, Dialect::Messages)] {
        let upstream = Upstream::scripted(move |seen| match format!("{seen:?}").contains("pk-second") {
            true => Reply::says(dialect, "hello"),
            false => Reply::json(status, &dialect.error("no")),
        })
        .await;
        let gateway = gateway(&upstream).await;
        gateway.add_provider_key("up", "pk-first").await;
        gateway.add_provider_key("up", "pk-second").await;
        let answer = ask(dialect).send(&gateway).await;
        assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "2"), "{status}: {}", answer.text());
        let events = gateway.usage(2).await;
        assert_ne!(events[0]["providerKeyId"], events[1]["providerKeyId"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_wait_is_waited_for() {
    let limited = Reply::with_headers(429, &[("retry-after", "1")], "{}");
    let upstream = Upstream::queue([limited, Reply::says(Dialect::Chat, "hello")]).await;
    let gateway = gateway(&upstream).await;
    let started = Instant::now();
    let answer = ask(Dialect::Chat).send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "2"));
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
}
