//! Calls over real sockets: which connections are used again, what a provider can do wrong, and what comes of it.
//!
//! A provider is a script for its connections: what to say to each request that it reads.

use crate::answer_body::AnswerBody;
use crate::body::SlicedBody;
use crate::client::Call;
use crate::connect::{Connector, Trust};
use crate::connection::{CallError, Connection};
use crate::error::{BodyError, SendErrorKind};
use crate::http1::Malformed;
use crate::options::Options;
use crate::outgoing::Outgoing;
use crate::pool::{Host, Pool};
use crate::stream::Stream;
use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body::Body;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use wardgate_model::Origin;

/// How long anything may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a provider does with a request that it has read.
#[derive(Clone)]
enum Act {
    /// Says this, and waits for the next.
    Say(Bytes),
    /// Says this, and closes.
    SayAndClose(Bytes),
    /// Says this, and is gone: in clear with a reset, over TLS without a farewell.
    SayAndVanish(Bytes),
    /// Says this, and a moment later something that nobody asked for.
    SayTooMuch(Bytes),
    /// Says this as soon as the head is there, and reads nothing more.
    SayEarly(Bytes),
}

fn say(answer: impl AsRef<[u8]>) -> Act {
    Act::Say(Bytes::copy_from_slice(answer.as_ref()))
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

struct Provider {
    url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<usize>>>,
    /// Tells when the first connection was closed by us.
    closed: oneshot::Receiver<()>,
}

impl Provider {
    /// In clear. The acts are for requests in their order, whatever their connection; the last is for all that follow.
    async fn plain(acts: Vec<Act>) -> Self {
        let shake = |socket: TcpStream| async move {
            // What is dropped is reset.
            socket.set_zero_linger().unwrap();
            Some(socket)
        };
        Self::start(acts, "http", shake).await
    }

    async fn start<S, F>(acts: Vec<Act>, scheme: &str, shake: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Option<S>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://localhost:{}/v1", listener.local_addr().unwrap().port());
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (close, closed) = oneshot::channel();
        let (count, seen, mut close) = (Arc::clone(&connections), Arc::clone(&requests), Some(close));
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                if let Some(stream) = shake(socket).await {
                    tokio::spawn(serve(stream, acts.clone(), Arc::clone(&seen), close.take()));
                }
            }
        });
        Self { url, connections, requests, closed }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The sizes of the bodies that were read.
    fn requests(&self) -> Vec<usize> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    acts: Vec<Act>,
    seen: Arc<Mutex<Vec<usize>>>,
    close: Option<oneshot::Sender<()>>,
) {
    let mut bytes = Vec::new();
    loop {
        let next = acts[seen.lock().unwrap().len().min(acts.len() - 1)].clone();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                if let Some(close) = close {
                    let _ = close.send(());
                }
                return;
            }
        };
        if let Act::SayEarly(answer) = next {
            let _ = stream.write_all(&answer).await;
            // Held open and unread.
            std::future::pending::<()>().await;
            return;
        }
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        while bytes.len() < head + length {
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "half a request");
        }
        bytes.drain(..head + length);
        seen.lock().unwrap().push(length);
        match next {
            Act::Say(answer) => stream.write_all(&answer).await.unwrap(),
            Act::SayAndClose(answer) => {
                stream.write_all(&answer).await.unwrap();
                stream.shutdown().await.unwrap();
                // Until the other side closes, too.
                let _ = stream.read(&mut [0]).await;
                return;
            }
            Act::SayAndVanish(answer) => {
                let _ = stream.write_all(&answer).await;
                return;
            }
            Act::SayTooMuch(answer) => {
                stream.write_all(&answer).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil").await;
            }
            Act::SayEarly(_) => {}
        }
    }
}

fn tls_of(roots: rustls::RootCertStore) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn pool_with(tls: TlsConnector, idle_timeout: Duration) -> Pool {
    let options = Options { idle_timeout, ..Options::default() };
    Pool::new(Connector::new(Trust::All, tls, options.connect_timeout), &options)
}

fn pool() -> Pool {
    pool_with(tls_of(rustls::RootCertStore::empty()), DEADLINE)
}

fn call(provider: &Provider, slices: Vec<Bytes>) -> Call {
    let (method, url, body) = (Method::POST, provider.url.parse().unwrap(), SlicedBody::new(slices));
    Call { method, url, origin: Origin::Operator, headers: HeaderMap::new(), body }
}

