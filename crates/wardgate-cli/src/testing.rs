//! What tests of this crate share: surroundings that can be read back, and a server that answers by script.

use crate::surroundings::Surroundings;
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use wardgate_core::random::Counting;
use wardgate_core::time::{ManualClock, Timestamp};

/// What a command printed.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        // As where nobody sees styles.
        anstream::adapter::strip_str(&text).to_string()
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Both outputs.
#[derive(Clone, Default)]
pub(crate) struct Both {
    pub(crate) out: Printed,
    pub(crate) err: Printed,
}

/// 2026-01-01, these variables, nobody at the terminal.
pub(crate) fn surroundings(environment: &[(&str, &str)]) -> (Surroundings, Both) {
    let variables: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let both = Both::default();
    let surroundings = Surroundings {
        clock: Arc::new(ManualClock::new(Timestamp::parse("2026-01-01T00:00:00Z").unwrap())),
        random: Arc::new(Counting::default()),
        variable: Box::new(move |name| variables.get(name).cloned()),
        out: Box::new(both.out.clone()),
        err: Box::new(both.err.clone()),
        input: Box::new(Cursor::new(Vec::new())),
        columns: None,
        shows_progress: false,
        can_ask: false,
    };
    (surroundings, both)
}

/// One request as it came, and what is answered to it.
pub(crate) struct Step {
    /// Method and path with query.
    pub(crate) expect: &'static str,
    pub(crate) status: u16,
    /// Lines of more headers.
    pub(crate) headers: &'static str,
    pub(crate) body: &'static str,
}

impl Step {
    pub(crate) const fn new(expect: &'static str, status: u16, body: &'static str) -> Self {
        Self { expect, status, headers: "", body }
    }
}

/// A server that answers these requests in this order.
pub(crate) struct Server {
    pub(crate) url: String,
    served: tokio::task::JoinHandle<Vec<String>>,
}

impl Server {
    pub(crate) async fn new(steps: Vec<Step>) -> Self {
        // The second test of a process finds it installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let mut seen = Vec::new();
            for step in steps {
                let (socket, _) = listener.accept().await.unwrap();
                let mut socket = BufReader::new(socket);
                let request = read_request(&mut socket).await;
                let head = request.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
                assert_eq!(head, step.expect);
                let answer = format!(
                    "HTTP/1.1 {} X\r\ncontent-type: application/json\r\nconnection: close\r\n{}content-length: {}\r\n\r\n{}",
                    step.status,
                    step.headers,
                    step.body.len(),
                    step.body
                );
                socket.write_all(answer.as_bytes()).await.unwrap();
                socket.shutdown().await.unwrap();
                seen.push(request);
            }
            seen
        });
        Self { url, served }
    }

    /// The requests, once all steps were asked for.
    pub(crate) async fn seen(self) -> Vec<String> {
        tokio::time::timeout(Duration::from_secs(10), self.served).await.expect("not all steps were asked for").unwrap()
    }
}

async fn read_request(socket: &mut BufReader<tokio::net::TcpStream>) -> String {
    let mut text = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await.unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        text.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.unwrap();
    text.push_str(std::str::from_utf8(&body).unwrap());
    text
}
