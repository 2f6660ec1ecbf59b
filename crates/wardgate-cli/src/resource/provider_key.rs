use super::{BY_NAME, BY_SEARCH, CREATED, DESCRIPTION, Field, Filter, ID, KEY, LAST_USED, METADATA, NAME, NAMED, Naming};
use super::{Resource, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// A tenant's credential for a provider.
pub(crate) static PROVIDER_KEY: Resource = Resource {
    command: "provider-key",
    noun: "provider key",
    about: "An account's own credentials for providers",
    path: "/provider-keys",
    envelope: "aiGatewayProviderKeys",
    is_paged: true,
    id_prefix: "aigpk",
    naming: Naming { field: "name", parameter: "name", qualifier: Some(("providerId", "provider")) },
    scope: Scope::Account,
    columns: &[ID, Column::new("PROVIDER", "providerId"), NAMED, KEY, LAST_USED, CREATED],
    filters: &[Filter::new("provider", "provider", Takes::Text, "For this provider"), BY_NAME, BY_SEARCH],
    fields: &[
        Field::new("provider", "providerId", Takes::Text, When::CreateRequired, "The provider it opens, as openai"),
        NAME,
        Field::new("value", "value", Takes::Secret, When::CreateRequired, "The credential"),
        DESCRIPTION,
        METADATA,
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Rotate, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate provider-key list --provider openai"]),
        (Verb::Get, &["wardgate provider-key get openai/main"]),
        (
            Verb::Create,
            &[
                "wardgate provider-key create --provider openai --name main --value-env OPENAI_API_KEY",
                "pass show openai | wardgate provider-key create --provider openai --name main --value-stdin",
            ],
        ),
        (Verb::Update, &["wardgate provider-key update openai/main --description \"paid by research\""]),
        (Verb::Rotate, &["wardgate provider-key rotate openai/main --value-file new-key.txt"]),
        (Verb::Delete, &["wardgate provider-key delete openai/main"]),
    ],
};
