//! The management API against its own description: every operation with data that fits it and data that does not.
//!
//! It has a gateway to itself, since it makes, changes and deletes whatever it finds there.

use std::process::Command;

use anyhow::Context as _;

use super::gateway::Gateway;
use super::place::Place;
use super::runner;

/// Runs Schemathesis.
pub(super) fn run(place: &Place) -> anyhow::Result<String> {
    let gateway = Gateway::start(place)?;
    let environment = gateway.environment();
    let admin_url = environment.iter().find(|(name, _)| *name == "WARDGATE_ADMIN_URL").map_or("", |(_, url)| *url);
    let mut schemathesis = Command::new(place.python().with_file_name("schemathesis"));
    schemathesis.args(["--config-file", "schemathesis.toml", "run", "--no-color"]).arg(format!("{admin_url}/openapi.json"));
    schemathesis.env("PYTHONDONTWRITEBYTECODE", "1").envs(environment).current_dir(place.root.join("tests/contract"));
    runner::run(schemathesis).with_context(|| format!("the gateway logged at its end:\n{}", gateway.log_end()))
}
