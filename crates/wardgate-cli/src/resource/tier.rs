use super::{BY_NAME, BY_SEARCH, CREATED, ID, NAME, NAMED, Naming, Resource, Verb};
use crate::connection::Scope;

/// What `--tier` means on accounts and teams.
pub(super) const HELP: &str = "The tier it is on; an empty text: none of its own";

/// A named set of limits.
pub(crate) static TIER: Resource = Resource {
    command: "tier",
    noun: "tier",
    about: "Named sets of limits that accounts and teams are placed on (with an operator key)",
    path: "/tiers",
    envelope: "tiers",
    id_prefix: "aigt",
    naming: Naming::NAME,
    scope: Scope::Operator,
    columns: &[ID, NAMED, CREATED],
    filters: &[BY_NAME, BY_SEARCH],
    fields: &[NAME],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate tier list"]),
        (Verb::Get, &["wardgate tier get free --output yaml"]),
        (Verb::Create, &["wardgate tier create --name trial --from-file limits.yaml"]),
        (Verb::Update, &["wardgate tier update trial --from-file limits.yaml"]),
        (Verb::Delete, &["wardgate tier delete trial"]),
    ],
};
