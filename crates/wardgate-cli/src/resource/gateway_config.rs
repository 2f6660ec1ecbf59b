use super::{Field, METADATA, Naming, Resource, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// What an account sets for all its requests.
pub(crate) static GATEWAY_CONFIG: Resource = Resource {
    command: "gateway-config",
    noun: "gateway config",
    about: "What an account sets for all its requests: timeouts and caps on tokens",
    path: "/gateway-config",
    envelope: "",
    is_paged: true,
    id_prefix: "",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[Column::new("ACCOUNT", "accountId")],
    filters: &[],
    fields: &[
        Field::new(
            "total-timeout",
            "totalTimeout",
            Takes::Text,
            When::Update,
            "Until the first content, all attempts, as 120s",
        ),
        Field::new("per-request-timeout", "perRequestTimeout", Takes::Text, When::Update, "The same for one attempt, as 60s"),
        Field::new("max-input-tokens", "maxInputTokens", Takes::Number, When::Update, "The most input tokens; none: no cap"),
        Field::new("max-output-tokens", "maxOutputTokens", Takes::Number, When::Update, "The most output tokens; none: no cap"),
        Field::new(
            "unknown-price",
            "unknownPrice",
            Takes::Text,
            When::Update,
            "Dollars for a million tokens of a model whose price nobody knows; empty: refused where a budget must hold",
        ),
        METADATA,
    ],
    verbs: &[Verb::Get, Verb::Update],
    examples: &[
        (Verb::Get, &["wardgate gateway-config get --output json"]),
        (Verb::Update, &["wardgate gateway-config update --total-timeout 180s --max-output-tokens none"]),
    ],
};
