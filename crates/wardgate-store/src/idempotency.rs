//! Requests that are made once, however often they are sent.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::id::AccountId;
use wardgate_core::time::Timestamp;

/// Names a request. The client's own key is hashed, together with who sent it and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey {
    /// The account it is about; none for the operator's own.
    pub account_id: Option<AccountId>,
    /// SHA-256 of the client's key, the actor, the method and the path.
    pub digest: [u8; 32],
}

/// What is known of a request that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is new and the caller now runs it, then calls `finish` or `abandon`.
    New,
    /// It runs elsewhere at this moment.
    Running,
    /// It was run before.
    Done {
        /// SHA-256 of the body it was run with.
        body_digest: [u8; 32],
        /// What it was answered, sealed: an answer may hold a token.
        sealed_answer: Vec<u8>,
    },
}

/// The requests of the last day or so.
#[async_trait]
pub trait Idempotency {
    /// Begins a request. One that began and did not finish counts as running until `abandoned_at`, a while from now. Entries whose
    /// time is over at `now` are as if they had never been.
    async fn begin(
        &self,
        key: IdempotencyKey,
        body_digest: [u8; 32],
        now: Timestamp,
        abandoned_at: Timestamp,
    ) -> Result<Begun, StoreError>;

    /// Keeps the answer until `expires_at`.
    async fn finish(&self, key: IdempotencyKey, sealed_answer: &[u8], expires_at: Timestamp) -> Result<(), StoreError>;

    /// Forgets a request that came to nothing, so that it may be sent again. One that is finished stays.
    async fn abandon(&self, key: IdempotencyKey) -> Result<(), StoreError>;

    /// Deletes up to `limit` entries whose time is over, and says how many.
    async fn purge_idempotency(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
