//! `credentials.json` in the data directory: the first keys of a gateway, which are shown nowhere else.

use anyhow::Context;
use serde::Deserialize;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use wardgate_core::secret::Secret;

/// The first keys.
pub(crate) struct Credentials {
    /// For the data plane.
    pub(crate) access_key: Secret,
    /// For the management of the account `default`.
    pub(crate) api_key: Secret,
    /// For the management of the gateway.
    pub(crate) operator_key: Secret,
}

#[derive(Deserialize)]
struct File {
    access_key: String,
    api_key: String,
    operator_key: String,
}

pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("credentials.json")
}

impl Credentials {
    /// Reads the file. `None` when there is none.
    pub(crate) fn read(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = path(data_dir);
        let text = match fs::read_to_string(&path) {
            Ok(text) => Secret::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        let Ok(file) = serde_json::from_str::<File>(text.expose()) else {
            anyhow::bail!("{} is not what this program wrote; delete it to have new keys made", path.display());
        };
        Ok(Some(Self {
            access_key: Secret::new(file.access_key),
            api_key: Secret::new(file.api_key),
            operator_key: Secret::new(file.operator_key),
        }))
    }

    /// Writes the file so that only its owner can read it, whole or not at all.
    pub(crate) fn write(&self, data_dir: &Path) -> anyhow::Result<()> {
        let path = path(data_dir);
        let text = Secret::new(format!(
            "{{\n  \"access_key\": \"{}\",\n  \"api_key\": \"{}\",\n  \"operator_key\": \"{}\"\n}}\n",
            self.access_key.expose(),
            self.api_key.expose(),
            self.operator_key.expose()
        ));
        let draft = path.with_extension("json.new");
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(text.expose().as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }
}
