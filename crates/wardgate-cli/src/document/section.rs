//! The sections of a document, as data.

use super::shape::{Absent, Field, Fields, Shape};
use crate::resource::{self, Resource};
use serde_json::{Map, Value};

/// A kind of object that a document lists. In the order in which they are made: each may name those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Tier,
    ManagedKey,
    /// That an account may use a managed key.
    Grant,
    Team,
    Provider,
    ProviderKey,
    VirtualModel,
    Configuration,
    AccessKey,
    Budget,
}

impl Kind {
    /// What the operator has, and no account.
    pub(crate) const OF_GATEWAY: [Self; 2] = [Self::Tier, Self::ManagedKey];

    /// What an account has.
    pub(crate) const OF_ACCOUNT: [Self; 8] = [
        Self::Grant,
        Self::Team,
        Self::Provider,
        Self::ProviderKey,
        Self::VirtualModel,
        Self::Configuration,
        Self::AccessKey,
        Self::Budget,
    ];

    /// The section that lists them.
    pub(crate) const fn section(self) -> &'static str {
        match self {
            Self::Tier => "tiers",
            Self::ManagedKey => "managedKeys",
            Self::Grant => "grants",
            Self::Team => "teams",
            Self::Provider => "providers",
            Self::ProviderKey => "providerKeys",
            Self::VirtualModel => "virtualModels",
            Self::Configuration => "configurations",
            Self::AccessKey => "accessKeys",
            Self::Budget => "budgets",
        }
    }

    /// As what the API has them. A grant has no id of its own, but that of its key.
    pub(crate) const fn resource(self) -> &'static Resource {
        match self {
            Self::Tier => &resource::TIER,
            Self::ManagedKey | Self::Grant => &resource::MANAGED_KEY,
            Self::Team => &resource::TEAM,
            Self::Provider => &resource::PROVIDER,
            Self::ProviderKey => &resource::PROVIDER_KEY,
            Self::VirtualModel => &resource::VIRTUAL_MODEL,
            Self::Configuration => &resource::CONFIGURATION,
            Self::AccessKey => &resource::ACCESS_KEY,
            Self::Budget => &resource::BUDGET,
        }
    }

    /// What one looks like.
    pub(crate) const fn fields(self) -> &'static Fields {
        match self {
            Self::Tier => &TIER_LIMITS,
            Self::ManagedKey => &MANAGED_KEY,
            Self::Grant => &GRANT,
            Self::Team => &TEAM,
            Self::Provider => &PROVIDER,
            Self::ProviderKey => &PROVIDER_KEY,
            Self::VirtualModel => &VIRTUAL_MODEL,
            Self::Configuration => &CONFIGURATION,
            Self::AccessKey => &ACCESS_KEY,
            Self::Budget => &BUDGET,
        }
    }

    /// What tells one from the others of its kind. Nothing if it has no name.
    pub(crate) fn identity(self, object: &Map<String, Value>) -> Option<String> {
        let text = |field: &str| object.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        match self {
            Self::Provider => text("providerId").map(str::to_owned),
            // Models compare without case, and so do the names that stand for them.
            Self::VirtualModel => text("name").map(str::to_ascii_lowercase),
            Self::ProviderKey | Self::ManagedKey | Self::Grant => Some(format!("{}/{}", text("provider")?, text("name")?)),
            _ => text("name").map(str::to_owned),
        }
    }

    /// What is said to be listed: `provider keys`.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            _ => self.resource().noun,
        }
    }

    /// Whether one has a credential, which the document says where to find.
    pub(crate) const fn has_secret(self) -> bool {
        matches!(self, Self::ProviderKey | Self::ManagedKey)
    }
}

