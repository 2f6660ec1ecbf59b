//! `wardgate doctor` finds what is wrong with a set-up, says what to do, changes nothing and tells no secret.

use crate::dev;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;
use wardgate_testkit::{Certificate, Dialect, Postgres, Redis, Reply, Upstream};

/// What no output may hold, whatever is set.
const SECRETS: [&str; 3] = ["pk-of-the-tenant", "hunter2", "a secret of the operator's own"];

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

struct Told {
    code: Option<i32>,
    checks: Vec<Value>,
    text: String,
}

impl Told {
    /// The findings of a check with this status.
    fn of(&self, check: &str, status: &str) -> String {
        let these = self.checks.iter().filter(|told| told["check"] == check && told["status"] == status);
        these.map(|told| told["finding"].as_str().unwrap_or_default()).collect::<Vec<_>>().join("\n")
    }

    fn failures(&self) -> Vec<&str> {
        self.checks.iter().filter(|told| told["status"] == "failure").filter_map(|told| told["check"].as_str()).collect()
    }
}

/// Runs it for a program and for people, which come to the same.
async fn doctor(data: &Path, options: &[&str]) -> Told {
    let mut run = Vec::new();
    for json in [&["--json"][..], &[]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardgate"));
        command.arg("doctor").args(json).arg("--data-dir").arg(data).args(options);
        if !options.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        }
        command.env_clear().kill_on_drop(true);
        let output = tokio::time::timeout(wardgate_testkit::DEADLINE, command.output()).await.unwrap().unwrap();
        run.push((output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap()));
    }
    let (code, json, errors) = run.remove(0);
    let (code_for_people, text, _) = run.remove(0);
    assert_eq!(code, code_for_people);
    assert!(json.starts_with('{'), "{json}{errors}");
    let report: Value = serde_json::from_str(&json).unwrap();
    let checks = report["checks"].as_array().unwrap().clone();
    for told in &checks {
        let needs_fix = ["failure", "warning"].contains(&told["status"].as_str().unwrap());
        assert_eq!(told["fix"].is_string(), needs_fix, "{told}");
        let fix = told["fix"].as_str().unwrap_or_default();
        assert!(text.contains(fix), "people are not told {fix:?}: {text}");
    }
    let fails = checks.iter().any(|told| told["status"] == "failure");
    assert_eq!((report["ok"] == true, code), (!fails, Some(i32::from(fails))), "{json}");
    for secret in SECRETS.iter().chain([&MASTER_KEY.trim()]) {
        assert!(!format!("{json}{errors}{text}").contains(secret), "it tells {secret}");
    }
    Told { code, checks, text }
}

