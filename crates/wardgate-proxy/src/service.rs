//! Connections: accepted, limited, encrypted if so set, and served over HTTP/1.1 or HTTP/2 on one port.

use crate::body::{BrokenOff, ReplyBody};
use crate::deps::Deps;
use crate::request;
use crate::stall::{Stage, StallGuard};
use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

/// How long to pause when the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The most bytes that a request's head may have.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The most requests at once on one HTTP/2 connection.
const STREAMS_PER_CONNECTION_MAX: u32 = 256;

/// What an HTTP/2 client sends first (RFC 9113, section 3.4), as far as it takes to tell it from a head of HTTP/1.1.
const PREFACE: &[u8; 14] = b"PRI * HTTP/2.0";

/// How long to wait for the rest of it at first; each time twice as long.
const PREFACE_PAUSE: Duration = Duration::from_millis(5);

/// How often to look again: for a second and a bit in all. Who sends a preface more slowly is taken for a slow head.
const PREFACE_LOOKS_MAX: u32 = 8;

/// The data plane on a listener.
pub struct Service {
    deps: Arc<Deps>,
    tls: Option<TlsAcceptor>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    places: Arc<Semaphore>,
    connections: TaskTracker,
}

/// TLS material that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("{what} {path} cannot be read: {why}")]
    File {
        /// Which of the two files.
        what: &'static str,
        /// Where it is.
        path: String,
        /// Why not.
        why: String,
    },
    /// Certificate and key do not go together.
    #[error("the certificate and the key cannot be used: {0}")]
    Pair(#[from] rustls::Error),
}

/// Reads a certificate chain and its key, both PEM.
///
/// # Errors
/// See [`TlsError`].
pub fn load_tls(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let failed = |what, path: &Path, why: String| TlsError::File { what, path: path.display().to_string(), why };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| failed("the certificate", certificate, error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| failed("the key", key, error.to_string()))?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

impl Service {
    /// The data plane, in clear or over TLS.
    #[must_use]
    pub fn new(deps: Arc<Deps>, tls: Option<ServerConfig>) -> Self {
        let options = &deps.options;
        // Without a timer hyper's time limits are silently off. A request may have 100 headers, which is hyper's own limit: it has
        // room for so many on the stack, and for any other number it allocates twice a request.
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(options.idle_connection_timeout).max_buf_size(HEAD_BYTES_MAX);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
            .max_header_list_size(HEAD_BYTES_MAX as u32)
            .keep_alive_interval(options.idle_connection_timeout)
            .keep_alive_timeout(Duration::from_secs(20));
        let places = Arc::new(Semaphore::new(options.connections_max));
        Self {
            tls: tls.map(|config| TlsAcceptor::from(Arc::new(config))),
            http1,
            http2,
            places,
            connections: TaskTracker::new(),
            deps,
        }
    }

    /// Serves connections until the stop begins, then waits until those that are open have ended.
    pub async fn serve(self: &Arc<Self>, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&listener) => accepted,
                () = self.deps.drain.started() => break,
            };
            let Some((socket, peer, place)) = accepted else {
                continue;
            };
            let service = Arc::clone(self);
            self.connections.spawn(async move {
                let gauge = &service.deps.recorder.metrics().connections;
                gauge.inc();
                tokio::select! {
                    () = service.connection(socket, peer) => {}
                    () = service.deps.drain.is_cut_off() => {}
                }
                gauge.dec();
                drop(place);
            });
        }
        drop(listener);
        self.connections.close();
        self.connections.wait().await;
    }

    /// The next connection, once there is a place for it. `None` when there was trouble, after a pause.
    async fn accept(&self, listener: &TcpListener) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok((socket, peer)) => {
                // Without it the last small write of an answer may wait 40 ms for an acknowledgment.
                if let Err(error) = socket.set_nodelay(true) {
                    tracing::debug!(%error, "a connection went away at once");
                }
                Some((socket, peer.ip(), place))
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }

    async fn connection(&self, socket: TcpStream, peer: IpAddr) {
        let Some(tls) = &self.tls else {
            return match self.begins_http2(&socket).await {
                Some(is_http2) => self.http(socket, peer, is_http2).await,
                None => tracing::debug!("a connection sent nothing"),
            };
        };
        // In a box, so that connections in clear do not carry the room of an encrypted one.
        Box::pin(async {
            match tokio::time::timeout(self.deps.options.head_timeout, tls.accept(socket)).await {
                Ok(Ok(stream)) => {
                    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    self.http(stream, peer, is_http2).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        })
        .await;
    }

    /// Whether a client in clear begins with HTTP/2's preface. Its bytes stay in the socket: a reader that took them would have
    /// to be put in front of hyper, and hyper's buffer would double when the rest of the head comes in a second read. `None`
    /// when nothing came before the process stops or the connection has been idle for too long.
    async fn begins_http2(&self, socket: &TcpStream) -> Option<bool> {
        let look = async {
            let mut bytes = [0; PREFACE.len()];
            for look in 0..PREFACE_LOOKS_MAX {
                let length = socket.peek(&mut bytes).await.unwrap_or(0);
                if length == 0 || bytes[..length] != PREFACE[..length] {
                    return false;
                }
                if length == PREFACE.len() {
                    return true;
                }
                // The beginning of the preface, or of a head that starts alike; the next bytes are on their way.
                tokio::time::sleep(PREFACE_PAUSE * 2u32.pow(look)).await;
            }
            false
        };
        tokio::select! {
            found = tokio::time::timeout(self.deps.options.idle_connection_timeout, look) => found.ok(),
            () = self.deps.drain.started() => None,
        }
    }

    async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S, peer: IpAddr, is_http2: bool) {
        let options = &self.deps.options;
        let stage = Arc::new(Stage::default());
        let guarded = StallGuard::new(stream, Arc::clone(&stage), options.head_timeout, options.write_stall_timeout);
        let deps = Arc::clone(&self.deps);
        let answer = service_fn(move |request: Request<Incoming>| {
            let (deps, stage) = (Arc::clone(&deps), Arc::clone(&stage));
            async move {
                stage.begin_request(is_http2);
                let response = request::serve(deps, peer, request).await;
                Ok::<_, Infallible>(response.map(|body| Served { body, stage }))
            }
        });
        let io = TokioIo::new(guarded);
        if is_http2 {
            Box::pin(self.until_ended(self.http2.serve_connection(io, answer))).await;
        } else {
            self.until_ended(self.http1.serve_connection(io, answer)).await;
        }
    }

    async fn until_ended<C: GracefulConnection<Error = hyper::Error>>(&self, connection: C) {
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.deps.drain.started() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
        }
    }
}

/// An answer's body, which tells its connection when it is over.
struct Served {
    body: ReplyBody,
    stage: Arc<Stage>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stage.end_request();
    }
}

impl Body for Served {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