const TEXT: Shape = Shape::Text { min: 0, max: 255 };
const FILLED: Shape = Shape::Text { min: 1, max: 255 };
const NAME: Field = Field::new("name", FILLED, Absent::Mistake, "Its name, by which documents know it");
const DESCRIPTION: Field = Field::new("description", TEXT, Absent::Unset, "For people");
const METADATA: Field = Field::new("metadata", Shape::Text { min: 0, max: 4_096 }, Absent::Unset, "For programs");
const ENTRY: Shape = Shape::Text { min: 1, max: 511 };
const ENTRIES: Shape = Shape::List(&ENTRY, 1_000);

/// A whole document.
pub(crate) static DOCUMENT: Fields = Fields(&[
    Field::new("account", Shape::Object(&ACCOUNT), Absent::Unset, "Which account this is for; absent: that of the key"),
    Field::new("tier", TIER, Absent::Unset, "The account's tier (with an operator key)"),
    Field::new("gatewayConfig", Shape::Object(&GATEWAY_CONFIG), Absent::Unset, "Settings of the account; absent ones stay"),
    Field::new(
        "tiers",
        Shape::List(&TIER_SHAPE, 1_000),
        Absent::Unset,
        "Sets of limits on this gateway (with an operator key)",
    ),
    Field::new(
        "managedKeys",
        Shape::List(&MANAGED_KEY_SHAPE, 1_000),
        Absent::Unset,
        "The operator's own credentials for providers (with an operator key)",
    ),
    Field::new(
        "grants",
        Shape::List(&GRANT_SHAPE, 1_000),
        Absent::Unset,
        "The managed keys that the account may use (with an operator key)",
    ),
    Field::new("teams", Shape::List(&TEAM_SHAPE, 10_000), Absent::Unset, "Groups that access keys are issued to"),
    Field::new("providers", Shape::List(&PROVIDER_SHAPE, 1_000), Absent::Unset, "The account's own providers"),
    Field::new("providerKeys", Shape::List(&PROVIDER_KEY_SHAPE, 10_000), Absent::Unset, "Credentials for providers"),
    Field::new("virtualModels", Shape::List(&VIRTUAL_MODEL_SHAPE, 1_000), Absent::Unset, "Names for lists of models"),
    Field::new("configurations", Shape::List(&CONFIGURATION_SHAPE, 1_000), Absent::Unset, "What access keys may call, and how"),
    Field::new("accessKeys", Shape::List(&ACCESS_KEY_SHAPE, 100_000), Absent::Unset, "Keys that clients call models with"),
    Field::new("budgets", Shape::List(&BUDGET_SHAPE, 10_000), Absent::Unset, "What may be spent in a window of time"),
]);

static TIER_SHAPE: Shape = Shape::Object(&TIER_LIMITS);
static MANAGED_KEY_SHAPE: Shape = Shape::Object(&MANAGED_KEY);
static GRANT_SHAPE: Shape = Shape::Object(&GRANT);
static TEAM_SHAPE: Shape = Shape::Object(&TEAM);
static PROVIDER_SHAPE: Shape = Shape::Object(&PROVIDER);
static PROVIDER_KEY_SHAPE: Shape = Shape::Object(&PROVIDER_KEY);
static VIRTUAL_MODEL_SHAPE: Shape = Shape::Object(&VIRTUAL_MODEL);
static CONFIGURATION_SHAPE: Shape = Shape::Object(&CONFIGURATION);
static ACCESS_KEY_SHAPE: Shape = Shape::Object(&ACCESS_KEY);
static BUDGET_SHAPE: Shape = Shape::Object(&BUDGET);

/// Which account a document is for.
pub(crate) static ACCOUNT: Fields = Fields(&[
    Field::new("name", FILLED, Absent::Mistake, "The account's name; with an operator key, it is made if there is none"),
    METADATA,
]);

const TIER: Shape = Shape::Text { min: 1, max: 64 };

