//! The provider that the targets ask: cheap, and the same for everyone.
//!
//! It says nothing that it did not prepare, and checks only what tells whether a target forwarded the request: the credential,
//! the model's name, and that all of the body came.

use super::chat::{self, Script};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

mod chunks;

use chunks::Chunks;

/// A target connects once for each stream, and all of them at once.
const WAITING_CONNECTIONS_MAX: u32 = 4096;

/// What the rounds ask of the upstream.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Say where you listen.
    Locate,
    /// Behave like this from the next request on.
    Behave(Behavior),
    /// Let the streams that are held go on.
    Release,
}

/// How the upstream answers.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Behavior {
    /// In one piece, to requests that have at least this size.
    Answer { body_bytes_min: usize },
    /// As a stream with so many chunks of content, the next one this long after the one before.
    Stream { chunks: usize, pace: Duration },
    /// As a stream that stops after so many events until it is released.
    HeldStream { chunks: usize, held_after: usize },
}

/// What a connection needs to answer.
struct State {
    behavior: Mutex<Behavior>,
    released: watch::Sender<bool>,
    answer: Bytes,
    authorization: String,
}

type Reply = Response<Either<Full<Bytes>, Chunks>>;

/// The provider, listening.
pub(crate) struct Upstream {
    address: SocketAddr,
    state: Arc<State>,
}

impl Upstream {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = socket.listen(WAITING_CONNECTIONS_MAX)?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            behavior: Mutex::new(Behavior::Answer { body_bytes_min: 0 }),
            released: watch::Sender::new(false),
            answer: chat::answer(),
            authorization: format!("Bearer {}", chat::CREDENTIAL),
        });
        tokio::spawn(accept(listener, state.clone()));
        Ok(Self { address, state })
    }

    /// Does as it is told, and says where it listens.
    pub(crate) fn obey(&self, command: Command) -> SocketAddr {
        match command {
            Command::Locate => {}
            Command::Behave(behavior) => {
                *self.state.behavior.lock().unwrap_or_else(PoisonError::into_inner) = behavior;
                self.state.released.send_replace(false);
            }
            Command::Release => drop(self.state.released.send_replace(true)),
        }
        self.address
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, state.clone()))),
            // Out of files, most likely: whoever waits gets the next one that is closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    // What goes wrong with a connection is counted by the load, which sees its effect.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| reply(request, &state));
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn reply(request: Request<Incoming>, state: &State) -> Result<Reply, Infallible> {
    if request.headers().get(AUTHORIZATION).is_none_or(|value| value != state.authorization.as_str()) {
        return Ok(refuse(StatusCode::UNAUTHORIZED, "the upstream's credential did not arrive"));
    }
    let behavior = *state.behavior.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(match behavior {
        Behavior::Answer { body_bytes_min } => match count(request.into_body()).await {
            Some(bytes) if bytes >= body_bytes_min => {
                reply_with(Either::Left(Full::new(state.answer.clone())), "application/json")
            }
            _ => refuse(StatusCode::BAD_REQUEST, "the request's body did not arrive in full"),
        },
        Behavior::Stream { chunks, pace } => stream(request, |script| Chunks::paced(script, pace), chunks).await,
        Behavior::HeldStream { chunks, held_after } => {
            stream(request, |script| Chunks::held(script, held_after, state.released.subscribe()), chunks).await
        }
    })
}

async fn count(mut body: Incoming) -> Option<usize> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame.ok()?.data_ref().map_or(0, Bytes::len);
    }
    Some(bytes)
}

async fn stream(request: Request<Incoming>, make: impl FnOnce(Script) -> Chunks, chunks: usize) -> Reply {
    let Ok(body) = request.into_body().collect().await else {
        return refuse(StatusCode::BAD_REQUEST, "the request's body did not arrive in full");
    };
    let body = body.to_bytes();
    if !contains(&body, r#""stream":true"#) || !contains(&body, &format!("\"{}\"", chat::MODEL)) {
        return refuse(StatusCode::BAD_REQUEST, "the request asks for no stream, or for another model");
    }
    let script = Script::new(chunks, contains(&body, r#""include_usage":true"#));
    reply_with(Either::Right(make(script)), "text/event-stream; charset=utf-8")
}

fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}

fn refuse(status: StatusCode, message: &'static str) -> Reply {
    let body = format!(r#"{{"error":{{"message":"{message}","type":"invalid_request_error","param":null,"code":null}}}}"#);
    let mut reply = reply_with(Either::Left(Full::new(Bytes::from(body))), "application/json");
    *reply.status_mut() = status;
    reply
}

fn reply_with(body: Either<Full<Bytes>, Chunks>, content_type: &'static str) -> Reply {
    let mut reply = Response::new(body);
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
