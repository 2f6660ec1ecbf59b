use super::{BY_NAME, BY_SEARCH, CREATED, DESCRIPTION, Field, Filter, ID, KEY, LAST_USED, METADATA, NAME, NAMED, Naming};
use super::{Resource, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// The operator's credential for a provider.
pub(crate) static MANAGED_KEY: Resource = Resource {
    command: "managed-key",
    noun: "managed key",
    about: "The operator's own credentials for providers, and who may use them (with an operator key)",
    path: "/managed-keys",
    envelope: "managedKeys",
    is_paged: true,
    id_prefix: "aigmk",
    naming: Naming { field: "name", parameter: "name", qualifier: Some(("providerId", "provider")) },
    scope: Scope::Operator,
    columns: &[ID, Column::new("PROVIDER", "providerId"), NAMED, KEY, LAST_USED, CREATED],
    filters: &[Filter::new("provider", "provider", Takes::Text, "For this provider"), BY_NAME, BY_SEARCH],
    fields: &[
        Field::new("provider", "providerId", Takes::Text, When::CreateRequired, "The built-in provider it opens, as openai"),
        NAME,
        Field::new("value", "value", Takes::Secret, When::CreateRequired, "The credential"),
        DESCRIPTION,
        METADATA,
    ],
    verbs: &[
        Verb::List,
        Verb::Get,
        Verb::Create,
        Verb::Update,
        Verb::Rotate,
        Verb::Grant,
        Verb::Revoke,
        Verb::Grants,
        Verb::Delete,
    ],
    examples: &[
        (Verb::List, &["wardgate managed-key list"]),
        (Verb::Get, &["wardgate managed-key get openai/house"]),
        (Verb::Create, &["wardgate managed-key create --provider openai --name house --value-env OPENAI_API_KEY"]),
        (Verb::Update, &["wardgate managed-key update openai/house --description \"shared by all\""]),
        (Verb::Rotate, &["wardgate managed-key rotate openai/house --value-stdin < new-key.txt"]),
        (Verb::Grant, &["wardgate managed-key grant openai/house acme umbrella"]),
        (Verb::Revoke, &["wardgate managed-key revoke openai/house umbrella"]),
        (Verb::Grants, &["wardgate managed-key grants openai/house"]),
        (Verb::Delete, &["wardgate managed-key delete openai/house"]),
    ],
};
