//! Policy documents: read, and checked as the management API would check them.

use super::case::{Case, Outcome};
use super::object;
use super::problem::Found;
use anyhow::{Context, bail};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardgate_cli::yaml;
use wardgate_core::configuration::VirtualModel;
use wardgate_core::id::{AccountId, CustomModelId, CustomProviderId, ProviderKeyId, VirtualModelId};
use wardgate_core::label::Label;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{CustomModel, CustomProvider};
use wardgate_core::stamp::Stamp;
use wardgate_core::time::Timestamp;
use wardgate_model::{Catalog, Overlay};
use wardgate_policy::configuration::{Document, Draft, Inventory, Problem};

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

const KNOWN: [&str; 6] = ["name", "description", "configuration", "virtualModels", "providers", "cases"];

/// Documents, in the order of their files.
pub(super) struct Policies {
    policies: Vec<Policy>,
    broken: Vec<Found>,
}

/// One document.
pub(super) struct Policy {
    pub(super) file: String,
    text: Arc<str>,
    index: usize,
    pub(super) name: String,
    pub(super) overlay: Overlay,
    pub(super) virtual_models: Vec<VirtualModel>,
    /// None: it is wrong.
    pub(super) document: Option<Document>,
    cases: Vec<Value>,
    problems: Vec<Problem>,
}

impl Policies {
    /// Reads documents for the catalog with the operator's additions.
    pub(super) fn read(files: &[PathBuf], catalog_file: Option<&Path>) -> anyhow::Result<Self> {
        let mut catalog = Catalog::built_in()?;
        if let Some(file) = catalog_file {
            wardgate_cli::catalog_file::add(file, &mut catalog).context("the catalog file cannot be used")?;
        }
        let catalog = Arc::new(catalog);
        let mut all = Self { policies: Vec::new(), broken: Vec::new() };
        for path in files {
            let (file, text) = (path.display().to_string(), load(path)?);
            match yaml::documents(&text) {
                Ok(documents) => {
                    let documents = documents.into_iter().enumerate();
                    all.policies.extend(documents.map(|(index, value)| Policy::new(&file, &text, index, &value, &catalog)));
                }
                Err(bad) => all.broken.push(Found {
                    file,
                    position: bad.position,
                    path: "the file".to_owned(),
                    code: "invalid_yaml",
                    text: bad.text,
                    is_warning: false,
                }),
            }
        }
        Ok(all)
    }

    pub(super) const fn count(&self) -> usize {
        self.policies.len()
    }

    /// All that is wrong, and all that is hardly meant.
    pub(super) fn problems(&self) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for policy in &self.policies {
            let warnings = policy.document.iter().flat_map(|document| document.warnings(&policy.overlay));
            let warnings = warnings.map(|warning| Problem { path: format!("configuration.{}", warning.path), ..warning });
            let errors = policy.problems.iter().cloned().map(|problem| (problem, false));
            found.extend(errors.chain(warnings.map(|warning| (warning, true))).map(|(problem, is_warning)| Found {
                file: policy.file.clone(),
                position: policy.position(&problem.path),
                code: problem.kind.code(),
                path: problem.path,
                text: problem.text,
                is_warning,
            }));
        }
        let broken = self.broken.iter();
        found.extend(broken.map(|broken| Found {
            file: broken.file.clone(),
            path: broken.path.clone(),
            text: broken.text.clone(),
            ..*broken
        }));
        found
    }

    /// What the cases of all sound documents come to.
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let cases = self.policies.iter().flat_map(|policy| {
            policy.cases.iter().enumerate().map(move |(index, case)| {
                let position = policy.position(&format!("cases[{index}]"));
                Case::run(policy, case, position)
            })
        });
        cases.collect()
    }
}

fn load(path: &Path) -> anyhow::Result<Arc<str>> {
    let shown = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?.len();
    if length > FILE_BYTES_MAX {
        bail!("{shown} is larger than {FILE_BYTES_MAX} bytes");
    }
    Ok(std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?.into())
}