/// What an account sets for all its requests.
pub(crate) static GATEWAY_CONFIG: Fields = Fields(&[
    Field::new("totalTimeout", Shape::Length, Absent::Unset, "Until the first content, all attempts together"),
    Field::new("perRequestTimeout", Shape::Length, Absent::Unset, "Until the first content of one attempt"),
    Field::new("maxInputTokens", Shape::Number, Absent::Unset, "The most input tokens of a request; null: no cap"),
    Field::new("maxOutputTokens", Shape::Number, Absent::Unset, "The most output tokens of a request; null: no cap"),
    Field::new("unknownPrice", TEXT, Absent::Unset, "Dollars for a million tokens of a model of unknown price; null: refused"),
    METADATA,
]);

static TIER_LIMITS: Fields = Fields(&[
    Field::new("name", TIER, Absent::Mistake, "Its name, by which accounts and teams are placed on it"),
    Field::new("requestsPerMinute", Shape::Count, Absent::Unset, "In any minute; absent: no limit"),
    Field::new("requestsPerDay", Shape::Count, Absent::Unset, "In a day, UTC; absent: no limit"),
    Field::new("tokensPerMinute", Shape::Count, Absent::Unset, "In any minute; absent: no limit"),
    Field::new("concurrentRequests", Shape::Count, Absent::Unset, "At once; absent: no limit"),
    Field::new("bodyBytesMax", Shape::Count, Absent::Unset, "The largest body; absent: no limit"),
    Field::new(
        "modelClasses",
        Shape::List(&Shape::Word(&["free", "paid"]), 2),
        Absent::Unset,
        "Models that may be called; absent: all",
    ),
]);

static GRANT: Fields = Fields(&[
    Field::new("provider", FILLED, Absent::Mistake, "The provider that the managed key opens"),
    Field::new("name", FILLED, Absent::Mistake, "The managed key's name"),
]);

static TEAM: Fields = Fields(&[
    NAME,
    DESCRIPTION,
    METADATA,
    Field::new("tier", TIER, Absent::Unset, "Its tier, where that is not the account's"),
]);

static SURFACE_PARAM: Fields = Fields(&[Field::new("name", FILLED, Absent::Mistake, "The parameter")]);
static SURFACE_PARAM_SHAPE: Shape = Shape::Object(&SURFACE_PARAM);

static SURFACE: Fields = Fields(&[
    Field::new("format", FILLED, Absent::Mistake, "openai or anthropic"),
    Field::new("surface", FILLED, Absent::Mistake, "chat-completions, responses, messages, embeddings, …"),
    Field::new("baseUrl", Shape::Text { min: 1, max: 2_048 }, Absent::Unset, "Where this surface is, if elsewhere"),
    Field::new(
        "supportedParams",
        Shape::List(&SURFACE_PARAM_SHAPE, 100),
        Absent::Empty,
        "The parameters that it takes; others are removed",
    ),
]);
static SURFACE_SHAPE: Shape = Shape::Object(&SURFACE);

static MODEL: Fields = Fields(&[
    Field::new("modelId", FILLED, Absent::Mistake, "What clients write after the colon"),
    Field::new("providerModelId", FILLED, Absent::Unset, "What is sent to the provider, if something else"),
    Field::new("inputPrice", TEXT, Absent::Unset, "Dollars for a million tokens of input; absent: nothing"),
    Field::new("outputPrice", TEXT, Absent::Unset, "Dollars for a million tokens of output; absent: nothing"),
    Field::new("unsupportedParams", Shape::List(&FILLED, 100), Absent::Empty, "Parameters that are removed for this model"),
]);
static MODEL_SHAPE: Shape = Shape::Object(&MODEL);

static HEADER: Fields = Fields(&[
    Field::new("name", FILLED, Absent::Mistake, "Its name"),
    Field::new("value", Shape::Text { min: 0, max: 4_096 }, Absent::Mistake, "Its value, which is no place for a secret"),
]);
static HEADER_SHAPE: Shape = Shape::Object(&HEADER);

