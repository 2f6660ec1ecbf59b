//! Whether an answer is what the upstream said.
//!
//! Complete and unchanged are two questions. An answer in other bytes is complete when it has the shape: a gateway may have written
//! the JSON anew. A stream is complete when all its events came and the last is `[DONE]`; comments between them are no events.

use crate::bench::chat::DONE;
use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc::Sender;

const EXCERPT_BYTES_MAX: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The upstream's bytes.
    Same,
    /// Complete, in other bytes.
    Altered,
}

/// Tells when a stream has come so far.
pub(crate) struct Mark {
    pub(crate) events: usize,
    pub(crate) reached: Sender<()>,
}

/// Verifies an answer in one piece.
pub(crate) async fn verify_whole(reply: Response<Incoming>, expected: &Bytes) -> anyhow::Result<Verdict> {
    let body = read_good(reply).await?.collect().await.context("the answer broke off")?.to_bytes();
    if body == expected {
        return Ok(Verdict::Same);
    }
    let value: serde_json::Value = serde_json::from_slice(&body).context("the answer is no JSON")?;
    ensure!(value["choices"][0]["message"]["content"].is_string(), "the answer has no message: {}", excerpt(&body));
    Ok(Verdict::Altered)
}

/// Verifies a streamed answer while it comes.
pub(crate) async fn verify_stream(
    reply: Response<Incoming>,
    expected: &Bytes,
    mut mark: Option<Mark>,
) -> anyhow::Result<Verdict> {
    let mut body = read_good(reply).await?;
    let mut stream = Stream::new(expected);
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame.with_context(|| format!("the stream broke off after {} events", stream.events))?.data_ref() {
            stream.take(data);
        }
        if let Some(mark) = mark.take_if(|mark| stream.events >= mark.events) {
            // The receiver is gone when it gave up waiting for others.
            let _ = mark.reached.send(()).await;
        }
    }
    stream.verdict()
}

async fn read_good(reply: Response<Incoming>) -> anyhow::Result<Incoming> {
    let status = reply.status();
    if status == StatusCode::OK {
        return Ok(reply.into_body());
    }
    let body = reply.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    bail!("{status}: {}", excerpt(&body))
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(EXCERPT_BYTES_MAX)]).into_owned()
}

/// A stream as far as it has come. It looks at each byte once and keeps only the last few, because its time is the upstream's time too.
struct Stream<'e> {
    expected: &'e Bytes,
    bytes: usize,
    is_same: bool,
    events: usize,
    at_line_start: bool,
    tail: Vec<u8>,
}

impl<'e> Stream<'e> {
    const fn new(expected: &'e Bytes) -> Self {
        Self { expected, bytes: 0, is_same: true, events: 0, at_line_start: true, tail: Vec::new() }
    }

    fn take(&mut self, data: &[u8]) {
        self.is_same = self.is_same && self.expected.get(self.bytes..self.bytes + data.len()) == Some(data);
        self.bytes += data.len();
        self.count_events(data);
        self.tail.extend_from_slice(&data[data.len().saturating_sub(DONE.len())..]);
        self.tail.drain(..self.tail.len().saturating_sub(DONE.len()));
    }

    /// Of all that may begin a line in such a stream only `data:` begins with a d.
    fn count_events(&mut self, data: &[u8]) {
        for &byte in data {
            self.events += usize::from(self.at_line_start && byte == b'd');
            self.at_line_start = byte == b'\n';
        }
    }

    fn verdict(self) -> anyhow::Result<Verdict> {
        if self.is_same && self.bytes == self.expected.len() {
            return Ok(Verdict::Same);
        }
        let mut expected = Self::new(self.expected);
        expected.count_events(self.expected);
        ensure!(self.events == expected.events, "{} events came instead of {}", self.events, expected.events);
        ensure!(self.tail == DONE, "the stream does not end with [DONE]");
        Ok(Verdict::Altered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::chat::Ask;

    /// The verdict on a stream that comes in pieces of this size.
    fn judge(came: &[u8], piece: usize) -> Result<Verdict, String> {
        let expected = Ask::Stream { chunks: 3 }.answer();
        let mut stream = Stream::new(&expected);
        came.chunks(piece).for_each(|data| stream.take(data));
        stream.verdict().map_err(|error| error.to_string())
    }

    fn check(came: &str, expected: Result<Verdict, &str>) {
        for piece in [1, 2, 7, 100, 10_000] {
            assert_eq!(judge(came.as_bytes(), piece), expected.map_err(str::to_owned), "in pieces of {piece}");
        }
    }

    fn good() -> String {
        String::from_utf8(Ask::Stream { chunks: 3 }.answer().to_vec()).unwrap()
    }

    #[test]
    fn the_upstream_s_bytes() {
        check(&good(), Ok(Verdict::Same));
    }

    #[test]
    fn other_bytes_with_all_events() {
        check(&good().replacen("word ", "Word ", 1), Ok(Verdict::Altered));
        check(&format!(": still here\n\n{}", good()), Ok(Verdict::Altered));
    }

    #[test]
    fn lost_events() {
        let good = good();
        let (first, rest) = good.split_once("\n\n").unwrap();
        check(rest, Err("5 events came instead of 6"));
        check(first, Err("1 events came instead of 6"));
        check("", Err("0 events came instead of 6"));
        check(&good.replace("[DONE]", "[GONE]"), Err("the stream does not end with [DONE]"));
        check(good.strip_suffix('\n').unwrap(), Err("the stream does not end with [DONE]"));
    }
}
