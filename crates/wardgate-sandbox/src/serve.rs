//! Connections, and a request from start to end.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::endpoint::{Answered, Endpoint, Place, shape_at};
use crate::model::Behavior;
use crate::models;
use crate::refusal::Refusal;
use crate::reply::{self, Reply};

/// The largest body that is read: what the largest of the real ones takes.
const BODY_BYTES_MAX: usize = 32 << 20;
/// How long open answers may go on when the sandbox is told to stop.
const DRAIN: Duration = Duration::from_secs(1);
/// How long to wait when the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A sandbox that runs in the background until it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shutdown: CancellationToken,
}

impl Sandbox {
    /// Starts one on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(listener, shutdown.clone()));
        Ok(Self { address, shutdown })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL to give to a client.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Serves on a listener until told to stop, then lets open answers end for a moment.
pub async fn serve(listener: TcpListener, shutdown: CancellationToken) {
    let counters = Arc::new(Counters::default());
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, Arc::clone(&counters), shutdown.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, counters: Arc<Counters>, shutdown: CancellationToken) {
    // Best effort: without it, small chunks only arrive later.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let counters = Arc::clone(&counters);
        async move { Ok::<_, Infallible>(answer(request, &counters).await) }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new());
    server.http2().timer(TokioTimer::new());
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A connection that ends in an error is a client that went away, or a cut that was asked for.
        _ = connection.as_mut() => return,
        () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(DRAIN, connection).await;
}

async fn answer(request: Request<Incoming>, counters: &Counters) -> Response<Reply> {
    let shape = shape_at(request.uri().path());
    let Some(place) = Place::at(request.uri().path()) else {
        let message = format!("The sandbox has nothing at {}.", request.uri().path());
        return reply::refused(&Refusal { status: StatusCode::NOT_FOUND, message }, shape);
    };
    if request.method() != place.method() {
        return reply::wrong_method(&place.method(), shape);
    }
    if place.endpoint == Endpoint::Models {
        return reply::whole(&models::list(request.headers()), false);
    }
    match call(place, request.into_body(), counters).await {
        Ok(Answered::Whole { body, is_cut }) => reply::whole(&body, is_cut),
        Ok(Answered::Stream { events, cut_at, media_type }) => reply::streamed(events, cut_at, media_type),
        Err(refusal) => reply::refused(&refusal, shape),
    }
}

async fn call(place: Place, body: Incoming, counters: &Counters) -> Result<Answered, Refusal> {
    let call = place.read(&read(body).await?)?;
    let behavior = Behavior::from_name(call.model()).ok_or_else(|| Refusal::unknown_model(call.model()))?;
    match behavior {
        Behavior::Slow { wait_ms } => tokio::time::sleep(Duration::from_millis(wait_ms)).await,
        Behavior::Fail(status) => return Err(Refusal::scripted(status)),
        Behavior::Flaky { percent } if counters.is_flaky_failure(percent) => {
            return Err(Refusal::scripted(StatusCode::INTERNAL_SERVER_ERROR));
        }
        _ => {}
    }
    call.answer(behavior, counters.answers.fetch_add(1, Ordering::Relaxed))
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            message: format!("The body is larger than {BODY_BYTES_MAX} bytes."),
        }),
        Err(_) => Err(Refusal::bad_request("The body did not arrive.")),
    }
}

/// All that the sandbox remembers from one request to the next.
#[derive(Debug)]
struct Counters {
    answers: AtomicU64,
    /// Calls of `flaky-<percent>`, by percent.
    flaky_calls: [AtomicU64; 101],
}

impl Default for Counters {
    fn default() -> Self {
        Self { answers: AtomicU64::default(), flaky_calls: [const { AtomicU64::new(0) }; 101] }
    }
}

impl Counters {
    /// Whether this call of a flaky model is one that fails. Failures are spread as evenly as can be: at 50 percent it is
    /// every second call, and never two in a row.
    fn is_flaky_failure(&self, percent: u8) -> bool {
        let Some(calls) = self.flaky_calls.get(usize::from(percent)) else { return true };
        let before = calls.fetch_add(1, Ordering::Relaxed).wrapping_mul(u64::from(percent));
        (before + u64::from(percent)) / 100 > before / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flaky_fails_its_share_evenly() {
        let counters = Counters::default();
        for (percent, pattern) in [(0, "...."), (50, ".x.x"), (25, "...x"), (75, ".xxx"), (100, "xxxx")] {
            let calls: String = (0..4).map(|_| if counters.is_flaky_failure(percent) { 'x' } else { '.' }).collect();
            assert_eq!(calls, pattern, "{percent}");
        }
    }
}
