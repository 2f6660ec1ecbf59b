//! `addresses.json` in the data directory: where the gateway that runs on it is reached, so that commands on this machine find
//! it whatever ports it was given.

use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("addresses.json")
}

/// Writes the file, whole or not at all. A gateway works without it, so a disk that refuses is a line in the log.
pub(crate) fn tell(data_dir: &Path, gateway_url: &str, admin_url: &str) {
    let text = format!("{:#}\n", json!({"gateway_url": gateway_url, "admin_url": admin_url}));
    let path = path(data_dir);
    let draft = path.with_extension("json.new");
    if let Err(error) = fs::write(&draft, text).and_then(|()| fs::rename(&draft, &path)) {
        tracing::warn!(%error, path = %path.display(), "commands on this machine will need --url: the file cannot be written");
    }
}

/// Removes the file.
pub(crate) fn forget(data_dir: &Path) {
    // Nothing depends on its absence: whoever reads an old one finds nobody there.
    let _ = fs::remove_file(path(data_dir));
}
