use super::{Filter, Naming, Resource, Takes, Verb};
use crate::connection::Scope;
use crate::output::Column;

/// Who changed what.
pub(crate) static AUDIT: Resource = Resource {
    command: "audit",
    noun: "audit entry",
    about: "Who changed what, and when",
    path: "/audit-log",
    envelope: "auditEvents",
    is_paged: true,
    id_prefix: "aiga",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[
        Column::new("AT", "at"),
        Column::new("ACTOR", "actor"),
        Column::new("ACTION", "action"),
        Column::new("OBJECT", "objectId"),
        Column::new("NAME", "objectName"),
        Column::new("ADDRESS", "address"),
    ],
    filters: &[
        Filter::new("since", "startTime", Takes::Past, "From then on: a time ago (24h) or an instant"),
        Filter::new("until", "endTime", Takes::Past, "Until then"),
        Filter::new("actor", "actor", Takes::Text, "By this key's id"),
        Filter::new("action", "action", Takes::Text, "As access_key.create, or access_key. for all that begin so"),
        Filter::new("object", "objectId", Takes::Text, "About the object with this id"),
        Filter::new("scope", "scope", Takes::OneOf(&["account", "gateway"]), "gateway: of all accounts (with an operator key)"),
    ],
    fields: &[],
    verbs: &[Verb::List],
    examples: &[(Verb::List, &["wardgate audit --since 24h --action access_key."])],
};
