//! The tokens of access keys that were made: shown once, or written to a file that only its owner can read.

use crate::apply::Minted;
use crate::failure::Failure;
use crate::surroundings::Surroundings;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where tokens go.
pub(super) struct Tokens {
    file: Option<(PathBuf, File)>,
    is_for_people: bool,
    count: usize,
    /// Those that are printed with the result for programs.
    kept: Vec<Value>,
}

impl Tokens {
    /// Opens the file, if there is to be one, before anything is made whose token would be lost without it.
    pub(super) fn open(path: Option<&Path>, is_for_people: bool) -> Result<Self, Failure> {
        let file = path.map(open).transpose()?;
        Ok(Self { file, is_for_people, count: 0, kept: Vec::new() })
    }

    /// Takes a token as soon as it is there: if the next operation fails, it is not lost.
    pub(super) fn take(
        &mut self,
        account: Option<&str>,
        minted: &Minted,
        surroundings: &mut Surroundings,
    ) -> Result<(), Failure> {
        self.count += 1;
        let token = minted.token.expose();
        let line = json!({"account": account, "accessKey": minted.name, "id": minted.id, "token": token});
        match &mut self.file {
            Some((path, file)) => writeln!(file, "{line}").and_then(|()| file.sync_data()).map_err(|error| {
                Failure::error(format!("the token of {} could not be written to {}: {error}", minted.name, path.display()))
                    .hint(format!("it is lost: `wardgate access-key rotate {}` makes another", minted.id))
            }),
            None if self.is_for_people => {
                surroundings.print(&format!("access key {}: {token}\n", minted.name));
                Ok(())
            }
            None => {
                self.kept.push(line);
                Ok(())
            }
        }
    }

    /// Puts the tokens into the result for programs.
    pub(super) fn add_to(&mut self, results: &mut Vec<Value>) {
        if !self.kept.is_empty() {
            results.push(json!({"tokens": std::mem::take(&mut self.kept)}));
        }
    }

    /// Says where they are.
    pub(super) fn tell(&self, surroundings: &mut Surroundings) {
        match (&self.file, self.count) {
            (_, 0) => {}
            (Some((path, _)), count) => surroundings.note(&format!("{count} new tokens are in {}.", path.display())),
            (None, _) => surroundings.note("This is the only time new tokens are shown: keep them now."),
        }
    }
}

fn open(path: &Path) -> Result<(PathBuf, File), Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{} cannot be written: {error}", path.display()));
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        let text = format!("{} can be read by others, so no token is written to it", path.display());
        return Err(Failure::usage(text).hint("chmod 600 it, or name another file"));
    }
    Ok((path.to_owned(), file))
}
