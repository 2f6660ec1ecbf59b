//! What an account and its teams may take: their tiers, by the documents behind the names.

mod beneath;

pub(crate) use beneath::Asking;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wardgate_core::id::{AccountId, TeamId};
use wardgate_core::tier::{Tier, TierName};
use wardgate_limits::cost::Margin;
use wardgate_limits::rate::{Holder, Level, Rates, Rule, Subject};
use wardgate_limits::tier::{ModelClass, TierLimits};
use wardgate_model::Target;
use wardgate_store::kinds::NameFilter;
use wardgate_store::{Collection, Page, RoutingMaterial, Store, StoreError};

/// The most requests a minute of someone whose tier nobody knows, whatever the known tiers allow.
const UNKNOWN_REQUESTS_PER_MINUTE: u64 = 20;

/// The documents behind the names of tiers: those of the gateway's file, and those that the operator stored.
pub struct TierBook {
    of_file: Arc<BTreeMap<TierName, TierLimits>>,
    /// What is in force where a name leads nowhere.
    strictest: TierLimits,
}

impl TierBook {
    /// The tiers of a file.
    #[must_use]
    pub fn new(of_file: Arc<BTreeMap<TierName, TierLimits>>) -> Self {
        let floor = TierLimits { requests_per_minute: Some(UNKNOWN_REQUESTS_PER_MINUTE), ..TierLimits::default() };
        let strictest = of_file.values().fold(floor, |strictest, tier| strictest.tightest(tier));
        Self { of_file, strictest }
    }

    /// What the account of this material and its teams may take. Asks the store for tiers that are not of the file.
    pub(crate) async fn allowance(&self, store: &dyn Store, material: &RoutingMaterial) -> Result<Allowance, StoreError> {
        let account_id = material.account.id;
        let mut documents = HashMap::new();
        let teams = material.teams.iter().filter_map(|team| team.tier.as_ref());
        for name in material.account.tier.iter().chain(teams) {
            if !documents.contains_key(name) {
                documents.insert(name.clone(), self.document(store, name, account_id).await?);
            }
        }
        let allotted = |name: Option<&TierName>, holder: Holder, level: Level, id: &str| {
            let name = name?;
            let limits = documents.get(name).cloned()?;
            Some(Allotment::new(Subject::new(account_id, level, id), holder, level, name.clone(), limits))
        };
        let of_team = |id: TeamId, tier: Option<&TierName>| {
            Some((id, allotted(tier, Holder::team(account_id, id), Level::Team, &id.to_text())?))
        };
        let teams = material.teams.iter().filter_map(|team| of_team(team.id, team.tier.as_ref())).collect();
        let holder = Holder::account(account_id);
        let account = allotted(material.account.tier.as_ref(), holder, Level::Account, &account_id.to_text());
        Ok(Allowance { teams, account })
    }

    async fn document(&self, store: &dyn Store, name: &TierName, account_id: AccountId) -> Result<TierLimits, StoreError> {
        if let Some(limits) = self.of_file.get(name) {
            return Ok(limits.clone());
        }
        let filter = NameFilter { name: Some(name.to_string()), search: None };
        let stored = Collection::<Tier>::list(store, &filter, Page::first()).await?.items.pop();
        let read = stored.map(|tier| serde_json::from_str(&tier.document).map(|document| TierLimits::read(&document)));
        Ok(match read {
            Some(Ok(Ok(limits))) => limits,
            // Neither no limits nor no service: whoever made the mistake did not mean either.
            found => {
                let why = if found.is_some() { "its document cannot be read" } else { "there is no such tier" };
                tracing::error!(tier = %name, account = %account_id, why, "a tier is replaced by the strictest limits known");
                self.strictest.clone()
            }
        })
    }
}

/// What one account and its teams may take.
#[derive(Default)]
pub struct Allowance {
    teams: HashMap<TeamId, Allotment, crate::cache::Hasher>,
    account: Option<Allotment>,
}

/// What one of them may take.
struct Allotment {
    rule: Rule,
    holder: Holder,
    tier: TierName,
    limits: TierLimits,
}

impl Allotment {
    fn new(subject: Subject, holder: Holder, level: Level, tier: TierName, limits: TierLimits) -> Self {
        let rule = Rule { subject, level, tier: Some(tier.clone()), rates: Rates::from(&limits) };
        Self { rule, holder, tier, limits }
    }
}

impl Allowance {
    /// What is counted for a request of a team.
    pub(crate) fn rules(&self, team_id: TeamId) -> impl Iterator<Item = &Rule> {
        self.allotments(team_id).map(|allotment| &allotment.rule)
    }

    /// The largest body that a team may send, and the tier that says so.
    pub(crate) fn body_bytes_max(&self, team_id: TeamId) -> Option<(usize, &TierName)> {
        let limits = self.allotments(team_id).filter_map(|allotment| {
            let bytes = allotment.limits.body_bytes_max?;
            Some((usize::try_from(bytes).unwrap_or(usize::MAX), &allotment.tier))
        });
        limits.min_by_key(|(bytes, _)| *bytes)
    }

    /// The tier that keeps a team from a model, if one does.
    pub(crate) fn keeps_from(&self, team_id: TeamId, target: &Target) -> Option<&TierName> {
        // Few tiers speak of classes, and then nothing has to be known of the model.
        let mut classed = self.allotments(team_id).filter(|allotment| !allotment.limits.model_classes.is_empty());
        let first = classed.next()?;
        let class = ModelClass::of(target);
        std::iter::once(first).chain(classed).find(|allotment| !allotment.limits.admits(class)).map(|allotment| &allotment.tier)
    }

    /// What the operator adds to what providers take: as the team's tier says, else the account's, else as it is `general`.
    pub(crate) fn margin(&self, team_id: TeamId, general: Margin) -> Margin {
        let of_account = self.account.as_ref().map_or(general, |account| account.limits.margin.over(general));
        let team = if self.teams.is_empty() { None } else { self.teams.get(&team_id) };
        team.map_or(of_account, |team| team.limits.margin.over(of_account))
    }

    fn allotments(&self, team_id: TeamId) -> impl Iterator<Item = &Allotment> {
        // Most accounts have no team on a tier of its own.
        let team = if self.teams.is_empty() { None } else { self.teams.get(&team_id) };
        team.into_iter().chain(&self.account)
    }
}
