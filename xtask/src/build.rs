//! Building programs of this workspace, and where cargo put them.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Builds a package's program. Cargo says itself where it is, so a target directory set elsewhere is no trouble.
pub(crate) fn executable(package: &str, profile: &str) -> anyhow::Result<PathBuf> {
    build(package, &["--bins"], package, profile)
}

/// Builds one of a package's examples.
pub(crate) fn example(package: &str, name: &str, profile: &str) -> anyhow::Result<PathBuf> {
    build(package, &["--example", name], name, profile)
}

fn build(package: &str, targets: &[&str], name: &str, profile: &str) -> anyhow::Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["build", "--package", package, "--profile", profile, "--message-format", "json-render-diagnostics"])
        .args(targets)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("{name} does not build");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    find_executable(&messages, name).with_context(|| format!("cargo built no program {name}"))
}

#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

fn find_executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| message.target.as_ref().is_some_and(|target| target.name == name))
        .find_map(|message| message.executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_program_among_the_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"bytes"},"executable":null}
not json
{"reason":"compiler-artifact","target":{"name":"wardgate"},"executable":"/somewhere/dist/wardgate"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(find_executable(messages, "wardgate"), Some(PathBuf::from("/somewhere/dist/wardgate")));
        assert_eq!(find_executable(messages, "bytes"), None);
    }
}
