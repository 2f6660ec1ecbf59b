//! What is known of a model at a provider.

use crate::ability::Abilities;
use crate::constraints::Constraints;
use crate::price::{FormerPrices, Prices};
use wardgate_core::format::Format;
use wardgate_core::name::{ModelName, ProviderName};
use wardgate_core::time::Timestamp;

/// A catalog entry: one model at one provider.
#[derive(Debug, Clone)]
pub struct Model {
    /// The provider that serves it.
    pub provider: ProviderName,
    /// The id that the provider knows it by.
    pub id: ModelName,
    /// `author/slug`, the same for every provider that serves it.
    pub slug: String,
    /// What people read.
    pub display_name: String,
    /// Who made it.
    pub author: String,
    /// The most tokens that input and output may have together; none when unknown.
    pub context_window: Option<u64>,
    /// The most tokens that it answers with; none when unknown.
    pub output_tokens_max: Option<u64>,
    /// The formats in which it can be asked, as far as that is known; none when it is not.
    pub formats: Vec<Format>,
    /// Whether it answers in words. Others, such as embedding models, are catalogued for their prices.
    pub is_chat: bool,
    /// Whether the provider still offers it.
    pub is_offered: bool,
    /// What it takes and can do, as far as is known.
    pub abilities: Abilities,
    /// What it demands of requests that are written for it.
    pub constraints: Constraints,
    /// What it costs; none when unknown, which is not the same as nothing.
    pub prices: Option<Prices>,
    /// What it cost before, the oldest first. A change that is announced is a former price until a day to come.
    pub former_prices: Vec<FormerPrices>,
}

impl Model {
    /// What it costs at that moment; none when unknown.
    #[must_use]
    pub fn prices_at(&self, at: Timestamp) -> Option<&Prices> {
        match self.former_prices.iter().find(|former| at < former.until) {
            Some(former) => former.prices.as_ref(),
            None => self.prices.as_ref(),
        }
    }
}
