//! The official clients of the providers and coding agents, against a gateway that runs.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::gateway::Gateway;
use super::place::Place;
use super::runner;

/// Runs a folder of Python tests.
pub(super) fn python(place: &Place, gateway: &Gateway, tests: &Path) -> anyhow::Result<String> {
    let mut pytest = Command::new(place.python());
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=3"]).arg(tests);
    pytest.env("PYTHONDONTWRITEBYTECODE", "1").envs(gateway.environment()).current_dir(&place.root);
    runner::run(pytest)
}

/// Runs a folder of JavaScript tests.
pub(super) fn node(gateway: &Gateway, folder: &Path) -> anyhow::Result<String> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut tests: Vec<_> = names.filter(|name| name.ends_with(".test.mjs")).collect();
    tests.sort();
    anyhow::ensure!(!tests.is_empty(), "there are no tests in {}", folder.display());
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).args(tests).envs(gateway.environment()).current_dir(folder);
    runner::run(node)
}
