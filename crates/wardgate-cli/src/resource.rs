//! What there is to manage, as data: one file a resource, one table of all of them.

mod access_key;
mod account;
mod api_key;
mod audit;
mod budget;
mod configuration;
mod gateway_config;
mod managed_key;
mod operator_key;
mod provider;
mod provider_key;
mod purchase;
mod team;
mod tier;
mod virtual_model;

use crate::connection::Scope;
use crate::output::Column;

pub(crate) use access_key::ACCESS_KEY;
pub(crate) use account::ACCOUNT;
pub(crate) use budget::BUDGET;
pub(crate) use configuration::CONFIGURATION;
pub(crate) use gateway_config::GATEWAY_CONFIG;
pub(crate) use managed_key::MANAGED_KEY;
pub(crate) use provider::PROVIDER;
pub(crate) use provider_key::PROVIDER_KEY;
pub(crate) use purchase::PURCHASE;
pub(crate) use team::TEAM;
pub(crate) use tier::TIER;
pub(crate) use virtual_model::VIRTUAL_MODEL;

/// All of them, in the order in which a newcomer meets them.
pub(crate) const ALL: [&Resource; 14] = [
    &ACCOUNT,
    &TEAM,
    &ACCESS_KEY,
    &api_key::API_KEY,
    &operator_key::OPERATOR_KEY,
    &PROVIDER,
    &PROVIDER_KEY,
    &MANAGED_KEY,
    &CONFIGURATION,
    &VIRTUAL_MODEL,
    &BUDGET,
    &TIER,
    &GATEWAY_CONFIG,
    &audit::AUDIT,
];

/// One kind of object that the API manages.
pub(crate) struct Resource {
    /// The command.
    pub(crate) command: &'static str,
    /// What one is called in a sentence.
    pub(crate) noun: &'static str,
    /// What the command is for.
    pub(crate) about: &'static str,
    /// Where the list is.
    pub(crate) path: &'static str,
    /// The field of a list's answer that holds the items; nothing for what is there once.
    pub(crate) envelope: &'static str,
    /// Whether a list comes in pages and can be filtered; else all of it comes at once.
    pub(crate) is_paged: bool,
    /// What an id starts with, without the underscore.
    pub(crate) id_prefix: &'static str,
    /// By what people call one.
    pub(crate) naming: Naming,
    /// Whose key it takes.
    pub(crate) scope: Scope,
    /// What a table shows.
    pub(crate) columns: &'static [Column],
    /// Which lists there are.
    pub(crate) filters: &'static [Filter],
    /// What can be set.
    pub(crate) fields: &'static [Field],
    /// What can be done.
    pub(crate) verbs: &'static [Verb],
    /// How that looks.
    pub(crate) examples: &'static [(Verb, &'static [&'static str])],
}

/// By what people call an object of a kind.
pub(crate) struct Naming {
    /// The field that holds the name.
    pub(crate) field: &'static str,
    /// The parameter of the list that asks for exactly this name.
    pub(crate) parameter: &'static str,
    /// The field, and the parameter, of what may stand before the name and a slash, as in `openai/main`.
    pub(crate) qualifier: Option<(&'static str, &'static str)>,
}

impl Naming {
    /// By its name.
    pub(crate) const NAME: Self = Self { field: "name", parameter: "name", qualifier: None };
}

/// What can be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    List,
    Get,
    Create,
    Update,
    Delete,
    Rotate,
    Enable,
    Disable,
    Grant,
    Revoke,
    Grants,
}

/// A parameter of a list.
pub(crate) struct Filter {
    /// The option, without dashes.
    pub(crate) flag: &'static str,
    /// The parameter.
    pub(crate) parameter: &'static str,
    /// What it takes.
    pub(crate) takes: Takes,
    pub(crate) help: &'static str,
}

/// A field that an option sets.
pub(crate) struct Field {
    /// The option, without dashes.
    pub(crate) flag: &'static str,
    /// Where it goes in the body; a point goes down.
    pub(crate) path: &'static str,
    /// What it takes.
    pub(crate) takes: Takes,
    /// When it can be set.
    pub(crate) when: When,
    pub(crate) help: &'static str,
}

