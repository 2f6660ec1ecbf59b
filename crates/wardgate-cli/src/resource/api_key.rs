use super::{BY_NAME, BY_SEARCH, CREATED, DESCRIPTION, EXPIRES, Field, Filter, ID, KEY, LAST_USED, METADATA, NAMED, Naming};
use super::{OPTIONAL_NAME, Resource, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

const ROLES: Takes = Takes::OneOf(&["viewer", "editor", "admin"]);

/// A credential of the management API.
pub(crate) static API_KEY: Resource = Resource {
    command: "api-key",
    noun: "API key",
    about: "Keys that manage an account, as this command line does",
    path: "/api-keys",
    envelope: "aiGatewayApiKeys",
    is_paged: true,
    id_prefix: "aigapik",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[ID, NAMED, Column::new("ROLE", "role"), KEY, EXPIRES, LAST_USED, CREATED],
    filters: &[BY_NAME, BY_SEARCH, Filter::new("role", "role", ROLES, "With this role")],
    fields: &[
        OPTIONAL_NAME,
        DESCRIPTION,
        METADATA,
        Field::new(
            "role",
            "role",
            ROLES,
            When::Always,
            "viewer reads, editor does all but API keys, admin does all [default: admin]",
        ),
        Field::new("expires", "expiresAt", Takes::Expiry, When::Always, "When it ends: 90d, an instant, or never"),
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate api-key list --role admin"]),
        (Verb::Get, &["wardgate api-key get terraform"]),
        (Verb::Create, &["wardgate api-key create --name dashboards --role viewer --expires 365d"]),
        (Verb::Update, &["wardgate api-key update dashboards --role editor"]),
        (Verb::Delete, &["wardgate api-key delete dashboards"]),
    ],
};