/// Makes a call: the status and the body, or the error.
async fn ask(pool: &Pool, provider: &Provider) -> Result<(u16, String), String> {
    ask_with(pool, call(provider, vec!["{\"a\"".into(), Bytes::new(), ":1}".into()])).await
}

async fn ask_with(pool: &Pool, call: Call) -> Result<(u16, String), String> {
    let asked = async {
        let response = pool.send(call).await.map_err(|error| {
            assert_eq!(error.kind, SendErrorKind::Broken, "{error:?}");
            std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default()
        })?;
        let (status, mut body, mut text) = (response.status().as_u16(), response.into_body(), Vec::new());
        let announced = body.size_hint().exact();
        while let Some(bytes) = body.next().await {
            text.extend_from_slice(&bytes.map_err(|error| error.to_string())?);
        }
        assert!(body.is_end_stream() && announced.is_none_or(|announced| announced == text.len() as u64));
        Ok((status, String::from_utf8(text).unwrap()))
    };
    timeout(DEADLINE, asked).await.unwrap()
}

fn ok(text: &str) -> Result<(u16, String), String> {
    Ok((200, text.to_owned()))
}

/// Every request in flight carries this future.
#[tokio::test]
async fn a_call_takes_little_room() {
    let (pool, provider) = (pool(), Provider::plain(vec![say(OK)]).await);
    let size = size_of_val(&pool.send(call(&provider, Vec::new())));
    assert!(size <= 320, "{size}");
    assert!(size_of::<AnswerBody>() <= 64);
}

