//! `PATCH /accounts/{id}`: renames, places on a tier, suspends.

use super::{Accounts, check_name};
use crate::body::{Change, Flag, Kept, Nullable, OneOf, Problems, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::Update;
use crate::text::{METADATA, REQUIRED_NAME};
use crate::tiers;
use crate::values;
use wardgate_core::account::Account;
use wardgate_core::credit::PrepaidScope;
use wardgate_core::tier::TierName;

body! {
    /// What changes an account.
    AccountUpdate {
        /// Unique on this gateway.
        name: Option<String> = Kept(REQUIRED_NAME),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// The tier it is on. Null: none, and so no limits but the gateway's own.
        tier: Change<TierName> = Nullable(values::tier_name()),
        /// What its credits pay for, and without enough of them is refused: "managed", what is asked with the operator's keys;
        /// "everything" that costs something. Null: nothing.
        prepaid: Change<PrepaidScope> = Nullable(prepaid()),
        /// Whether none of its keys is served.
        suspended: Option<bool> = Kept(Flag),
    }
    example {"suspended": true}
}

fn prepaid() -> OneOf<PrepaidScope> {
    OneOf::new(PrepaidScope::ALL.map(|scope| (scope.name(), scope)), "unknown_scope")
}

impl Update for Accounts {
    type Body = AccountUpdate;

    async fn check(context: &Context, wanted: &AccountUpdate) -> Result<(), ApiError> {
        tiers::check(context, wanted.tier.value()).await
    }

    fn apply(context: &Context, account: &mut Account, wanted: &AccountUpdate, problems: &mut Problems) {
        if let Some(name) = &wanted.name {
            check_name(name, problems);
            account.name.clone_from(name);
        }
        wanted.metadata.apply_to(&mut account.metadata);
        wanted.tier.apply_to(&mut account.tier);
        wanted.prepaid.apply_to(&mut account.prepaid);
        match wanted.suspended {
            Some(true) => account.suspended_at = account.suspended_at.or(Some(context.now())),
            Some(false) => account.suspended_at = None,
            None => {}
        }
    }
}
