//! A write: what it locks, what it leaves for others to read, and how it ends.

use super::PostgresStore;
use super::audit;
use super::database::Lent;
use super::feed::Untold;
use super::id::Id;
use crate::error::unavailable;
use std::future::Future;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::AccountId;
use wardgate_store::{Change, StoreError};

/// How often a write is tried that the database ended because two writes waited for each other.
const ATTEMPTS_MAX: u32 = 3;

/// A transaction that writes. What belongs to one account is written by one at a time, and so is what belongs to the gateway:
/// writes are rare, and what one has checked stays true until it commits.
pub(super) struct Writing {
    lent: Lent,
    store: PostgresStore,
    untold: Vec<Untold>,
}

impl Writing {
    /// Begins one for something of this account, or of the gateway. [`StoreError::NotInAccount`] when there is no such account.
    pub(super) async fn begin_for(store: &PostgresStore, owner: Option<AccountId>) -> Result<Self, StoreError> {
        let mut lent = store.database().lend().await?;
        lent.begin("BEGIN").await?;
        let lock = match owner {
            Some(id) => sqlx::query("SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE").bind(id.uuid()),
            None => sqlx::query("SELECT FROM gateway FOR NO KEY UPDATE"),
        };
        let is_there = lent.row(lock).await?.is_some();
        let writing = Self { lent, store: store.clone(), untold: Vec::new() };
        if is_there { Ok(writing) } else { writing.end(Err(StoreError::NotInAccount { what: "the object" })).await }
    }

    pub(super) fn lent(&mut self) -> &mut Lent {
        &mut self.lent
    }

    /// Writes down what was done, and for whom it is news.
    pub(super) async fn record(&mut self, change: Option<Change>, event: &AuditEvent) -> Result<(), StoreError> {
        self.lent.run(audit::append(event)).await.map_err(unavailable)?;
        self.announce(change).await
    }

    /// Writes down for whom it is news.
    pub(super) async fn announce(&mut self, change: Option<Change>) -> Result<(), StoreError> {
        if let Some(change) = change {
            self.untold.push(self.store.feed().record(&mut self.lent, change).await?);
        }
        Ok(())
    }

    /// Commits what was done, tells this process's listeners, and returns; or takes it all back.
    pub(super) async fn end<T>(mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Ok(value) => {
                self.lent.end("COMMIT").await?;
                drop(self.lent);
                for untold in self.untold {
                    untold.tell().await;
                }
                Ok(value)
            }
            Err(error) => {
                // If this fails the connection is closed, which takes it back as well.
                let _ = self.lent.end("ROLLBACK").await;
                Err(error)
            }
        }
    }
}

/// Tries a write again that the database chose to end so that another could go on. Nothing of it was done.
pub(super) async fn retried<T, F: Future<Output = Result<T, StoreError>>>(write: impl Fn() -> F) -> Result<T, StoreError> {
    let mut attempt = 1;
    loop {
        match write().await {
            Err(error) if attempt < ATTEMPTS_MAX && was_in_the_way(&error) => attempt += 1,
            done => return done,
        }
    }
}

fn was_in_the_way(error: &StoreError) -> bool {
    const SERIALIZATION_FAILURE: &str = "40001";
    const DEADLOCK_DETECTED: &str = "40P01";
    let StoreError::Unavailable(source) = error else { return false };
    let code = source.downcast_ref::<sqlx::Error>().and_then(|error| error.as_database_error()?.code());
    code.is_some_and(|code| [SERIALIZATION_FAILURE, DEADLOCK_DETECTED].contains(&&*code))
}
