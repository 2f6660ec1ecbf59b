//! What the operator adds to what providers take, where a tier says something else than the gateway.

use super::Problem;
use crate::cost::{Margin, markup_from_percent, percent};
use serde_json::{Map, Value};
use wardgate_core::money::PicoUsdPerToken;

/// The names of its fields.
pub const MARGIN: [&str; 2] = ["managedMarkup", "processingFee"];

/// A tier's own. What is absent is the gateway's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TierMargin {
    /// On requests with the operator's own keys, in millionths of what the provider takes.
    pub markup_ppm: Option<u32>,
    /// On all requests that used something, for each token of input and output.
    pub fee: Option<PicoUsdPerToken>,
}

impl TierMargin {
    /// What is added, where this says nothing by what is `general`.
    #[must_use]
    pub fn over(self, general: Margin) -> Margin {
        Margin { markup_ppm: self.markup_ppm.unwrap_or(general.markup_ppm), fee: self.fee.unwrap_or(general.fee) }
    }

    /// Reads the fields of a tier's document that it is of.
    pub(super) fn read(document: &Map<String, Value>, problems: &mut Vec<Problem>) -> Self {
        let mut text = |name: &str, why: &str, is_good: &dyn Fn(&str) -> bool| {
            let text = match document.get(name)? {
                Value::Null => return None,
                Value::String(text) => text.clone(),
                // In YAML 0.05 is a number.
                Value::Number(number) => number.to_string(),
                _ => String::new(),
            };
            if !is_good(&text) {
                problems.push(Problem { path: name.to_owned(), why: why.to_owned() });
            }
            Some(text)
        };
        let markup =
            text(MARGIN[0], "must be a share, such as 5% or 2.5%, at most 1000%", &|text| markup_from_percent(text).is_some());
        let fee = text(MARGIN[1], "must be dollars for a million tokens, such as \"0.05\"", &|text| fee(text).is_some());
        Self { markup_ppm: markup.as_deref().and_then(markup_from_percent), fee: fee.as_deref().and_then(self::fee) }
    }

    /// Writes them.
    pub(super) fn write(self, document: &mut Map<String, Value>) {
        let texts = [self.markup_ppm.map(percent), self.fee.map(PicoUsdPerToken::to_usd_per_million)];
        for (name, text) in MARGIN.into_iter().zip(texts) {
            document.extend(text.map(|text| (name.to_owned(), text.into())));
        }
    }
}

/// The most that a token costs is a dollar.
fn fee(text: &str) -> Option<PicoUsdPerToken> {
    PicoUsdPerToken::from_usd_per_million(text).filter(|fee| fee.pico_usd() <= 1_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_reads_back_and_says_what_is_wrong() {
        let read = |document: Value| {
            let mut problems = Vec::new();
            let margin = TierMargin::read(document.as_object().unwrap_or(&Map::new()), &mut problems);
            (margin, problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>())
        };
        let written = json!({"managedMarkup": "2.5%", "processingFee": "0.05"});
        let (margin, problems) = read(written.clone());
        assert_eq!((margin.markup_ppm, margin.fee.map(PicoUsdPerToken::pico_usd)), (Some(25_000), Some(50_000)));
        let mut document = Map::new();
        margin.write(&mut document);
        assert_eq!((Value::Object(document), problems), (written, Vec::new()));
        assert_eq!(read(json!({"processingFee": 0.05})).0.fee, margin.fee);
        assert_eq!(read(json!({"managedMarkup": "5", "processingFee": [1]})).1, MARGIN);
        assert_eq!(read(json!({"managedMarkup": "-5%", "processingFee": "-1"})).1, MARGIN);
    }
}
