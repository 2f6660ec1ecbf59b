use super::{ACCESS_KEY, BY_NAME, BY_SEARCH, CREATED, DESCRIPTION, Field, Filter, ID, METADATA, NAME, NAMED, Naming, Resource};
use super::{TEAM, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// What may be spent in a window of time.
pub(crate) static BUDGET: Resource = Resource {
    command: "budget",
    noun: "budget",
    about: "What the account, a team or a key may spend each day, week, month or in all",
    path: "/budgets",
    envelope: "budgets",
    is_paged: true,
    id_prefix: "aigb",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[
        ID,
        NAMED,
        Column::new("TEAM", "team"),
        Column::new("ACCESS KEY", "accessKey"),
        Column::new("WINDOW", "window"),
        Column::new("HARD", "hardLimit"),
        Column::new("SOFT", "softLimit"),
        Column::new("SPENT", "spent"),
        Column::new("REMAINING", "remaining"),
        CREATED,
    ],
    filters: &[
        BY_NAME,
        BY_SEARCH,
        Filter::new("team", "teamId", Takes::Ref(&TEAM), "Of this team"),
        Filter::new("access-key", "accessKeyId", Takes::Ref(&ACCESS_KEY), "Of this access key"),
    ],
    fields: &[
        NAME,
        DESCRIPTION,
        METADATA,
        Field::new("team", "teamId", Takes::Ref(&TEAM), When::Create, "The team whose spending counts"),
        Field::new(
            "access-key",
            "accessKeyId",
            Takes::Ref(&ACCESS_KEY),
            When::Create,
            "The key whose spending counts; with neither, all of the account's does",
        ),
        Field::new(
            "window",
            "window",
            Takes::OneOf(&["day", "week", "month", "total"]),
            When::CreateRequired,
            "When it begins anew, at midnight UTC",
        ),
        Field::new("hard", "hardLimit", Takes::Text, When::Always, "Dollars that are never exceeded, as 100 or 12.50"),
        Field::new("soft", "softLimit", Takes::Text, When::Always, "Dollars from which on someone is told"),
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate budget list", "wardgate budget list --team search"]),
        (Verb::Get, &["wardgate budget get search-monthly"]),
        (
            Verb::Create,
            &[
                "wardgate budget create --name all --window month --hard 500 --soft 400",
                "wardgate budget create --name search-monthly --team search --window month --hard 100",
            ],
        ),
        (Verb::Update, &["wardgate budget update search-monthly --hard 150"]),
        (Verb::Delete, &["wardgate budget delete search-monthly"]),
    ],
};
