//! Requests of ours beside the load: one connection each, the answer in one piece.

use super::chat;
use anyhow::Context as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const CALL_TIME_MAX: Duration = Duration::from_secs(10);
const READY_TIME_MAX: Duration = Duration::from_secs(30);
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(1);

/// A POST with JSON.
pub(crate) fn post(address: SocketAddr, path: &str, bearer: &str, body: Bytes) -> anyhow::Result<Request<Full<Bytes>>> {
    let request = Request::post(path)
        .header(HOST, address.to_string())
        .header(AUTHORIZATION, format!("Bearer {bearer}"))
        .header(CONTENT_TYPE, "application/json");
    Ok(request.body(Full::new(body))?)
}

/// Sends a request over a connection of its own.
pub(crate) async fn call(address: SocketAddr, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
    let exchange = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        connection.abort();
        anyhow::Ok((status, body))
    };
    tokio::time::timeout(CALL_TIME_MAX, exchange).await.with_context(|| format!("{address} does not answer"))?
}

/// Asks for a chat answer until there is one, and says how long that took after `start`.
pub(crate) async fn first_answer(place: &chat::Place, start: Instant) -> anyhow::Result<Duration> {
    let body = chat::short_request(&place.model);
    loop {
        let attempt = call(place.address, post(place.address, &place.path, &place.bearer, body.clone())?).await;
        if matches!(attempt, Ok((StatusCode::OK, _))) {
            return Ok(start.elapsed());
        }
        if start.elapsed() > READY_TIME_MAX {
            let (status, body) = attempt?;
            anyhow::bail!("{} answers {status}: {}", place.address, String::from_utf8_lossy(&body));
        }
        // A port that is still closed says so at once and costs the target nothing, so it is asked again at once: some programs
        // start in a few of the runtime's milliseconds.
        match attempt {
            Ok(_) => tokio::time::sleep(ASK_AGAIN_AFTER).await,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}
