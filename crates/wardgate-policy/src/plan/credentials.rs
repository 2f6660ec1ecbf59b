//! With which credentials a model is called, in order.
//!
//! A rule is exhaustive: what it does not list is not tried. Without one, the account's own keys come first, oldest first, then
//! the managed ones that it was granted. A managed key serves only models whose price is known, since the operator pays.

use super::Facts;
use crate::credential::Credential;
use crate::failover::ATTEMPTS_MAX;
use crate::policy::Step;
use crate::refusal::Why;
use wardgate_core::id::ProviderKeyId;
use wardgate_model::{Origin, Target};

/// The credentials for one model, and the ways to call it that were left out. Used again for each model of a plan.
pub(super) struct Chosen {
    /// In place, since every request goes through here.
    room: [Credential; CREDENTIALS_MAX],
    count: usize,
    pub(super) left_out: Vec<Why>,
}

/// The most credentials of one model at one provider. More would never be used: an attempt uses up at most one of them.
pub(super) const CREDENTIALS_MAX: usize = ATTEMPTS_MAX as usize;

impl Default for Chosen {
    fn default() -> Self {
        Self { room: [Credential::None; CREDENTIALS_MAX], count: 0, left_out: Vec::new() }
    }
}

impl Chosen {
    /// Chooses them for a model, and forgets those of the one before.
    pub(super) fn choose(&mut self, target: &Target, facts: Facts<'_>) {
        self.count = 0;
        self.left_out.clear();
        let provider = &target.provider;
        match facts.policy.steps(provider, &target.model) {
            Some(steps) => {
                for step in steps {
                    match step {
                        Step::User(keys) => self.add_user(keys, target, facts),
                        Step::Managed => self.add_managed(target, facts, true),
                    }
                }
            }
            None => {
                let keys = facts.credentials.of(provider.name.as_str());
                self.add_all(keys.iter().map(|key| Credential::User(*key)));
                self.add_managed(target, facts, false);
                if self.count == 0 && provider.works_without_key() {
                    self.add_all([Credential::None].into_iter());
                }
            }
        }
    }

    /// In the order in which they are tried, each once.
    pub(super) fn credentials(&self) -> &[Credential] {
        &self.room[..self.count]
    }

    fn add_user(&mut self, keys: &[ProviderKeyId], target: &Target, facts: Facts<'_>) {
        let provider = &target.provider.name;
        let there = facts.credentials.of(provider.as_str());
        if !keys.iter().all(|key| there.contains(key)) {
            self.left_out.push(Why::KeyGone { provider: provider.clone() });
        }
        self.add_all(keys.iter().filter(|key| there.contains(key)).map(|key| Credential::User(*key)));
    }

    fn add_managed(&mut self, target: &Target, facts: Facts<'_>, is_wanted: bool) {
        let provider = || target.provider.name.clone();
        let model = || target.model.clone();
        let keys = facts.credentials.managed_of(target.provider.name.as_str());
        let known = target.known.as_ref();
        // The operator's keys go nowhere that a tenant described, whatever it is called.
        if keys.is_empty() || target.provider.origin == Origin::Tenant {
            self.left_out.extend(is_wanted.then(|| Why::NotGranted { provider: provider() }));
        } else if known.is_none() {
            self.left_out.push(Why::NotCatalogued { provider: provider(), model: model() });
        } else if known.is_some_and(|known| known.prices.is_none()) {
            self.left_out.push(Why::NotPriced { provider: provider(), model: model() });
        } else {
            self.add_all(keys.iter().map(|key| Credential::Managed(*key)));
        }
    }

    fn add_all(&mut self, credentials: impl Iterator<Item = Credential>) {
        for credential in credentials {
            if self.count < CREDENTIALS_MAX && !self.credentials().contains(&credential) {
                self.room[self.count] = credential;
                self.count += 1;
            }
        }
    }
}
