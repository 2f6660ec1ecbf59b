//! What an endpoint knows of the request it serves: the collaborators, who asks, and which version they mean.

use crate::app::App;
use crate::auth::{self, Caller};
use crate::error::ApiError;
use crate::etag::Preconditions;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use std::fmt::Display;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::{AccountId, AuditEventId};
use wardgate_core::random::Random;
use wardgate_core::stamp::Stamp;
use wardgate_core::time::Timestamp;
use wardgate_store::{Store, Tenant};

/// The request's context.
pub(crate) struct Context {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) preconditions: Preconditions,
}

impl FromRequestParts<App> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        // Every endpoint but the open ones has a caller, and those have no context.
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(auth::missing_key)?;
        Ok(Self { app: app.clone(), caller, preconditions: Preconditions::of(&parts.headers) })
    }
}

impl Context {
    /// The account that the request is about.
    pub(crate) fn account_id(&self) -> Result<AccountId, ApiError> {
        self.caller.account_id.ok_or_else(auth::account_header_missing)
    }

    /// The handle on that account's things.
    pub(crate) fn tenant(&self) -> Result<Box<dyn Tenant>, ApiError> {
        Ok(self.app.deps.store.tenant(self.account_id()?))
    }

    /// The store, for what belongs to no account.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.app.deps.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.app.deps.random
    }

    /// The stamp of an object that the caller makes now.
    pub(crate) fn first_stamp(&self) -> Stamp {
        Stamp::first(self.now(), &self.caller.actor)
    }

    /// The entry in the audit log for what the caller does now. Before and after are the object as the API shows it, so that they
    /// hold no more than everyone who may read it sees; a token that was just made is not part of them.
    pub(crate) fn audit<Shown: Serialize>(
        &self,
        owner: Option<AccountId>,
        action: impl Into<String>,
        object_id: impl Display,
        before: Option<&Shown>,
        after: Option<&Shown>,
    ) -> AuditEvent {
        let at = self.now();
        let shown = |object: &Shown| serde_json::to_string(object).unwrap_or_default();
        AuditEvent {
            id: AuditEventId::new(at, self.random()),
            account_id: owner,
            at,
            actor: self.caller.actor.clone(),
            address: self.caller.address,
            action: action.into(),
            object_id: object_id.to_string(),
            before: before.map(shown),
            after: after.map(shown),
        }
    }
}
