//! What an operator does with the gateway's own program: migrations, and a new master key.

use crate::{ask, dev, serve};
use std::path::Path;
use std::process::Output;
use tokio::process::Command;
use wardgate_testkit::{Dialect, Reply, Upstream};

/// Runs the program to its end.
async fn run(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardgate"));
    command.args(arguments).arg("--data-dir").arg(data).env_clear().kill_on_drop(true);
    tokio::time::timeout(wardgate_testkit::DEADLINE, command.output()).await.unwrap().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_is_checked_without_being_changed() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let check = run(&["migrate", "--check"], &data).await;
    assert_eq!(check.status.code(), Some(3), "{check:?}");
    assert!(text(&check.stdout).contains("first tables"), "{check:?}");
    assert!(!data.join("wardgate.db").exists());
    let applied = run(&["migrate"], &data).await;
    assert!(applied.status.success() && text(&applied.stdout).contains("first tables"), "{applied:?}");
    let check = run(&["migrate", "--check"], &data).await;
    assert!(check.status.success() && text(&check.stdout).contains("up to date"), "{check:?}");
}

const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
const NEW: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_is_replaced_while_the_gateway_serves() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let keys = tempfile::tempdir().unwrap();
    let (old, new) = (keys.path().join("old.key"), keys.path().join("new.key"));
    std::fs::write(&old, OLD).unwrap();
    std::fs::write(&new, NEW).unwrap();
    let first = crate::started(dev().with("--master-key-file", &old), &upstream).await;
    first.add_provider_key("up", "pk-sealed").await;
    assert_eq!(ask(Dialect::Chat).send(&first).await.status, 200);
    first.settle().await;
    let data = first.data();
    first.terminate().await;
    assert!(first.ended().await.0.success());

    let both = dev().with("--master-key-file", &new).with("--previous-master-key-file", &old);
    let second = both.on_data(data.clone(), 1).start().await;
    assert_eq!(ask(Dialect::Chat).send(&second).await.status, 200);
    let paths = [new.display().to_string(), old.display().to_string()];
    let rotate = ["rotate-master-key", "--master-key-file", &paths[0], "--previous-master-key-file", &paths[1]];
    let rotated = run(&rotate, &data.path().join("data")).await;
    assert!(rotated.status.success() && text(&rotated.stdout).starts_with("1 of 1 "), "{rotated:?}");
    let again = run(&rotate, &data.path().join("data")).await;
    assert!(again.status.success() && text(&again.stdout).starts_with("0 of 1 "), "{again:?}");
    // It goes on with what it remembers, and with what it reads again.
    assert_eq!(ask(Dialect::Chat).send(&second).await.status, 200);
    second.add_provider_key("up", "pk-later").await;
    assert_eq!(ask(Dialect::Chat).send(&second).await.status, 200);
    second.settle().await;
    second.terminate().await;
    assert!(second.ended().await.0.success());

    let third = dev().with("--master-key-file", &new).on_data(data.clone(), 4).start().await;
    assert_eq!(ask(Dialect::Chat).send(&third).await.status, 200);
    assert!(upstream.seen().iter().all(|seen| seen.header("authorization") == ["Bearer pk-sealed"]));
    third.settle().await;
    third.terminate().await;
    assert!(third.ended().await.0.success());
    // The old key opens nothing any more.
    let refused = run(&["serve", "--listen", "127.0.0.1:0", "--master-key-file", &paths[1]], &data.path().join("data")).await;
    assert!(!refused.status.success() && text(&refused.stderr).contains("master key"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_key_comes_from_a_command() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let command = format!("printf %s '{}'", NEW.trim());
    let gateway =
        crate::started(serve().with("--allow-upstream", "127.0.0.1").with("--master-key-command", &command), &upstream).await;
    gateway.add_provider_key("up", "pk-sealed").await;
    assert_eq!(ask(Dialect::Chat).send(&gateway).await.status, 200);
    assert!(!gateway.data().path().join("data/master.key").exists());
    for (command, expected) in [("exit 3", "exit status: 3"), ("echo short", "32 bytes"), ("true", "32 bytes")] {
        let directory = tempfile::tempdir().unwrap();
        let refused = run(&["serve", "--listen", "127.0.0.1:0", "--master-key-command", command], directory.path()).await;
        let said = text(&refused.stderr);
        assert!(!refused.status.success() && said.contains("master-key-command") && said.contains(expected), "{said}");
    }
}
