//! The tiers of the gateway itself: those it ships with, or those of the operator's file.

use crate::settings::Settings;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use wardgate_core::tier::TierName;
use wardgate_limits::tier::{self, TierLimits};

/// What it ships with.
const SHIPPED: &str = include_str!("../../../policies/tiers.yaml");

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads the file that the settings name, else the one that is part of this program.
pub(crate) fn load(settings: &Settings) -> anyhow::Result<BTreeMap<TierName, TierLimits>> {
    let Some(path) = &settings.tiers_file else {
        return read(SHIPPED).context("the tiers of this program");
    };
    let shown = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("the tiers file {shown} cannot be read"))?.len();
    if length > FILE_BYTES_MAX {
        bail!("the tiers file {shown} is larger than {FILE_BYTES_MAX} bytes");
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("the tiers file {shown} cannot be read"))?;
    read(&text).with_context(|| format!("the tiers file {shown}"))
}

fn read(text: &str) -> anyhow::Result<BTreeMap<TierName, TierLimits>> {
    let value: serde_json::Value = serde_yaml::from_str(text)?;
    tier::read_file(&value).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tiers_are_there() {
        let tiers = read(SHIPPED).unwrap();
        let limits: Vec<_> = tiers.iter().map(|(name, limits)| (name.as_str(), limits.requests_per_minute)).collect();
        assert_eq!(limits, [("free", Some(20)), ("high-usage", Some(1_000)), ("pay-as-you-go", Some(200))]);
    }

    #[test]
    fn a_wrong_file_names_every_field() {
        let error = read("free: {requestsPerMinute: -1, rpm: 2}").unwrap_err().to_string();
        assert!(error.contains("free.requestsPerMinute") && error.contains("free.rpm"), "{error}");
        assert!(read("free: [").is_err());
    }
}
