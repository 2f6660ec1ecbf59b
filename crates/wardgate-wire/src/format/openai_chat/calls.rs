//! Calls of a Chat stream, one after the other.
//!
//! Fragments of several calls may come interleaved, and hosts number them badly: always 0, or not at all. Neutral parts do not
//! overlap, so the oldest unfinished call is told as it comes and the others wait. A call whose arguments are one whole JSON
//! value is finished as soon as another one begins.

use crate::neutral::reply::GATHERED_BYTES_MAX;
use crate::neutral::tool::CallKind;
use crate::transcode::decoder::unreadable;
use crate::transcode::parts::{Parts, Sink};
use wardgate_core::fault::Fault;

/// The most calls that one answer may hold.
pub(crate) const CALLS_MAX: usize = 512;

/// A piece of a call, as it came.
pub(crate) struct Fragment<'f> {
    pub(crate) index: Option<u64>,
    pub(crate) id: &'f str,
    pub(crate) name: &'f str,
    /// None where the field is absent: then more of the name may come.
    pub(crate) arguments: Option<&'f str>,
    pub(crate) kind: CallKind,
}

#[derive(Debug, Default)]
pub(crate) struct Calls {
    list: Vec<Call>,
    /// The first call that is not closed.
    current: usize,
    is_open: bool,
    waiting_bytes: usize,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    /// What has not been told yet.
    waiting: String,
    scan: Scan,
    has_arguments: bool,
    kind: CallKind,
}

/// Whether JSON that comes in pieces is whole.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    is_whole: bool,
}

impl Scan {
    fn push(&mut self, text: &str) {
        for byte in text.bytes() {
            if self.in_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.is_whole |= self.depth == 0;
                }
                _ => {}
            }
        }
    }
}

impl Calls {
    pub(crate) fn push(
        &mut self,
        fragment: &Fragment<'_>,
        parts: &mut Parts,
        answer_id: &str,
        sink: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let at = self.find(fragment)?;
        let call = &mut self.list[at];
        if at < self.current {
            // It was finished; white space behind it says nothing.
            return match fragment.arguments.is_none_or(|arguments| arguments.trim().is_empty()) {
                true => Ok(()),
                false => Err(unreadable("the provider's stream adds to a tool call that had ended")),
            };
        }
        if !call.has_arguments && !fragment.name.is_empty() && call.name != fragment.name {
            // The name itself may come in pieces. What was told already stays.
            if !(self.is_open && at == self.current) {
                call.name.push_str(fragment.name);
            }
        }
        if let Some(arguments) = fragment.arguments {
            call.has_arguments |= !arguments.is_empty();
            call.scan.push(arguments);
            if self.is_open && at == self.current {
                parts.arguments(arguments, sink);
            } else {
                self.waiting_bytes += arguments.len();
                if self.waiting_bytes > GATHERED_BYTES_MAX {
                    return Err(unreadable(format!("the provider's tool calls are longer than {GATHERED_BYTES_MAX} bytes")));
                }
                call.waiting.push_str(arguments);
            }
        }
        let is_named = fragment.arguments.is_some();
        self.advance(is_named, parts, answer_id, sink)
    }

    /// Tells what can be told: opens the current call, and moves on where it is whole and another one waits.
    fn advance(&mut self, is_named: bool, parts: &mut Parts, answer_id: &str, sink: &mut Sink<'_>) -> Result<(), Fault> {
        loop {
            let is_last = self.current + 1 >= self.list.len();
            if !self.is_open {
                let can_open = self.list.get(self.current).is_some_and(|call| !call.name.is_empty() && (is_named || !is_last));
                if !can_open {
                    return Ok(());
                }
                self.open(parts, answer_id, sink)?;
            }
            if is_last || !self.list[self.current].scan.is_whole {
                return Ok(());
            }
            self.current += 1;
            self.is_open = false;
        }
    }

    fn open(&mut self, parts: &mut Parts, answer_id: &str, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let number = self.current;
        let Some(call) = self.list.get_mut(number) else { return Ok(()) };
        if call.id.is_empty() {
            let bytes = answer_id.bytes().chain(call.name.bytes()).chain(number.to_le_bytes());
            call.id = format!("call_{:016x}", crate::neutral::opaque::fnv(bytes));
        }
        self.is_open = true;
        parts.open_call(&call.id, &call.name, call.kind, sink)?;
        let waiting = std::mem::take(&mut call.waiting);
        parts.arguments(&waiting, sink);
        Ok(())
    }

    /// Tells all that waits: something else comes, or the end.
    pub(crate) fn flush(&mut self, parts: &mut Parts, answer_id: &str, sink: &mut Sink<'_>) -> Result<(), Fault> {
        while self.current < self.list.len() {
            if !self.is_open {
                if self.list[self.current].name.is_empty() {
                    return Err(unreadable("the provider's stream holds a tool call without a name"));
                }
                self.open(parts, answer_id, sink)?;
            }
            self.current += 1;
            self.is_open = false;
        }
        Ok(())
    }

    /// Which call a fragment belongs to: by index, else by id, else the last one.
    fn find(&mut self, fragment: &Fragment<'_>) -> Result<usize, Fault> {
        let by_index = fragment.index.and_then(|_| self.list.iter().rposition(|call| call.index == fragment.index));
        let found = by_index.or_else(|| match (fragment.index, fragment.id) {
            (Some(_), _) => None,
            (None, "") if fragment.name.is_empty() => self.list.len().checked_sub(1),
            // A name again, and the last call is not whole: its next piece.
            (None, "") => self.list.len().checked_sub(1).filter(|last| {
                let last = &self.list[*last];
                last.name == fragment.name && !last.scan.is_whole
            }),
            (None, id) => self.list.iter().rposition(|call| call.id == id),
        });
        // A new id on a known index is another call: some hosts give all of them one index.
        let is_other = |call: &Call| !fragment.id.is_empty() && !call.id.is_empty() && call.id != fragment.id;
        let found = found.filter(|at| !is_other(&self.list[*at]));
        if let Some(at) = found {
            if self.list[at].id.is_empty() && !(self.is_open && at == self.current) {
                fragment.id.clone_into(&mut self.list[at].id);
            }
            return Ok(at);
        }
        if self.list.len() >= CALLS_MAX {
            return Err(unreadable(format!("the provider's answer holds more than {CALLS_MAX} tool calls")));
        }
        self.list.push(Call { index: fragment.index, id: fragment.id.to_owned(), kind: fragment.kind, ..Call::default() });
        Ok(self.list.len() - 1)
    }
}
