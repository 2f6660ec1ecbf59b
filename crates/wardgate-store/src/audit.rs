//! Reading the audit log. It is written by every write.

use crate::{Listed, StoreError};
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::AuditEventId;
use wardgate_core::time::Timestamp;

/// Which entries. All fields must hold that are given.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// From here, inclusive.
    pub start: Option<Timestamp>,
    /// To here, inclusive.
    pub end: Option<Timestamp>,
    /// By this one.
    pub actor: Option<String>,
    /// Of this action: `access_key.create`; or of all that begin so, if it ends with a point: `access_key.`.
    pub action: Option<String>,
    /// About this object.
    pub object_id: Option<String>,
    /// Only older entries than this one.
    pub before: Option<AuditEventId>,
    /// 1 to [`crate::page::PAGE_LIMIT_MAX`].
    pub limit: u32,
}

/// One account's log.
#[async_trait]
pub trait AuditLog {
    /// A page of entries, newest first.
    async fn list_audit(&self, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError>;
}
