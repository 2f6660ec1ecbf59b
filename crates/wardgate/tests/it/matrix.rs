//! Every surface, streamed and not, times every way in which a provider fails: what the client sees in its own form, what the
//! next provider gets, and what the usage says. The rows are the same for all, and for providers whose format is translated; where a
//! surface deviates, it shows here.

use crate::dev;
use crate::scene::forget_health;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::rc::Rc;
use tokio::task::{JoinSet, LocalSet};
use wardgate_testkit::{Answer, Ask, Dialect, Frames, Gateway, Reply, Seen, Untrusted, Upstream, refused_url};

/// Ends the waits for those who say nothing. The others have to be done by then.
const PATIENCE: &str = "1s";

/// Requests that are answered at the first try, so that the budget of retries has enough for all rows at once.
const WARM_UP: usize = 60;

const BEGUN: &str = "some text";

/// A way to fail.
#[derive(Clone)]
struct Row {
    what: &'static str,
    provider: Provider,
    /// What a client is told who has no other provider: status and code, or the code alone behind the first content.
    told: &'static str,
    retry_after: &'static str,
    /// How the attempt stands in the usage.
    completion: &'static str,
}

#[derive(Clone)]
enum Provider {
    Refuses,
    ShowsAnUntrustedCertificate,
    NeverShakesHands,
    Answers(Reply),
}

impl Row {
    fn new(what: &'static str, reply: Reply, told: &'static str) -> Self {
        Self { what, provider: Provider::Answers(reply), told, retry_after: "", completion: "failed" }
    }

    const fn timed_out(mut self) -> Self {
        self.completion = "timed_out";
        self
    }

    const fn retry_after(mut self, seconds: &'static str) -> Self {
        self.retry_after = seconds;
        self
    }

    fn at(self, provider: Provider) -> Self {
        Self { provider, ..self }
    }

    /// Whether the client has a part of the answer already.
    fn has_begun(&self) -> bool {
        self.completion == "stream_failed"
    }
}

/// What a surface is asked by and how.
#[derive(Clone, Copy, Debug)]
struct Column {
    dialect: Dialect,
    /// What the providers speak.
    spoken: Dialect,
    is_stream: bool,
}

impl Column {
    fn rows(self) -> Vec<Row> {
        let mut rows = self.of_every_answer();
        if self.is_stream {
            rows.extend(self.of_streams());
        } else {
            rows.extend(self.of_whole_answers());
        }
        rows
    }

    fn of_every_answer(self) -> Vec<Row> {
        let spoken = self.spoken;
        let status = |status| Reply::json(status, &spoken.error("ill"));
        let limited = Reply::with_headers(429, &[("retry-after", "30")], spoken.error("slow down").to_string());
        let overload = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let overloaded = if self.dialect == Dialect::Messages { "529 upstream_overloaded" } else { "503 upstream_overloaded" };
        let (unreachable, failed) = ("502 upstream_unreachable", "502 upstream_error");
        let unreadable = "502 upstream_unreadable";
        let redirect = Reply::with_headers(307, &[("location", "/well")], "");
        vec![
            Row::new("connection refused", Reply::silence(), unreachable).at(Provider::Refuses),
            Row::new("TLS failure", Reply::silence(), unreachable).at(Provider::ShowsAnUntrustedCertificate),
            Row::new("TLS that never answers", Reply::silence(), "504 upstream_timeout")
                .at(Provider::NeverShakesHands)
                .timed_out(),
            Row::new("401", status(401), "502 upstream_auth_failed"),
            Row::new("402", status(402), "502 upstream_auth_failed"),
            Row::new("403", status(403), "502 upstream_auth_failed"),
            Row::new("408", status(408), "504 upstream_timeout").timed_out(),
            Row::new("429", status(429), "429 upstream_rate_limited").retry_after("1"),
            Row::new("429 that names a time", limited, "429 upstream_rate_limited").retry_after("30"),
            Row::new("500", status(500), failed),
            Row::new("502", status(502), failed),
            Row::new("503", status(503), overloaded).retry_after("1"),
            Row::new("529", status(529), overloaded).retry_after("1"),
            Row::new("an overload in the body", Reply::whole(500, "application/json", overload), overloaded).retry_after("1"),
            Row::new("a redirect", redirect, failed),
            Row::new("nothing changed", Reply::with_headers(304, &[], ""), failed),
            Row::new("the wrong host", status(421), failed),
            Row::new("a success without an answer", Reply::raw("HTTP/1.1 204 No Content\r\n\r\n"), unreadable),
            Row::new(
                "a compressed answer",
                Reply::with_headers(200, &[("content-encoding", "gzip")], "\u{1f}half"),
                unreadable,
            ),
            Row::new("two answers in one", Reply::with_headers(200, &[("content-length", "3")], "half"), unreachable),
            Row::new("never answers", Reply::silence().hang(), "504 upstream_timeout").timed_out(),
        ]
    }

