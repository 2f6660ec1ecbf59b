//! Where the catalog of this process comes from: the built-in one, the sandbox, and the operator's file.

use anyhow::Context;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use wardgate_core::format::Surface;
use wardgate_core::name::ProviderName;
use wardgate_model::{AuthScheme, Catalog, DataPolicy, DeclaredModel, Endpoint, Origin, Provider};

/// What it is made of.
#[derive(Clone)]
pub(crate) struct Source {
    /// The operator's additions.
    pub(crate) file: Option<PathBuf>,
    /// The sandbox provider, if it runs.
    pub(crate) sandbox_url: Option<String>,
}

/// Which version of the operator's file is meant; none: it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(Option<(Option<SystemTime>, u64, u64)>);

impl Source {
    /// Reads everything anew.
    pub(crate) fn load(&self) -> anyhow::Result<Catalog> {
        let mut catalog = Catalog::built_in()?;
        if let Some(url) = &self.sandbox_url {
            catalog.add_provider(sandbox(url)?);
        }
        if let Some(file) = &self.file {
            wardgate_cli::catalog_file::add(file, &mut catalog).context("the catalog file cannot be used")?;
        }
        Ok(catalog)
    }

    /// The present version of the file. Taken before it is read, so that a change meanwhile is a change.
    pub(crate) fn stamp(&self) -> Stamp {
        let metadata = self.file.as_ref().and_then(|file| std::fs::metadata(file).ok());
        Stamp(metadata.map(|metadata| (metadata.modified().ok(), metadata.len(), metadata.ino())))
    }
}

fn sandbox(base_url: &str) -> anyhow::Result<Provider> {
    let endpoint = |surface: Surface| {
        Arc::new(Endpoint {
            surface,
            format: surface.format(),
            url: wardgate_model::base_url::join(base_url, surface, surface.format()).into(),
            auth: AuthScheme::Bearer,
            stream_url: None,
            supported_params: None,
            unsupported_params: None,
            tools: Vec::new(),
        })
    };
    let models = wardgate_sandbox::model::LISTED.into_iter().filter(|model| *model != "embed");
    let declared =
        |model: &str| DeclaredModel { id: model.into(), upstream_id: model.into(), unsupported_params: None, prices: None };
    Ok(Provider {
        name: ProviderName::new("sandbox")?,
        display_name: "Sandbox".to_owned(),
        origin: Origin::Operator,
        endpoints: [Surface::ChatCompletions, Surface::Responses, Surface::Messages, Surface::CountTokens, Surface::Embeddings]
            .map(endpoint)
            .into(),
        environment_variable: None,
        key_shape: None,
        data_policy: DataPolicy::NOTHING_KEPT,
        headers: Vec::new(),
        datacenters: Vec::new(),
        quirks: Vec::new(),
        declared_models: models.map(declared).collect(),
    })
}
