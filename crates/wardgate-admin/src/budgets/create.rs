//! `POST /budgets`.

use super::{Budgets, check_limits, dollars};
use crate::body::{OneOf, Optional, Problems, Required, body};
use crate::context::Context;
use crate::error::ApiError;
use crate::resource::{Create, Made};
use crate::text::{DESCRIPTION, METADATA, REQUIRED_NAME};
use crate::values;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::Team;
use wardgate_core::budget::{Budget, BudgetOwner, BudgetWindow};
use wardgate_core::id::{AccessKeyId, BudgetId, TeamId};
use wardgate_core::label::Label;
use wardgate_core::money::NanoUsd;
use wardgate_store::Collection;

fn window() -> OneOf<BudgetWindow> {
    OneOf::new(BudgetWindow::ALL.map(|window| (window.name(), window)), "unknown_window")
}

body! {
    /// What makes a budget. It has a hardLimit, a softLimit, or both.
    BudgetCreate {
        /// Unique within the account.
        name: String = Required(REQUIRED_NAME),
        /// For people.
        description: Option<String> = Optional(DESCRIPTION),
        /// For programs.
        metadata: Option<String> = Optional(METADATA),
        /// The team whose spending counts. Without it and accessKeyId, all of the account's.
        team_id: Option<TeamId> = Optional(values::id::<TeamId>("unknown_team")),
        /// The access key whose spending counts.
        access_key_id: Option<AccessKeyId> = Optional(values::id::<AccessKeyId>("unknown_access_key")),
        /// When it begins anew: each day, week (on Monday) or month, at midnight UTC; or never, and then it counts from today on.
        window: BudgetWindow = Required(window()),
        /// What is never exceeded, in dollars: more than zero.
        hard_limit: Option<NanoUsd> = Optional(dollars()),
        /// From what on someone is told, in dollars: more than zero, and no more than hardLimit.
        soft_limit: Option<NanoUsd> = Optional(dollars()),
    }
    example {"name": "research, monthly", "window": "month", "hardLimit": "500", "softLimit": "400"}
}

impl Create for Budgets {
    type Body = BudgetCreate;

    async fn make(context: &Context, wanted: BudgetCreate) -> Result<Made<Budget>, ApiError> {
        let mut problems = Problems::default();
        check_limits(wanted.hard_limit, wanted.soft_limit, &mut problems);
        let owner = owner(context, wanted.team_id, wanted.access_key_id, &mut problems).await?;
        problems.check()?;
        Ok(Made::from(Budget {
            id: BudgetId::new(context.now(), context.random()),
            account_id: context.account_id()?,
            label: Label { name: Some(wanted.name), description: wanted.description, metadata: wanted.metadata },
            owner,
            window: wanted.window,
            hard: wanted.hard_limit,
            soft: wanted.soft_limit,
            stamp: context.first_stamp(),
        }))
    }
}

/// Whose budget it is to be, and whether that is there.
async fn owner(
    context: &Context,
    team_id: Option<TeamId>,
    access_key_id: Option<AccessKeyId>,
    problems: &mut Problems,
) -> Result<BudgetOwner, ApiError> {
    let tenant = context.tenant()?;
    match (team_id, access_key_id) {
        (None, None) => Ok(BudgetOwner::Account),
        (Some(id), None) => {
            if Collection::<Team>::get(&*tenant, id).await?.is_none() {
                problems.add("teamId", "unknown_team", None, "names no team of this account");
            }
            Ok(BudgetOwner::Team(id))
        }
        (None, Some(id)) => {
            if Collection::<AccessKey>::get(&*tenant, id).await?.is_none() {
                problems.add("accessKeyId", "unknown_access_key", None, "names no access key of this account");
            }
            Ok(BudgetOwner::AccessKey(id))
        }
        (Some(id), Some(_)) => {
            let why = "cannot be there beside teamId: a budget has one owner; make two budgets, both will hold";
            problems.add("accessKeyId", "several_owners", None, why);
            Ok(BudgetOwner::Team(id))
        }
    }
}
