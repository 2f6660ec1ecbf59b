//! What a model takes and can do.

use serde::Deserialize;

/// Something that a request may need of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Images in the input.
    Images,
    /// Documents in the input, such as PDF.
    Files,
    /// Sound in the input.
    Audio,
    /// Moving pictures in the input.
    Video,
    /// Calls of tools.
    Tools,
    /// Answers that follow a JSON schema.
    JsonSchema,
    /// Thinking before it answers.
    Reasoning,
}

impl Ability {
    /// Every ability.
    pub const ALL: [Self; 7] =
        [Self::Images, Self::Files, Self::Audio, Self::Video, Self::Tools, Self::JsonSchema, Self::Reasoning];

    /// Its name in data files and APIs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Files => "files",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Tools => "tools",
            Self::JsonSchema => "json_schema",
            Self::Reasoning => "reasoning",
        }
    }
}

/// A set of abilities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AbilitySet(u8);

impl AbilitySet {
    /// Adds one.
    pub const fn insert(&mut self, ability: Ability) {
        self.0 |= 1 << ability as u8;
    }

    /// Whether it holds one.
    #[must_use]
    pub const fn has(self, ability: Ability) -> bool {
        self.0 & 1 << ability as u8 != 0
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in both.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in this one and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// All in it, in the order of [`Ability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Ability> {
        Ability::ALL.into_iter().filter(move |ability| self.has(*ability))
    }
}

impl FromIterator<Ability> for AbilitySet {
    fn from_iter<I: IntoIterator<Item = Ability>>(abilities: I) -> Self {
        let mut set = Self::default();
        abilities.into_iter().for_each(|ability| set.insert(ability));
        set
    }
}

/// What is known of a model's abilities. Of what is in neither set nothing is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// What it can.
    pub can: AbilitySet,
    /// What it cannot.
    pub cannot: AbilitySet,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: AbilitySet = [Ability::Tools, Ability::Images].into_iter().collect();
        let names = |set: AbilitySet| set.iter().map(Ability::name).collect::<Vec<_>>();
        assert_eq!(names(set), ["images", "tools"]);
        let other: AbilitySet = [Ability::Tools, Ability::Reasoning].into_iter().collect();
        assert_eq!(names(set.both(other)), ["tools"]);
        assert_eq!(names(set.without(other)), ["images"]);
        assert!(AbilitySet::default().is_empty() && !set.is_empty());
    }
}