    fn of_whole_answers(self) -> Vec<Row> {
        let whole = self.spoken.whole("half").to_string();
        let half = &whole[..whole.len() / 2];
        // Their errors have no name of their own: only the status tells them from an answer, which this is none of either.
        let in_a_success = match self.spoken {
            Dialect::Cohere | Dialect::Converse => "502 upstream_unreadable",
            _ => "502 upstream_error",
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", whole.len());
        vec![
            Row::new("stalls after its head", Reply::raw(head.as_str()).hang(), "504 upstream_timeout").timed_out(),
            Row::new("stalls in its middle", Reply::raw(format!("{head}{half}")).hang(), "504 upstream_timeout").timed_out(),
            Row::new("200 with an error", Reply::json(200, &self.error()), in_a_success),
            Row::new("a cut before the body", Reply::raw(head.as_str()).close(), "502 upstream_unreadable"),
            Row::new("a cut in the body", Reply::raw(head + half).close(), "502 upstream_unreadable"),
            Row::new("malformed", Reply::whole(200, "application/json", half), "502 upstream_unreadable"),
        ]
    }

    fn of_streams(self) -> Vec<Row> {
        let Frames { media_type, opening, contents, error, .. } = self.spoken.frames(&[BEGUN], "ill");
        let head = || Reply::begin_stream_of(media_type);
        let opened = || head().chunk(&opening);
        let begun = || opened().chunk(contents.concat());
        let nonsense = "data: {\"half of: nonsense}\n\n";
        let (failed, unreadable) = ("502 upstream_error", "502 upstream_unreadable");
        let before = [
            Row::new("stalls after its head", head().hang(), "504 upstream_timeout").timed_out(),
            Row::new("an error event first", head().chunk(&error).end(), failed),
            Row::new("an error event before content", opened().chunk(&error).end(), failed),
            Row::new("a cut before content", opened().close(), "502 upstream_truncated"),
            Row::new("a malformed event before content", opened().chunk(nonsense).end(), unreadable),
        ];
        let after = [
            Row::new("a cut after content", begun().close(), "upstream_truncated"),
            Row::new("an error event after content", begun().chunk(&error).end(), "upstream_error"),
            Row::new("silence after content", begun().hang(), "upstream_timeout"),
            Row::new("a malformed event after content", begun().chunk(nonsense).end(), "upstream_unreadable"),
        ];
        let after = after.map(|row| Row { completion: "stream_failed", ..row });
        before.into_iter().chain(after).collect()
    }

    /// An error that does not say that the request is wrong.
    fn error(self) -> Value {
        match self.spoken {
            Dialect::Gemini | Dialect::BatchEmbedContents => {
                json!({"error": {"code": 500, "message": "ill", "status": "INTERNAL"}})
            }
            spoken => spoken.error("ill"),
        }
    }

    /// A question to the row's provider. The model says which row it is, at the other provider too.
    fn ask(self, row: usize) -> Ask {
        Ask::new(self.dialect, &format!("ill-{row}:m{row}-")).stream(self.is_stream)
    }

    /// What the client reads in a good answer.
    fn text(self, answer: &Answer) -> String {
        assert_eq!(answer.status, 200, "{}", answer.text());
        if self.is_stream {
            self.dialect.read_stream(&answer.text()).text
        } else {
            self.dialect.read_whole(&answer.json()).text
        }
    }
}

/// A gateway in front of a provider for each row, and of one that is well.
struct Stage {
    gateway: Gateway,
    column: Column,
    rows: Vec<Row>,
    ill: Upstream,
    well: Upstream,
}

impl Stage {
    async fn warm_up(&self) {
        let answer = Ask::new(self.column.dialect, "well:warm").stream(self.column.is_stream).send(&self.gateway).await;
        assert_eq!(self.column.text(&answer), "from the other");
    }

