//! A server.

use super::binaries::{Binaries, succeed};
use super::database::Database;
use super::processes::signal;
use crate::Certificate;

use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Looks every half second whether anyone uses the server, and takes it down when nobody did so many times.
const KEEPER: &str = r#"
    directory=$1 binaries=$2 patience=$3 is_shared=$4
    exec 3<"$directory/users"
    idle=0
    while sleep 0.5; do
        if ! flock --nonblock --exclusive 3; then idle=0; continue; fi
        idle=$((idle + 1))
        if [ "$idle" -ge "$patience" ]; then break; fi
        flock --unlock 3
    done
    if read -r server <"$directory/data/postmaster.pid"; then
        for stat in /proc/[0-9]*/stat; do
            if read -r id _ _ parent _ <"$stat" && [ "$parent" = "$server" ]; then kill -CONT "$id"; fi
        done
        kill -CONT "$server"
        "$binaries/pg_ctl" -D "$directory/data" -m immediate stop
    fi
    if [ "$is_shared" = true ]; then rm -rf "$directory/data"; else rm -rf "$directory"; fi
"#;

/// Speed instead of safety against a machine that loses power, and only what tests need. A shared server has many users.
const SETTINGS: &str = "
fsync = off
full_page_writes = off
autovacuum = off
jit = off
authentication_timeout = 5s
max_connections = 300
shared_buffers = 32MB
max_wal_size = 256MB
listen_addresses = '127.0.0.1'
unix_socket_permissions = 0700
";

/// How often another port is tried when someone else took the one that was free.
const PORTS_MAX: usize = 5;

/// A running server. It ends some time after its last user has gone.
#[derive(Clone)]
pub struct Postgres(Arc<Server>);

struct Server {
    directory: PathBuf,
    binaries: Binaries,
    password: String,
    /// The lock that says that someone uses it.
    _use: File,
}

impl Postgres {
    /// The server that the tests of this machine share. Do not stop it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn shared() -> Self {
        let user = fs::metadata("/proc/self").unwrap().uid();
        let directory = std::env::temp_dir().join(format!("wardgate-test-postgres-{user}"));
        Self::at(directory, true, "").await
    }

    /// A server that nobody else uses.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn own() -> Self {
        Self::at(std::env::temp_dir().join(format!("wardgate-test-postgres-{}", random())), false, "").await
    }

    /// A server that nobody else uses, and that speaks TLS with this certificate to whoever wants to.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn own_with(certificate: &Certificate) -> Self {
        let directory = std::env::temp_dir().join(format!("wardgate-test-postgres-{}", random()));
        fs::create_dir_all(&directory).unwrap();
        for (from, name) in [(certificate.chain(), "chain.pem"), (certificate.key(), "key.pem")] {
            let to = directory.join(name);
            fs::copy(from, &to).unwrap();
            fs::set_permissions(&to, Permissions::from_mode(0o600)).unwrap();
            Binaries::find().hand_over(&to);
        }
        Self::at(directory, false, "ssl = on\nssl_cert_file = '../chain.pem'\nssl_key_file = '../key.pem'\n").await
    }

    async fn at(directory: PathBuf, is_shared: bool, settings: &'static str) -> Self {
        // Waiting for locks and programs would hold up the test's other tasks, of which there are none yet that matter.
        let start = move || Server::at(&directory, is_shared, settings);
        Self(Arc::new(tokio::task::spawn_blocking(start).await.unwrap()))
    }

    /// An empty database.
    ///
    /// # Panics
    /// When the server does not answer.
    #[must_use]
    pub fn database(&self) -> Database {
        let name = format!("test_{}", random());
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        Database::new(self.clone(), name)
    }

    /// Ends the server as a crash would. Its connections break.
    pub fn stop(&self) {
        succeed(self.0.control().args(["-m", "immediate", "stop"]));
    }

    /// Starts it again, at the same address.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(&self) {
        assert!(self.0.start(), "the server does not start: {}", self.0.log());
    }

    /// Stops its processes where they are: whatever connects or asks waits. It goes on when the result is dropped.
    #[must_use]
    pub fn freeze(&self) -> Frozen {
        let id = self.0.process_id().expect("the server is running");
        signal("STOP", id);
        Frozen(id)
    }

    pub(super) fn port_and_password(&self) -> (u16, &str) {
        (self.0.port(), &self.0.password)
    }

    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.0.password, self.0.port())
    }

    pub(super) fn run(&self, database: &str, sql: &str) -> String {
        succeed(&mut self.psql(database, sql)).trim().to_owned()
    }

    /// Does not wait for it. A connection of this process that is just being made would never be, since the test's tasks stand
    /// still meanwhile, and the server lets no database go while one is. If it fails, the server takes its databases along.
    pub(super) fn drop_database(&self, name: &str) {
        let mut psql = self.psql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
        let _ = psql.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    }

    fn psql(&self, database: &str, sql: &str) -> Command {
        let mut psql = Command::new(self.0.binaries.path("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", sql]);
        psql.arg("-h").arg(&self.0.directory).arg("-p").arg(self.0.port().to_string());
        psql
    }
}

