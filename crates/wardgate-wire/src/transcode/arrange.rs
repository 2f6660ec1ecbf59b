//! Putting a conversation into the order that every format takes.
//!
//! Results follow their calls at once and in the calls' order; what came between stands behind them. Turns of the assistant
//! that follow each other are one. Ids of calls are made to fit the format, the same way each time.

use crate::neutral::content::{Content, Part, Role, Turn};
use crate::neutral::loss::Untranslatable;
use crate::neutral::opaque::fnv;
use crate::neutral::request::Request;
use crate::neutral::tool::ToolResult;
use std::collections::{HashMap, HashSet, VecDeque};

/// A turn, ready to be written.
#[derive(Debug)]
pub(crate) struct Message<'r> {
    pub(crate) role: Role,
    pub(crate) pieces: Vec<Piece<'r>>,
    pub(crate) turn: &'r Turn,
}

/// A part, with the id that its call or result is to have.
#[derive(Debug)]
pub(crate) struct Piece<'r> {
    pub(crate) part: &'r Part,
    pub(crate) id: String,
    /// The called tool's name, for a call and its result.
    pub(crate) tool: &'r str,
}

/// What a format takes as a call's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Any text.
    Any,
    /// At most 64 letters, digits, `_` and `-`.
    Narrow,
    /// Nine letters and digits (Mistral).
    Nine,
}

impl Ids {
    fn fit(self, id: &str) -> String {
        let is_narrow = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        // A legacy function's call has none.
        let fits = match self {
            Self::Any => !id.is_empty(),
            Self::Narrow => (1..=64).contains(&id.len()) && id.bytes().all(is_narrow),
            Self::Nine => id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        };
        match self {
            _ if fits => id.to_owned(),
            Self::Any | Self::Narrow => format!("call_{:016x}", fnv(id.bytes())),
            Self::Nine => nine(fnv(id.bytes())),
        }
    }
}

/// A number as nine letters and digits.
fn nine(mut number: u64) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digits = (0..9).map(|_| {
        let digit = DIGITS[(number % 62) as usize];
        number /= 62;
        char::from(digit)
    });
    digits.collect()
}

/// Calls that wait for their results. A conversation may have tens of thousands of them, so none is searched for.
struct Waiting<'r> {
    turn: &'r Turn,
    calls: Vec<WaitingCall<'r>>,
    /// How many have no result yet.
    open: usize,
    /// Which calls have an id, and which are of a tool, in order. Those with results are taken out when they are met.
    by_id: HashMap<&'r str, VecDeque<usize>>,
    by_tool: HashMap<&'r str, VecDeque<usize>>,
    /// Turns that stand between calls and results.
    between: Vec<Message<'r>>,
}

struct WaitingCall<'r> {
    /// The client's id.
    id: &'r str,
    /// The id to send.
    sent: String,
    tool: &'r str,
    /// The result, once it came, and where it stood.
    result: Option<(&'r Part, &'r Turn)>,
}

impl<'r> Waiting<'r> {
    fn new(turn: &'r Turn) -> Self {
        Self { turn, calls: Vec::new(), open: 0, by_id: HashMap::new(), by_tool: HashMap::new(), between: Vec::new() }
    }

    fn add(&mut self, id: &'r str, sent: String, tool: &'r str) {
        self.by_id.entry(id).or_default().push_back(self.calls.len());
        self.by_tool.entry(tool).or_default().push_back(self.calls.len());
        self.calls.push(WaitingCall { id, sent, tool, result: None });
        self.open += 1;
    }

    /// Whether no result has come yet.
    fn is_unanswered(&self) -> bool {
        self.open == self.calls.len()
    }

    /// The first call without a result that has this id; formats without ids go by name, and then the first one of that tool is
    /// meant.
    fn first_open(&mut self, result: &ToolResult) -> Option<&mut WaitingCall<'r>> {
        let places = match (result.call_id.as_str(), result.name.as_deref()) {
            ("", Some(tool)) => self.by_tool.get_mut(tool)?,
            // Some hosts give their calls no ids, and clients send these back as they came: then the order counts.
            (id, _) => self.by_id.get_mut(id)?,
        };
        loop {
            let at = places.pop_front()?;
            if self.calls[at].result.is_none() {
                return self.calls.get_mut(at);
            }
        }
    }
}

