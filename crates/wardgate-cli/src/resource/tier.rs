use super::{Field, ID, NAMED, Naming, Resource, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// What `--tier` means on accounts and teams.
pub(super) const HELP: &str = "The tier it is on; an empty text: none of its own";

/// A named set of limits.
pub(crate) static TIER: Resource = Resource {
    command: "tier",
    noun: "tier",
    about: "Named sets of limits that accounts and teams are placed on (with an operator key)",
    path: "/tiers",
    envelope: "tiers",
    is_paged: false,
    id_prefix: "aigt",
    naming: Naming::NAME,
    scope: Scope::Operator,
    columns: &[
        ID,
        NAMED,
        Column::new("FROM", "source"),
        Column::new("REQ/MIN", "requestsPerMinute"),
        Column::new("REQ/DAY", "requestsPerDay"),
        Column::new("TOKENS/MIN", "tokensPerMinute"),
        Column::new("AT ONCE", "concurrentRequests"),
        Column::new("BODY BYTES", "bodyBytesMax"),
        Column::new("CLASSES", "modelClasses"),
    ],
    filters: &[],
    fields: &[
        Field::new("name", "name", Takes::Text, When::CreateRequired, "Its name; it cannot be changed"),
        Field::new("requests-per-minute", "requestsPerMinute", Takes::Number, When::Always, "In any minute; none: no limit"),
        Field::new("requests-per-day", "requestsPerDay", Takes::Number, When::Always, "In a day (UTC); none: no limit"),
        Field::new("tokens-per-minute", "tokensPerMinute", Takes::Number, When::Always, "In any minute; none: no limit"),
        Field::new("concurrent-requests", "concurrentRequests", Takes::Number, When::Always, "At once; none: no limit"),
        Field::new("body-bytes-max", "bodyBytesMax", Takes::Number, When::Always, "The largest body; none: no limit"),
        Field::new(
            "model-class",
            "modelClasses",
            Takes::List,
            When::Always,
            "Models that may be called; give it again for more",
        ),
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate tier list"]),
        (Verb::Get, &["wardgate tier get free --output yaml"]),
        (Verb::Create, &["wardgate tier create --name trial --requests-per-minute 20 --tokens-per-minute 50000"]),
        (Verb::Update, &["wardgate tier update trial --requests-per-minute none"]),
        (Verb::Delete, &["wardgate tier delete trial"]),
    ],
};
