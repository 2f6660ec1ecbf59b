//! What an account or the gateway has, in the words of documents.

use super::ByIdentity;
use crate::document::{Kind, with_defaults};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What an account or the gateway has.
#[derive(Debug, Default)]
pub(crate) struct Actual {
    /// The account itself, as the API shows it; none if it is not there, or cannot be seen.
    pub(crate) account: Option<Map<String, Value>>,
    /// Its settings, as the API shows them.
    pub(crate) gateway_config: Map<String, Value>,
    /// The objects of each kind that was read.
    pub(crate) objects: BTreeMap<Kind, Vec<Present>>,
    /// What they are called.
    pub(crate) names: Names,
    /// What there will be on the gateway once its own part is done.
    pub(crate) offered: Offered,
}

/// What a gateway has for its accounts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offered {
    /// Tiers by name; none if nobody asked.
    pub(crate) tiers: Option<BTreeSet<String>>,
    /// Tiers that are there and are to be deleted.
    pub(crate) tiers_deleted: BTreeSet<String>,
    /// Managed keys, as `openai/house`.
    pub(crate) managed_keys: BTreeSet<String>,
}

/// An object that is there.
#[derive(Debug, Clone)]
pub(crate) struct Present {
    pub(crate) id: String,
    /// What tells it from others of its kind; none if it has no name.
    pub(crate) identity: Option<String>,
    /// Every field that documents know, canonical.
    pub(crate) fields: Map<String, Value>,
    /// Whether it is written in a file of the gateway's, and so has no id and cannot be changed here.
    pub(crate) is_from_file: bool,
}

/// Which id goes with which name, where a name is had only once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    ids: BTreeMap<(Kind, String), String>,
    identities: BTreeMap<String, String>,
}

impl Names {
    /// Those of all objects that were read, as the API shows them.
    fn of(lists: &BTreeMap<Kind, Vec<Value>>) -> Self {
        let mut names = Self::default();
        for (kind, objects) in lists {
            let mut ids: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for object in objects.iter().filter_map(Value::as_object) {
                let id = object.get("id").and_then(Value::as_str);
                if let (Some(identity), Some(id)) = (kind.identity(&renamed(*kind, object.clone())), id) {
                    ids.entry(identity).or_default().push(id);
                }
            }
            for (identity, ids) in ids {
                if let [id] = ids.as_slice() {
                    names.learn(*kind, &identity, id);
                }
            }
        }
        names
    }

    /// Adds what is known of other objects.
    pub(crate) fn join(&mut self, others: &Self) {
        self.ids.extend(others.ids.clone());
        self.identities.extend(others.identities.clone());
    }

    /// Remembers an object that was made.
    pub(crate) fn learn(&mut self, kind: Kind, identity: &str, id: &str) {
        self.ids.insert((kind, identity.to_owned()), id.to_owned());
        self.identities.insert(id.to_owned(), identity.to_owned());
    }

    /// The id of what is called so. What has no name of its own is called by its id.
    pub(crate) fn id(&self, kind: Kind, identity: &str) -> Option<String> {
        let known = self.ids.get(&(kind, identity.to_owned()));
        known.cloned().or_else(|| kind.resource().is_id(identity).then(|| identity.to_owned()))
    }

    /// What something is called: its name, or its id.
    pub(crate) fn identity<'a>(&'a self, id: &'a str) -> &'a str {
        self.identities.get(id).map_or(id, String::as_str)
    }
}

impl Actual {
    /// From what the API shows.
    pub(crate) fn new(lists: BTreeMap<Kind, Vec<Value>>) -> Self {
        let names = Names::of(&lists);
        let mut objects = BTreeMap::new();
        for (kind, items) in lists {
            let present = items.into_iter().filter_map(|item| match item {
                Value::Object(item) => Present::of(kind, item, &names),
                _ => None,
            });
            objects.insert(kind, present.collect());
        }
        Self { objects, names, ..Self::default() }
    }

    /// The objects of a kind that have a name.
    pub(crate) fn by_identity(&self, kind: Kind) -> ByIdentity<'_> {
        let mut all = ByIdentity::new();
        for present in self.objects.get(&kind).into_iter().flatten() {
            if let Some(identity) = &present.identity {
                all.entry(identity).or_default().push(present);
            }
        }
        all
    }
}

impl Present {
    /// An object as the API shows it.
    pub(crate) fn of(kind: Kind, object: Map<String, Value>, names: &Names) -> Option<Self> {
        let is_from_file = kind == Kind::Tier && object.get("source").and_then(Value::as_str) == Some("file");
        let id = match object.get("id").and_then(Value::as_str) {
            None if is_from_file => String::new(),
            id => id?.to_owned(),
        };
        let object = in_words(kind, renamed(kind, object), names);
        let identity = kind.identity(&object);
        let mut fields = with_defaults(kind.fields(), object);
        fields.remove("value");
        Some(Self { id, identity, fields, is_from_file })
    }
}

