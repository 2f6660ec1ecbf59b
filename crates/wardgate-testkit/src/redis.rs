//! A real Redis server, as a process of its own that can be stopped, frozen and started again, or reached slowly.

use crate::{DEADLINE, until};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// The server. It keeps nothing on disk, and ends when it is dropped.
pub struct Redis {
    port: u16,
    directory: TempDir,
    process: Option<Child>,
}

impl Redis {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When it does not start; it comes with Debian's package `redis-server`.
    pub async fn start() -> Self {
        // Nobody else takes the port in between but another test, and then this one fails loudly.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port();
        let mut redis = Self { port, directory: TempDir::new().unwrap(), process: None };
        redis.start_again().await;
        redis
    }

    /// Starts it on the port it had, with nothing in it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(self.directory.path());
        command.env_clear().kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let path = std::env::vars_os().find(|(name, _)| name == "PATH");
        command.envs(path);
        self.process = Some(command.spawn().expect("redis-server is there: apt-get install redis-server"));
        let (process, port) = (self.process.as_mut().unwrap(), self.port);
        until("a Redis server that answers", DEADLINE, async || {
            assert!(process.try_wait().unwrap().is_none(), "the Redis server ended instead of starting");
            ask(port, "PING").await.is_ok_and(|answer| answer.starts_with("+PONG"))
        })
        .await;
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends it.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await.unwrap();
        }
    }

    /// It stays there, with all its connections, and does nothing any more.
    pub async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    /// It goes on.
    pub async fn thaw(&self) {
        self.signal("-CONT").await;
    }

    /// What it answers to one command, written in one line.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn ask(&self, command: &str) -> String {
        ask(self.port, command).await.unwrap()
    }

    /// A second way to it, on which each answer takes so much longer.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn slowly(&self, delay: Duration) -> Slow {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (address, port) = (listener.local_addr().unwrap(), self.port);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, port, delay));
            }
        });
        Slow { address, task }
    }

    async fn signal(&self, signal: &str) {
        let id = self.process.as_ref().and_then(Child::id).expect("the Redis server is running");
        let sent = Command::new("kill").arg(signal).arg(id.to_string()).status().await;
        assert!(sent.unwrap().success());
    }
}

/// A slow way to a server. It closes when it is dropped.
pub struct Slow {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Slow {
    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(client: TcpStream, port: u16, delay: Duration) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            tokio::time::sleep(delay).await;
            if to_client.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
    };
    // Whoever goes first closes both.
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        () = back => {}
    }
}

async fn ask(port: u16, command: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
