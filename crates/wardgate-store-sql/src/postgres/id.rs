//! Ids as Postgres keeps them.
//!
//! They are version 7 UUIDs, so the type of that name fits: 16 bytes without a length before them, compared byte by byte as ours
//! are, of a width that the database checks, and printed in a form that people can look up.

use sqlx::types::Uuid;
use wardgate_core::id;

/// Greater than every id: where a list begins that has no cursor. So one text serves all pages, by one index.
pub(super) const AFTER_ALL: Uuid = Uuid::max();

/// An id as a parameter.
pub(super) trait Id: Copy {
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($id:ident),* $(,)?) => {$(
        impl Id for id::$id {
            fn uuid(self) -> Uuid {
                Uuid::from_bytes(*self.as_bytes())
            }
        }
    )*};
}

ids! {
    AccessKeyId, AccountId, ApiKeyId, AuditEventId, BudgetId, ConfigurationId, CreditId, CustomModelId, CustomProviderId, HolderId,
    ManagedKeyId, OperatorKeyId, ProviderKeyId, PurchaseId, RequestId, TeamId, TierId, UsageEventId, VirtualModelId,
}
