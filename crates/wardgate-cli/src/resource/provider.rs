use super::{BY_SEARCH, CREATED, Field, Filter, ID, METADATA, NAMED, Naming, Resource, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// A tenant's own upstream.
pub(crate) static PROVIDER: Resource = Resource {
    command: "provider",
    noun: "provider",
    about: "An account's own providers, beside the built-in ones",
    path: "/providers",
    envelope: "aiGatewayProviders",
    is_paged: true,
    id_prefix: "aigp",
    naming: Naming { field: "providerId", parameter: "provider", qualifier: None },
    scope: Scope::Account,
    columns: &[ID, Column::new("PROVIDER", "providerId"), NAMED, Column::new("BASE URL", "baseUrl"), CREATED],
    filters: &[Filter::new("provider", "provider", Takes::Text, "The one that clients write so"), BY_SEARCH],
    fields: &[
        Field::new(
            "provider-id",
            "providerId",
            Takes::Text,
            When::CreateRequired,
            "What clients write before the colon; it cannot be changed",
        ),
        Field::new("name", "name", Takes::Text, When::Required, "A label, at most 255 characters"),
        Field::new("base-url", "baseUrl", Takes::Text, When::Required, "Where it is, as https://llm.example.com/v1"),
        METADATA,
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate provider list"]),
        (Verb::Get, &["wardgate provider get ollama"]),
        (
            Verb::Create,
            &[
                "wardgate provider create --provider-id ollama --name Ollama --base-url http://ollama.internal:11434",
                "wardgate provider create --from-file provider.yaml    with models and surfaces",
            ],
        ),
        (Verb::Update, &["wardgate provider update ollama --base-url http://10.0.0.7:11434"]),
        (Verb::Delete, &["wardgate provider delete ollama"]),
    ],
};