/// Arranges the turns of a request.
///
/// # Errors
/// When a call has no result or a result no call.
pub(crate) fn arrange(request: &Request, ids: Ids) -> Result<Vec<Message<'_>>, Untranslatable> {
    let mut messages: Vec<Message<'_>> = Vec::with_capacity(request.turns.len());
    let mut waiting: Option<Waiting<'_>> = None;
    let mut used: HashSet<String> = HashSet::new();
    let mut repeats: HashMap<&str, usize> = HashMap::new();
    for turn in &request.turns {
        match turn.role {
            Role::Tool => {
                for part in &turn.parts {
                    answer(part, turn, &mut waiting)?;
                }
                settle(&mut waiting, &mut messages);
            }
            Role::Assistant => {
                let follows =
                    waiting.as_ref().map_or(messages.last().is_some_and(|last| last.role == Role::Assistant), |waiting| {
                        waiting.between.is_empty() && waiting.is_unanswered()
                    });
                if !follows && let Some(waiting) = &waiting {
                    return Err(missing(waiting));
                }
                let mut pieces = Vec::with_capacity(turn.parts.len());
                for part in &turn.parts {
                    let mut piece = Piece { part, id: String::new(), tool: "" };
                    if let Content::Call(call) = &part.content {
                        piece.id = unused(&call.id, ids, &mut used, &mut repeats);
                        piece.tool = &call.name;
                        let waiting = waiting.get_or_insert_with(|| Waiting::new(turn));
                        waiting.add(&call.id, piece.id.clone(), &call.name);
                    }
                    pieces.push(piece);
                }
                match messages.last_mut() {
                    Some(last) if follows => last.pieces.extend(pieces),
                    _ => messages.push(Message { role: turn.role, pieces, turn }),
                }
            }
            role => {
                let pieces = turn.parts.iter().map(|part| Piece { part, id: String::new(), tool: "" }).collect();
                let message = Message { role, pieces, turn };
                match &mut waiting {
                    Some(waiting) => waiting.between.push(message),
                    None => messages.push(message),
                }
            }
        }
    }
    waiting.map_or(Ok(messages), |waiting| Err(missing(&waiting)))
}

fn missing(waiting: &Waiting<'_>) -> Untranslatable {
    let id = waiting.calls.iter().find(|call| call.result.is_none()).map_or("", |call| call.id);
    let why = format!("the tool call {id:?} has no result behind it: add its result, or leave the call out");
    Untranslatable::new("tool_result_missing", waiting.turn.path.clone(), why)
}

/// Notes a result with its call.
fn answer<'r>(part: &'r Part, turn: &'r Turn, waiting: &mut Option<Waiting<'r>>) -> Result<(), Untranslatable> {
    let Content::Result(result) = &part.content else { return Ok(()) };
    let Some(call) = waiting.as_mut().and_then(|waiting| waiting.first_open(result)) else {
        let id = if result.call_id.is_empty() { result.name.as_deref().unwrap_or_default() } else { &result.call_id };
        let why = format!("the tool result {id:?} has no call before it: send it behind the call that it answers, and once");
        return Err(Untranslatable::new("tool_call_missing", turn.path.clone(), why));
    };
    call.result = Some((part, turn));
    if let Some(waiting) = waiting {
        waiting.open -= 1;
    }
    Ok(())
}

/// Writes the results down once all are there, and behind them what came between.
fn settle<'r>(waiting: &mut Option<Waiting<'r>>, messages: &mut Vec<Message<'r>>) {
    let is_whole = waiting.as_ref().is_some_and(|waiting| waiting.open == 0);
    let Some(whole) = waiting.take_if(|_| is_whole) else { return };
    let turn = whole.calls.iter().find_map(|call| call.result).map_or(whole.turn, |(_, turn)| turn);
    let piece = |call: WaitingCall<'r>| call.result.map(|(part, _)| Piece { part, id: call.sent, tool: call.tool });
    let pieces = whole.calls.into_iter().filter_map(piece);
    messages.push(Message { role: Role::Tool, pieces: pieces.collect(), turn });
    messages.extend(whole.between);
}

