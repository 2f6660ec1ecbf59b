use super::{CREATED, Filter, ID, Naming, Resource, Takes};
use crate::connection::Scope;
use crate::output::Column;

/// An account's wish for credits.
pub(crate) static PURCHASE: Resource = Resource {
    command: "credits",
    noun: "purchase",
    about: "Wishes for credits, which the operator approves or declines",
    path: "/credits/purchases",
    envelope: "purchases",
    is_paged: true,
    id_prefix: "aigcp",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[
        ID,
        Column::new("STATUS", "status"),
        Column::new("CENTS", "amountCents"),
        Column::new("WHY", "failureMessage"),
        CREATED,
    ],
    filters: &[Filter::new("status", "status", Takes::OneOf(&["pending", "succeeded", "failed"]), "Of this status")],
    fields: &[],
    verbs: &[],
    examples: &[],
};
