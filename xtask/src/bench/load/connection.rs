//! One client: a connection that is kept, and opened again when the target closed it.

use super::answer::{self, Mark, Verdict};
use super::tally::Tally;
use crate::bench::call;
use crate::bench::chat::{Ask, Place};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(60);
/// A target that refuses connections is not asked in a tight loop.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(20);

/// What all connections ask, made once.
pub(crate) struct Question {
    address: SocketAddr,
    request: Request<Full<Bytes>>,
    ask: Ask,
    expected: Bytes,
}

impl Question {
    pub(crate) fn new(place: &Place, ask: Ask) -> anyhow::Result<Self> {
        let request = call::post(place.address, &place.path, &place.bearer, ask.request(&place.model))?;
        Ok(Self { address: place.address, request, ask, expected: ask.answer() })
    }
}

pub(crate) struct Connection {
    question: Arc<Question>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub(crate) async fn open(question: Arc<Question>) -> anyhow::Result<Self> {
        let sender = Some(connect(question.address).await?);
        Ok(Self { question, sender })
    }

    /// Asks once and counts what came of it.
    pub(crate) async fn ask(&mut self, tally: &mut Tally, mark: Option<Mark>) {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            tally.reconnects += 1;
            self.sender = connect(self.question.address).await.ok();
        }
        let start = Instant::now();
        let outcome = match tokio::time::timeout(EXCHANGE_TIME_MAX, self.exchange(mark)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(anyhow::anyhow!("no complete answer in {EXCHANGE_TIME_MAX:?}")),
        };
        let failed = outcome.is_err();
        tally.count(outcome, start.elapsed());
        if failed {
            self.sender = None;
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
        }
    }

    async fn exchange(&mut self, mark: Option<Mark>) -> anyhow::Result<Verdict> {
        let sender = self.sender.as_mut().ok_or_else(|| anyhow::anyhow!("the target takes no connection"))?;
        let reply = sender.send_request(self.question.request.clone()).await?;
        match self.question.ask {
            Ask::Short | Ask::Prompt => answer::verify_whole(reply, &self.question.expected).await,
            Ask::Stream { .. } => answer::verify_stream(reply, &self.question.expected, mark).await,
        }
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends when the sender is dropped, and what breaks it the sender hears of.
    tokio::spawn(connection);
    Ok(sender)
}
