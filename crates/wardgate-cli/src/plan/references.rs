//! What documents name: whether it is there, or will be.

use super::actual::each_key;
use super::{Actual, Allowed, DEFAULT_TEAM};
use crate::document::{Desired, Kind};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Writes every name in its full form, and tells those that mean nothing once the plan is done.
pub(super) fn settle(desired: &mut Desired, actual: &Actual, allowed: Allowed) -> Vec<String> {
    let known: BTreeMap<Kind, BTreeSet<String>> = [Kind::Team, Kind::Configuration, Kind::ProviderKey, Kind::AccessKey]
        .into_iter()
        .map(|kind| (kind, names_after(kind, desired, actual, allowed)))
        .collect();
    let knows = |kind: Kind, name: &str| known.get(&kind).is_some_and(|names| names.contains(name));
    let mut problems = of_gateway(desired, actual);
    for (naming, field, kind) in [
        (Kind::AccessKey, "team", Kind::Team),
        (Kind::AccessKey, "configuration", Kind::Configuration),
        (Kind::Budget, "team", Kind::Team),
        (Kind::Budget, "accessKey", Kind::AccessKey),
    ] {
        for entry in desired.sections.get_mut(&naming).into_iter().flatten() {
            let Some(name) = entry.fields.get(field).and_then(Value::as_str) else { continue };
            if !knows(kind, name) {
                problems.push(format!(
                    "{}: the {} {} names {} {} that {}",
                    entry.place,
                    naming.noun(),
                    entry.identity,
                    if kind == Kind::AccessKey { "an" } else { "a" },
                    kind.noun(),
                    missing(kind, name, actual)
                ));
            }
        }
    }
    for entry in desired.sections.get_mut(&Kind::Configuration).into_iter().flatten() {
        let (place, identity) = (&entry.place, &entry.identity);
        each_key(&mut entry.fields, |provider, key| {
            let Some(name) = key.as_str() else { return };
            let name = actual.names.identity(name);
            // A key is called by its name alone where the rule says of which provider.
            let of_rule = provider.map(|provider| format!("{provider}/{name}"));
            if let Some(full) = of_rule.filter(|full| knows(Kind::ProviderKey, full)) {
                *key = full.into();
            } else if knows(Kind::ProviderKey, name) {
                *key = name.into();
            } else {
                let why = missing(Kind::ProviderKey, name, actual);
                problems.push(format!("{place}: the configuration {identity} names a provider key that {why}"));
            }
        });
    }
    problems
}

/// Tells tiers and managed keys that the gateway will not have.
fn of_gateway(desired: &Desired, actual: &Actual) -> Vec<String> {
    let mut problems = Vec::new();
    let text = |fields: &Map<String, Value>| fields.get("tier").and_then(Value::as_str).map(str::to_owned);
    let offered = &actual.offered;
    let is_unknown = |tier: &String| offered.tiers.as_ref().is_some_and(|tiers| !tiers.contains(tier));
    let why = |tier: &String, kept: Option<String>| {
        if offered.tiers_deleted.contains(tier) {
            return Some("is to be deleted");
        }
        // Whoever is on one that got lost may stay there: nothing is asked of the gateway.
        (kept.as_ref() != Some(tier)).then_some("is not there")
    };
    if let (Some(place), Some(tier)) = (&desired.tier_place, text(&desired.account_fields).filter(is_unknown))
        && let Some(why) = why(&tier, actual.account.as_ref().and_then(text))
    {
        problems.push(format!("{place}: the account is placed on a tier that {why}: {tier}"));
    }
    let teams = actual.by_identity(Kind::Team);
    for entry in desired.sections.get(&Kind::Team).into_iter().flatten() {
        let Some(tier) = text(&entry.fields).filter(is_unknown) else { continue };
        let kept = teams.get(entry.identity.as_str()).and_then(|teams| text(&teams.first()?.fields));
        if let Some(why) = why(&tier, kept) {
            problems.push(format!("{}: the team {} is placed on a tier that {why}: {tier}", entry.place, entry.identity));
        }
    }
    for entry in desired.sections.get(&Kind::Grant).into_iter().flatten() {
        if !actual.offered.managed_keys.contains(&entry.identity) {
            let why = "that is not there, is to be deleted, or is not the only one of its name";
            problems.push(format!("{}: the grant is of a managed key {why}: {}", entry.place, entry.identity));
        }
    }
    problems
}

/// What there will be of a kind: names, and ids of what has none.
fn names_after(kind: Kind, desired: &Desired, actual: &Actual, allowed: Allowed) -> BTreeSet<String> {
    let section = desired.sections.get(&kind);
    let mut names: BTreeSet<String> = section.into_iter().flatten().map(|entry| entry.identity.clone()).collect();
    let goes = section.is_some() && allowed.prune;
    for present in actual.objects.get(&kind).into_iter().flatten() {
        let name = actual.names.identity(&present.id);
        if !goes || name == present.id {
            names.insert(name.to_owned());
        }
    }
    if kind == Kind::Team {
        names.insert(DEFAULT_TEAM.to_owned());
    }
    names
}

fn missing(kind: Kind, name: &str, actual: &Actual) -> String {
    if actual.by_identity(kind).contains_key(name) {
        format!("would be deleted, or is not the only one of its name: {name}")
    } else {
        format!("is not there: {name}")
    }
}