#[tokio::test]
async fn which_connections_are_used_again() {
    let check = async |answer: &str, is_kept: bool| {
        let (pool, provider) = (pool(), Provider::plain(vec![say(answer), say(OK)]).await);
        assert_eq!(ask(&pool, &provider).await, ok("ok"), "{answer}");
        assert_eq!(ask(&pool, &provider).await, ok("ok"), "{answer}");
        assert_eq!((provider.connections(), provider.requests()), (if is_kept { 1 } else { 2 }, vec![7, 7]), "{answer}");
    };
    check(OK, true).await;
    check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", true).await;
    check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1;x\r\nk\r\n0\r\na: b\r\n\r\n", true).await;
    check("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", true).await;
    check("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", false).await;
    check("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", false).await;
    // An answer that nobody asked for would be the answer to the next call.
    check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", false).await;
    check("HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false).await;
}

#[tokio::test]
async fn what_comes_between_calls_is_no_answer() {
    let answer = Bytes::from_static(OK.as_bytes());
    for act in [Act::SayTooMuch(answer.clone()), Act::SayAndClose(answer.clone()), Act::SayAndVanish(answer.clone())] {
        let (pool, provider) = (pool(), Provider::plain(vec![act, say(OK)]).await);
        assert_eq!(ask(&pool, &provider).await, ok("ok"));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(ask(&pool, &provider).await, ok("ok"));
        assert_eq!((provider.connections(), provider.requests().len()), (2, 2));
    }
}

/// A connection that breaks once something was written is not replaced: a provider may have begun to work.
#[tokio::test]
async fn no_call_is_made_twice() {
    let (pool, provider) = (pool(), Provider::plain(vec![say(OK), Act::SayAndClose(Bytes::new()), say(OK)]).await);
    assert_eq!(ask(&pool, &provider).await, ok("ok"));
    assert_eq!(ask(&pool, &provider).await, Err(Malformed::Truncated.to_string()));
    assert_eq!((provider.connections(), provider.requests()), (1, vec![7, 7]));
    assert_eq!(ask(&pool, &provider).await, ok("ok"));
    assert_eq!((provider.connections(), provider.requests()), (2, vec![7, 7, 7]));
}

/// A tail of these pieces, each of which comes at the second asking.
struct Pieces(Vec<Option<&'static str>>, bool);

impl crate::body::Tail for Pieces {
    fn length(&self) -> usize {
        4
    }

    fn poll_next(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<std::io::Result<Bytes>>> {
        self.1 ^= true;
        if self.1 {
            cx.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        let next = if self.0.is_empty() { None } else { Some(self.0.remove(0)) };
        let piece = |piece: Option<&'static str>| piece.map(Bytes::from).ok_or(std::io::Error::other("it broke off"));
        std::task::Poll::Ready(next.map(piece))
    }
}

#[tokio::test]
async fn the_end_of_a_body_comes_while_it_is_sent_or_the_call_breaks() {
    let (pool, provider) = (pool(), Provider::plain(vec![say(OK), say(OK)]).await);
    let with = |pieces: &[Option<&'static str>]| {
        let mut call = call(&provider, vec!["head".into()]);
        call.body = SlicedBody::new(vec!["head".into()]).with_tail(Some(Box::new(Pieces(pieces.to_vec(), false))));
        call
    };
    assert_eq!(ask_with(&pool, with(&[Some("ta"), Some("il")])).await, ok("ok"));
    assert_eq!(ask_with(&pool, with(&[Some("ta"), None])).await, Err("it broke off".to_owned()));
    // The provider did not get half a request for a whole one, and the connection is not used again.
    assert_eq!(ask(&pool, &provider).await, ok("ok"));
    assert_eq!((provider.connections(), provider.requests()), (2, vec![8, 7]));
}

/// The other side of it: what certainly was not sent is sent elsewhere.
#[tokio::test]
async fn a_call_that_was_not_written_is_made_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    listener.accept().await.unwrap().0.set_zero_linger().unwrap();
    // It is dropped, and so reset, after a look at it that said that all is well.
    dead.readable().await.unwrap();
    let (pool, provider) = (pool(), Provider::plain(vec![say(OK)]).await);
    let host = Host::of(&provider.url.parse().unwrap()).unwrap();
    let connection = Box::new(Connection::new(Stream::Plain(dead), host, Weak::new()));
    let request = Outgoing::new(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n".to_vec(), SlicedBody::new(vec!["ok".into()]));
    let Err(CallError::Unsent(connection, _)) = connection.call(request, false).await else { panic!("it was sent") };
    let (host, request) = connection.into_parts();
    let living = pool.connect(host).await.unwrap();
    assert!(living.call(request, false).await.is_ok_and(|response| response.status() == 200));
    assert_eq!(provider.requests(), vec![2]);
}

#[tokio::test]
async fn large_requests_are_written_whole_and_large_answers_read_whole() {
    let text = "0123456789abcdef".repeat(256 * 1024);
    let chunks: String =
        text.as_bytes().chunks(10_007).map(|c| format!("{:x}\r\n{}\r\n", c.len(), String::from_utf8_lossy(c))).collect();
    let length = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    let until_close = Act::SayAndClose(format!("HTTP/1.1 200 OK\r\n\r\n{text}").into());
    let (pool, provider) = (pool(), Provider::plain(vec![say(length), say(chunked), until_close]).await);
    let slices = vec![Bytes::from(text.clone()); 3];
    for _ in 0..3 {
        assert!(ask_with(&pool, call(&provider, slices.clone())).await == ok(&text));
    }
    assert_eq!((provider.connections(), provider.requests()), (1, vec![3 * text.len(); 3]));
}

/// A provider that refuses a large request need not read it, and we must not wait for that.
#[tokio::test]
async fn an_answer_may_come_before_the_request_is_written() {
    let answer = "HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno";
    let large = || vec![Bytes::from(vec![b'x'; 64 * 1024 * 1024])];
    let (pool, provider) = (pool(), Provider::plain(vec![Act::SayEarly(Bytes::from_static(answer.as_bytes()))]).await);
    for connections in 1..3 {
        assert_eq!(ask_with(&pool, call(&provider, large())).await, Ok((413, "no".to_owned())));
        assert_eq!(provider.connections(), connections, "a connection with half a request on it was used again");
    }
}

#[tokio::test]
async fn answers_that_are_cut_short_or_malformed() {
    let check = async |act: Act, expected: &str| {
        let (pool, provider) = (pool(), Provider::plain(vec![act, say(OK)]).await);
        let error = ask(&pool, &provider).await.unwrap_err();
        assert!(expected.split('|').any(|expected| error.contains(expected)), "{error}, and not {expected}");
        assert_eq!(ask(&pool, &provider).await, ok("ok"), "{expected}");
        assert_eq!(provider.connections(), 2, "{expected}");
    };
    let in_body = |malformed| BodyError::Malformed(malformed).to_string();
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
    ] {
        check(Act::SayAndClose(Bytes::from_static(answer.as_bytes())), &Malformed::Truncated.to_string()).await;
        check(Act::SayAndVanish(Bytes::from_static(answer.as_bytes())), "reset by peer|broke in the middle").await;
    }
    let chunked = |text: &str| say(["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", text].concat());
    check(chunked("2\r\nokay\r\n0\r\n\r\n"), &in_body(Malformed::ChunkEnd)).await;
    check(chunked("-2\r\nok\r\n0\r\n\r\n"), &in_body(Malformed::ChunkSize)).await;
    check(say("SSH-2.0-OpenSSH\r\n"), &Malformed::NotHttp.to_string()).await;
    check(say("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"), &Malformed::Switched.to_string()).await;
    check(say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"), &Malformed::Length.to_string()).await;
    check(say(format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(100_000))), &Malformed::HeadTooLarge.to_string()).await;
}

#[tokio::test]
async fn what_came_before_the_fault_is_handed_on_first() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nnonsense";
    let (pool, provider) = (pool(), Provider::plain(vec![say(answer)]).await);
    let mut body = pool.send(call(&provider, Vec::new())).await.unwrap().into_body();
    assert_eq!(body.next().await.unwrap().unwrap(), "ok");
    assert!(matches!(body.next().await, Some(Err(BodyError::Malformed(Malformed::ChunkSize)))));
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn whoever_stops_listening_closes_the_connection() {
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";
    let (pool, provider) = (pool(), Provider::plain(vec![say(endless)]).await);
    let mut body = pool.send(call(&provider, Vec::new())).await.unwrap().into_body();
    assert_eq!(body.next().await.unwrap().unwrap(), "ok");
    assert!(!body.is_end_stream());
    drop(body);
    timeout(DEADLINE, provider.closed).await.unwrap().unwrap();
    let silent = Provider::plain(vec![say("")]).await;
    assert!(timeout(Duration::from_millis(50), pool.send(call(&silent, Vec::new()))).await.is_err());
    timeout(DEADLINE, silent.closed).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_that_nobody_needs_is_closed_without_another_call() {
    let pool = pool_with(tls_of(rustls::RootCertStore::empty()), Duration::from_millis(100));
    // The second time shows that whoever looks after them has ended, and starts again.
    for providers in 1..3 {
        let provider = Provider::plain(vec![say(OK)]).await;
        assert_eq!(ask(&pool, &provider).await, ok("ok"));
        timeout(DEADLINE, provider.closed).await.unwrap().unwrap();
        let only_providers_run = async {
            while tokio::runtime::Handle::current().metrics().num_alive_tasks() > providers {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(DEADLINE, only_providers_run).await.unwrap();
    }
}

#[tokio::test]
async fn no_more_wait_than_the_bound() {
    let (options, provider) = (Options { idle_per_host_max: 1, ..Options::default() }, Provider::plain(vec![say(OK)]).await);
    let connector = Connector::new(Trust::All, tls_of(rustls::RootCertStore::empty()), DEADLINE);
    let pool = Pool::new(connector, &options);
    for connections in [2, 3] {
        // What is read to its end waits: one does, the other does not.
        let (one, other) = tokio::join!(ask(&pool, &provider), ask(&pool, &provider));
        assert_eq!((one, other), (ok("ok"), ok("ok")));
        assert_eq!(provider.connections(), connections);
    }
}

#[tokio::test]
async fn over_tls() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let large = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_owned() + &"x".repeat(1_000_000);
    let until_close = "HTTP/1.1 200 OK\r\n\r\nok";
    let acts = vec![
        say(OK),
        say(large),
        Act::SayAndClose(Bytes::from_static(until_close.as_bytes())),
        // Without a farewell in TLS, somebody on the way may have cut the answer.
        Act::SayAndVanish(Bytes::from_static(until_close.as_bytes())),
        Act::SayAndClose(Bytes::from_static(OK.as_bytes())),
        say(OK),
    ];
    let shake = move |socket| {
        let acceptor = acceptor.clone();
        async move { acceptor.accept(socket).await.ok() }
    };
    let provider = Provider::start(acts, "https", shake).await;
    let pool = pool_with(tls_of(roots), DEADLINE);
    assert_eq!(ask(&pool, &provider).await, ok("ok"));
    assert_eq!(ask_with(&pool, call(&provider, vec![Bytes::from(vec![b'y'; 3_000_000])])).await, ok(&"x".repeat(1_000_000)));
    assert_eq!(ask(&pool, &provider).await, ok("ok"));
    assert_eq!((provider.connections(), provider.requests()), (1, vec![7, 3_000_000, 7]));
    assert!(ask(&pool, &provider).await.is_err_and(|error| error.contains("broke in the middle")));
    assert_eq!(ask(&pool, &provider).await, ok("ok"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(ask(&pool, &provider).await, ok("ok"));
    assert_eq!((provider.connections(), provider.requests().len()), (4, 6), "the one that said farewell was used again");

    let stranger = pool_with(tls_of(rustls::RootCertStore::empty()), DEADLINE);
    let refused = stranger.send(call(&provider, Vec::new())).await;
    assert_eq!(refused.err().map(|error| error.kind), Some(SendErrorKind::Connect));
}
