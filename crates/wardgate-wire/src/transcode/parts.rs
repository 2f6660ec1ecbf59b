//! Keeping the grammar of neutral events for formats that have no parts of their own.

use crate::neutral::event::{Event, Open};
use crate::neutral::logprobs::Logprob;
use crate::neutral::opaque::Opaque;
use crate::neutral::reply::{PARTS_MAX, Stop};
use crate::neutral::served::Served;
use crate::neutral::tool::CallKind;
use wardgate_core::fault::{Fault, FaultClass};

/// Where events go.
pub(crate) type Sink<'s> = dyn FnMut(Event<'_>) + 's;

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Reasoning,
    Call,
}

/// Opens and closes parts as their deltas come.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    open: Option<Kind>,
    opaque: Option<Opaque>,
    count: usize,
    is_started: bool,
    has_calls: bool,
}

impl Parts {
    pub(crate) fn start(&mut self, id: Option<&str>, model: Option<&str>, created: Option<i64>, sink: &mut Sink<'_>) {
        if !self.is_started {
            self.is_started = true;
            sink(Event::Start { id, model, created });
        }
    }

    pub(crate) const fn is_started(&self) -> bool {
        self.is_started
    }

    /// Whether anything was said.
    pub(crate) const fn has_any(&self) -> bool {
        self.count > 0
    }

    pub(crate) fn is_text_open(&self) -> bool {
        self.open == Some(Kind::Text)
    }

    pub(crate) fn text(&mut self, delta: &str, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.delta(Kind::Text, Open::Text, delta, sink)
    }

    pub(crate) fn refusal(&mut self, delta: &str, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.delta(Kind::Refusal, Open::Refusal, delta, sink)
    }

    pub(crate) fn reasoning(&mut self, delta: &str, is_summary: bool, sink: &mut Sink<'_>) -> Result<(), Fault> {
        // A signature ends the thoughts that it signs.
        if self.opaque.is_some() {
            self.close(sink);
        }
        self.delta(Kind::Reasoning, Open::Reasoning { is_summary }, delta, sink)
    }

    fn delta(&mut self, kind: Kind, open: Open<'_>, delta: &str, sink: &mut Sink<'_>) -> Result<(), Fault> {
        if delta.is_empty() {
            return Ok(());
        }
        if self.open != Some(kind) {
            self.begin(kind, open, sink)?;
        }
        sink(Event::Delta(delta));
        Ok(())
    }

    fn begin(&mut self, kind: Kind, open: Open<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.close(sink);
        self.count()?;
        self.open = Some(kind);
        sink(Event::Open(open));
        Ok(())
    }

    /// Tells how probable the tokens are of the text that comes next.
    pub(crate) fn logprobs(&mut self, tokens: &[Logprob], sink: &mut Sink<'_>) -> Result<(), Fault> {
        if tokens.is_empty() {
            return Ok(());
        }
        if self.open != Some(Kind::Text) {
            self.begin(Kind::Text, Open::Text, sink)?;
        }
        sink(Event::Logprobs(tokens));
        Ok(())
    }

    fn count(&mut self) -> Result<(), Fault> {
        self.count += 1;
        if self.count > PARTS_MAX {
            return Err(Fault::new(FaultClass::Unreadable, format!("the provider's answer has more than {PARTS_MAX} parts")));
        }
        Ok(())
    }

    /// Keeps what the open reasoning ends with. Without open reasoning it is a part of its own.
    pub(crate) fn seal(&mut self, opaque: Opaque, sink: &mut Sink<'_>) -> Result<(), Fault> {
        if self.open == Some(Kind::Reasoning) && self.opaque.is_none() {
            self.opaque = Some(opaque);
            return Ok(());
        }
        self.sealed(&opaque, None, sink)
    }

    pub(crate) fn sealed(&mut self, opaque: &Opaque, call_id: Option<&str>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.close(sink);
        self.count()?;
        sink(Event::Sealed { opaque, call_id });
        Ok(())
    }

    pub(crate) fn served(&mut self, served: &Served, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.close(sink);
        self.count()?;
        sink(Event::Served(served));
        Ok(())
    }

    pub(crate) fn open_call(&mut self, id: &str, name: &str, kind: CallKind, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.close(sink);
        self.count()?;
        self.open = Some(Kind::Call);
        self.has_calls = true;
        sink(Event::Open(Open::Call { id, name, kind }));
        Ok(())
    }

    /// More of the open call's arguments.
    pub(crate) fn arguments(&mut self, delta: &str, sink: &mut Sink<'_>) {
        if !delta.is_empty() && self.open == Some(Kind::Call) {
            sink(Event::Delta(delta));
        }
    }

    pub(crate) fn close(&mut self, sink: &mut Sink<'_>) {
        let opaque = self.opaque.take();
        if self.open.take().is_some() {
            sink(Event::Close(opaque.as_ref()));
        }
    }

    /// Ends the answer: why, and that it is whole.
    pub(crate) fn stop(&mut self, stop: Stop, sink: &mut Sink<'_>) {
        self.close(sink);
        sink(Event::Stop(&stop.with_calls(self.has_calls)));
    }
}
