//! Where things are.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;

/// The repository, and what is built in it.
pub(super) struct Place {
    /// The repository's root.
    pub(super) root: PathBuf,
    /// Where cargo builds.
    pub(super) target: PathBuf,
    /// Where the tools are that only tests need. They stay with what cargo built, so that several clones can share both.
    pub(super) tools: PathBuf,
}

impl Place {
    /// Asks cargo.
    pub(super) fn find() -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Metadata {
            target_directory: PathBuf,
        }
        let root = crate::tidy::root();
        let mut cargo = Command::new("cargo");
        let output = cargo
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&root)
            .output()
            .context("cannot run cargo")?;
        anyhow::ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let Metadata { target_directory: target } = serde_json::from_slice(&output.stdout)?;
        let tools = target.join("test-tools");
        std::fs::create_dir_all(&tools).with_context(|| format!("cannot make {}", tools.display()))?;
        Ok(Self { root, target, tools })
    }

    /// The Python that has the clients.
    pub(super) fn python(&self) -> PathBuf {
        self.tools.join("venv/bin/python")
    }

    /// The JavaScript clients' tests.
    pub(super) fn node_tests(&self) -> PathBuf {
        self.root.join("tests/sdk/node")
    }

    /// The coding agents' tests.
    pub(super) fn agent_tests(&self) -> PathBuf {
        self.root.join("tests/agents")
    }
}