    async fn check_alone(&self, number: usize) {
        let (row, what) = self.row(number);
        let answer = self.column.ask(number).send(&self.gateway).await;
        let dialect = self.column.dialect;
        if row.has_begun() {
            assert_broken(dialect, &answer, row.told, &what);
        } else {
            let told = format!("{} {}", answer.status, dialect.error_code(&answer.json()));
            assert_eq!(told, row.told, "{what}: {}", answer.text());
            assert_eq!(answer.header("retry-after"), row.retry_after, "{what}");
        }
        assert_eq!(answer.header("x-wardgate-attempts"), "1", "{what}");
        assert_eq!(self.attempts(&answer, 1).await, [format!("ill-{number} {}", row.completion)], "{what}");
    }

    async fn check_with_another(&self, number: usize) {
        let (row, what) = self.row(number);
        let answer = self.column.ask(number).or(&[&format!("well:m{number}-")]).send(&self.gateway).await;
        let ill = format!("ill-{number} {}", row.completion);
        if row.has_begun() {
            assert_broken(self.column.dialect, &answer, row.told, &what);
            assert_eq!(self.attempts(&answer, 1).await, [ill], "{what}");
            assert!(self.asked_well(number).is_empty(), "{what}: an answer began twice");
            return;
        }
        assert_eq!(self.column.text(&answer), "from the other", "{what}: {}", answer.text());
        assert_eq!((answer.header("x-wardgate-attempts"), answer.header("x-wardgate-provider")), ("2", "well"), "{what}");
        assert!(!answer.text().contains("ill"), "{what}: {}", answer.text());
        assert_eq!(self.attempts(&answer, 2).await, [ill, "well succeeded".to_owned()], "{what}");
        let asked = self.asked_well(number);
        assert_eq!(asked.len(), 1, "{what}: the other is asked once");
        if let Some(before) = self.ill.seen().iter().rev().find(|seen| is_of_row(seen, number)) {
            assert_eq!((before.text(), &before.method), (asked[0].text(), &asked[0].method), "{what}: both get the same");
            assert_eq!(before.target, format!("/row-{number}{}", asked[0].target), "{what}");
        }
    }

    /// The attempts of a request as the usage has them.
    async fn attempts(&self, answer: &Answer, count: usize) -> Vec<String> {
        let target = format!("/usage/requests/{}", answer.header("x-wardgate-request-id"));
        let mut attempts: Vec<Value> = Vec::new();
        wardgate_testkit::until("the request's usage", wardgate_testkit::DEADLINE, async || {
            let stored = self.gateway.manage("GET".parse().unwrap(), &target, None).await;
            attempts = if stored.status == 200 { stored.json()["attempts"].as_array().unwrap().clone() } else { Vec::new() };
            attempts.len() >= count
        })
        .await;
        let told = |attempt: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!("{} {}", text(&attempt["event"]["provider"]), text(&attempt["completion"]))
        };
        attempts.iter().map(told).collect()
    }

    fn row(&self, number: usize) -> (&Row, String) {
        let row = &self.rows[number];
        (row, format!("{:?}: {}", self.column, row.what))
    }

    fn asked_well(&self, number: usize) -> Vec<Seen> {
        self.well.seen().into_iter().filter(|seen| is_of_row(seen, number)).collect()
    }
}

fn is_of_row(seen: &Seen, number: usize) -> bool {
    let model = format!("m{number}-");
    seen.target.contains(&model) || seen.text().contains(&model)
}

fn assert_broken(dialect: Dialect, answer: &Answer, code: &str, what: &str) {
    let text = answer.text();
    assert!(answer.status == 200 && text.contains(BEGUN) && !text.contains("half of"), "{what}: {text}");
    let error = dialect.stream_error(&text);
    let (told, code) = match dialect {
        Dialect::Gemini => (&error["details"][0]["reason"], code),
        // It has a list of codes, on which ours are not.
        Dialect::Responses => (&error["code"], "server_error"),
        _ => (&error["code"], code),
    };
    assert_eq!(told, code, "{what}: {text}");
}

