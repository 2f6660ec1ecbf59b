//! `POST /accounts`: makes an account, with its team "default" and the key that seals its secrets.

use super::{Accounts, check_name};
use crate::body::{Optional, Problems, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use crate::text::{METADATA, REQUIRED_NAME};
use crate::tiers;
use crate::values;
use wardgate_core::account::Account;
use wardgate_core::id::{AccountId, TeamId};
use wardgate_core::tier::TierName;

body! {
    /// What makes an account.
    AccountCreate {
        /// Unique on this gateway.
        name: String = Required(REQUIRED_NAME),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// The tier it is on; without one, no limits but the gateway's own.
        tier: Option<TierName> = Optional(values::tier_name()),
    }
    example {"name": "acme"}
}

impl Create for Accounts {
    type Body = AccountCreate;

    async fn make(context: &Context, wanted: AccountCreate) -> Result<Made<Account>, ApiError> {
        let mut problems = Problems::default();
        check_name(&wanted.name, &mut problems);
        problems.check()?;
        tiers::check(context, wanted.tier.as_ref()).await?;
        let (now, random) = (context.now(), context.random());
        let id = AccountId::new(now, random);
        let (_, sealed_data_key) = context.app.deps.master_key.new_data_key(id, random);
        Ok(Made::from(Account {
            id,
            name: wanted.name,
            metadata: wanted.metadata,
            tier: wanted.tier,
            suspended_at: None,
            prepaid: None,
            default_team_id: TeamId::new(now, random),
            sealed_data_key,
            stamp: context.first_stamp(),
        }))
    }
}
