//! Connections to hosts, kept for the next call.
//!
//! One call at a time uses a connection; when its answer was read to the end, the connection waits here for the next. An answer
//! that is dropped before takes its connection with it, which is how a provider learns that nobody listens. A call that finds
//! its waiting connection closed takes another one, but only if nothing of it was written: a provider may have begun to work
//! on what it got, and a call must not be paid for twice.
//!
//! This is ours and not hyper-util's legacy client because the gateway's own work is mostly here: that client hashes the host
//! three times a call, and starts a task after each to wait for what is known when the answer ends.

use crate::body::SlicedBody;
use crate::connect::GuardedResolver;
use crate::error::SendError;
use crate::options::Options;
use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tower::Service;

pub(crate) type Connector = HttpsConnector<HttpConnector<GuardedResolver>>;

/// A scheme, host and port.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Host {
    is_tls: bool,
    authority: Authority,
}

struct Waiting {
    sender: SendRequest<SlicedBody>,
    since: Instant,
}

/// The waiting connections by host, those that waited longest first.
struct Idle {
    hosts: Mutex<HashMap<Host, Vec<Waiting>, foldhash::fast::RandomState>>,
    per_host_max: usize,
    timeout: Duration,
}

/// Connections of one domain of trust.
#[derive(Clone)]
pub(crate) struct Pool {
    connector: Connector,
    idle: Arc<Idle>,
    connect_timeout: Duration,
}

impl Pool {
    pub(crate) fn new(connector: Connector, options: &Options) -> Self {
        let idle = Idle { hosts: Mutex::default(), per_host_max: options.idle_per_host_max, timeout: options.idle_timeout };
        Self { connector, idle: Arc::new(idle), connect_timeout: options.connect_timeout }
    }

    /// Sends a request with an absolute URL, and waits for the head of the answer.
    pub(crate) async fn send(&self, mut request: Request<SlicedBody>) -> Result<Response<AnswerBody>, SendError> {
        let url = std::mem::take(request.uri_mut());
        let host = address(&mut request, &url)?;
        while let Some(mut sender) = self.idle.take(&host) {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.answered(response, sender, host)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::broken(error.into_error())),
                },
            }
        }
        // In a box: making a connection takes room that every call would carry otherwise, and most find one waiting.
        let mut sender = Box::pin(self.connect(url)).await?;
        let response = sender.send_request(request).await.map_err(SendError::broken)?;
        Ok(self.answered(response, sender, host))
    }

    async fn connect(&self, url: Uri) -> Result<SendRequest<SlicedBody>, SendError> {
        let mut connector = self.connector.clone();
        let connecting = async {
            // Apart, so that a connection in clear does not carry the room of an encrypted one.
            match connector.call(url).await.map_err(SendError::connect)? {
                MaybeHttpsStream::Http(io) => start(io).await,
                MaybeHttpsStream::Https(io) => start(io).await,
            }
        };
        tokio::time::timeout(self.connect_timeout, connecting).await.map_err(|_| SendError::connect_timeout())?
    }

    fn answered(&self, response: Response<Incoming>, sender: SendRequest<SlicedBody>, host: Host) -> Response<AnswerBody> {
        let lease = Lease { sender, host, idle: Arc::clone(&self.idle) };
        response.map(|incoming| AnswerBody { incoming, lease: Some(lease) })
    }
}

/// How much is read from a provider at once, in bytes: as much as nginx takes. Events are smaller, and each open stream holds one
/// such buffer.
const READ_BYTES: usize = 4_096;

/// Begins to speak HTTP on a connection.
async fn start<I: Read + Write + Unpin + Send + 'static>(io: I) -> Result<SendRequest<SlicedBody>, SendError> {
    let mut builder = http1::Builder::new();
    let shaken = builder.read_buf_exact_size(Some(READ_BYTES)).handshake(io).await;
    let (sender, connection) = shaken.map_err(SendError::broken)?;
    tokio::spawn(async move {
        // Whoever waits for an answer hears of it there.
        if let Err(error) = connection.await {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection to a provider ended");
        }
    });
    Ok(sender)
}

/// Turns an absolute URL into what stands in the request: a path, and the host in a header.
fn address(request: &mut Request<SlicedBody>, url: &Uri) -> Result<Host, SendError> {
    let authority = url.authority().ok_or_else(SendError::no_host)?;
    let is_tls = url.scheme() == Some(&Scheme::HTTPS);
    let path = url.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    let default_port = if is_tls { 443 } else { 80 };
    let shown = match authority.port_u16() {
        Some(port) if port == default_port => authority.host(),
        // A URL with a name and password in it was refused when it was stored.
        _ => authority.as_str(),
    };
    request.headers_mut().insert(HOST, HeaderValue::from_str(shown).map_err(|_| SendError::no_host())?);
    Ok(Host { is_tls, authority: authority.clone() })
}

impl Idle {
    /// The connection that waited shortest, which is the least likely to be closed.
    fn take(&self, host: &Host) -> Option<SendRequest<SlicedBody>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = hosts.get_mut(host)?;
        while let Some(Waiting { sender, since }) = waiting.pop() {
            if since.elapsed() > self.timeout {
                // The others waited longer still.
                waiting.clear();
                return None;
            }
            if !sender.is_closed() {
                return Some(sender);
            }
        }
        None
    }

    fn put(&self, host: Host, sender: SendRequest<SlicedBody>) {
        if sender.is_closed() {
            return;
        }
        let now = Instant::now();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = hosts.get_mut(&host) {
            if waiting.first().is_some_and(|oldest| now - oldest.since > self.timeout) {
                waiting.retain(|waiting| now - waiting.since <= self.timeout);
            }
            if waiting.len() < self.per_host_max {
                waiting.push(Waiting { sender, since: now });
            }
            return;
        }
        // Hosts are few and new ones rare, so this is the moment to forget those that nobody calls any more.
        hosts.retain(|_, waiting| waiting.last().is_some_and(|newest| now - newest.since <= self.timeout));
        hosts.insert(host, vec![Waiting { sender, since: now }]);
    }
}

struct Lease {
    sender: SendRequest<SlicedBody>,
    host: Host,
    idle: Arc<Idle>,
}

/// The body of an answer. Read to its end, it gives its connection back; dropped before, it closes it.
pub struct AnswerBody {
    incoming: Incoming,
    lease: Option<Lease>,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.incoming).poll_frame(cx);
        if let Poll::Ready(None) = polled
            && let Some(Lease { sender, host, idle }) = self.lease.take()
        {
            idle.put(host, sender);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
