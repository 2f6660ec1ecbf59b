use super::{BY_NAME, BY_SEARCH, CREATED, DESCRIPTION, Field, Filter, ID, METADATA, NAME, NAMED, Naming, Resource};
use super::{Takes, Verb, When, tier};
use crate::connection::Scope;
use crate::output::Column;

/// A group that access keys are issued to.
pub(crate) static TEAM: Resource = Resource {
    command: "team",
    noun: "team",
    about: "Groups inside an account that access keys are issued to",
    path: "/teams",
    envelope: "teams",
    is_paged: true,
    id_prefix: "team",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[ID, NAMED, Column::new("DESCRIPTION", "description"), Column::new("TIER", "tier"), CREATED],
    filters: &[BY_NAME, BY_SEARCH, Filter::new("tier", "tier", Takes::Text, "On this tier")],
    fields: &[NAME, DESCRIPTION, METADATA, Field::new("tier", "tier", Takes::Text, When::Always, tier::HELP)],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate team list"]),
        (Verb::Get, &["wardgate team get search"]),
        (Verb::Create, &["wardgate team create --name search --description \"the search people\""]),
        (Verb::Update, &["wardgate team update search --tier high-usage"]),
        (Verb::Delete, &["wardgate team delete search"]),
    ],
};
