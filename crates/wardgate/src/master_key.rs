//! Where the master key comes from: the environment, a file, or the data directory of a gateway that was started without.

use crate::settings::Settings;
use anyhow::{Context, bail};
use base64ct::{Base64, Encoding};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use wardgate_core::random::Random;
use wardgate_core::secret::Secret;
use wardgate_keys::seal::MasterKey;

/// The file in the data directory.
const FILE_NAME: &str = "master.key";

/// Finds the master key. Where there is none, makes one beside the data, unless the data are older than that: then they are
/// sealed with a key that is missing, and a new one would only hide it.
pub(crate) fn load(settings: &Settings, has_data: bool, random: &dyn Random) -> anyhow::Result<MasterKey> {
    if settings.master_key.is_some() && settings.master_key_file.is_some() {
        bail!("master-key and master-key-file are both set; set one of them");
    }
    if let Some(text) = &settings.master_key {
        return decode(text.expose()).context("the setting master-key");
    }
    if let Some(path) = &settings.master_key_file {
        return read(path)?.with_context(|| format!("there is no master key file {}", path.display()));
    }
    let path = settings.data_dir.join(FILE_NAME);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    if has_data {
        bail!(
            "the database is sealed with a master key, but there is none: set master-key-file, or put it back at {}",
            path.display()
        );
    }
    make(&path, random)
}

fn read(path: &Path) -> anyhow::Result<Option<MasterKey>> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = Secret::new(text);
            decode(text.expose()).with_context(|| format!("the master key file {}", path.display())).map(Some)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("the master key file {} cannot be read", path.display())),
    }
}

fn decode(text: &str) -> anyhow::Result<MasterKey> {
    let mut key = [0u8; 32];
    let length = Base64::decode(text.trim(), &mut key).map(<[u8]>::len);
    match length {
        Ok(32) => Ok(MasterKey::from_bytes(key)),
        _ => bail!("does not hold 32 bytes in base64; make one with: head -c 32 /dev/urandom | base64"),
    }
}

fn make(path: &Path, random: &dyn Random) -> anyhow::Result<MasterKey> {
    let mut key = [0u8; 32];
    random.fill(&mut key);
    let text = Secret::new(Base64::encode_string(&key) + "\n");
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(text.expose().as_bytes())?;
        file.sync_all()
    });
    match made {
        Ok(()) => {
            tracing::info!(path = %path.display(), "a master key was made; keep a copy of it elsewhere");
            Ok(MasterKey::from_bytes(key))
        }
        // Another process was faster: its key is the one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(path)?.context("the master key file went away"),
        Err(error) => Err(error).with_context(|| format!("the master key file {} cannot be written", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::random::Counting;

    #[test]
    fn a_key_that_was_made_is_found_again_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let account = wardgate_core::id::AccountId::from_bytes([1; 16]);
        let (_, sealed) = make(&path, &Counting::default()).unwrap().new_data_key(account, &Counting::default());
        assert!(read(&path).unwrap().unwrap().open_data_key(account, &sealed).is_ok());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_key_says_how_to_make_one() {
        for text in ["", "short", "AAAA", &"A".repeat(100)] {
            let error = decode(text).map(|_| ()).unwrap_err();
            assert!(error.to_string().contains("/dev/urandom"), "{error}");
        }
    }
}
