//! What an upstream does with one request, step by step.

use crate::{Dialect, Frames};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// A place in a reply where it waits until the test says go.
#[derive(Clone)]
pub struct Gate(pub(crate) Arc<Semaphore>);

impl Gate {
    /// A closed one.
    #[must_use]
    pub fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets everyone through who waits here or ever will.
    pub fn open(&self) {
        self.0.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// Lets one through.
    pub fn let_one_pass(&self) {
        self.0.add_permits(1);
    }
}

#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    WaitFor(Gate),
    /// Say and do nothing more, connection open.
    Hang,
    /// A clean close.
    Close,
    /// A reset.
    Reset,
}

/// A scripted reply. Without an ending of its own, the connection stays open for the next request.
#[derive(Clone, Default)]
pub struct Reply {
    pub(crate) steps: Vec<Step>,
}

impl Reply {
    /// Nothing yet: build it up.
    #[must_use]
    pub fn silence() -> Self {
        Self::default()
    }

    /// Exactly these bytes, framing and all.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::silence().send(bytes)
    }

    /// A whole answer of any type.
    #[must_use]
    pub fn whole(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        Self::with_headers(status, &[("content-type", content_type)], body)
    }

    /// A whole answer with these headers.
    #[must_use]
    pub fn with_headers(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::raw([head.as_bytes(), body].concat())
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::whole(status, "application/json", body.to_string())
    }

    /// The right answer, whole.
    #[must_use]
    pub fn says(dialect: Dialect, text: &str) -> Self {
        Self::json(200, &dialect.whole(text))
    }

    /// The right answer, streamed.
    #[must_use]
    pub fn streams(dialect: Dialect, pieces: &[&str]) -> Self {
        let Frames { media_type, opening, contents, ending, .. } = dialect.frames(pieces, "");
        let events = [vec![opening], contents, vec![ending]].concat();
        events.iter().fold(Self::begin_stream_of(media_type), |reply, event| reply.chunk(event)).end()
    }

    /// A stream of these events, each in a chunk.
    #[must_use]
    pub fn events(events: &[impl AsRef<[u8]>]) -> Self {
        events.iter().fold(Self::begin_stream(), |reply, event| reply.chunk(event)).end()
    }

    /// The head of a stream.
    #[must_use]
    pub fn begin_stream() -> Self {
        Self::begin_stream_of("text/event-stream")
    }

    /// The head of a stream of another type.
    #[must_use]
    pub fn begin_stream_of(media_type: &str) -> Self {
        Self::raw(format!("HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ntransfer-encoding: chunked\r\n\r\n"))
    }

    /// Bytes as they stand.
    #[must_use]
    pub fn send(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push(Step::Send(bytes.into()));
        self
    }

    /// One chunk of a chunked body. An empty one would be its end, so nothing is nothing.
    #[must_use]
    pub fn chunk(self, data: impl AsRef<[u8]>) -> Self {
        let data = data.as_ref();
        if data.is_empty() {
            return self;
        }
        self.send([format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat())
    }

    /// The end of a chunked body.
    #[must_use]
    pub fn end(self) -> Self {
        self.send("0\r\n\r\n")
    }

    /// All of another reply.
    #[must_use]
    pub fn then(mut self, reply: Self) -> Self {
        self.steps.extend(reply.steps);
        self
    }

    /// Silence of a certain length.
    #[must_use]
    pub fn wait(mut self, duration: Duration) -> Self {
        self.steps.push(Step::Wait(duration));
        self
    }

    /// Silence until the test opens the gate.
    #[must_use]
    pub fn wait_for(mut self, gate: &Gate) -> Self {
        self.steps.push(Step::WaitFor(gate.clone()));
        self
    }

    /// Silence for good.
    #[must_use]
    pub fn hang(mut self) -> Self {
        self.steps.push(Step::Hang);
        self
    }

    /// A clean end of the connection.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.steps.push(Step::Close);
        self
    }

    /// A reset of the connection.
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.steps.push(Step::Reset);
        self
    }
}
