//! A pooler in front of a server.

use super::binaries::Binaries;
use super::{Database, Postgres};
use crate::{DEADLINE, until};
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Child;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// PgBouncer, which lends the server's sessions by transaction. It ends when it is dropped, and soon after the test is killed.
pub struct Pooler {
    port: u16,
    process: Child,
    _directory: TempDir,
}

/// Ends the pooler when whoever started it is gone.
const KEEPER: &str = r#"
    "$1" "$2/pgbouncer.ini" &
    pooler=$!
    trap 'kill "$pooler"; exit' TERM
    while [ -e "/proc/$3" ] && kill -0 "$pooler"; do sleep 0.2 & wait $!; done
    kill "$pooler"
"#;

impl Pooler {
    /// Starts one in front of this server. With few sessions, so that they change hands all the time.
    ///
    /// # Panics
    /// When it does not start; it comes with Debian's package `pgbouncer`.
    pub async fn start(server: &Postgres) -> Self {
        let directory = TempDir::new().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let binaries = Binaries::find();
        let (server_port, password) = server.port_and_password();
        let users = format!("\"postgres\" \"{password}\"\n");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 200\nauth_type = plain\n\
             auth_file = {}/users.txt\nlogfile = {0}/log\n",
            directory.path().display()
        );
        for (name, text) in [("users.txt", users), ("pgbouncer.ini", settings)] {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            binaries.hand_over(&path);
        }
        binaries.hand_over(directory.path());
        let mut command = binaries.command(Path::new("bash"));
        command.args(["-c", KEEPER, "wardgate-test-pooler", "/usr/sbin/pgbouncer"]).arg(directory.path());
        let process = command.arg(std::process::id().to_string()).spawn().unwrap();
        let mut pooler = Self { port, process, _directory: directory };
        until("a pooler that answers", DEADLINE, async || {
            let ended = pooler.process.try_wait().unwrap();
            assert!(ended.is_none(), "the pooler ended instead of starting: is Debian's package pgbouncer installed?");
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok()
        })
        .await;
        pooler
    }

    /// Where a database is through it.
    ///
    /// # Panics
    /// When the database's URL has no port.
    #[must_use]
    pub fn url(&self, database: &Database) -> String {
        let url = database.url();
        let (start, rest) = url.split_once("127.0.0.1:").unwrap();
        format!("{start}127.0.0.1:{}/{}", self.port, rest.split_once('/').unwrap().1)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // The keeper takes the pooler with it.
        let _ = std::process::Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}
