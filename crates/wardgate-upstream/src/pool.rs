//! Connections to hosts, kept for the next call.
//!
//! One call at a time uses a connection; when its answer was read to the end, the connection waits here for the next. An answer
//! that is dropped before takes its connection with it. A call that finds its waiting connection closed takes another one, but
//! only if nothing of it was written: a provider may have begun to work on what it got, and a call must not be paid for twice.
//!
//! All of this is ours, and so is the HTTP/1.1 in it, because the gateway's own work is mostly here. A general client keeps a
//! task, a channel and two buffers for each connection; a stream that waits for its provider needs none of them.

use crate::answer_body::AnswerBody;
use crate::client::Call;
use crate::connect::Connector;
use crate::connection::{CallError, Connection};
use crate::error::SendError;
use crate::http1::request;
use crate::idle::Idle;
use crate::options::Options;
use crate::outgoing::Outgoing;
use http::uri::{Authority, Scheme};
use http::{Method, Response, Uri};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// A scheme, host and port, compared as they are written: to take one host for two costs a connection, and to look at each
/// letter's case costs every call more than that.
#[derive(Clone)]
pub(crate) struct Host {
    is_tls: bool,
    authority: Authority,
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        self.is_tls == other.is_tls && self.authority.as_str() == other.authority.as_str()
    }
}

impl Eq for Host {}

impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.is_tls, self.authority.as_str()).hash(state);
    }
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
        let idle = Idle::new(options.idle_per_host_max, options.idle_timeout);
        Self { connector, idle: Arc::new(idle), connect_timeout: options.connect_timeout }
    }

    /// Sends a request with an absolute URL, and waits for the head of the answer.
    ///
    /// What is needed of the call is taken out of it before anything is waited for, so that the future stays small.
    pub(crate) fn send(&self, call: Call) -> impl Future<Output = Result<Response<AnswerBody>, SendError>> + Send + use<'_> {
        let is_head = call.method == Method::HEAD;
        let prepared = Host::of(&call.url).map(|host| {
            let head = request::head(&call.method, &call.url, host.shown(), &call.headers, call.body.length());
            (host, Outgoing::new(head, call.body))
        });
        async move {
            let (mut host, mut request) = prepared?;
            while let Some(connection) = self.idle.take(&host) {
                match connection.call(request, is_head).await {
                    Ok(response) => return Ok(response),
                    Err(CallError::Unsent(connection, _)) => (host, request) = connection.into_parts(),
                    Err(CallError::Broken(error)) => return Err(error),
                }
            }
            // In a box: making a connection takes room that every call would carry otherwise, and most find one waiting.
            let connection = Box::pin(self.connect(host)).await?;
            connection.call(request, is_head).await.map_err(|error| match error {
                CallError::Unsent(_, error) | CallError::Broken(error) => error,
            })
        }
    }

    /// Makes a connection.
    pub(crate) async fn connect(&self, host: Host) -> Result<Box<Connection>, SendError> {
        let connecting = self.connector.connect(host.authority.host(), host.port(), host.is_tls);
        let stream = tokio::time::timeout(self.connect_timeout, connecting).await;
        let stream = stream.map_err(|_| SendError::connect_timeout())?.map_err(SendError::connect)?;
        Ok(Box::new(Connection::new(stream, host, Arc::downgrade(&self.idle))))
    }
}

impl Host {
    pub(crate) fn of(url: &Uri) -> Result<Self, SendError> {
        let authority = url.authority().filter(|authority| !authority.host().is_empty()).ok_or_else(SendError::no_host)?;
        Ok(Self { is_tls: url.scheme() == Some(&Scheme::HTTPS), authority: authority.clone() })
    }

    const fn default_port(&self) -> u16 {
        if self.is_tls { 443 } else { 80 }
    }

    fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(self.default_port())
    }

    /// How the place is named in a request.
    pub(crate) fn shown(&self) -> &str {
        match self.authority.port_u16() {
            Some(port) if port == self.default_port() => self.authority.host(),
            // A URL with a name and password in it was refused when it was stored.
            _ => self.authority.as_str(),
        }
    }
}