/// A server that does not move.
pub struct Frozen(u32);

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("CONT", self.0);
    }
}

impl Server {
    fn at(directory: &Path, is_shared: bool, settings: &str) -> Self {
        let binaries = Binaries::find();
        fs::create_dir_all(directory).unwrap();
        binaries.hand_over(directory);
        let file = |name: &str| {
            let path = directory.join(name);
            let file = File::options().create(true).append(true).open(&path).unwrap();
            binaries.hand_over(&path);
            file
        };
        let using = file("users");
        using.lock_shared().unwrap();
        // One user at a time looks whether it runs. The lock ends with this function.
        let starting = file("starting");
        starting.lock().unwrap();
        let mut server =
            Self { directory: directory.to_owned(), binaries: binaries.clone(), password: String::new(), _use: using };
        if !server.answers() {
            server.make(is_shared, settings);
        }
        server.password = fs::read_to_string(directory.join("password")).unwrap();
        server
    }

    fn make(&self, is_shared: bool, more: &str) {
        let data = self.directory.join("data");
        let _ = fs::remove_dir_all(&data);
        // The keeper comes first, so that there is no moment at which being killed would leave a server without one.
        let patience = if is_shared { "20" } else { "1" };
        let mut keeper = self.binaries.command(Path::new("setsid"));
        keeper
            .args(["--fork", "bash", "-c", KEEPER, "wardgate-test-postgres"])
            .arg(&self.directory)
            .arg(self.binaries.path(""));
        keeper.args([patience, if is_shared { "true" } else { "false" }]);
        assert!(keeper.status().unwrap().success());

        let password = self.directory.join("password");
        fs::write(&password, random()).unwrap();
        fs::set_permissions(&password, Permissions::from_mode(0o600)).unwrap();
        self.binaries.hand_over(&password);
        let mut init = self.binaries.command(&self.binaries.path("initdb"));
        init.args(["-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync", "--auth-local=trust", "--auth-host=password"]);
        init.arg("-D").arg(&data).arg("--pwfile").arg(&password);
        succeed(&mut init);
        let settings = data.join("postgresql.conf");
        let start_at_free_port = || {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let directory = self.directory.display();
            let written = format!("{SETTINGS}{more}port = {port}\nunix_socket_directories = '{directory}'\n");
            fs::write(&settings, written).unwrap();
            self.start()
        };
        let is_started = (0..PORTS_MAX).any(|_| start_at_free_port());
        assert!(is_started, "the server does not start: {}", self.log());
    }

    fn control(&self) -> Command {
        let mut control = self.binaries.command(&self.binaries.path("pg_ctl"));
        control.arg("-D").arg(self.directory.join("data"));
        control
    }

    /// Whether it started, and answers.
    fn start(&self) -> bool {
        let log = self.directory.join("data/log");
        self.control().args(["--wait", "start", "-l"]).arg(log).status().unwrap().success()
    }

    fn answers(&self) -> bool {
        let Some(port) = self.pid_file().and_then(|lines| lines.get(3)?.parse::<u16>().ok()) else { return false };
        let mut ask = Command::new(self.binaries.path("pg_isready"));
        ask.arg("-q").arg("-h").arg(&self.directory).arg("-p").arg(port.to_string()).status().unwrap().success()
    }

    fn pid_file(&self) -> Option<Vec<String>> {
        let file = fs::read_to_string(self.directory.join("data/postmaster.pid")).ok()?;
        Some(file.lines().map(str::to_owned).collect())
    }

    fn process_id(&self) -> Option<u32> {
        self.pid_file()?.first()?.parse().ok()
    }

    fn port(&self) -> u16 {
        let settings = fs::read_to_string(self.directory.join("data/postgresql.conf")).unwrap();
        settings.lines().find_map(|line| line.strip_prefix("port = ")?.parse().ok()).expect("a port was chosen")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("data/log")).unwrap_or_default()
    }
}

fn random() -> String {
    let mut bytes = [0; 8];
    File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    format!("{:016x}", u64::from_be_bytes(bytes))
}
