//! Earlier turns that clients of Responses name by an id alone, put back into their requests.
//!
//! Such a client counts on its provider to keep what was said: it sends `previous_response_id` in place of the conversation, or an
//! `item_reference` in place of an item. An answer that was translated for it is at no provider, so the gateway keeps it, and here
//! is written what the client would have sent had it kept the conversation itself. All that comes after, be it translation or a
//! provider that speaks Responses, then sees a request like any other.
//!
//! Who keeps turns, for whom and for how long is not known here.

use crate::edit::{for_each_member, push_member};
use crate::neutral::opaque::fnv;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How an answer is told from others, so that its client may come back to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id, in place of the provider's.
    pub id: String,
    /// The id of the answer that it follows, where the client named that one.
    pub previous: Option<String>,
    /// Whether the client is told that it is kept.
    pub is_stored: bool,
}

impl Identity {
    /// The id of an item. It holds the answer's number and the item's place in it, so that nobody has to keep ids of items.
    pub(crate) fn item_id(&self, prefix: &str, index: u64) -> String {
        format!("{prefix}_{:016x}{index:04x}", number(&self.id))
    }
}

/// The number that stands for an answer in the ids of its items.
#[must_use]
pub fn number(id: &str) -> u64 {
    fnv(id.bytes())
}

/// An item of an answer that was translated here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemName {
    /// The answer's [`number`].
    pub answer: u64,
    /// The item's place in the answer.
    pub index: usize,
}

impl ItemName {
    /// Reads an item's id. None: it is of somebody else's answer.
    #[must_use]
    pub fn read(id: &str) -> Option<Self> {
        let (_, digits) = id.split_once('_')?;
        let is_ours = digits.len() == 20 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let (answer, index) = digits.split_at_checked(16).filter(|_| is_ours)?;
        Some(Self { answer: u64::from_str_radix(answer, 16).ok()?, index: usize::from_str_radix(index, 16).ok()? })
    }
}

/// A turn of a conversation: what was asked, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The id of the answer that it followed.
    pub previous: Option<String>,
    /// The value of `input` as the client wrote it: a text or a list. None: it was too long to be kept.
    pub input: Option<Box<str>>,
    /// The whole answer as the client got it.
    pub answer: Box<str>,
}

impl Turn {
    /// How long it is, in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.previous.as_ref().map_or(0, String::len) + self.input.as_ref().map_or(0, |input| input.len()) + self.answer.len()
    }

    /// The items of the answer.
    fn items(&self) -> Vec<&RawValue> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow, default)]
            output: Vec<&'a RawValue>,
        }
        serde_json::from_str::<Answer<'_>>(&self.answer).map(|answer| answer.output).unwrap_or_default()
    }
}

/// Whether a body may name something by its id alone.
#[must_use]
pub fn may_name(body: &[u8]) -> bool {
    memmem::find(body, b"\"previous_response_id\"").is_some() || names_items(body)
}

pub(crate) fn names_items(body: &[u8]) -> bool {
    memmem::find(body, b"\"item_reference\"").is_some()
}

/// What a request says of its conversation.
#[derive(Debug, Default)]
pub struct Conversation<'b> {
    /// The id of the answer that it goes on behind.
    pub previous: Option<Cow<'b, str>>,
    /// What it adds: the value of `input`, where that is a text or a list.
    pub input: Option<&'b str>,
}

impl<'b> Conversation<'b> {
    /// Reads it. A body that cannot be read says nothing.
    #[must_use]
    pub fn of(body: &'b [u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Body<'b> {
            #[serde(borrow)]
            previous_response_id: Option<&'b RawValue>,
            #[serde(borrow)]
            input: Option<&'b RawValue>,
        }
        let Body { previous_response_id, input } = serde_json::from_slice(body).unwrap_or_default();
        let previous = previous_response_id.and_then(|id| serde_json::from_str(id.get()).ok());
        Self { previous, input: input.map(RawValue::get).filter(|input| input.starts_with(['"', '['])) }
    }
}

/// The items of answers of ours that an `input` names.
#[must_use]
pub fn items_named(input: &str) -> Vec<ItemName> {
    if !names_items(input.as_bytes()) {
        return Vec::new();
    }
    elements(input).into_iter().filter_map(item_named).collect()
}

/// There is not as much room as the conversation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

