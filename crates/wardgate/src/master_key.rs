//! Where the master key comes from: the environment, a file, a command, or the data directory of a gateway that was started
//! without any of these.

use crate::settings::sealing::Sealing;
use anyhow::{Context, bail};
use base64ct::{Base64, Encoding};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use wardgate_core::random::Random;
use wardgate_core::secret::Secret;
use wardgate_keys::seal::{MasterKey, SealedBy};
use wardgate_store::Store;

/// The file in the data directory.
pub(crate) const FILE_NAME: &str = "master.key";

/// How long a command may take to print a key.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// Whether a key may be made where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// There are no data yet, so a new key is as good as any.
    Make,
    /// There are data that are sealed with a key that is missing, and a new one would only hide it.
    HasData,
    /// Other processes work on the same data and need the same key.
    IsShared,
}

/// Finds the master key, and the one before where that is set.
pub(crate) async fn load(
    sealing: &Sealing,
    data_dir: &Path,
    missing: Missing,
    random: &dyn Random,
) -> anyhow::Result<MasterKey> {
    let place = Place {
        name: "master-key",
        value: sealing.master_key.as_ref(),
        file: sealing.master_key_file.as_deref(),
        command: sealing.master_key_command.as_deref(),
    };
    let present = match place.find().await? {
        Some(key) => key,
        None => in_data_dir(data_dir, missing, random)?,
    };
    let place = Place {
        name: "previous-master-key",
        value: sealing.previous_master_key.as_ref(),
        file: sealing.previous_master_key_file.as_deref(),
        command: sealing.previous_master_key_command.as_deref(),
    };
    Ok(match place.find().await? {
        Some(previous) => present.replacing(&previous),
        None => present,
    })
}

/// Makes sure that this is the key that seals the store, and leaves a proof for the next start where there is none.
pub(crate) async fn prove(store: &dyn Store, key: &MasterKey, random: &dyn Random) -> anyhow::Result<()> {
    let proof = match store.master_key_proof().await? {
        Some(proof) => proof,
        None => {
            // A database of a version that left no proof has accounts whose keys serve as one.
            for (id, sealed) in store.sealed_data_keys(None, 1).await? {
                if key.open_data_key(id, &sealed).is_err() {
                    bail!(WRONG_KEY);
                }
            }
            let proof = key.proof(random);
            if store.replace_master_key_proof(None, &proof).await? {
                return Ok(());
            }
            store.master_key_proof().await?.context("the store lost its proof of the master key")?
        }
    };
    match key.proved_by(&proof) {
        Ok(SealedBy::Present) => Ok(()),
        Ok(SealedBy::Previous) => {
            tracing::info!("the master key is being replaced; `wardgate rotate-master-key` seals everything with the new one");
            Ok(())
        }
        Err(_) => bail!(WRONG_KEY),
    }
}

/// Whether this is a key that seals the store; none: there is nothing yet by which that could be known. Leaves nothing behind.
pub(crate) async fn is_right(store: &dyn Store, key: &MasterKey) -> anyhow::Result<Option<bool>> {
    if let Some(proof) = store.master_key_proof().await? {
        return Ok(Some(key.proved_by(&proof).is_ok()));
    }
    let some = store.sealed_data_keys(None, 1).await?;
    Ok(some.first().map(|(id, sealed)| key.open_data_key(*id, sealed).is_ok()))
}

const WRONG_KEY: &str = "this master key is not the one that sealed the database's secrets; start with the right one";

/// The places where one key may be.
struct Place<'s> {
    name: &'static str,
    value: Option<&'s Secret>,
    file: Option<&'s Path>,
    command: Option<&'s str>,
}

impl Place<'_> {
    async fn find(&self) -> anyhow::Result<Option<MasterKey>> {
        let name = self.name;
        match (self.value, self.file, self.command) {
            (None, None, None) => Ok(None),
            (Some(text), None, None) => decode(text.expose()).with_context(|| format!("the setting {name}")).map(Some),
            (None, Some(path), None) => {
                read(path)?.with_context(|| format!("there is no {name} file {}", path.display())).map(Some)
            }
            (None, None, Some(command)) => {
                let text = printed_by(command).await.with_context(|| format!("the setting {name}-command"))?;
                decode(text.expose()).with_context(|| format!("what {name}-command printed")).map(Some)
            }
            _ => bail!("more than one of {name}, {name}-file and {name}-command is set; set one of them"),
        }
    }
}

/// What a command printed. Its error output goes to ours, so that it can say what it wants.
async fn printed_by(command: &str) -> anyhow::Result<Secret> {
    let mut shell = tokio::process::Command::new("sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = tokio::time::timeout(COMMAND_TIMEOUT, shell.output())
        .await
        .with_context(|| format!("it did not end within {} s", COMMAND_TIMEOUT.as_secs()))?
        .context("it cannot be run")?;
    if !output.status.success() {
        bail!("it failed with {}", output.status);
    }
    String::from_utf8(output.stdout).map(Secret::new).map_err(|_| anyhow::anyhow!("it did not print text"))
}

/// The key beside the data; makes one where that is safe.
fn in_data_dir(data_dir: &Path, missing: Missing, random: &dyn Random) -> anyhow::Result<MasterKey> {
    let path = data_dir.join(FILE_NAME);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    match missing {
        Missing::Make => make(&path, random),
        Missing::HasData => bail!(
            "the database is sealed with a master key, but there is none: set master-key-file, or put it back at {}",
            path.display()
        ),
        Missing::IsShared => bail!(
            "a database that several processes share needs a master key that they share: make one with \
             `head -c 32 /dev/urandom | base64 > master.key` and set master-key-file for each of them"
        ),
    }
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
