use super::{BY_NAME, BY_SEARCH, CREATED, Field, Filter, ID, METADATA, NAME, NAMED, Naming, Resource, Takes, Verb, When, tier};
use crate::connection::Scope;
use crate::output::Column;

/// A tenant.
pub(crate) static ACCOUNT: Resource = Resource {
    command: "account",
    noun: "account",
    about: "Tenants of this gateway (with an operator key)",
    path: "/accounts",
    envelope: "accounts",
    is_paged: true,
    id_prefix: "acct",
    naming: Naming::NAME,
    scope: Scope::Operator,
    columns: &[ID, NAMED, Column::new("TIER", "tier"), Column::new("SUSPENDED", "suspended"), CREATED],
    filters: &[BY_NAME, BY_SEARCH, Filter::new("tier", "tier", Takes::Text, "On this tier")],
    fields: &[
        NAME,
        Field::new("tier", "tier", Takes::Text, When::Always, tier::HELP),
        Field::new(
            "prepaid",
            "prepaid",
            Takes::Text,
            When::Update,
            "What its credits pay for: managed or everything; an empty text: nothing",
        ),
        METADATA,
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Enable, Verb::Disable, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate account list --tier free"]),
        (Verb::Get, &["wardgate account get acme"]),
        (Verb::Create, &["wardgate account create acme --tier free"]),
        (Verb::Update, &["wardgate account update acme --tier high-usage", "wardgate account update acme --prepaid managed"]),
        (Verb::Enable, &["wardgate account enable acme"]),
        (Verb::Disable, &["wardgate account disable acme     none of its keys is served until it is enabled"]),
        (Verb::Delete, &["wardgate account delete acme --yes"]),
    ],
};
