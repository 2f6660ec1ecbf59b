//! Taking pieces out of JSON and leaving every other byte as it is.

use super::for_each_member;
use crate::peek::span;
use serde_json::value::RawValue;
use std::ops::Range;

/// An element of a list, or a member of an object.
pub(super) struct Item {
    /// The member's name; empty for an element.
    pub(super) name: String,
    /// Its value.
    pub(super) value: Range<usize>,
    /// All of it: a member with its name.
    pub(super) whole: Range<usize>,
}

/// A text and what is to be changed in it. Changes do not overlap, and are noted in the order of the text.
pub(super) struct Cuts<'t> {
    pub(super) text: &'t str,
    cuts: Vec<(Range<usize>, String)>,
}

impl<'t> Cuts<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, cuts: Vec::new() }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.cuts.is_empty()
    }

    /// The members of the object, or the elements of the list, that stand here; nothing of what is neither.
    pub(super) fn items(&self, container: &Range<usize>) -> Vec<Item> {
        let text = &self.text[container.clone()];
        let mut items = Vec::new();
        let mut end = container.start + 1;
        let mut add = |name: &str, value: Range<usize>| {
            let start = end + self.text[end..value.start].bytes().take_while(|byte| b", \t\r\n".contains(byte)).count();
            end = value.end;
            items.push(Item { name: name.to_owned(), whole: start..end, value });
        };
        match text.as_bytes().first() {
            Some(b'{') => {
                let read = for_each_member(text.as_bytes(), |name, value| {
                    let start = value.as_ptr().addr() - self.text.as_ptr().addr();
                    add(name, start..start + value.len());
                });
                if read.is_err() {
                    return Vec::new();
                }
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
                elements.into_iter().for_each(|element| add("", span(self.text, element)));
            }
            _ => {}
        }
        items
    }

    /// Where a member's value stands in an object; the last one of that name counts, as it does for most readers.
    pub(super) fn member(&self, object: &Range<usize>, name: &str) -> Option<Range<usize>> {
        self.items(object).into_iter().rev().find(|item| item.name == name).map(|item| item.value)
    }

    /// A member's text, if it is one without escapes.
    pub(super) fn text_of(&self, object: &Range<usize>, name: &str) -> &'t str {
        self.member(object, name).map_or("", |value| self.text[value].trim_matches('"'))
    }

    /// Puts a text in the place of a piece, unless it stands there.
    pub(super) fn replace(&mut self, piece: Range<usize>, by: &str) {
        if &self.text[piece.clone()] != by {
            self.cuts.push((piece, by.to_owned()));
        }
    }

    /// Takes some of the items of one container out, and their commas. Where none is left, a text stands instead.
    pub(super) fn remove(&mut self, items: &[Item], is_removed: &[bool], instead: &str) {
        let Some(first) = is_removed.iter().position(|removed| !removed) else {
            if let (Some(first), Some(last)) = (items.first(), items.last()) {
                self.replace(first.whole.start..last.whole.end, instead);
            }
            return;
        };
        if first > 0 {
            self.cuts.push((items[0].whole.start..items[first].whole.start, String::new()));
        }
        for (pair, _) in items.windows(2).zip(&is_removed[1..]).skip(first).filter(|(_, removed)| **removed) {
            self.cuts.push((pair[0].whole.end..pair[1].whole.end, String::new()));
        }
    }

    /// The text as it became.
    pub(super) fn done(mut self) -> String {
        self.cuts.sort_by_key(|(piece, _)| piece.start);
        let mut out = String::with_capacity(self.text.len());
        let mut from = 0;
        for (piece, by) in &self.cuts {
            debug_assert!(from <= piece.start, "changes do not overlap");
            out.push_str(self.text.get(from..piece.start).unwrap_or_default());
            out.push_str(by);
            from = piece.end;
        }
        out.push_str(&self.text[from..]);
        out
    }
}
