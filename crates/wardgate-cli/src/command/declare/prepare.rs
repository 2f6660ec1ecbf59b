//! From documents to plans: which account, and what it has.

use crate::account_state;
use crate::document::{Desired, Documents, Kind};
use crate::failure::{Exit, Failure};
use crate::plan::{self, Actual, Allowed, Names, Offered, Plan, Sections, Subject};
use crate::session::Session;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use wardgate_core::secret::Secret;

/// All that is needed to do what documents say of one account, or of the gateway.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) names: Names,
    /// With an operator key: the account, if it is there already.
    pub(super) account_id: Option<String>,
    /// The credentials that are to be sent, by operation.
    pub(super) secrets: BTreeMap<usize, Secret>,
}

/// The gateway's part of what is to be done: before that of accounts, and after it.
pub(super) struct Gateway {
    pub(super) before: Prepared,
    pub(super) after: Prepared,
    /// What accounts will find.
    offered: Offered,
}

/// Reads as much of the gateway as the documents speak of.
pub(super) async fn gateway(documents: &Documents, allowed: Allowed, session: &mut Session) -> Result<Gateway, Failure> {
    let mut wanted: BTreeSet<Kind> = documents.gateway.keys().copied().collect();
    let accounts = &documents.accounts;
    let names_tier = |desired: &Desired| {
        let teams = desired.sections.get(&Kind::Team).into_iter().flatten();
        desired.account_fields.contains_key("tier") || teams.into_iter().any(|team| team.fields["tier"].is_string())
    };
    if accounts.iter().any(names_tier) {
        wanted.insert(Kind::Tier);
    }
    let grants = accounts.iter().any(|desired| desired.sections.contains_key(&Kind::Grant));
    if grants {
        wanted.insert(Kind::ManagedKey);
    }
    if (grants || !documents.gateway.is_empty()) && !session.client.is_operators() {
        let text = "the documents have tiers, managedKeys or grants, which take an operator key";
        return Err(
            Failure::new(Exit::Refused, text).hint("set WARDGATE_OPERATOR_KEY, or take these sections out of the documents")
        );
    }
    let chosen = session.client.account().map(str::to_owned);
    session.client.in_account(None);
    let actual = account_state::read_gateway(&session.client, &wanted).await?;
    session.client.in_account(chosen);
    let (before, after) = plan::gateway_plans(&documents.gateway, &actual, allowed).map_err(|problems| misfit(&problems))?;
    let offered = offered(&documents.gateway, &actual, allowed);
    let prepared = |plan| Prepared { plan, names: actual.names.clone(), account_id: None, secrets: BTreeMap::new() };
    Ok(Gateway { before: prepared(before), after: prepared(after), offered })
}

/// What there will be on the gateway when everything is done.
fn offered(sections: &Sections, actual: &Actual, allowed: Allowed) -> Offered {
    let names = |kind: Kind| -> Option<BTreeSet<String>> {
        let present = actual.by_identity(kind);
        let section = sections.get(&kind);
        actual.objects.get(&kind)?;
        let listed = section.into_iter().flatten().map(|entry| entry.identity.clone());
        let stays = |one: &plan::Present| one.is_from_file || section.is_none() || !allowed.prune;
        let kept = present.into_iter().filter(|(_, all)| matches!(all.as_slice(), [one] if stays(one)));
        Some(kept.map(|(name, _)| name.to_owned()).chain(listed).collect())
    };
    let tiers = names(Kind::Tier);
    let present = actual.by_identity(Kind::Tier).into_keys().map(str::to_owned);
    let tiers_deleted = present.filter(|name| tiers.as_ref().is_some_and(|tiers| !tiers.contains(name))).collect();
    Offered { tiers, tiers_deleted, managed_keys: names(Kind::ManagedKey).unwrap_or_default() }
}

fn misfit(problems: &[String]) -> Failure {
    Failure::usage(format!("the documents do not fit what there is:\n  {}", problems.join("\n  ")))
}

pub(super) async fn prepare(
    mut desired: Desired,
    gateway: &Gateway,
    allowed: Allowed,
    session: &mut Session,
) -> Result<Prepared, Failure> {
    let account = account(desired.account.as_deref(), session).await?;
    let is_there = account.is_some() || !session.client.is_operators();
    let mut actual = if is_there {
        let kinds: BTreeSet<Kind> = desired.sections.keys().copied().collect();
        account_state::read(&session.client, &kinds, !desired.gateway_config.is_empty()).await?
    } else {
        Actual::default()
    };
    actual.account = account;
    actual.offered = gateway.offered.clone();
    if desired.account.is_none() {
        desired.account = text(actual.account.as_ref(), "name");
    }
    let account_id = text(actual.account.as_ref(), "id").filter(|_| session.client.is_operators());
    let plan = plan::plan(desired, &actual, allowed).map_err(|problems| misfit(&problems))?;
    let changes_account = plan.operations.iter().any(|operation| operation.subject == Subject::Account);
    if changes_account && !session.client.is_operators() {
        let failure = Failure::new(Exit::Refused, "the documents change the account itself, which takes an operator key");
        return Err(failure.hint("set WARDGATE_OPERATOR_KEY, or take metadata and tier of the account out of the documents"));
    }
    let mut names = actual.names;
    names.join(&gateway.before.names);
    Ok(Prepared { plan, names, account_id, secrets: BTreeMap::new() })
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
    let mut kinds = BTreeSet::from(Kind::OF_ACCOUNT);
    if !session.client.is_operators() {
        kinds.remove(&Kind::Grant);
    }
    let mut actual = account_state::read(&session.client, &kinds, true).await?;
    actual.account = account;
    Ok(actual)
}

/// All that the operator has beside accounts.
pub(super) async fn everything_of_gateway(session: &mut Session) -> Result<Actual, Failure> {
    session.client.in_account(None);
    account_state::read_gateway(&session.client, &Kind::OF_GATEWAY.into()).await
}

fn text(object: Option<&Map<String, Value>>, field: &str) -> Option<String> {
    object?.get(field).and_then(Value::as_str).map(str::to_owned)
}
