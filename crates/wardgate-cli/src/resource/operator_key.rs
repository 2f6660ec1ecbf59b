use super::{BY_NAME, BY_SEARCH, CREATED, DESCRIPTION, EXPIRES, Field, ID, KEY, LAST_USED, METADATA, NAMED, Naming};
use super::{OPTIONAL_NAME, Resource, Takes, Verb, When};
use crate::connection::Scope;

/// A credential for the whole gateway.
pub(crate) static OPERATOR_KEY: Resource = Resource {
    command: "operator-key",
    noun: "operator key",
    about: "Keys that manage the whole gateway (with an operator key)",
    path: "/operator-keys",
    envelope: "operatorKeys",
    is_paged: true,
    id_prefix: "aigop",
    naming: Naming::NAME,
    scope: Scope::Operator,
    columns: &[ID, NAMED, KEY, EXPIRES, LAST_USED, CREATED],
    filters: &[BY_NAME, BY_SEARCH],
    fields: &[
        OPTIONAL_NAME,
        DESCRIPTION,
        METADATA,
        Field::new("expires", "expiresAt", Takes::Expiry, When::Always, "When it ends: 90d, an instant, or never"),
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate operator-key list"]),
        (Verb::Get, &["wardgate operator-key get on-call"]),
        (Verb::Create, &["wardgate operator-key create --name on-call --expires 30d"]),
        (Verb::Update, &["wardgate operator-key update on-call --expires 60d"]),
        (Verb::Delete, &["wardgate operator-key delete on-call"]),
    ],
};
