//! What a client is told when nobody could answer.

use crate::{ask, dev, gateway, started};
use wardgate_testkit::{Answer, Ask, Dialect, Reply, Upstream, refused_url};

/// The error as `status code`, after a look at its shape.
fn told(dialect: Dialect, answer: &Answer) -> String {
    let body = answer.json();
    format!("{} {}", answer.status, dialect.error_code(&body))
}

/// Asks `one:m`, then `two:m`, which answer like this.
async fn both(dialect: Dialect, one: Reply, two: Reply) -> Answer {
    let (one, two) = (Upstream::always(one).await, Upstream::always(two).await);
    let gateway = dev().start().await;
    gateway.add_provider("one", one.url()).await;
    gateway.add_provider("two", two.url()).await;
    let answer = Ask::new(dialect, "one:m").or(&["two:m"]).send(&gateway).await;
    assert_eq!(answer.header("x-wardgate-attempts"), format!("{}", one.seen().len() + two.seen().len()));
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sum_of_all_failures() {
    for dialect in Dialect::ALL {
        let status = |status| Reply::json(status, &dialect.error("upstream says no"));
        let limited = |seconds| Reply::with_headers(429, &[("retry-after", seconds)], dialect.error("slow down").to_string());
        let overloaded = if dialect == Dialect::Chat { "503 upstream_overloaded" } else { "529 upstream_overloaded" };
        let cases = [
            (status(401), status(403), "502 upstream_auth_failed", ""),
            (status(401), status(402), "502 upstream_auth_failed", ""),
            (limited("30"), limited("20"), "429 upstream_rate_limited", "20"),
            (limited("30"), status(429), "429 upstream_rate_limited", "30"),
            (limited("Fri, 01 Jan 2027 00:00:00 GMT"), limited("40"), "429 upstream_rate_limited", "40"),
            (limited("30"), status(529), overloaded, "30"),
            (status(503), status(503), overloaded, "1"),
            (status(500), status(500), "502 upstream_error", ""),
            (status(408), status(408), "504 upstream_timeout", ""),
            (status(500), Reply::silence().close(), "502 upstream_unreachable", ""),
            (status(500), Reply::whole(200, "text/html", "<html>"), "502 upstream_unreadable", ""),
            (status(500), status(422), "422 upstream_invalid_request", ""),
        ];
        for (one, two, expected, retry_after) in cases {
            let answer = both(dialect, one, two).await;
            assert_eq!(told(dialect, &answer), expected, "{}", answer.text());
            assert_eq!(answer.header("retry-after"), retry_after, "{expected}");
            assert_eq!(answer.json()["error"]["origin"], "provider");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_everywhere_is_tried_once() {
    for dialect in Dialect::ALL {
        for (status, code) in [
            (400, "upstream_invalid_request"),
            (404, "model_not_found"),
            (409, "upstream_invalid_request"),
            (422, "upstream_invalid_request"),
        ] {
            let one = Reply::json(status, &dialect.error("the field x is wrong"));
            let answer = both(dialect, one, Reply::says(dialect, "never")).await;
            assert_eq!(told(dialect, &answer), format!("{status} {code}"));
            assert_eq!(answer.header("x-wardgate-attempts"), "1");
            assert!(answer.text().contains("the field x is wrong"), "{}", answer.text());
        }
        let too_long = dialect.error("prompt is too long: maximum context length is 10 tokens");
        let answer = both(dialect, Reply::json(400, &too_long), Reply::says(dialect, "from a larger one")).await;
        assert_eq!((answer.status, answer.header("x-wardgate-provider")), (200, "two"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there() {
    let (url, _socket) = refused_url();
    let gateway = dev().start().await;
    gateway.add_provider("up", &url).await;
    for dialect in Dialect::ALL {
        let answer = ask(dialect).send(&gateway).await;
        assert_eq!(told(dialect, &answer), "502 upstream_unreachable");
        assert_eq!(answer.header("x-wardgate-attempts"), "1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_late_in_every_phase() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
    let stalls = [
        (false, Reply::silence().hang()),
        (false, Reply::raw(head).hang()),
        (false, Reply::raw(format!("{head}{{")).hang()),
        (true, Reply::silence().hang()),
        (true, Reply::begin_stream().hang()),
        (true, Reply::begin_stream().chunk("data: {").hang()),
    ];
    for dialect in Dialect::ALL {
        let upstream = Upstream::queue(stalls.iter().map(|(_, reply)| reply.clone())).await;
        let gateway = started(dev().with("--per-request-timeout", "200ms"), &upstream).await;
        for (is_stream, _) in &stalls {
            let answer = ask(dialect).stream(*is_stream).send(&gateway).await;
            assert_eq!(told(dialect, &answer), "504 upstream_timeout");
        }
        upstream.wait_for_gone(stalls.len(), wardgate_testkit::DEADLINE).await;
        let events = gateway.usage(stalls.len()).await;
        assert!(events.iter().all(|event| event["completion"] == "timed_out" && event["timedOut"] == true), "{events:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_has_to_begin_within_the_total_time() {
    for dialect in Dialect::ALL {
        // It goes on saying something, and none of it is content.
        let upstream = Upstream::always(Reply::begin_stream().chunk(dialect.opening()).hang()).await;
        let gateway = started(dev().with("--total-timeout", "400ms"), &upstream).await;
        let answer = ask(dialect).stream(true).send(&gateway).await;
        assert_eq!(told(dialect, &answer), "504 upstream_timeout");
        upstream.wait_for_gone(1, wardgate_testkit::DEADLINE).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_never_ends_is_told_as_far_as_it_came() {
    let head = "HTTP/1.1 400 Bad\r\ncontent-type: application/json\r\n\r\n";
    let endless = (0..200).fold(Reply::raw(head), |reply, _| reply.send("x".repeat(1_000)));
    let upstream = Upstream::always(endless.hang()).await;
    let gateway = gateway(&upstream).await;
    let answer = ask(Dialect::Chat).send(&gateway).await;
    assert_eq!(told(Dialect::Chat, &answer), "400 upstream_invalid_request");
    assert!(answer.body.len() < 4_000, "{} bytes", answer.body.len());
}
