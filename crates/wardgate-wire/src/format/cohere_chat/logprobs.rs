//! Probabilities of tokens as Cohere tells them: a text, and the numbers of the tokens that it is made of.

use crate::json::Text;
use crate::neutral::logprobs::Logprob;
use crate::neutral::request::Number;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Item<'b> {
    #[serde(borrow)]
    text: Option<Text<'b>>,
    #[serde(borrow)]
    logprobs: Option<Vec<&'b RawValue>>,
}

impl Item<'_> {
    /// Where a text has several tokens, nobody knows where it divides; that it came is as probable as all of them together.
    fn read(self) -> Option<Logprob> {
        let logprob = match self.logprobs.as_deref().unwrap_or_default() {
            [] => return None,
            [only] => Number::new(only.get())?,
            several => {
                let sum: f64 = several.iter().filter_map(|number| number.get().parse::<f64>().ok()).sum();
                Number::new(&sum.to_string())?
            }
        };
        Some(Logprob::new(self.text?.0.into_owned(), logprob))
    }
}

/// The tokens, from a list of items or from one. What is not as it should be says nothing.
pub(super) fn read(told: &RawValue) -> Vec<Logprob> {
    let items: Vec<Item<'_>> = match told.get().starts_with('[') {
        true => serde_json::from_str(told.get()).unwrap_or_default(),
        false => serde_json::from_str(told.get()).map_or(Vec::new(), |item| vec![item]),
    };
    items.into_iter().filter_map(Item::read).collect()
}
