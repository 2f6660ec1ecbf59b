//! Limits beneath teams and accounts: on their keys, their end users and models. Most tiers have none, and then nothing of this runs.

use super::{Allotment, Allowance};
use wardgate_core::id::{AccessKeyId, AccountId, TeamId};
use wardgate_limits::rate::{Level, Rates, Rule, Subject};
use wardgate_model::Target;

/// Who asks, and for what.
pub(crate) struct Asking {
    /// The account.
    pub(crate) account_id: AccountId,
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
        let mut rules = Vec::new();
        for allotment in self.allotments(asking.team_id) {
            let narrow = &allotment.limits.narrow;
            let key_id = asking.key_id.to_text();
            rules.extend(allotment.beneath(asking, Level::Key, &key_id, &narrow.per_key));
            rules.extend(end_user.and_then(|name| allotment.beneath(asking, Level::EndUser, name, &narrow.per_end_user)));
        }
        rules
    }

    /// What is counted for a model.
    pub(crate) fn model_rules(&self, asking: &Asking, target: &Target) -> Vec<Rule> {
        let rules = self.allotments(asking.team_id).filter_map(|allotment| {
            let (name, rates) = allotment.limits.narrow.model(target.provider.name.as_str(), &target.model)?;
            allotment.beneath(asking, Level::Model, &name, rates)
        });
        rules.collect()
    }
}

impl Allotment {
    /// The rule of someone beneath whoever has this; none where nothing is limited.
    fn beneath(&self, asking: &Asking, level: Level, name: &str, rates: &Rates) -> Option<Rule> {
        if rates.is_empty() {
            return None;
        }
        let subject = match self.rule.level {
            Level::Team => Subject::of_team(asking.account_id, asking.team_id, level, name),
            _ => Subject::new(asking.account_id, level, name),
        };
        Some(Rule { subject, level, tier: Some(self.tier.clone()), rates: *rates })
    }
}
