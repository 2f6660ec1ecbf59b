//! Manifests, as cargo understands them.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// One crate of the workspace.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    /// Its name, which is its directory's name too.
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
}

/// One line of a crate's dependencies.
#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// `dev` or `build`; nothing for a plain dependency.
    pub(super) kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Manifest>,
}

/// Reads the manifests of all crates of the workspace.
pub(super) fn read(root: &Path) -> anyhow::Result<Vec<Manifest>> {
    let mut cargo = Command::new("cargo");
    let metadata = super::output(cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root))?;
    let metadata: Metadata = serde_json::from_str(&metadata)?;
    Ok(metadata.packages)
}

impl Dependency {
    /// Whether it is there for tests alone.
    pub(super) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[cfg(test)]
impl Manifest {
    /// A crate with plain dependencies, and with dependencies for tests.
    pub(super) fn sample(name: &str, plain: &[&str], dev: &[&str]) -> Self {
        let dependency = |name: &str, kind: Option<&str>| Dependency { name: name.to_owned(), kind: kind.map(str::to_owned) };
        let plain = plain.iter().map(|name| dependency(name, None));
        let dependencies = plain.chain(dev.iter().map(|name| dependency(name, Some("dev")))).collect();
        Self { name: name.to_owned(), dependencies }
    }
}
