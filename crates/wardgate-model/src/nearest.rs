//! The name that somebody probably meant.

/// The candidate that is fewest typing mistakes away from `text`, if that is few enough to be a mistake: at most two, or a
/// fifth of the length. Compared without case; of equally near ones the first.
#[must_use]
pub fn nearest<'c>(text: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let text = text.to_lowercase();
    let mistakes_max = (text.chars().count() / 5).max(2);
    candidates
        .filter(|candidate| candidate.len().abs_diff(text.len()) <= mistakes_max)
        .map(|candidate| (strsim::osa_distance(&text, &candidate.to_lowercase()), candidate))
        .filter(|(mistakes, _)| *mistakes <= mistakes_max)
        .min_by_key(|(mistakes, _)| *mistakes)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_mistakes_and_nothing_far_fetched() {
        let names = ["gpt-4o", "gpt-4.1", "claude-opus-5-5", "openai"];
        assert_eq!(nearest("gpt-4a", names.into_iter()), Some("gpt-4o"));
        assert_eq!(nearest("OPNAI", names.into_iter()), Some("openai"));
        assert_eq!(nearest("claude-opsu-55", names.into_iter()), Some("claude-opus-5-5"));
        assert_eq!(nearest("llama", names.into_iter()), None);
    }
}