impl Policy {
    fn new(file: &str, text: &Arc<str>, index: usize, value: &Value, catalog: &Arc<Catalog>) -> Self {
        let mut problems = Vec::new();
        let fields = object(Some(value));
        let malformed = |path: &str, text: &str| Problem {
            path: path.to_owned(),
            kind: wardgate_policy::configuration::ProblemKind::Malformed,
            text: text.to_owned(),
        };
        if !value.is_object() {
            problems.push(malformed("the document", "must be an object with a configuration"));
        }
        for name in fields.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            problems.push(malformed(name, &format!("is not known here; known: {}", KNOWN.join(", "))));
        }
        let providers = items(&fields, "providers").iter().enumerate().filter_map(|(index, value)| {
            let made = custom_provider(index, value);
            if made.is_none() {
                problems.push(malformed(&format!("providers[{index}]"), "must have a name, and may have models"));
            }
            made
        });
        let overlay = Overlay::new(Arc::clone(catalog), &providers.collect::<Vec<_>>());
        let virtual_models: Vec<VirtualModel> = items(&fields, "virtualModels").iter().map(virtual_model).collect();
        let configuration = fields.get("configuration").and_then(Value::as_object).cloned();
        let document = configuration.map(|configuration| {
            let inventory = Inventory { overlay: &overlay, provider_keys: &[], virtual_models: &virtual_models };
            Draft::new(configuration).finish(inventory, || ProviderKeyId::from_bytes([0; 16]))
        });
        let document = match document {
            Some(Ok(ready)) => Some(ready.document),
            Some(Err(found)) => {
                let found =
                    found.into_iter().map(|problem| Problem { path: format!("configuration.{}", problem.path), ..problem });
                problems.extend(found);
                None
            }
            None => {
                problems.push(malformed("configuration", "must be there: the fields of a configuration"));
                None
            }
        };
        let cases = items(&fields, "cases").to_vec();
        let name = fields.get("name").and_then(Value::as_str).unwrap_or("a policy").to_owned();
        let (file, text) = (file.to_owned(), Arc::clone(text));
        Self { file, text, index, name, overlay, virtual_models, document, cases, problems }
    }

    fn position(&self, path: &str) -> Option<yaml::Position> {
        yaml::position_of(&self.text, self.index, path)
    }
}

fn items<'f>(fields: &'f Map<String, Value>, name: &str) -> &'f [Value] {
    fields.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of a list.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn stamp() -> Stamp {
    Stamp::first(Timestamp::from_unix_millis(0), "policy test")
}

fn custom_provider(index: usize, value: &Value) -> Option<CustomProvider> {
    let name = value.get("name")?.as_str()?;
    let models = texts(value.get("models")).into_iter().map(|model_id| CustomModel {
        id: CustomModelId::from_bytes([0; 16]),
        model_id,
        provider_model_id: None,
        unsupported_params: Vec::new(),
        prices: None,
    });
    Some(CustomProvider {
        id: CustomProviderId::from_bytes([u8::try_from(index).unwrap_or(u8::MAX); 16]),
        account_id: AccountId::from_bytes([0; 16]),
        provider_name: ProviderName::new(name).ok()?,
        display_name: name.to_owned(),
        base_url: "http://127.0.0.1:1".to_owned(),
        metadata: None,
        auth_scheme: None,
        headers: Vec::new(),
        surfaces: Vec::new(),
        models: models.collect(),
        stamp: stamp(),
    })
}

fn virtual_model(value: &Value) -> VirtualModel {
    VirtualModel {
        id: VirtualModelId::from_bytes([0; 16]),
        account_id: AccountId::from_bytes([0; 16]),
        label: Label::named(value.get("name").and_then(Value::as_str).unwrap_or_default()),
        models: texts(value.get("models")),
        stamp: stamp(),
    }
}
