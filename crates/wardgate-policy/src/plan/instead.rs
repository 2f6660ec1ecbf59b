//! What would do, where nothing can be tried since nobody who was named serves the surface.

use super::Facts;
use crate::policy::OutOfScope;
use crate::refusal::{Dropped, Instead, Why};
use std::sync::Arc;
use wardgate_core::format::Surface;
use wardgate_core::name::ProviderName;
use wardgate_model::Provider;

/// The most providers that are named.
const PROVIDERS_MAX: usize = 8;

/// The same with what would do. It is looked for only here, since of most that is left out nobody is told.
pub(super) fn told(mut dropped: Vec<Dropped>, facts: Facts<'_>) -> Vec<Dropped> {
    for Dropped { why, .. } in &mut dropped {
        if let Why::SurfaceNotServed { provider, surface, instead } = why {
            *instead = Some(Box::new(find(provider, *surface, facts)));
        }
    }
    dropped
}

fn find(provider: &ProviderName, surface: Surface, facts: Facts<'_>) -> Instead {
    let served = facts.overlay.provider(provider.as_str());
    let serves = |surface: &Surface| served.is_some_and(|served| served.endpoint(*surface).is_some());
    let surfaces = Surface::ALL.into_iter().filter(serves).collect();
    let in_scope = |other: &&Arc<Provider>| {
        other.endpoint(surface).is_some() && facts.policy.allows(other, "").err() != Some(OutOfScope::Provider)
    };
    let (ready, others): (Vec<_>, Vec<_>) =
        facts.overlay.providers().filter(in_scope).partition(|other| has_credential(other, facts));
    let is_ready = !ready.is_empty();
    let mut providers: Vec<ProviderName> =
        if is_ready { ready } else { others }.iter().map(|other| other.name.clone()).collect();
    // An account's own providers come in no order of their own.
    providers.sort_unstable();
    providers.truncate(PROVIDERS_MAX);
    Instead { surfaces, providers, is_ready }
}

fn has_credential(provider: &Provider, facts: Facts<'_>) -> bool {
    let name = provider.name.as_str();
    let is_granted = || !facts.credentials.managed_of(name).is_empty();
    !facts.credentials.of(name).is_empty() || is_granted() || provider.works_without_key()
}
