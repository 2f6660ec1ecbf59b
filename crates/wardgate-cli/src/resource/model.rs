use super::{ID, Naming, Resource, Verb};
use crate::connection::Scope;
use crate::output::Column;

/// What an account may call.
pub(crate) static MODEL: Resource = Resource {
    command: "models",
    noun: "model",
    about: "The models that an account may call",
    path: "/v1/models",
    envelope: "data",
    is_paged: false,
    id_prefix: "",
    naming: Naming { field: "id", parameter: "", qualifier: None },
    scope: Scope::Account,
    columns: &[ID, Column::new("NAME", "name"), Column::new("OWNED BY", "owned_by")],
    filters: &[],
    fields: &[],
    verbs: &[Verb::List],
    examples: &[(Verb::List, &["wardgate models --output json"])],
};
