//! Tools' names that a provider does not take, and tools of a kind that it does not have.
//!
//! Renaming is a function of the name alone, so the same tools get the same names in each request. What fits already keeps its
//! name, and no other is given it.

use crate::neutral::content::Content;
use crate::neutral::opaque::fnv;
use crate::neutral::reply::Reply;
use crate::neutral::request::{Namespaced, Request};
use crate::neutral::tool::{CallKind, Tool, ToolChoice};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashSet;

/// The name of the one argument that a custom tool's text becomes where there are only functions.
pub(crate) const CUSTOM_ARGUMENT: &str = "input";

/// What a format takes as a tool's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grammar {
    pub(crate) bytes_max: usize,
    pub(crate) takes_dots: bool,
    pub(crate) starts_with_letter: bool,
}

/// Chat Completions, Responses, Converse, Cohere.
pub(crate) const NARROW: Grammar = Grammar { bytes_max: 64, takes_dots: false, starts_with_letter: false };
/// Messages.
pub(crate) const WIDE: Grammar = Grammar { bytes_max: 128, takes_dots: false, starts_with_letter: false };
/// Gemini.
pub(crate) const DOTTED: Grammar = Grammar { bytes_max: 64, takes_dots: true, starts_with_letter: true };

impl Grammar {
    fn takes(self, name: &str) -> bool {
        let is_character =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || byte == b'.' && self.takes_dots;
        let starts_well = |byte: u8| !self.starts_with_letter || byte.is_ascii_alphabetic() || byte == b'_';
        !name.is_empty()
            && name.len() <= self.bytes_max
            && name.bytes().all(is_character)
            && name.bytes().next().is_some_and(starts_well)
    }

    fn fit(self, name: &str, taken: &HashSet<&str>) -> String {
        let hash = fnv(name.bytes());
        let mut plain: String = name
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() || matches!(character, '_' | '-') { character } else { '_' })
            .take(self.bytes_max - 9)
            .collect();
        if self.starts_with_letter && !plain.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            plain.insert(0, '_');
            plain.truncate(self.bytes_max - 9);
        }
        // Another name may already be spelled like this one's replacement; a few turns of the number find a free one.
        (0..)
            .map(|turn: u64| format!("{plain}_{:08x}", (hash.wrapping_add(turn)) & 0xffff_ffff))
            .find(|name| !taken.contains(&**name))
            .unwrap_or(plain)
    }
}

/// How to give a client its own names and kinds of tools back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aliases {
    /// The client's name and the one that was sent, where they differ.
    renamed: Vec<(String, String)>,
    /// The sent names of custom tools that were sent as functions.
    custom: Vec<String>,
    /// Tools that the client keeps in namespaces.
    namespaced: Vec<Namespaced>,
}

