//! From documents to plans: which account, and what it has.

use crate::account_state;
use crate::document::{Desired, Kind};
use crate::failure::{Exit, Failure};
use crate::plan::{self, Actual, Allowed, Names, Plan, Subject};
use crate::session::Session;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use wardgate_core::secret::Secret;

/// All that is needed to do what one account's documents say.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) names: Names,
    /// With an operator key: the account, if it is there already.
    pub(super) account_id: Option<String>,
    /// The credentials that are to be sent, by operation.
    pub(super) secrets: BTreeMap<usize, Secret>,
}

pub(super) async fn prepare(mut desired: Desired, allowed: Allowed, session: &mut Session) -> Result<Prepared, Failure> {
    let account = account(desired.account.as_deref(), session).await?;
    let is_there = account.is_some() || !session.client.is_operators();
    let mut actual = if is_there {
        let kinds: BTreeSet<Kind> = desired.sections.keys().copied().collect();
        account_state::read(&session.client, &kinds, !desired.gateway_config.is_empty()).await?
    } else {
        Actual::default()
    };
    actual.account = account;
    if desired.account.is_none() {
        desired.account = text(actual.account.as_ref(), "name");
    }
    let account_id = text(actual.account.as_ref(), "id").filter(|_| session.client.is_operators());
    let plan = plan::plan(desired, &actual, allowed)
        .map_err(|problems| Failure::usage(format!("the documents do not fit what there is:\n  {}", problems.join("\n  "))))?;
    let changes_account = plan.operations.iter().any(|operation| operation.subject == Subject::Account);
    if changes_account && !session.client.is_operators() {
        let failure = Failure::new(Exit::Refused, "the documents change the account itself, which takes an operator key");
        return Err(failure.hint("set WARDGATE_OPERATOR_KEY, or take metadata and tier of the account out of the documents"));
    }
    Ok(Prepared { plan, names: actual.names, account_id, secrets: BTreeMap::new() })
}

/// The account that the documents are for, and the one that the client acts in from now on. None: it is to be made.
async fn account(name: Option<&str>, session: &mut Session) -> Result<Option<Map<String, Value>>, Failure> {
    if session.client.is_operators() {
        let chosen = session.client.account().map(str::to_owned);
        let Some(name) = name.or(chosen.as_deref()) else {
            return Err(Failure::usage("the documents do not say which account they are for")
                .hint("add `account: {name: …}` to them, or pass --account"));
        };
        // The question is asked as the operator, in no account.
        session.client.in_account(None);
        let account = account_state::named_account(&session.client, name).await?;
        session.client.in_account(text(account.as_ref(), "id"));
        return Ok(account);
    }
    let own = account_state::own_account(&session.client).await?;
    let has = |field: &str, wanted: &str| own.get(field).and_then(Value::as_str) == Some(wanted);
    if let Some(name) = name
        && !has("name", name)
        && !has("id", name)
    {
        let own = text(Some(&own), "name").unwrap_or_default();
        return Err(Failure::usage(format!("the documents are for the account {name}, and the API key is of {own}"))
            .hint("use a key of that account, or an operator key"));
    }
    Ok(Some(own))
}

/// All that an account has.
pub(super) async fn everything(session: &mut Session) -> Result<Actual, Failure> {
    let account = account(None, session).await?;
    if account.is_none() {
        return Err(
            Failure::new(Exit::NotFound, "there is no such account").hint("`wardgate account list` shows which there are")
        );
    }
    let mut actual = account_state::read(&session.client, &Kind::ALL.into(), true).await?;
    actual.account = account;
    Ok(actual)
}

fn text(object: Option<&Map<String, Value>>, field: &str) -> Option<String> {
    object?.get(field).and_then(Value::as_str).map(str::to_owned)
}