static PROVIDER: Fields = Fields(&[
    Field::new("providerId", FILLED, Absent::Mistake, "What clients write before the colon; by this documents know it"),
    Field::new("name", FILLED, Absent::Mistake, "A label"),
    Field::new("baseUrl", Shape::Text { min: 1, max: 2_048 }, Absent::Mistake, "Where it is"),
    METADATA,
    Field::new("authScheme", FILLED, Absent::Unset, "How its keys are sent: bearer, x-api-key, api-key, aws-sigv4, …"),
    Field::new("headers", Shape::List(&HEADER_SHAPE, 20), Absent::Empty, "Headers that every call to it has"),
    Field::new("supportedApiSurfaces", Shape::List(&SURFACE_SHAPE, 20), Absent::Empty, "The surfaces that it has"),
    Field::new("models", Shape::List(&MODEL_SHAPE, 1_000), Absent::Empty, "The models that it lists"),
]);

/// Where the value of a provider key is.
pub(super) static VALUE: Fields = Fields(&[
    Field::new("env", FILLED, Absent::Unset, "A variable of the environment that `wardgate apply` runs in"),
    Field::new("file", Shape::Text { min: 1, max: 4_096 }, Absent::Unset, "A file, relative to the document"),
]);

const CREDENTIAL: [Field; 5] = [
    Field::new("provider", FILLED, Absent::Mistake, "The provider that it opens, as openai"),
    NAME,
    DESCRIPTION,
    METADATA,
    Field::new(
        "value",
        Shape::Object(&VALUE),
        Absent::Unset,
        "Where the credential is; read when the key is made, and with --rotate-secrets",
    ),
];

static PROVIDER_KEY: Fields = Fields(&CREDENTIAL);
static MANAGED_KEY: Fields = Fields(&CREDENTIAL);

static VIRTUAL_MODEL: Fields = Fields(&[
    NAME,
    DESCRIPTION,
    METADATA,
    Field::new("models", Shape::List(&ENTRY, 50), Absent::Mistake, "The models that are tried, in this order"),
]);

static SCOPE: Fields = Fields(&[
    Field::new("allow", ENTRIES, Absent::Unset, "What is allowed, and nothing else; empty: nothing"),
    Field::new("deny", ENTRIES, Absent::Unset, "What is not, whatever is allowed"),
]);

static ACCESS: Fields = Fields(&[
    Field::new("providers", Shape::Object(&SCOPE), Absent::Unset, "By provider"),
    Field::new("models", Shape::Object(&SCOPE), Absent::Unset, "By model"),
]);

static STEP: Fields = Fields(&[
    Field::new(
        "type",
        Shape::Word(&["user", "managed", "ngrok"]),
        Absent::Mistake,
        "user: keys of this account; managed: those of the operator",
    ),
    Field::new("keys", Shape::List(&ENTRY, 100), Absent::Empty, "Provider keys by name, in the order in which they are tried"),
    Field::new("keySelectionStrategy", Shape::Word(&["ordered"]), Absent::Unset, "Only ordered"),
]);
static STEP_SHAPE: Shape = Shape::Object(&STEP);

static RULE: Fields = Fields(&[
    Field::new("provider", FILLED, Absent::Unset, "Whose models the rule is for"),
    Field::new("model", ENTRY, Absent::Unset, "The one model that it is for, with its provider"),
    Field::new("steps", Shape::List(&STEP_SHAPE, 20), Absent::Mistake, "What is tried, in this order"),
]);
static RULE_SHAPE: Shape = Shape::Object(&RULE);

static ROUTER: Fields = Fields(&[Field::new("rules", Shape::List(&RULE_SHAPE, 200), Absent::Empty, "In any order")]);

const EXPRESSION: Shape = Shape::Text { min: 1, max: 2_048 };
const EXPRESSIONS: Shape = Shape::List(&EXPRESSION, 20);
const ON_ERROR: Field =
    Field::new("on_error", Shape::Word(&["halt", "continue"]), Absent::Unset, "Without a result after a fault; absent: halt");

static ADMIT: Fields = Fields(&[
    Field::new("expression", EXPRESSION, Absent::Mistake, "True of every request that is admitted"),
    Field::new("message", Shape::Text { min: 1, max: 500 }, Absent::Unset, "What the client of another request is told"),
]);
static ADMIT_SHAPE: Shape = Shape::Object(&ADMIT);