impl Aliases {
    /// The names for a request. `wraps_custom`: the format has no custom tools.
    pub(crate) fn of(request: &Request, grammar: Grammar, wraps_custom: bool) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        let of_tools = request.tools.iter().filter(|tool| !matches!(tool, Tool::Builtin { .. })).map(Tool::name);
        let of_choice = request.tool_choice.iter().flat_map(|choice| match choice {
            ToolChoice::Named(name) => std::slice::from_ref(name),
            ToolChoice::Allowed { names, .. } => names.as_slice(),
            _ => &[],
        });
        let of_calls = request.turns.iter().flat_map(|turn| &turn.parts).filter_map(|part| match &part.content {
            Content::Call(call) => Some(call.name.as_str()),
            _ => None,
        });
        for name in of_tools.chain(of_choice.map(String::as_str)).chain(of_calls) {
            if seen.insert(name) {
                names.push(name);
            }
        }
        let misfits: Vec<&str> = names.into_iter().filter(|name| !grammar.takes(name)).collect();
        let mut aliases = Self { namespaced: request.namespaced.clone(), ..Self::default() };
        for name in misfits {
            let sent = grammar.fit(name, &seen);
            aliases.renamed.push((name.to_owned(), sent));
        }
        if wraps_custom {
            let custom = request.tools.iter().filter(|tool| matches!(tool, Tool::Custom { .. }));
            aliases.custom = custom.map(|tool| aliases.sent(tool.name()).to_owned()).collect();
        }
        aliases
    }

    /// Whether there is nothing to give back.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.renamed.is_empty() && self.custom.is_empty()
    }

    pub(crate) fn sent<'n>(&'n self, client: &'n str) -> &'n str {
        self.renamed.iter().find(|(name, _)| name == client).map_or(client, |(_, sent)| sent)
    }

    /// The client's name of a tool.
    pub(crate) fn client<'n>(&'n self, sent: &'n str) -> &'n str {
        self.renamed.iter().find(|(_, name)| name == sent).map_or(sent, |(client, _)| client)
    }

    /// Whether calls of this tool have the text of a custom tool in them.
    pub(crate) fn is_custom(&self, sent: &str) -> bool {
        self.custom.iter().any(|name| name == sent)
    }

    /// The namespace and name that the client knows a tool by.
    pub(crate) fn namespace<'n>(&'n self, client: &'n str) -> (Option<&'n str>, &'n str) {
        let found = self.namespaced.iter().find(|tool| tool.flat == client);
        found.map_or((None, client), |tool| (Some(&tool.namespace), &tool.name))
    }

    /// The answer with the client's own names and kinds.
    pub(crate) fn restore(&self, reply: &Reply) -> Reply {
        let mut reply = reply.clone();
        for part in &mut reply.parts {
            if let Content::Call(call) = part {
                if self.is_custom(&call.name) {
                    call.arguments = unwrap(&call.arguments).into_owned();
                    call.kind = CallKind::Custom;
                }
                call.name = self.client(&call.name).to_owned();
            }
        }
        reply.others = reply.others.iter().map(|other| self.restore(other)).collect();
        reply
    }
}

/// The text in the arguments of a function that stands for a custom tool. Arguments of another shape are the text themselves.
pub(crate) fn unwrap(arguments: &str) -> Cow<'_, str> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        input: Cow<'a, str>,
    }
    serde_json::from_str::<Wrapped<'_>>(arguments).map_or(Cow::Borrowed(arguments), |wrapped| wrapped.input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::tool::Function;
    use proptest::prelude::*;
    use wardgate_core::format::Format;

    fn sent(names: &[&str], grammar: Grammar) -> Vec<String> {
        let mut request = Request::new(Format::OpenAiChat);
        request.tools =
            names.iter().map(|name| Tool::Function(Function { name: (*name).to_owned(), ..Function::default() })).collect();
        let aliases = Aliases::of(&request, grammar, false);
        names.iter().map(|name| aliases.sent(name).to_owned()).collect()
    }

    #[test]
    fn names_that_look_alike_stay_apart() {
        let found = sent(&["foo/bar", "foo_bar", "foo.bar", "good-name"], NARROW);
        assert_eq!(found[1], "foo_bar");
        assert_eq!(found[3], "good-name");
        assert_ne!(found[0], found[2]);
        assert!(found[0].starts_with("foo_bar_") && found[2].starts_with("foo_bar_"));
        assert_eq!(sent(&["foo.bar", "9x"], DOTTED)[0], "foo.bar");
    }

    #[test]
    fn custom_text_is_taken_out_of_its_wrapping() {
        assert_eq!(unwrap(r#"{"input":"a\nb"}"#), "a\nb");
        assert_eq!(unwrap("plain"), "plain");
    }

    proptest! {
        #[test]
        fn every_name_fits_and_comes_back(names in proptest::collection::hash_set("[a-zé./ _]{1,80}", 1..12)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for grammar in [NARROW, WIDE, DOTTED] {
                let found = sent(&names, grammar);
                prop_assert!(found.iter().all(|name| grammar.takes(name)));
                let distinct: HashSet<&String> = found.iter().collect();
                prop_assert_eq!(distinct.len(), names.len());
            }
        }
    }
}
