use super::{BY_NAME, BY_SEARCH, CREATED, DESCRIPTION, Field, ID, METADATA, NAME, NAMED, Naming, Resource, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// What an access key may call, and how.
pub(crate) static CONFIGURATION: Resource = Resource {
    command: "configuration",
    noun: "configuration",
    about: "What access keys may call, and how requests are routed",
    path: "/access-key-configurations",
    envelope: "aiGatewayAccessKeyConfigurations",
    is_paged: true,
    id_prefix: "aigac",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[ID, NAMED, Column::new("DESCRIPTION", "description"), Column::new("KEYS", "accessKeyCount"), CREATED],
    filters: &[BY_NAME, BY_SEARCH],
    fields: &[
        NAME,
        DESCRIPTION,
        METADATA,
        Field::new(
            "allow-provider",
            "access.providers.allow",
            Takes::List,
            When::Create,
            "A provider that may be called, and no others; give it again for more",
        ),
        Field::new(
            "allow-model",
            "access.models.allow",
            Takes::List,
            When::Create,
            "A model that may be called, and no others; give it again for more",
        ),
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate configuration list"]),
        (Verb::Get, &["wardgate configuration get strict --output yaml"]),
        (
            Verb::Create,
            &[
                "wardgate configuration create --name openai-only --allow-provider openai",
                "wardgate configuration create --name strict --from-file strict.yaml    with access and router",
            ],
        ),
        (Verb::Update, &["wardgate configuration update strict --from-file strict.yaml"]),
        (Verb::Delete, &["wardgate configuration delete strict"]),
    ],
};
