//! One program at a time opens a database.
//!
//! SQLite waits for locks, but not for the two that opening takes: switching a new file to its write-ahead log fails at once
//! when someone else does the same, and the migrator takes no lock on SQLite at all. So whoever opens holds a lock on a file
//! beside the database until the schema is up to date. The file stays; the lock ends with the program that held it.

use crate::file::create_private;
use crate::open::OpenError;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often to look whether it is our turn.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits for the turn, at most so long. It ends when the file is dropped.
pub(crate) async fn take(database: &Path, wait_max: Duration) -> Result<File, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push("-opening");
    let path = Path::new(&path);
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    create_private(path).map_err(failed)?;
    let file = File::open(path).map_err(failed)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if started.elapsed() < wait_max => tokio::time::sleep(LOOK_EVERY).await,
            Err(TryLockError::WouldBlock) => return Err(OpenError::Busy),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}
