//! Budgets: what an account, a team or an access key may spend in a window of time.

mod create;
mod update;

use crate::access_keys::AccessKeys;
use crate::body::{Parsed, Problems};
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH, id_schema};
use crate::reference::{Reference, references};
use crate::resource::{self, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use crate::teams::Teams;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use wardgate_core::api_key::Role;
use wardgate_core::budget::Budget;
use wardgate_core::id::{AccessKeyId, BudgetId, TeamId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::escrow::{Purse, Standing};
use wardgate_store::kinds::BudgetFilter;

pub(crate) fn routes() -> Vec<Route> {
    let (reads, writes) = (Access::Account(Role::Viewer), Access::Account(Role::Editor));
    vec![
        resource::list::<Budgets>(reads),
        resource::create::<Budgets>(writes),
        resource::get::<Budgets>(reads),
        resource::update::<Budgets>(writes),
        resource::delete::<Budgets>(writes),
    ]
}

/// The resource.
pub(crate) struct Budgets;

/// A budget as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Budget")]
pub(crate) struct BudgetBody {
    #[schemars(with = "schema::Id<BudgetId>")]
    id: BudgetId,
    uri: String,
    /// Unique within the account.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// The team whose spending counts. Null, like accessKeyId: all of the account's.
    #[schemars(with = "Option<schema::Id<TeamId>>")]
    team_id: Option<TeamId>,
    /// The same team, with its name.
    team: Option<Reference>,
    /// The access key whose spending counts.
    #[schemars(with = "Option<schema::Id<AccessKeyId>>")]
    access_key_id: Option<AccessKeyId>,
    /// The same key, with its name.
    access_key: Option<Reference>,
    /// When it begins anew: each "day", "week" (on Monday) or "month", at midnight UTC; or never ("total").
    window: &'static str,
    /// What is never exceeded, in dollars. Null: nothing is refused.
    #[schemars(with = "Option<schema::ExactDollars>")]
    hard_limit: Option<String>,
    /// From what on someone is told, in dollars.
    #[schemars(with = "Option<schema::ExactDollars>")]
    soft_limit: Option<String>,
    /// What was spent since windowStart, in dollars, as the ledger has it.
    #[schemars(with = "schema::ExactDollars")]
    spent: String,
    /// What gateways hold for requests, in dollars: some of it will be spent, the rest comes back.
    #[schemars(with = "schema::ExactDollars")]
    held: String,
    /// What is left of hardLimit that nobody holds, in dollars. Null: there is none.
    #[schemars(with = "Option<schema::ExactDollars>")]
    remaining: Option<String>,
    /// When the present window began.
    #[schemars(with = "schema::Time")]
    window_start: Timestamp,
    /// When the next one begins. Null: never.
    #[schemars(with = "Option<schema::Time>")]
    resets_at: Option<Timestamp>,
    #[serde(flatten)]
    stamped: Stamped,
}

static TEAM_ID: Param = Param::optional("teamId", "Only budgets of this team.", id_schema::<TeamId>);
static ACCESS_KEY_ID: Param = Param::optional("accessKeyId", "Only budgets of this access key.", id_schema::<AccessKeyId>);

impl Resource for Budgets {
    type Object = Budget;
    type Shown = BudgetBody;
    const PATH: &'static str = "/budgets";
    const ENVELOPE: &'static str = "budgets";
    const TITLE: &'static str = "Budget";
    const TAG: &'static str = "Budgets";
    const ACTION: &'static str = "budget";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH, &TEAM_ID, &ACCESS_KEY_ID];

    fn collection(context: &Context) -> Result<Handle<'_, Budget>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<BudgetFilter, ApiError> {
        Ok(BudgetFilter {
            text: parameters.name_filter()?,
            team_id: parameters.parse(&TEAM_ID)?,
            access_key_id: parameters.parse(&ACCESS_KEY_ID)?,
        })
    }

    async fn show(context: &Context, budgets: Vec<Budget>) -> Result<Vec<BudgetBody>, ApiError> {
        let at = context.now();
        let purses: Vec<_> = budgets.iter().map(|budget| (Purse::Budget(budget.id), budget.span(at))).collect();
        let standings = context.tenant()?.standings(&purses, at).await?;
        let teams = budgets.iter().filter_map(|budget| budget.owner.team_id());
        let teams = references::<Teams>(context, teams, |team| team.label.name.as_deref()).await?;
        let keys = budgets.iter().filter_map(|budget| budget.owner.access_key_id());
        let keys = references::<AccessKeys>(context, keys, |key| key.label.name.as_deref()).await?;
        let show = |(budget, standing): (Budget, Standing)| BudgetBody {
            id: budget.id,
            uri: context.app.item_uri(Self::PATH, budget.id),
            name: budget.label.name.unwrap_or_default(),
            description: budget.label.description,
            metadata: budget.label.metadata,
            team_id: budget.owner.team_id(),
            team: budget.owner.team_id().and_then(|id| teams.get(&id).cloned()),
            access_key_id: budget.owner.access_key_id(),
            access_key: budget.owner.access_key_id().and_then(|id| keys.get(&id).cloned()),
            window: budget.window.name(),
            hard_limit: budget.hard.map(NanoUsd::to_usd),
            soft_limit: budget.soft.map(NanoUsd::to_usd),
            spent: standing.spent.to_usd(),
            held: standing.held.to_usd(),
            remaining: budget.hard.map(|hard| (hard - standing.spent - standing.held).max(NanoUsd::ZERO).to_usd()),
            window_start: budget.window.span(at, budget.stamp.created_at).start,
            resets_at: budget.window.span(at, budget.stamp.created_at).end,
            stamped: Stamped::new(&context.app, budget.stamp),
        };
        Ok(budgets.into_iter().zip(standings).map(show).collect())
    }
}

/// The largest amount: a hundred million dollars.
const AMOUNT_MAX: NanoUsd = NanoUsd::new(100_000_000_000_000_000);

/// An amount of dollars as a text, since a number of JSON is not exact: `"12.50"`.
fn dollars() -> Parsed<NanoUsd> {
    Parsed {
        parse: |text| {
            let amount = NanoUsd::from_usd(text).filter(|amount| (NanoUsd::new(1)..=AMOUNT_MAX).contains(amount));
            amount.ok_or_else(|| {
                "must be dollars as a text, more than zero and at most 100000000, such as \"12.50\", with at most nine digits \
                 after the point"
                    .to_owned()
            })
        },
        code: "bad_amount",
        error_code: None,
        schema: || json!({"pattern": "^[0-9]{1,9}(\\.[0-9]{1,9})?$"}),
    }
}

/// Whether the limits of a budget go together.
fn check_limits(hard: Option<NanoUsd>, soft: Option<NanoUsd>, problems: &mut Problems) {
    match (hard, soft) {
        (None, None) => problems.add("hardLimit", "missing_field", None, "must be there, or softLimit, or both"),
        (Some(hard), Some(soft)) if soft > hard => {
            let why = format!("must be no more than hardLimit, which is {}: it would never be reached", hard.to_usd());
            problems.add("softLimit", "soft_above_hard", None, why);
        }
        _ => {}
    }
}
