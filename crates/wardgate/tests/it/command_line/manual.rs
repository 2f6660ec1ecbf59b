//! `docs/cli.md`: its commands are run as they stand, in their order.

use crate::dev;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// The blocks of code of a page: their languages and texts.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut parts = page.split("```");
    let mut blocks = Vec::new();
    parts.next();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        blocks.extend(block.split_once('\n'));
    }
    blocks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_manual_is_true() {
    let gateway = dev().start().await;
    let dir = gateway.data().path().to_owned();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md")).unwrap();
    let blocks = blocks(&page);
    assert!(blocks.len() > 10);
    for (language, text) in blocks {
        match language {
            // A first line `# name` says which file it is.
            "yaml" => std::fs::write(dir.join(text.lines().next().unwrap().trim_start_matches("# ")), text).unwrap(),
            "sh" => run(&dir, text, gateway.ready()["admin_url"].as_str().unwrap()).await,
            other => panic!("what is {other:?}?"),
        }
    }
}

async fn run(dir: &Path, script: &str, admin_url: &str) {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_wardgate"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binary.parent().unwrap().display());
    // Not everyone has jq, and what is shown of it is only this.
    let script = script.replace("jq -r .token", "sed -n 's/.*\"token\": \"\\(.*\\)\".*/\\1/p'");
    let mut command = Command::new("sh");
    command.args(["-e", "-c", &script]).current_dir(dir).env_clear().env("PATH", path).kill_on_drop(true);
    command.env("WARDGATE_ADMIN_URL", admin_url).env("WARDGATE_DATA_DIR", dir.join("data"));
    command.env("OPENAI_API_KEY", "sk-a-key-of-nobody-0123456789").stdin(Stdio::null());
    let output = tokio::time::timeout(wardgate_testkit::DEADLINE, command.output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{script}{}{}", text(&output.stdout), text(&output.stderr));
}