static MODEL_SELECTION: Fields = Fields(&[
    Field::new("strategy", EXPRESSIONS, Absent::Unset, "The first expression that gives models decides"),
    ON_ERROR,
    Field::new("fallback_models", Shape::List(&ENTRY, 20), Absent::Unset, "Considered behind the models that a client names"),
]);

static KEY_SELECTION: Fields =
    Fields(&[Field::new("strategy", EXPRESSIONS, Absent::Mistake, "The first expression that gives keys decides"), ON_ERROR]);

static TRANSFORM: Fields = Fields(&[
    Field::new("when", EXPRESSION, Absent::Unset, "True of every call that is changed; absent: all are"),
    Field::new("set", Shape::Values, Absent::Unset, "Parameters that get these values"),
    Field::new("default", Shape::Values, Absent::Unset, "Parameters that get these values where the client wrote none"),
    Field::new("cap", Shape::Values, Absent::Unset, "Parameters that get these numbers where the client wrote larger ones"),
    Field::new("remove", Shape::List(&Shape::Text { min: 1, max: 64 }, 50), Absent::Unset, "Parameters that are taken out"),
    Field::new("max_output_tokens", Shape::Number, Absent::Unset, "The most tokens of an answer"),
]);
static TRANSFORM_SHAPE: Shape = Shape::Object(&TRANSFORM);

static CONFIGURATION: Fields = Fields(&[
    NAME,
    DESCRIPTION,
    METADATA,
    Field::new("access", Shape::Object(&ACCESS), Absent::Unset, "What may be called; absent: everything"),
    Field::new("router", Shape::Object(&ROUTER), Absent::Unset, "Which credentials are used; absent: the account's own first"),
    Field::new("admit", Shape::List(&ADMIT_SHAPE, 20), Absent::Unset, "What must be true of a request"),
    Field::new("model_selection", Shape::Object(&MODEL_SELECTION), Absent::Unset, "Which models may answer, in which order"),
    Field::new(
        "key_selection",
        Shape::Object(&KEY_SELECTION),
        Absent::Unset,
        "Which keys a model is called with, in which order",
    ),
    Field::new("transform", Shape::List(&TRANSFORM_SHAPE, 20), Absent::Unset, "How parameters are changed before a call"),
]);

static ACCESS_KEY: Fields = Fields(&[
    NAME,
    DESCRIPTION,
    METADATA,
    Field::new("team", FILLED, Absent::Text("default"), "The team that it is issued to"),
    Field::new("configuration", FILLED, Absent::Unset, "What it may call and how, by name; absent: everything"),
    Field::new("tags", Shape::List(&Shape::Text { min: 1, max: 64 }, 20), Absent::Empty, "Words to find it by"),
    Field::new("expiresAt", Shape::Instant, Absent::Unset, "When it ends; absent: never"),
    Field::new("disabled", Shape::Flag, Absent::False, "Whether it is refused"),
    Field::new(
        "allowedNetworks",
        Shape::List(&Shape::Network, 100),
        Absent::Empty,
        "From where it may be used; empty: anywhere",
    ),
]);

static BUDGET: Fields = Fields(&[
    NAME,
    DESCRIPTION,
    METADATA,
    Field::new("team", FILLED, Absent::Unset, "The team whose spending counts, by name"),
    Field::new(
        "accessKey",
        FILLED,
        Absent::Unset,
        "The key whose spending counts, by name; with neither, all of the account's",
    ),
    Field::new("window", Shape::Word(&["day", "week", "month", "total"]), Absent::Mistake, "When it begins anew, UTC"),
    Field::new("hardLimit", Shape::Dollars, Absent::Unset, "Dollars that are never exceeded, as \"12.50\""),
    Field::new("softLimit", Shape::Dollars, Absent::Unset, "Dollars from which on someone is told"),
]);
