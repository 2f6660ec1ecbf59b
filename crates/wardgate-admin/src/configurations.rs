//! Access-key configurations: what access keys may call, and through whom. What stands in their documents is `wardgate-policy`'s
//! to know; here they are fetched, stored and shown.

mod create;
mod parts;
mod strategies;
mod update;

use crate::context::Context;
use crate::error::ApiError;
use crate::page::{NAME, Param, Parameters, SEARCH};
use crate::resource::{self, Codes, Handle, Resource};
use crate::route::{Access, Route};
use crate::schema;
use crate::stamped::Stamped;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use wardgate_core::access_key::AccessKey;
use wardgate_core::api_key::Role;
use wardgate_core::configuration::Configuration;
use wardgate_core::id::ConfigurationId;
use wardgate_core::provider_key::ProviderKey;
use wardgate_policy::configuration::Document;
use wardgate_store::Collection;
use wardgate_store::kinds::{AccessKeyFilter, NameFilter};

pub(crate) fn routes() -> Vec<Route> {
    let (reads, writes) = (Access::Account(Role::Viewer), Access::Account(Role::Editor));
    vec![
        resource::list::<Configurations>(reads),
        create::route(writes),
        resource::get::<Configurations>(reads),
        update::route(writes),
        resource::delete::<Configurations>(writes),
    ]
}

/// The resource.
pub(crate) struct Configurations;

/// An access-key configuration as the API shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AccessKeyConfiguration")]
pub(crate) struct ConfigurationBody {
    #[schemars(with = "schema::Id<ConfigurationId>")]
    id: ConfigurationId,
    uri: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// Which providers and models may be called. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::AnyObject>")]
    access: Option<Value>,
    /// Which credentials providers and models are called with. Absent: the account's own, then managed ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::AnyObject>")]
    router: Option<Value>,
    /// What must be true of a request, by expressions. Absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<schema::AnyObject>>")]
    admit: Option<Value>,
    /// Which models may answer, in which order, by expressions. Absent: all, in the client's order.
    #[serde(rename = "model_selection", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::AnyObject>")]
    model_selection: Option<Value>,
    /// Which keys a model is called with, in which order, by expressions. Absent: all, in the order of the rules.
    #[serde(rename = "key_selection", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::AnyObject>")]
    key_selection: Option<Value>,
    /// How parameters of a request are changed before it is sent. Absent: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<schema::AnyObject>>")]
    transform: Option<Value>,
    /// How many access keys link to it.
    access_key_count: u64,
    #[serde(flatten)]
    stamped: Stamped,
}

impl Resource for Configurations {
    type Object = Configuration;
    type Shown = ConfigurationBody;
    const PATH: &'static str = "/access-key-configurations";
    const ENVELOPE: &'static str = "aiGatewayAccessKeyConfigurations";
    const TITLE: &'static str = "AccessKeyConfiguration";
    const TAG: &'static str = "Access-key configurations";
    const ACTION: &'static str = "access_key_configuration";
    const FILTERS: &'static [&'static Param] = &[&NAME, &SEARCH];
    const CODES: Codes = Codes { full: None, conflict: None, referenced: Some("ERR_NGROK_27615") };

    fn collection(context: &Context) -> Result<Handle<'_, Configuration>, ApiError> {
        Ok(Handle::Tenant(context.tenant()?))
    }

    fn filter(_: &Context, parameters: &mut Parameters) -> Result<NameFilter, ApiError> {
        parameters.name_filter()
    }

    async fn show(context: &Context, configurations: Vec<Configuration>) -> Result<Vec<ConfigurationBody>, ApiError> {
        let tenant = context.tenant()?;
        let mut ids: Vec<_> = configurations.iter().flat_map(|shown| shown.references.provider_keys.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut keys: Vec<ProviderKey> = Vec::with_capacity(ids.len());
        for id in ids {
            keys.extend(Collection::<ProviderKey>::get(&*tenant, id).await?);
        }
        let mut shown = Vec::with_capacity(configurations.len());
        for configuration in configurations {
            let linked = AccessKeyFilter { configuration_id: Some(configuration.id), ..AccessKeyFilter::default() };
            let access_key_count = Collection::<AccessKey>::count(&*tenant, &linked).await?;
            shown.push(show(context, configuration, &keys, access_key_count)?);
        }
        Ok(shown)
    }
}

fn show(
    context: &Context,
    configuration: Configuration,
    keys: &[ProviderKey],
    access_key_count: u64,
) -> Result<ConfigurationBody, ApiError> {
    let mut fields = document(&configuration)?.shown(keys);
    Ok(ConfigurationBody {
        id: configuration.id,
        uri: context.app.item_uri(Configurations::PATH, configuration.id),
        name: configuration.label.name.unwrap_or_default(),
        description: configuration.label.description,
        metadata: configuration.label.metadata,
        access: fields.remove("access"),
        router: fields.remove("router"),
        admit: fields.remove("admit"),
        model_selection: fields.remove("model_selection"),
        key_selection: fields.remove("key_selection"),
        transform: fields.remove("transform"),
        access_key_count,
        stamped: Stamped::new(&context.app, configuration.stamp),
    })
}

/// What a stored configuration says.
fn document(configuration: &Configuration) -> Result<Document, ApiError> {
    Document::from_text(&configuration.document).map_err(|error| ApiError::internal(&error))
}
