//! Limits beneath teams and accounts: on their keys, their end users and models. Most tiers have none, and then nothing of this runs.

use super::{Allotment, Allowance};
use wardgate_core::id::{AccessKeyId, TeamId};
use wardgate_limits::rate::{Level, Rates, Rule};
use wardgate_model::Target;

/// The tiers that may apply to one request: that of the team and that of the account.
const TIERS: usize = 2;

/// Who asks.
pub(crate) struct Asking {
    /// The key's team.
    pub(crate) team_id: TeamId,
    /// The key.
    pub(crate) key_id: AccessKeyId,
}

impl Allowance {
    /// Whether a team's keys or end users are limited.
    pub(crate) fn limits_callers(&self, team_id: TeamId) -> bool {
        self.allotments(team_id).any(|allotment| {
            let narrow = &allotment.limits.narrow;
            !narrow.per_key.is_empty() || !narrow.per_end_user.is_empty()
        })
    }

    /// Whether what a team asks of single models is limited.
    pub(crate) fn limits_models(&self, team_id: TeamId) -> bool {
        self.allotments(team_id).any(|allotment| allotment.limits.narrow.has_models())
    }

    /// What is counted for the key and the end user.
    pub(crate) fn caller_rules(&self, asking: &Asking, end_user: Option<&str>) -> Vec<Rule> {
        let mut rules = Vec::with_capacity(2 * TIERS);
        for allotment in self.allotments(asking.team_id) {
            let narrow = &allotment.limits.narrow;
            if !narrow.per_key.is_empty() {
                rules.push(allotment.beneath(Level::Key, &asking.key_id.to_text(), &narrow.per_key));
            }
            if let Some(name) = end_user.filter(|_| !narrow.per_end_user.is_empty()) {
                rules.push(allotment.beneath(Level::EndUser, name, &narrow.per_end_user));
            }
        }
        rules
    }

    /// What is counted for a model.
    pub(crate) fn model_rules(&self, asking: &Asking, target: &Target) -> Vec<Rule> {
        let rules = self.allotments(asking.team_id).filter_map(|allotment| {
            let (name, rates) = allotment.limits.narrow.model(target.provider.name.as_str(), &target.model)?;
            Some(allotment.beneath(Level::Model, &name, rates))
        });
        rules.collect()
    }
}

impl Allotment {
    /// The rule of someone beneath whoever has this.
    fn beneath(&self, level: Level, name: &str, rates: &Rates) -> Rule {
        let subject = self.holder.subject(level, name);
        Rule { subject, level, tier: Some(self.tier.clone()), rates: *rates }
    }
}