/// Every file below a directory, with its content.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// The data of a gateway that ran, with a provider of the tenant's own and a key for it.
async fn data(upstream: &Upstream) -> Arc<TempDir> {
    let gateway = dev().start().await;
    gateway.add_provider("up", upstream.url()).await;
    gateway.add_provider_key("up", SECRETS[0]).await;
    let data = gateway.data();
    gateway.terminate().await;
    assert!(gateway.ended().await.0.success());
    data
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_up_that_works_is_told_so_and_left_as_it_is() {
    let (upstream, redis) = (Upstream::always(Reply::says(Dialect::Chat, "hello")).await, Redis::start().await);
    let directory = data(&upstream).await;
    let (data, certificate) = (directory.path().join("data"), Certificate::new());
    let (chain, key) = (certificate.chain().display().to_string(), certificate.key().display().to_string());
    let redis_url = redis.url();
    let options = [
        "--allow-upstream",
        "127.0.0.1",
        "--tls-cert",
        &chain,
        "--tls-key",
        &key,
        "--redis-url",
        &redis_url,
        "--redis-timeout",
        "5s",
    ];
    let before = files(&data);
    let told = doctor(&data, &options).await;
    assert_eq!((told.code, told.failures()), (Some(0), Vec::new()), "{}", told.text);
    assert!(before == files(&data), "the data are not as they were");
    for (check, part) in [
        ("data directory", "takes files"),
        ("database", "up to date"),
        ("master key", "opens what is sealed"),
        ("provider keys", "1 open"),
        ("providers", "up at "),
        ("TLS", "until 4096-01-01"),
        ("shared counters", "answer within"),
    ] {
        assert!(told.of(check, "ok").contains(part), "{check}: {}", told.text);
    }
    assert_eq!(upstream.seen().iter().filter(|seen| seen.text().contains(SECRETS[0])).count(), 0);
    // Beside a gateway that runs, its addresses are in use, as they should be.
    let gateway = dev().on_data(Arc::clone(&directory), 0).replica().start().await;
    let text = |name: &str| gateway.ready()[name].as_str().unwrap().trim_start_matches("http://").to_owned();
    let (listen, admin_listen) = (text("gateway_url"), text("admin_url"));
    let told = doctor(&data, &["--listen", &listen, "--admin-listen", &admin_listen, "--offline"]).await;
    assert!(told.code == Some(0) && told.of("addresses", "ok").contains("a gateway runs"), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_yet_is_no_failure_and_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let told = doctor(&directory.path().join("data"), &[]).await;
    assert_eq!((told.code, told.failures()), (Some(0), Vec::new()), "{}", told.text);
    assert_eq!(files(directory.path()).len(), 0);
    assert!(told.of("master key", "ok").contains("first start"), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_found() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let directory = data(&upstream).await;
    let own = directory.path().join("data");
    let given = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = given.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken_address = taken.local_addr().unwrap().to_string();
    let (one, other, ended) = (Certificate::new(), Certificate::new(), Certificate::until(2020));
    let path = |path: std::path::PathBuf| path.display().to_string();
    let (chain, other_key) = (path(one.chain()), path(other.key()));
    let (ended_chain, ended_key) = (path(ended.chain()), path(ended.key()));
    let wrong_key = file("wrong.key", MASTER_KEY);
    let no_key = file("no.key", "short");
    let tiers = file("tiers.yaml", "free: {requestsPerMinute: 0}");
    let catalog = file("catalog.yaml", "models: 7");
    let secret = file("secret", "short");
    let cases: [(&[&str], &str, &str); 14] = [
        (&["--listen", "127.0.0.1:7", "--admin-listen", "127.0.0.1:7"], "settings", "127.0.0.1:7"),
        (&["--allow-upstream", "10.0.0.0/99"], "settings", "10.0.0.0/99"),
        (&["--listen", &taken_address, "--admin-listen", "127.0.0.1:0"], "addresses", &taken_address),
        (&["--tiers-file", &tiers], "tiers", "free.requestsPerMinute"),
        (&["--tiers-file", "/nowhere/tiers.yaml"], "tiers", "/nowhere/tiers.yaml"),
        (&["--catalog-file", &catalog], "catalog", "catalog"),
        (&["--tls-cert", &chain, "--tls-key", &other_key], "TLS", ""),
        (&["--tls-cert", &ended_chain, "--tls-key", &ended_key], "TLS", "2020-01-01"),
        (&["--webhook-url", "https://hooks.example/x", "--webhook-secret-file", &secret], "webhook", "16 bytes"),
        (&["--master-key-file", &wrong_key], "master key", "not the one"),
        (&["--master-key-file", &no_key], "master key", "32 bytes"),
        (
            &["--database-url", "postgres://u:hunter2@127.0.0.1:1/x", "--master-key-file", &wrong_key],
            "database",
            "u@127.0.0.1:1/x",
        ),
        (&["--redis-url", "redis://u:hunter2@127.0.0.1:1/0"], "shared counters", ""),
        // `dev` allows this machine by itself, `serve` does not.
        (&[], "providers", "may not be called"),
    ];
    for (options, check, part) in cases {
        let is_offline = if check == "providers" { &[][..] } else { &["--offline"] };
        let told = doctor(&own, &[options, is_offline].concat()).await;
        assert_eq!(told.failures().first(), Some(&check), "{options:?}: {}", told.text);
        assert!(told.of(check, "failure").contains(part), "{options:?}: {}", told.text);
    }
    drop(upstream);
    let told = doctor(&own, &["--allow-upstream", "127.0.0.1"]).await;
    assert!(told.of("providers", "failure").contains("no connection"), "{}", told.text);
    let told = doctor(&given.path().join("tiers.yaml"), &[]).await;
    assert!(told.of("data directory", "failure").contains("no directory"), "{}", told.text);
    std::fs::remove_file(own.join("master.key")).unwrap();
    let told = doctor(&own, &["--offline"]).await;
    assert!(told.of("master key", "failure").contains("there is none"), "{}", told.text);
    assert!(!own.join("master.key").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_is_behind_is_told_and_left_so() {
    let database = Postgres::shared().await.database();
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key");
    std::fs::write(&key, MASTER_KEY).unwrap();
    let told = doctor(
        &directory.path().join("data"),
        &["--database-url", &database.url(), "--master-key-file", &key.display().to_string()],
    )
    .await;
    assert_eq!((told.code, told.failures()), (Some(0), Vec::new()), "{}", told.text);
    assert!(told.of("database", "warning").contains("first tables"), "{}", told.text);
    assert_eq!(database.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}
