//! Large forms, which are sent on while they arrive: their room, and what becomes of them when either side fails.

use crate::dev;
use crate::scene::create;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use wardgate_testkit::{Answer, Ask, DEADLINE, Dialect, Gate, Gateway, Reply, Setup, Upstream, refused_url, until};

const PATH: &str = "/v1/audio/transcriptions";
const TYPE: &str = "multipart/form-data; boundary=b";
/// Many times what all bodies may take here.
const FILE_BYTES: usize = 12 * 1024 * 1024;

/// `dev` with less memory for bodies than one of these files needs.
fn small() -> Setup {
    dev().with("--memory-bytes-max", "4MiB")
}

async fn started(setup: Setup, upstream: &Upstream) -> Gateway {
    let gateway = setup.start().await;
    add(&gateway, "up", upstream.url()).await;
    gateway
}

async fn add(gateway: &Gateway, name: &str, url: &str) {
    let surfaces = json!([{"format": "openai", "surface": "transcriptions"}]);
    create(gateway, "/providers", json!({"providerId": name, "name": name, "baseUrl": url, "supportedApiSurfaces": surfaces}))
        .await;
}

fn field(name: &str, value: &str) -> Vec<u8> {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
}

fn file(bytes: usize) -> Vec<u8> {
    let mut part = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\n".to_vec();
    part.extend(b"\r\n--\x00\xff".iter().cycle().take(bytes));
    part.extend(b"\r\n");
    part
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), b"--b--\r\n".to_vec()].concat()
}

fn ask(body: Vec<u8>) -> Ask {
    Ask::new(Dialect::Chat, "").target(PATH).body(body).header("content-type", TYPE)
}

fn said() -> Reply {
    Reply::json(200, &json!({"text": "hello", "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 5}}))
}

fn code(answer: &Answer) -> String {
    format!("{} {}", answer.status, Dialect::Chat.error_code(&answer.json()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_larger_than_the_memory_passes() {
    let upstream = Upstream::always(said()).await;
    let gateway = started(small(), &upstream).await;
    let of = |model: &str| form(&[field("model", model), field("language", "en"), file(FILE_BYTES), field("prompt", "hm")]);
    for client in [gateway.client(), gateway.client().h2()] {
        let answer = ask(of("up:whisper-1")).open_by(&client, &gateway).await.whole().await;
        assert_eq!((answer.status, answer.json()["text"].as_str()), (200, Some("hello")), "{}", answer.text());
    }
    for seen in upstream.seen() {
        assert_eq!(seen.header("content-type"), [TYPE]);
        assert!(seen.body == of("whisper-1"), "{} bytes", seen.body.len());
    }
    for event in gateway.usage(2).await {
        assert_eq!((&event["inputTokens"], &event["completion"]), (&json!(14), &json!("succeeded")), "{event}");
    }
    // What has to be held is bound by that memory: the model behind the file, and what does not say how long it is.
    let behind = ask(form(&[file(FILE_BYTES), field("model", "up:whisper-1")])).send(&gateway).await;
    assert_eq!(code(&behind), "503 gateway_busy");
    let fits = ask(form(&[file(FILE_BYTES / 8), field("model", "up:whisper-1")])).send(&gateway).await;
    assert_eq!(fits.status, 200, "{}", fits.text());
    until("no memory in use", DEADLINE, async || gateway.metric("wardgate_body_bytes").await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_provider_gets_it_while_it_is_all_there() {
    let (nobody, _socket) = refused_url();
    let well = Upstream::always(said()).await;
    let gateway = small().start().await;
    add(&gateway, "nobody", &nobody).await;
    add(&gateway, "well", well.url()).await;
    create(&gateway, "/virtual-models", json!({"name": "hear", "models": ["nobody:m", "well:m"]})).await;
    let answer = ask(form(&[field("model", "hear"), file(FILE_BYTES)])).send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "2"), "{}", answer.text());
    assert!(well.only().body == form(&[field("model", "m"), file(FILE_BYTES)]));
    assert_eq!(gateway.usage(2).await[1]["provider"], "well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_and_is_not_held_is_not_sent_again() {
    let ill = Upstream::always(Reply::json(500, &json!({"error": {"message": "ill"}}))).await;
    let well = Upstream::always(said()).await;
    let gateway = started(small(), &ill).await;
    add(&gateway, "well", well.url()).await;
    create(&gateway, "/virtual-models", json!({"name": "hear", "models": ["up:m", "well:m"]})).await;
    let large = ask(form(&[field("model", "hear"), file(FILE_BYTES)])).send(&gateway).await;
    assert_eq!((code(&large).as_str(), large.header("x-wardgate-attempts")), ("502 upstream_error", "1"));
    assert!(well.seen().is_empty());
    let small = ask(form(&[field("model", "hear"), file(100_000)])).send(&gateway).await;
    assert_eq!((small.status, small.header("x-wardgate-attempts")), (200, "2"), "{}", small.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_provider_gets_the_end_of_a_form_with_two_models() {
    let upstream = Upstream::always(said()).await;
    let gateway = started(small(), &upstream).await;
    for (second, expected) in [
        (field("model", "up:dear"), "400 duplicate_field"),
        (field("Model", "up:dear"), "400 field_in_other_case"),
        (b"--b\r\nno end of headers".to_vec(), "400 invalid_form"),
    ] {
        let wrong = form(&[field("model", "up:m"), file(FILE_BYTES), second]);
        let answer = ask(wrong).send(&gateway).await;
        assert_eq!(code(&answer), expected);
    }
    assert!(upstream.seen().is_empty(), "a form that was refused came whole");
    for event in gateway.usage(3).await {
        assert_eq!(event["completion"], "client_closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_takes_the_call_with_it() {
    let upstream = Upstream::always(said()).await;
    let gateway = started(small(), &upstream).await;
    let body = form(&[field("model", "up:m"), file(FILE_BYTES)]);
    let url = gateway.ready()["gateway_url"].as_str().unwrap().to_owned();
    let mut socket = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    let token = &gateway.key().token;
    let length = body.len();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: {TYPE}\r\ncontent-length: {length}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&body[..length / 2]).await.unwrap();
    until("a call of the provider", DEADLINE, async || upstream.connections() == 1).await;
    drop(socket);
    assert_eq!(gateway.usage(1).await[0]["completion"], "client_closed");
    assert!(upstream.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_asked_for_behind_the_file_is_streamed() {
    let gate = Gate::closed();
    let event = |text: &str| format!("data: {{\"type\":\"transcript.text.delta\",\"delta\":\"{text}\"}}\n\n");
    let upstream = Upstream::always(Reply::begin_stream().chunk(event("one")).wait_for(&gate).chunk(event("two")).end()).await;
    let gateway = started(small(), &upstream).await;
    let mut streaming = ask(form(&[field("model", "up:m"), file(FILE_BYTES), field("stream", "true")])).open(&gateway).await;
    let mut text = streaming.read_until("one").await;
    gate.open();
    text.push_str(&streaming.whole().await.text());
    assert_eq!(text, event("one") + &event("two"));
}
