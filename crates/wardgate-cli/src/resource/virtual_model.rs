use super::{BY_NAME, BY_SEARCH, CREATED, DESCRIPTION, Field, ID, METADATA, NAME, NAMED, Naming, Resource, Takes, Verb, When};
use crate::connection::Scope;
use crate::output::Column;

/// A name for a list of models.
pub(crate) static VIRTUAL_MODEL: Resource = Resource {
    command: "virtual-model",
    noun: "virtual model",
    about: "Names that stand for a list of models",
    path: "/virtual-models",
    envelope: "aiGatewayVirtualModels",
    is_paged: true,
    id_prefix: "aigvm",
    naming: Naming::NAME,
    scope: Scope::Account,
    columns: &[ID, NAMED, Column::new("MODELS", "models"), CREATED],
    filters: &[BY_NAME, BY_SEARCH],
    fields: &[
        NAME,
        DESCRIPTION,
        METADATA,
        Field::new("model", "models", Takes::List, When::Required, "A model to try, in this order; give it again for more"),
    ],
    verbs: &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete],
    examples: &[
        (Verb::List, &["wardgate virtual-model list"]),
        (Verb::Get, &["wardgate virtual-model get fast"]),
        (Verb::Create, &["wardgate virtual-model create --name fast --model openai:gpt-4o-mini --model ollama:llama3.2"]),
        (Verb::Update, &["wardgate virtual-model update fast --model groq:openai/gpt-oss-120b"]),
        (Verb::Delete, &["wardgate virtual-model delete fast"]),
    ],
};
