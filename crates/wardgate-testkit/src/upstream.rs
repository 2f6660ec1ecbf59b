//! A provider that does as it is told and remembers what it saw.
//!
//! It writes to bare sockets, because half of what it has to do is what no HTTP library would.

use crate::reply::{Reply, Step};
use crate::{DEADLINE, until};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body, out of its framing.
    pub body: Vec<u8>,
    /// How many came before it.
    pub number: usize,
}

impl Seen {
    /// The values of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

#[derive(Default)]
struct Record {
    seen: Vec<Seen>,
    /// Connections that the gateway ended before the reply was over.
    gone: usize,
    connections: usize,
}

/// The provider.
pub struct Upstream {
    url: String,
    record: Arc<Mutex<Record>>,
    serving: AbortHandle,
}

impl Upstream {
    /// One that decides by the request.
    pub async fn scripted(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let record = Arc::new(Mutex::new(Record::default()));
        let script: Arc<Script> = Arc::new(script);
        let serving = tokio::spawn(serve(listener, script, Arc::clone(&record))).abort_handle();
        Self { url, record, serving }
    }

    /// One that always does the same.
    pub async fn always(reply: Reply) -> Self {
        Self::scripted(move |_| reply.clone()).await
    }

    /// One that goes through a list, and stays at its last entry.
    pub async fn queue(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<_> = replies.into_iter().collect();
        Self::scripted(move |seen| replies[seen.number.min(replies.len() - 1)].clone()).await
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything it was asked, in order.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// The only request it got.
    ///
    /// # Panics
    /// When it got none or several.
    #[must_use]
    pub fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    /// How many connections it got.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// Waits until so many requests have come.
    pub async fn wait_for_requests(&self, count: usize) {
        until(&format!("{count} requests at the upstream"), DEADLINE, async || self.lock().seen.len() >= count).await;
    }

    /// Waits until the gateway has ended so many connections in the middle of a reply.
    pub async fn wait_for_gone(&self, count: usize, deadline: Duration) {
        until(&format!("{count} calls ended by the gateway"), deadline, async || self.lock().gone >= count).await;
    }

    /// Stops at once, with all its connections.
    pub fn kill(&self) {
        self.serving.abort();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The URL of a port where connections are refused for as long as the socket is kept.
#[must_use]
pub fn refused_url() -> (String, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (format!("http://{}", socket.local_addr().unwrap()), socket)
}

async fn serve(listener: TcpListener, script: Arc<Script>, record: Arc<Mutex<Record>>) {
    // Ends all connections when it is dropped.
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        socket.set_nodelay(true).unwrap();
        record.lock().unwrap_or_else(PoisonError::into_inner).connections += 1;
        connections.spawn(connection(socket, Arc::clone(&script), Arc::clone(&record)));
        while connections.try_join_next().is_some() {}
    }
}

/// How a reply came out.
#[derive(PartialEq, Eq)]
enum Played {
    ToItsEnd,
    Closed,
    PeerGone,
}

async fn connection(mut socket: TcpStream, script: Arc<Script>, record: Arc<Mutex<Record>>) {
    let mut buffer = Vec::new();
    while let Some(mut seen) = read_request(&mut socket, &mut buffer).await {
        {
            let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
            seen.number = record.seen.len();
            record.seen.push(seen.clone());
        }
        match play(&mut socket, script(&seen)).await {
            Played::ToItsEnd => {}
            Played::Closed => return,
            Played::PeerGone => {
                record.lock().unwrap_or_else(PoisonError::into_inner).gone += 1;
                return;
            }
        }
    }
}

async fn play(socket: &mut TcpStream, reply: Reply) -> Played {
    for step in reply.steps {
        let is_there = match step {
            Step::Send(bytes) => socket.write_all(&bytes).await.is_ok(),
            Step::Wait(duration) => stays(socket, sleep(duration)).await,
            Step::WaitFor(gate) => stays(socket, async { drop(gate.0.acquire().await.map(|permit| permit.forget())) }).await,
            Step::Hang => stays(socket, std::future::pending()).await,
            Step::Close => return Played::Closed,
            Step::Reset => {
                socket.set_zero_linger().unwrap();
                return Played::Closed;
            }
        };
        if !is_there {
            return Played::PeerGone;
        }
    }
    Played::ToItsEnd
}

/// Whether the peer stays until the time has come. It has nothing to say meanwhile, so whatever is read is its leaving.
async fn stays(socket: &mut TcpStream, time: impl Future<Output = ()>) -> bool {
    let mut byte = [0];
    tokio::select! {
        () = time => true,
        _ = socket.read(&mut byte) => false,
    }
}

/// The next request; none when the peer leaves instead.
async fn read_request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let head_length = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        fill(socket, buffer).await?;
    };
    let head: Vec<u8> = buffer.drain(..head_length).collect();
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let mut seen = Seen { method: first.next()?.to_owned(), target: first.next()?.to_owned(), ..Seen::default() };
    let headers = lines.filter_map(|line| line.split_once(':'));
    seen.headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    // The gateway always knows the length of what it sends.
    assert!(seen.header("transfer-encoding").is_empty(), "{seen:?}");
    let length = seen.header("content-length").first().map_or(0, |length| length.parse().unwrap());
    while buffer.len() < length {
        fill(socket, buffer).await?;
    }
    seen.body = buffer.drain(..length).collect();
    Some(seen)
}

async fn fill(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut chunk = vec![0; 64 * 1024];
    let count = socket.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
    buffer.extend_from_slice(&chunk[..count]);
    Some(())
}