/// What an option takes.
#[derive(Clone, Copy)]
pub(crate) enum Takes {
    /// A text; an empty one clears.
    Text,
    /// A whole number; `none` clears.
    Number,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Several texts; an empty one clears.
    List,
    /// An instant or a time from now; `never` clears.
    Expiry,
    /// An instant or a time ago.
    Past,
    /// The name or id of another object; `none` clears.
    Ref(&'static Resource),
    /// A credential, from anywhere but the command line.
    Secret,
}

/// When a field can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Only when the object is made, and it must be then.
    CreateRequired,
    /// Only when the object is made.
    Create,
    /// It must be when the object is made, and can be later.
    Required,
    /// At any time.
    Always,
    /// Only once it is there.
    Update,
}

impl Field {
    pub(crate) const fn new(flag: &'static str, path: &'static str, takes: Takes, when: When, help: &'static str) -> Self {
        Self { flag, path, takes, when, help }
    }
}

impl Filter {
    pub(crate) const fn new(flag: &'static str, parameter: &'static str, takes: Takes, help: &'static str) -> Self {
        Self { flag, parameter, takes, help }
    }
}

/// Fields that many resources have.
pub(crate) const NAME: Field = Field::new("name", "name", Takes::Text, When::Required, "A name, at most 255 characters");
pub(crate) const OPTIONAL_NAME: Field = Field::new("name", "name", Takes::Text, When::Always, "A name, at most 255 characters");
pub(crate) const DESCRIPTION: Field =
    Field::new("description", "description", Takes::Text, When::Always, "For people, at most 255 characters");
pub(crate) const METADATA: Field =
    Field::new("metadata", "metadata", Takes::Text, When::Always, "For programs, at most 4,096 characters");

/// Filters that many lists have.
pub(crate) const BY_NAME: Filter = Filter::new("name", "name", Takes::Text, "Exactly this name");
pub(crate) const BY_SEARCH: Filter = Filter::new("search", "search", Takes::Text, "A part of the name or description");

const ID: Column = Column::new("ID", "id");
const NAMED: Column = Column::new("NAME", "name");
const KEY: Column = Column::new("KEY", "keyRedacted");
const CREATED: Column = Column::new("CREATED", "createdAt");
const LAST_USED: Column = Column::new("LAST USED", "lastUsed");
const EXPIRES: Column = Column::new("EXPIRES", "expiresAt");

impl Resource {
    /// Whether this has the form of an id of this kind, and so is one.
    pub(crate) fn is_id(&self, text: &str) -> bool {
        let digits = text.strip_prefix(self.id_prefix).and_then(|rest| rest.strip_prefix('_'));
        digits.is_some_and(|digits| digits.len() == 22 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    /// Whether there is one of it an account and not a list.
    pub(crate) fn is_single(&self) -> bool {
        self.envelope.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_whole() {
        let commands: BTreeSet<&str> = ALL.iter().map(|resource| resource.command).collect();
        assert_eq!(commands.len(), ALL.len());
        for resource in ALL {
            assert!(resource.path.starts_with('/') && !resource.path.ends_with('/'), "{}", resource.command);
            assert!(!resource.columns.is_empty() && !resource.verbs.is_empty(), "{}", resource.command);
            for verb in resource.verbs {
                let example = resource.examples.iter().find(|(of, lines)| of == verb && !lines.is_empty());
                let (_, lines) = example.unwrap_or_else(|| panic!("no example of {} {verb:?}", resource.command));
                for line in *lines {
                    assert!(line.contains(&format!("wardgate {} ", resource.command)), "{line}");
                }
            }
            let sets = |verb| resource.verbs.contains(&verb);
            assert!(resource.fields.is_empty() || sets(Verb::Create) || sets(Verb::Update), "{}", resource.command);
        }
    }

    #[test]
    fn an_id_is_told_from_a_name() {
        assert!(ACCESS_KEY.is_id("aigk_0123456789abcdefghijAB"));
        for name in ["aigk_short", "aigpk_0123456789abcdefghijAB", "ci", "aigk_0123456789abcdefghij-B"] {
            assert!(!ACCESS_KEY.is_id(name), "{name}");
        }
    }
}
