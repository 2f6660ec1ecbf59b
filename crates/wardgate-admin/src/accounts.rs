//! Accounts: the tenants of this gateway, for its operator.

mod create;
mod delete;
mod managed_keys;
mod own;
mod update;

use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH};
use crate::resource::{self, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use crate::tiers;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::account::Account;
use wardgate_core::credit::PrepaidScope;
use wardgate_core::id::{AccountId, TeamId};
use wardgate_store::kinds::TieredFilter;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        resource::list::<Accounts>(Access::Operator),
        resource::create::<Accounts>(Access::Operator),
        resource::get::<Accounts>(Access::Operator),
        resource::update::<Accounts>(Access::Operator),
        delete::route(),
        managed_keys::route(),
        own::route(),
    ]
}

/// The resource.
pub(crate) struct Accounts;

/// An account as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Account")]
pub(crate) struct AccountBody {
    #[schemars(with = "schema::Id<AccountId>")]
    id: AccountId,
    uri: String,
    /// Unique on this gateway.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// The tier it is on. Null: none, and so no limits but the gateway's own.
    tier: Option<String>,
    /// What its credits pay for: "managed", what is asked with the operator's keys, or "everything". Null: nothing.
    prepaid: Option<&'static str>,
    /// Whether none of its keys is served.
    suspended: bool,
    /// The team that it always has.
    #[schemars(with = "schema::Id<TeamId>")]
    default_team_id: TeamId,
    #[serde(flatten)]
    stamped: Stamped,
}

impl Resource for Accounts {
    type Object = Account;
    type Shown = AccountBody;
    const PATH: &'static str = "/accounts";
    const ENVELOPE: &'static str = "accounts";
    const TITLE: &'static str = "Account";
    const TAG: &'static str = "Accounts";
    const ACTION: &'static str = "account";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH, &tiers::TIER];

    fn collection(context: &Context) -> Result<Handle<'_, Account>, ApiError> {
        Ok(Handle::Store(context.store()))
    }

    fn owner(_: &Context) -> Option<AccountId> {
        None
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<TieredFilter, ApiError> {
        Ok(TieredFilter { text: parameters.name_filter()?, tier: tiers::filter(parameters)? })
    }

    async fn show(context: &Context, accounts: Vec<Account>) -> Result<Vec<AccountBody>, ApiError> {
        let show = |account: Account| AccountBody {
            id: account.id,
            uri: context.app.item_uri(Self::PATH, account.id),
            name: account.name,
            metadata: account.metadata,
            tier: account.tier.map(|tier| tier.to_string()),
            prepaid: account.prepaid.map(PrepaidScope::name),
            suspended: account.suspended_at.is_some(),
            default_team_id: account.default_team_id,
            stamped: Stamped::new(&context.app, account.stamp),
        };
        Ok(accounts.into_iter().map(show).collect())
    }
}

/// Whether a name can be told from an id, and be written in a header.
fn check_name(name: &str, problems: &mut crate::body::Problems) {
    if name.parse::<AccountId>().is_ok() || name.trim() != name {
        let why = "must not look like an account's id, nor begin or end with a space";
        problems.add("name", "bad_account_name", None, why);
    }
}
