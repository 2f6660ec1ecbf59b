use super::{BY_NAME, BY_SEARCH, CONFIGURATION, CREATED, DESCRIPTION, EXPIRES, Field, Filter, ID, KEY, LAST_USED, METADATA};
use super::{NAMED, Naming, OPTIONAL_NAME, Resource, TEAM, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// A client's credential.
pub(crate) static ACCESS_KEY: Resource = Resource {
    command: "access-key",
    noun: "access key",
    about: "Keys that clients call models with",
    path: "/access-keys",
    envelope: "aiGatewayAccessKeys",
    is_paged: true,
    id_prefix: "aigk",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[
        ID,
        NAMED,
        Column::new("TEAM", "team"),
        Column::new("STATUS", "status"),
        Column::new("CONFIGURATION", "accessKeyConfiguration.name"),
        KEY,
        EXPIRES,
        LAST_USED,
        CREATED,
    ],
    filters: &[
        BY_NAME,
        BY_SEARCH,
        Filter::new("team", "teamId", Takes::Ref(&TEAM), "Issued to this team"),
        Filter::new("tag", "tag", Takes::Text, "With this tag"),
        Filter::new("status", "status", Takes::OneOf(&["active", "disabled", "expired"]), "Of this status"),
        Filter::new("configuration", "accessKeyConfigurationId", Takes::Ref(&CONFIGURATION), "Linked to this configuration"),
    ],
    fields: &[
        OPTIONAL_NAME,
        DESCRIPTION,
        METADATA,
        Field::new("team", "teamId", Takes::Ref(&TEAM), When::Always, "The team it is issued to [default: default]"),
        Field::new(
            "configuration",
            "accessKeyConfigurationId",
            Takes::Ref(&CONFIGURATION),
            When::Always,
            "What it may call and how; none: everything",
        ),
        Field::new("tag", "tags", Takes::List, When::Always, "A word to find it by; give it again for more"),
        Field::new(
            "expires",
            "expiresAt",
            Takes::Expiry,
            When::Always,
            "When it ends: a time from now (90d), an instant (2027-01-01T00:00:00Z), or never",
        ),
        Field::new(
            "allow-network",
            "allowedNetworks",
            Takes::List,
            When::Always,
            "From where it may be used, as 10.0.0.0/8; give it again for more",
        ),
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Rotate, Verb::Enable, Verb::Disable, Verb::Delete],
    examples: &[
        (
            Verb::List,
            &[
                "wardgate access-key list",
                "wardgate access-key list --team search --status active --all",
                "wardgate access-key list --tag ci --quiet | xargs wardgate access-key delete",
            ],
        ),
        (Verb::Get, &["wardgate access-key get ci-key"]),
        (
            Verb::Create,
            &[
                "wardgate access-key create --name search-backend --team search",
                "wardgate access-key create --name ci --expires 90d --tag ci --output json | jq -r .token",
            ],
        ),
        (Verb::Update, &["wardgate access-key update ci --expires never --configuration strict"]),
        (Verb::Rotate, &["wardgate access-key rotate ci --overlap 24h    the old token works for a day more"]),
        (Verb::Enable, &["wardgate access-key enable ci"]),
        (Verb::Disable, &["wardgate access-key disable ci    its next request gets 401"]),
        (Verb::Delete, &["wardgate access-key delete ci    its next request gets 401, for good"]),
    ],
};