/// The id to send: fitting, and none that an earlier call has, since some hosts count from zero in each turn.
fn unused<'r>(id: &'r str, ids: Ids, used: &mut HashSet<String>, repeats: &mut HashMap<&'r str, usize>) -> String {
    let mut sent = ids.fit(id);
    while !used.insert(sent.clone()) {
        let repeat = repeats.entry(id).or_insert(1);
        *repeat += 1;
        sent = ids.fit(&format!("{id}_{repeat}"));
    }
    sent
}

/// Takes the instructions off the beginning.
pub(crate) fn split_instructions<'r>(messages: Vec<Message<'r>>) -> (Vec<Message<'r>>, Vec<Message<'r>>) {
    let count = messages.iter().take_while(|message| message.role.is_instruction()).count();
    let mut instructions = messages;
    let rest = instructions.split_off(count);
    (instructions, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::tool::{Call, CallKind};
    use expect_test::{Expect, expect};
    use wardgate_core::format::Format;

    /// Turns as a short text: `u` a user's, `s` a system's, `c:1` a call, `r:1` a result, `a` the assistant's text.
    fn check(turns: &str, expected: &Expect) {
        check_with(Ids::Narrow, turns, expected);
    }

    fn check_with(ids: Ids, turns: &str, expected: &Expect) {
        let mut request = Request::new(Format::OpenAiChat);
        for (number, word) in turns.split(' ').enumerate() {
            let (kind, id) = word.split_once(':').unwrap_or((word, ""));
            let (role, content) = match kind {
                "u" => (Role::User, Content::text("u")),
                "s" => (Role::System, Content::text("s")),
                "a" => (Role::Assistant, Content::text("a")),
                "c" => (Role::Assistant, Content::Call(Call { id: id.to_owned(), name: "t".to_owned(), ..Call::default() })),
                _ => {
                    let (call_id, is_error, kind) = (id.to_owned(), false, CallKind::Function);
                    (Role::Tool, Content::Result(ToolResult { call_id, name: None, parts: Vec::new(), is_error, kind }))
                }
            };
            let path = format!("messages[{number}]");
            request.turns.push(Turn { role, parts: vec![content.into()], name: None, phase: None, path });
        }
        let found = match arrange(&request, ids) {
            Err(error) => format!("{}: {error}", error.code),
            Ok(messages) => messages
                .iter()
                .map(|message| {
                    let pieces: Vec<_> =
                        message.pieces.iter().map(|piece| if piece.id.is_empty() { "text" } else { &piece.id }).collect();
                    format!("{:?}({})", message.role, pieces.join(","))
                })
                .collect::<Vec<_>>()
                .join(" "),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn results_follow_their_calls() {
        check("u c:1 c:2 r:2 r:1 u", &expect!["User(text) Assistant(1,2) Tool(1,2) User(text)"]);
        check("u c:1 s u r:1 a", &expect!["User(text) Assistant(1) Tool(1) System(text) User(text) Assistant(text)"]);
    }

    #[test]
    fn ids_fit_and_differ() {
        check("u c:a.b r:a.b", &expect!["User(text) Assistant(call_e61d99190466522c) Tool(call_e61d99190466522c)"]);
        check("c:0 r:0 c:0 r:0", &expect!["Assistant(0) Tool(0) Assistant(0_2) Tool(0_2)"]);
        check("c: c: r: r:", &expect!["Assistant(call_cbf29ce484222325,_2) Tool(call_cbf29ce484222325,_2)"]);
        check_with(
            Ids::Nine,
            "c:abcDEF123 r:abcDEF123 c:call_1 r:call_1",
            &expect!["Assistant(abcDEF123) Tool(abcDEF123) Assistant(9gD2Dimct) Tool(9gD2Dimct)"],
        );
    }

    #[test]
    fn what_has_no_counterpart_is_named() {
        check(
            "u c:1 u",
            &expect![[
                r#"tool_result_missing: messages[1]: the tool call "1" has no result behind it: add its result, or leave the call out"#
            ]],
        );
        check(
            "u r:1",
            &expect![[
                r#"tool_call_missing: messages[1]: the tool result "1" has no call before it: send it behind the call that it answers, and once"#
            ]],
        );
    }
}
