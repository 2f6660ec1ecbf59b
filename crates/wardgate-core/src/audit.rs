//! The record of who changed what.

use crate::id::{AccountId, AuditEventId};
use crate::time::Timestamp;
use std::net::IpAddr;

/// One change that someone made. Written in the transaction of the change, and never edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its own id.
    pub id: AuditEventId,
    /// The account that the changed object belongs to; none for what belongs to the whole gateway.
    pub account_id: Option<AccountId>,
    /// When.
    pub at: Timestamp,
    /// Who: the id of a key, or `wardgate` for the process itself.
    pub actor: String,
    /// From where, if over the network.
    pub address: Option<IpAddr>,
    /// What was done: `access_key.create`.
    pub action: String,
    /// The id of what it was done to.
    pub object_id: String,
    /// The object before, as the API shows it, a JSON object as text; secrets are left out.
    pub before: Option<String>,
    /// The object after.
    pub after: Option<String>,
}