async fn matrix(dialect: Dialect, spoken: Dialect, is_stream: bool) {
    let column = Column { dialect, spoken, is_stream };
    let rows = column.rows();
    let script = rows.clone();
    let ill = Upstream::scripted(move |seen| {
        let row = seen.target.strip_prefix("/row-").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        match &script[row.unwrap()].provider {
            Provider::Answers(reply) => reply.clone(),
            _ => Reply::silence().close(),
        }
    })
    .await;
    let well = Upstream::always(match is_stream {
        true => Reply::streams(spoken, &["from ", "the other"]),
        false => Reply::says(spoken, "from the other"),
    })
    .await;
    let gateway = dev().with("--per-request-timeout", PATIENCE).with("--idle-event-timeout", PATIENCE).start().await;
    let (refused, _socket) = refused_url();
    let untrusted = Untrusted::start().await;
    // Its connections are made and wait to be accepted for ever.
    let dumb = TcpListener::bind("127.0.0.1:0").unwrap();
    for (number, row) in rows.iter().enumerate() {
        let url = match row.provider {
            Provider::Refuses => refused.clone(),
            Provider::ShowsAnUntrustedCertificate => untrusted.url().to_owned(),
            Provider::NeverShakesHands => format!("https://{}", dumb.local_addr().unwrap()),
            Provider::Answers(_) => format!("{}/row-{number}", ill.url()),
        };
        gateway.add_speaker(&format!("ill-{number}"), &url, spoken).await;
    }
    gateway.add_speaker("well", well.url(), spoken).await;
    let count = rows.len();
    let stage = Rc::new(Stage { gateway, column, rows, ill, well });
    let checks = async {
        all(WARM_UP, &stage, |stage, _| async move { stage.warm_up().await }).await;
        all(count, &stage, |stage, number| async move { stage.check_alone(number).await }).await;
        forget_health(&stage.gateway).await;
        all(count, &stage, |stage, number| async move { stage.check_with_another(number).await }).await;
    };
    Box::pin(LocalSet::new().run_until(checks)).await;
}

/// So many checks at once.
async fn all<F: Future<Output = ()> + 'static>(count: usize, stage: &Rc<Stage>, check: impl Fn(Rc<Stage>, usize) -> F) {
    let mut checks = JoinSet::new();
    for number in 0..count {
        checks.spawn_local(check(Rc::clone(stage), number));
    }
    while let Some(checked) = checks.join_next().await {
        if let Err(error) = checked {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

macro_rules! columns {
    ($($name:ident: $dialect:ident by $spoken:ident, $is_stream:literal;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            matrix(Dialect::$dialect, Dialect::$spoken, $is_stream).await;
        }
    )*};
}

columns! {
    whole_chat: Chat by Chat, false;
    streamed_chat: Chat by Chat, true;
    whole_completions: Completions by Completions, false;
    streamed_completions: Completions by Completions, true;
    whole_messages: Messages by Messages, false;
    streamed_messages: Messages by Messages, true;
    whole_responses: Responses by Responses, false;
    streamed_responses: Responses by Responses, true;
    whole_gemini: Gemini by Gemini, false;
    streamed_gemini: Gemini by Gemini, true;
    embeddings: Embeddings by Embeddings, false;
    batch_embed_contents: BatchEmbedContents by BatchEmbedContents, false;
    whole_chat_by_messages: Chat by Messages, false;
    streamed_chat_by_messages: Chat by Messages, true;
    whole_messages_by_chat: Messages by Chat, false;
    streamed_messages_by_chat: Messages by Chat, true;
    whole_responses_by_gemini: Responses by Gemini, false;
    streamed_responses_by_gemini: Responses by Gemini, true;
    whole_gemini_by_responses: Gemini by Responses, false;
    streamed_gemini_by_responses: Gemini by Responses, true;
    whole_chat_by_cohere: Chat by Cohere, false;
    streamed_messages_by_cohere: Messages by Cohere, true;
    whole_messages_by_converse: Messages by Converse, false;
    streamed_chat_by_converse: Chat by Converse, true;
}
