//! Connections: accepted, limited, encrypted if so set, and served over HTTP/1.1 or HTTP/2 on one port.

use crate::body::ReplyBody;
use crate::deps::Deps;
use crate::request;
use crate::stall::{Stage, StallGuard};
use bytes::Bytes;
use http::{Request, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

/// How long to pause when the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The most bytes that a request's head may have.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The most headers that a request may have.
const HEADERS_MAX: usize = 128;

/// The most requests at once on one HTTP/2 connection.
const STREAMS_PER_CONNECTION_MAX: u32 = 256;

/// The data plane on a listener.
pub struct Service {
    deps: Arc<Deps>,
    tls: Option<TlsAcceptor>,
    builder: auto::Builder<TokioExecutor>,
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
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // Without a timer hyper's time limits are silently off.
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(options.idle_connection_timeout)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
            .max_header_list_size(HEAD_BYTES_MAX as u32)
            .keep_alive_interval(options.idle_connection_timeout)
            .keep_alive_timeout(Duration::from_secs(20));
        let places = Arc::new(Semaphore::new(options.connections_max));
        Self {
            tls: tls.map(|config| TlsAcceptor::from(Arc::new(config))),
            builder,
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
            let Some((socket, place)) = accepted else {
                continue;
            };
            let service = Arc::clone(self);
            self.connections.spawn(async move {
                let gauge = &service.deps.recorder.metrics().connections;
                gauge.inc();
                tokio::select! {
                    () = service.connection(socket) => {}
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
    async fn accept(&self, listener: &TcpListener) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok((socket, _)) => {
                // Without it the last small write of an answer may wait 40 ms for an acknowledgment.
                if let Err(error) = socket.set_nodelay(true) {
                    tracing::debug!(%error, "a connection went away at once");
                }
                Some((socket, place))
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }

    async fn connection(&self, socket: TcpStream) {
        let Some(tls) = &self.tls else {
            return self.http(socket).await;
        };
        match tokio::time::timeout(self.deps.options.head_timeout, tls.accept(socket)).await {
            // In a box, so that connections in clear do not carry the room of an encrypted one.
            Ok(Ok(stream)) => Box::pin(self.http(stream)).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S) {
        let options = &self.deps.options;
        let stage = Arc::new(Stage::default());
        let guarded = StallGuard::new(stream, Arc::clone(&stage), options.head_timeout, options.write_stall_timeout);
        let deps = Arc::clone(&self.deps);
        let answer = service_fn(move |request: Request<Incoming>| {
            let (deps, stage) = (Arc::clone(&deps), Arc::clone(&stage));
            // In a box, since hyper keeps the room of this future for as long as the connection lives, and it is large.
            Box::pin(async move {
                stage.begin_request(request.version() == Version::HTTP_2);
                let response = request::serve(&deps, request).await;
                Ok::<_, Infallible>(response.map(|body| Served { body, stage }))
            })
        });
        let connection = self.builder.serve_connection(TokioIo::new(guarded), answer);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.deps.drain.started() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error, "a connection ended early");
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
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
