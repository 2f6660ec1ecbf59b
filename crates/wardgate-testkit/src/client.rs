//! A client: HTTP/1.1 or HTTP/2, in clear or over TLS, or bare bytes.

use crate::{Certificate, DEADLINE};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::ServerName;
use serde_json::Value;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Where to connect and how.
#[derive(Clone)]
pub struct Client {
    authority: String,
    is_h2: bool,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Client {
    /// A client of this URL's host, over HTTP/1.1.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let authority = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/').to_owned();
        Self { authority, is_h2: false, tls: None }
    }

    /// Speaks HTTP/2 without asking first.
    #[must_use]
    pub fn h2(mut self) -> Self {
        self.is_h2 = true;
        self
    }

    /// Speaks TLS, and then the first of these protocols that the server takes.
    #[must_use]
    pub fn tls(mut self, certificate: &Certificate, protocols: &[&str]) -> Self {
        self.tls = Some(certificate.client_config(protocols));
        self
    }

    /// A connection.
    ///
    /// # Panics
    /// When there is none to be had.
    pub async fn connect(&self) -> Connection {
        let socket = TcpStream::connect(&self.authority).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let Some(tls) = &self.tls else {
            return Connection::new(&self.authority, socket, self.is_h2).await;
        };
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, socket).await.unwrap();
        let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Connection::new(&self.authority, stream, is_h2).await
    }

    /// Whether a connection can be made at all.
    pub async fn can_connect(&self) -> bool {
        TcpStream::connect(&self.authority).await.is_ok()
    }

    /// One request on a connection of its own, its answer read to the end.
    pub async fn send(&self, method: Method, target: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        self.connect().await.open(method, target, headers, body).await.whole().await
    }

    /// Sends bare bytes and returns what comes until the server closes.
    ///
    /// # Panics
    /// When it does not close in time.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut socket = TcpStream::connect(&self.authority).await.unwrap();
        // Who is refused in the middle of sending is told all the same.
        let _ = socket.write_all(bytes.as_ref()).await;
        let mut answer = Vec::new();
        let _ = timeout(DEADLINE, socket.read_to_end(&mut answer)).await.expect("the server does not close");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

enum Sender {
    H1(http1::SendRequest<Full<Bytes>>),
    H2(http2::SendRequest<Full<Bytes>>),
}

/// An open connection. It closes when it is dropped.
pub struct Connection {
    authority: String,
    sender: Sender,
    driver: AbortHandle,
}

impl Connection {
    async fn new<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(authority: &str, stream: S, is_h2: bool) -> Self {
        let stream = TokioIo::new(stream);
        let authority = authority.to_owned();
        if is_h2 {
            let (sender, driver) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            let driver = tokio::spawn(async move { drop(driver.await) }).abort_handle();
            Self { authority, sender: Sender::H2(sender), driver }
        } else {
            let (sender, driver) = http1::handshake(stream).await.unwrap();
            let driver = tokio::spawn(async move { drop(driver.await) }).abort_handle();
            Self { authority, sender: Sender::H1(sender), driver }
        }
    }

    /// Whether it speaks HTTP/2.
    #[must_use]
    pub const fn is_h2(&self) -> bool {
        matches!(self.sender, Sender::H2(_))
    }

    /// Sends a request and returns with the head of the answer, on this connection's last use.
    pub async fn open(mut self, method: Method, target: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Streaming {
        let mut streaming = self.send(method, target, headers, body).await;
        streaming._connection = Some(self);
        streaming
    }

    /// Sends a request and returns with the head of the answer.
    ///
    /// # Panics
    /// When there is none.
    pub async fn send(&mut self, method: Method, target: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Streaming {
        let uri = if self.is_h2() { format!("http://{}{target}", self.authority) } else { target.to_owned() };
        let mut request = Request::builder().method(method).uri(uri);
        if !self.is_h2() {
            request = request.header("host", &self.authority);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let sent = match &mut self.sender {
            Sender::H1(sender) => {
                timeout(DEADLINE, async {
                    sender.ready().await?;
                    sender.send_request(request).await
                })
                .await
            }
            Sender::H2(sender) => timeout(DEADLINE, sender.send_request(request)).await,
        };
        let response = sent.expect("the server does not answer").expect("the server closes instead of answering");
        let (head, body) = response.into_parts();
        Streaming { status: head.status, headers: head.headers, body, _connection: None }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// An answer that is still coming.
pub struct Streaming {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    body: Incoming,
    _connection: Option<Connection>,
}

impl Streaming {
    /// The next piece; none at the end.
    ///
    /// # Panics
    /// When neither comes, or the connection breaks.
    pub async fn next(&mut self) -> Option<Bytes> {
        let frame = timeout(DEADLINE, self.body.frame()).await.expect("the answer stalls")?;
        Some(frame.expect("the answer breaks off").into_data().unwrap_or_default())
    }

    /// Reads until a text has come, and returns all that came with it.
    ///
    /// # Panics
    /// When the answer ends before.
    pub async fn read_until(&mut self, text: &str) -> String {
        let mut got = String::new();
        while !got.contains(text) {
            let Some(piece) = self.next().await else { panic!("the answer ends before {text:?}: {got}") };
            got.push_str(&String::from_utf8_lossy(&piece));
        }
        got
    }

    /// Whether the rest breaks off instead of ending.
    ///
    /// # Panics
    /// When neither happens.
    pub async fn breaks_off(mut self) -> bool {
        loop {
            match timeout(DEADLINE, self.body.frame()).await.expect("the answer stalls") {
                Some(Ok(_)) => {}
                Some(Err(_)) => return true,
                None => return false,
            }
        }
    }

    /// The rest.
    pub async fn whole(mut self) -> Answer {
        let mut body = Vec::new();
        while let Some(piece) = self.next().await {
            body.extend_from_slice(&piece);
        }
        Answer { status: self.status.as_u16(), headers: std::mem::take(&mut self.headers), body }
    }
}

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?} {}", self.text()))
    }

    /// A header's value, empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
