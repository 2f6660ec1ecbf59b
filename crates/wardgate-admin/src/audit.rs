//! The entry that the audit log gets with every write.

use crate::app::AppState;
use crate::auth::Caller;
use serde::Serialize;
use std::fmt::Display;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::AuditEventId;

/// An entry for what a caller does to an object now. Before and after are the object as the API shows it, so that they hold no
/// more than everyone who may read it sees; a token that was just made is not part of them.
pub(crate) fn entry<Body: Serialize>(
    app: &AppState,
    caller: &Caller,
    action: &str,
    object_id: impl Display,
    before: Option<&Body>,
    after: Option<&Body>,
) -> AuditEvent {
    let at = app.now();
    let shown = |body: &Body| serde_json::to_string(body).unwrap_or_default();
    AuditEvent {
        id: AuditEventId::new(at, &*app.deps.random),
        account_id: Some(caller.account_id),
        at,
        actor: caller.actor.clone(),
        address: caller.address,
        action: action.to_owned(),
        object_id: object_id.to_string(),
        before: before.map(shown),
        after: after.map(shown),
    }
}