/// Who may own a budget: the API's field, and that of documents.
const OWNERS: [(&str, &str); 2] = [("teamId", "team"), ("accessKeyId", "accessKey")];

/// The API's names for fields as those of documents.
fn renamed(kind: Kind, mut object: Map<String, Value>) -> Map<String, Value> {
    if matches!(kind, Kind::ProviderKey | Kind::ManagedKey | Kind::Grant)
        && let Some(provider) = object.remove("providerId")
    {
        object.insert("provider".to_owned(), provider);
    }
    object
}

/// What is named by id, by name.
fn in_words(kind: Kind, mut object: Map<String, Value>, names: &Names) -> Map<String, Value> {
    match kind {
        Kind::AccessKey => {
            if let Some(Value::String(team)) = object.remove("teamId") {
                object.insert("team".to_owned(), names.identity(&team).into());
            }
            if let Some(configuration) = object.remove("accessKeyConfiguration")
                && let Some(id) = configuration.get("id").and_then(Value::as_str)
            {
                object.insert("configuration".to_owned(), names.identity(id).into());
            }
        }
        Kind::Budget => {
            for (field, word) in OWNERS {
                if let Some(Value::String(id)) = object.remove(field) {
                    object.insert(word.to_owned(), names.identity(&id).into());
                }
            }
        }
        Kind::Configuration => each_key(&mut object, |_, key| {
            if let Some(id) = key.get("id").and_then(Value::as_str) {
                *key = names.identity(id).into();
            }
        }),
        Kind::Tier | Kind::ManagedKey | Kind::Grant | Kind::Team | Kind::Provider | Kind::ProviderKey | Kind::VirtualModel => {}
    }
    object
}

/// What an object shall be, or some of its fields, as the API takes them. Fails with a name that means nothing.
pub(crate) fn to_api(kind: Kind, mut fields: Map<String, Value>, names: &Names) -> Result<Map<String, Value>, String> {
    let id = |kind: Kind, name: &str| names.id(kind, name).ok_or_else(|| format!("there is no {} {name}", kind.noun()));
    match kind {
        Kind::ProviderKey | Kind::ManagedKey => {
            if let Some(provider) = fields.remove("provider") {
                fields.insert("providerId".to_owned(), provider);
            }
        }
        Kind::AccessKey => {
            if let Some(team) = fields.remove("team").as_ref().and_then(Value::as_str) {
                fields.insert("teamId".to_owned(), id(Kind::Team, team)?.into());
            }
            if let Some(configuration) = fields.remove("configuration") {
                let linked = match configuration.as_str() {
                    Some(name) => id(Kind::Configuration, name)?.into(),
                    None => Value::Null,
                };
                fields.insert("accessKeyConfigurationId".to_owned(), linked);
            }
        }
        Kind::Budget => {
            for ((field, word), kind) in OWNERS.into_iter().zip([Kind::Team, Kind::AccessKey]) {
                if let Some(name) = fields.remove(word).as_ref().and_then(Value::as_str) {
                    fields.insert(field.to_owned(), id(kind, name)?.into());
                }
            }
        }
        Kind::Configuration => {
            let mut missing = None;
            each_key(&mut fields, |_, key| {
                let Some(name) = key.as_str() else { return };
                match id(Kind::ProviderKey, name) {
                    Ok(id) => *key = json!({ "id": id }),
                    Err(text) => missing = Some(text),
                }
            });
            if let Some(text) = missing {
                return Err(text);
            }
        }
        Kind::Tier | Kind::Grant | Kind::Team | Kind::Provider | Kind::VirtualModel => {}
    }
    Ok(fields)
}

/// Visits every provider key of a configuration's router, with the provider of its rule.
pub(super) fn each_key(configuration: &mut Map<String, Value>, mut visit: impl FnMut(Option<&str>, &mut Value)) {
    let rules = configuration.get_mut("router").and_then(|router| router.get_mut("rules")).and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        let text = |field: &str| rule.get(field).and_then(Value::as_str).map(str::to_owned);
        let of_model = || text("model").and_then(|model| Some(model.split_once(':')?.0.to_owned()));
        let provider = text("provider").or_else(of_model);
        let steps = rule.get_mut("steps").and_then(Value::as_array_mut);
        let keys = steps.into_iter().flatten().filter_map(|step| step.get_mut("keys")?.as_array_mut()).flatten();
        for key in keys {
            visit(provider.as_deref(), key);
        }
    }
}
