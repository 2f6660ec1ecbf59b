//! An entry of the file for a provider: what it says of one that the catalog has, or the whole of a new one.

use super::fields::{Fields, Path, Problem};
use crate::base_url;
use crate::catalog::Catalog;
use crate::nearest::nearest;
use crate::overlay::{DEFAULT_SURFACES, Served, likely_scheme};
use crate::provider::{AuthScheme, DataPolicy, Datacenter, Endpoint, Origin, Provider};
use serde_json::Value;
use std::sync::Arc;
use wardgate_core::format::{Family, Format, Surface};
use wardgate_core::name::ProviderName;

/// What may be said of every provider.
const OF_ANY: [&str; 3] = ["id", "datacenters", "dataPolicy"];

/// What describes a new one.
const OF_NEW: [&str; 4] = ["name", "baseUrl", "authScheme", "surfaces"];

/// The provider that is meant, with what the entry says of it.
pub(super) fn read(catalog: &Catalog, value: &Value, path: &Path, problems: &mut Vec<Problem>) -> Option<Provider> {
    let fields = Fields::of(value, path.clone(), &[&OF_ANY[..], &OF_NEW].concat(), problems);
    let id = fields.needed_text("id", problems)?;
    let mut provider = match catalog.provider(id) {
        Some(known) => {
            for name in OF_NEW.into_iter().filter(|name| fields.get(name).is_some()) {
                let text = format!("is for new providers only, and {id} is described already: choose another id");
                fields.wrong(name, &text, problems);
            }
            Provider::clone(known)
        }
        None => new(catalog, id, &fields, problems)?,
    };
    if fields.get("datacenters").is_some() {
        provider.datacenters = datacenters(&fields, problems);
    }
    if let Some(policy) = data_policy(&fields, problems) {
        provider.data_policy = policy;
    }
    Some(provider)
}

fn new(catalog: &Catalog, id: &str, fields: &Fields<'_>, problems: &mut Vec<Problem>) -> Option<Provider> {
    if fields.get("baseUrl").is_none() {
        let near = nearest(id, catalog.providers().map(|provider| provider.name.as_str()));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        fields.wrong(
            "id",
            &format!("there is no provider {id:?} in the catalog, and a new one needs a baseUrl{hint}"),
            problems,
        );
        return None;
    }
    let name = ProviderName::new(id).map_err(|bad| fields.wrong("id", &format!("cannot be: {bad}"), problems)).ok();
    let base_url = url(fields, problems);
    let scheme = scheme(fields, problems);
    let endpoints = endpoints(fields, base_url?, scheme, problems);
    Some(Provider {
        name: name?,
        display_name: fields.text("name", problems).unwrap_or(id).to_owned(),
        origin: Origin::Operator,
        endpoints,
        environment_variable: None,
        key_shape: None,
        data_policy: DataPolicy::default(),
        headers: Vec::new(),
        datacenters: Vec::new(),
        quirks: Vec::new(),
        declared_models: Vec::new(),
    })
}

fn url<'v>(fields: &Fields<'v>, problems: &mut Vec<Problem>) -> Option<&'v str> {
    let text = fields.text("baseUrl", problems)?;
    let problem = base_url::problem(text);
    if let Some(why) = problem {
        fields.wrong("baseUrl", why, problems);
    }
    problem.is_none().then_some(text)
}

fn scheme(fields: &Fields<'_>, problems: &mut Vec<Problem>) -> Option<AuthScheme> {
    AuthScheme::from_name(fields.one_of("authScheme", &AuthScheme::ALL.map(AuthScheme::name), problems)?)
}