/// Writes a body with what it names: the turns of `chain` before its own `input`, the oldest first and in place of
/// `previous_response_id`, and the items of the answers that `answer_of` has. What that one does not have stays as it is named.
///
/// Each piece is told to `has_room` with what the body comes to by then, in bytes, before it is written.
///
/// # Errors
/// When there is no room.
pub fn complete<'t>(
    body: &[u8],
    chain: &[&'t Turn],
    answer_of: impl Fn(u64) -> Option<&'t Turn>,
    has_room: impl FnMut(usize) -> bool,
) -> Result<Vec<u8>, NoRoom> {
    let mut items = Items { text: String::from("["), answer_of, answers: Vec::new(), has_room };
    for turn in chain {
        items.put_input(turn.input.as_deref().unwrap_or_default())?;
        for item in turn.items() {
            items.put(&as_input(item))?;
        }
    }
    items.put_input(Conversation::of(body).input.unwrap_or_default())?;
    items.text.push(']');
    let (input, mut has_room) = (items.text, items.has_room);
    if !has_room(input.len() + body.len()) {
        return Err(NoRoom);
    }
    let mut whole = String::with_capacity(input.len() + body.len());
    whole.push('{');
    let read = for_each_member(body, |key, value| {
        if key != "input" && (key != "previous_response_id" || chain.is_empty()) {
            push_member(&mut whole, key, value);
        }
    });
    // Whatever could not be read is for whoever reads the body next.
    if read.is_err() {
        return Ok(body.to_vec());
    }
    push_member(&mut whole, "input", &input);
    whole.push('}');
    Ok(whole.into_bytes())
}

/// An `input` that is being written.
struct Items<'t, A, R> {
    text: String,
    answer_of: A,
    /// The items of the answers that were asked for, by the answers' numbers: each is read once.
    answers: Vec<(u64, Vec<&'t RawValue>)>,
    has_room: R,
}

impl<'t, A: Fn(u64) -> Option<&'t Turn>, R: FnMut(usize) -> bool> Items<'t, A, R> {
    fn put(&mut self, item: &str) -> Result<(), NoRoom> {
        if !(self.has_room)(self.text.len() + item.len()) {
            return Err(NoRoom);
        }
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push_str(item);
        Ok(())
    }

    fn put_input(&mut self, input: &str) -> Result<(), NoRoom> {
        if input.starts_with('"') {
            return self.put(&format!(r#"{{"type":"message","role":"user","content":{input}}}"#));
        }
        for element in elements(input) {
            match item_named(element).and_then(|name| self.find(name)) {
                Some(item) => self.put(&as_input(item))?,
                None => self.put(element.get())?,
            }
        }
        Ok(())
    }

    fn find(&mut self, name: ItemName) -> Option<&'t RawValue> {
        let known = self.answers.iter().position(|(number, _)| *number == name.answer);
        let at = match known {
            Some(at) => at,
            None => {
                let items = (self.answer_of)(name.answer).map(Turn::items).unwrap_or_default();
                self.answers.push((name.answer, items));
                self.answers.len() - 1
            }
        };
        self.answers[at].1.get(name.index).copied()
    }
}

fn elements(input: &str) -> Vec<&RawValue> {
    serde_json::from_str(input).unwrap_or_default()
}

fn item_named(element: &RawValue) -> Option<ItemName> {
    #[derive(Deserialize)]
    struct Item<'i> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'i, str>,
        #[serde(borrow)]
        id: Cow<'i, str>,
    }
    let is_short = element.get().len() <= REFERENCE_BYTES_MAX;
    let item: Item<'_> = serde_json::from_str(element.get()).ok().filter(|_| is_short)?;
    if item.kind == "item_reference" { ItemName::read(&item.id) } else { None }
}

/// The longest element that may be a reference, in bytes. One holds an id and its own name.
const REFERENCE_BYTES_MAX: usize = 256;

/// The kinds of items that may stand in a request without an id.
const ANONYMOUS: [&str; 4] = ["message", "reasoning", "function_call", "custom_tool_call"];

/// An item of an answer as a client that keeps no ids sends it back: its id was made here, and no provider knows it.
fn as_input(item: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Item<'i> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'i, str>,
    }
    let read: Option<Item<'_>> = serde_json::from_str(item.get()).ok();
    if !read.is_some_and(|item| ANONYMOUS.contains(&&*item.kind)) {
        return item.get().to_owned();
    }
    let mut text = String::with_capacity(item.get().len());
    text.push('{');
    let read = for_each_member(item.get().as_bytes(), |key, value| {
        if key != "id" {
            push_member(&mut text, key, value);
        }
    });
    if read.is_err() {
        return item.get().to_owned();
    }
    text.push('}');
    text
}

/// The answer in the event that ends a stream of Responses, as the client gets it, without what else is in these bytes.
#[must_use]
pub fn told_at_end(events: &[u8]) -> Option<&str> {
    #[derive(Deserialize)]
    struct Terminal<'e> {
        #[serde(borrow)]
        response: &'e RawValue,
    }
    let data = &events[memmem::rfind(events, b"\ndata: ")? + b"\ndata: ".len()..];
    serde_json::from_slice::<Terminal<'_>>(data).ok().map(|terminal| terminal.response.get())
}

#[cfg(test)]
mod tests;