/// The surfaces that are named, each once; without any, those that nearly everyone serves.
fn endpoints(
    fields: &Fields<'_>,
    base_url: &str,
    scheme: Option<AuthScheme>,
    problems: &mut Vec<Problem>,
) -> Vec<Arc<Endpoint>> {
    let endpoint = |surface: Surface, format: Format, base_url: &str, supported_params: &[String]| {
        let auth = scheme.unwrap_or_else(|| likely_scheme(format, base_url));
        Served { surface, format, base_url, auth, supported_params }.endpoint()
    };
    if fields.get("surfaces").is_none() {
        return DEFAULT_SURFACES.into_iter().map(|surface| endpoint(surface, surface.format(), base_url, &[])).collect();
    }
    let mut endpoints: Vec<Arc<Endpoint>> = Vec::new();
    for (value, path) in fields.items("surfaces", problems) {
        let (name, fields) = match value.as_str() {
            Some(name) => (Some(name), None),
            None => {
                let fields = Fields::of(value, path.clone(), &["surface", "format", "baseUrl", "supportedParams"], problems);
                (fields.needed_text("surface", problems), Some(fields))
            }
        };
        let Some(name) = name else { continue };
        let Some(surface) = Surface::from_name(name) else {
            problems.push(
                path.problem(format!("there is no surface {name:?}; known: {}", Surface::ALL.map(Surface::name).join(", "))),
            );
            continue;
        };
        let Some(format) = format(surface, fields.as_ref(), problems) else { continue };
        if endpoints.iter().any(|endpoint| (endpoint.surface, endpoint.format) == (surface, format)) {
            problems.push(path.problem(format!("{name} stands here twice")));
            continue;
        }
        let own = fields.as_ref().and_then(|fields| url(fields, problems));
        let params = fields.map(|fields| texts(&fields, "supportedParams", problems)).unwrap_or_default();
        endpoints.push(endpoint(surface, format, own.unwrap_or(base_url), &params));
    }
    if endpoints.is_empty() {
        fields.wrong("surfaces", "must name a surface, or be left out", problems);
    }
    endpoints
}

/// How the surface is spelled there: as the family that is named has it, else in its own format.
fn format(surface: Surface, fields: Option<&Fields<'_>>, problems: &mut Vec<Problem>) -> Option<Format> {
    let Some(fields) = fields.filter(|fields| fields.get("format").is_some()) else { return Some(surface.format()) };
    let families = Family::ALL.into_iter().filter(|family| surface.format_of(*family).is_some()).map(Family::name);
    let name = fields.one_of("format", &families.collect::<Vec<_>>(), problems)?;
    surface.format_of(Family::from_name(name)?)
}

fn texts(fields: &Fields<'_>, name: &str, problems: &mut Vec<Problem>) -> Vec<String> {
    let items = fields.items(name, problems).into_iter();
    items
        .filter_map(|(value, path)| {
            let text = value.as_str().map(str::to_owned);
            if text.is_none() {
                problems.push(path.problem("must be a text".to_owned()));
            }
            text
        })
        .collect()
}

fn datacenters(fields: &Fields<'_>, problems: &mut Vec<Problem>) -> Vec<Datacenter> {
    let places = fields.items("datacenters", problems).into_iter();
    places
        .filter_map(|(value, path)| {
            let fields = Fields::of(value, path, &["region", "countryCode"], problems);
            let country_code = fields.text("countryCode", problems).unwrap_or_default().to_owned();
            let region = fields.needed_text("region", problems)?.to_owned();
            Some(Datacenter { country_code, region })
        })
        .collect()
}

/// What was agreed with the provider, in the place of what it does with everyone's.
fn data_policy(fields: &Fields<'_>, problems: &mut Vec<Problem>) -> Option<DataPolicy> {
    let fields = Fields::of(fields.get("dataPolicy")?, fields.path.field("dataPolicy"), &["trains", "retains"], problems);
    let mut flag = |name: &str| {
        let value = fields.get(name)?;
        if !value.is_boolean() {
            fields.wrong(name, "must be true or false, or left out when it is not known", problems);
        }
        value.as_bool()
    };
    Some(DataPolicy { trains: flag("trains"), retains: flag("retains") })
}
