//! What an answer tells of itself beside what the model said: to OpenRouter's clients who answered and what it cost, to others
//! what it cost where they ask for it.

use crate::generation::generation_id;
use crate::meter::Meter;
use bytes::Bytes;
use wardgate_core::format::{Format, Surface};
use wardgate_core::id::RequestId;
use wardgate_model::Target;
use wardgate_wire::enrich::{self, Enricher, Enrichment};
use wardgate_wire::peek::Peek;
use wardgate_wire::reply::ReplyFacts;
use wardgate_wire::stream::StreamFacts;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Nothing: the bytes stay the provider's.
    Nothing,
    /// What it cost.
    Cost,
    /// That, who answered, and the id by which it is looked up.
    Everything,
}

impl Telling {
    /// OpenRouter's base tells everything to everyone; elsewhere the client asks by `usage: {include: true}`.
    pub(crate) fn of(path: &str, surface: Surface, peek: &Peek) -> Self {
        if surface.is_count() {
            return Self::Nothing;
        }
        match (path.starts_with("/api/"), peek.asks_for_cost) {
            (true, _) => Self::Everything,
            (false, true) => Self::Cost,
            (false, false) => Self::Nothing,
        }
    }

    fn enrichment(self, request_id: RequestId, target: &Target) -> Option<Enrichment> {
        match self {
            Self::Nothing => None,
            Self::Cost => Some(Enrichment::default()),
            Self::Everything => Some(Enrichment {
                id: Some(generation_id(request_id).into()),
                provider: Some(target.provider.display_name.as_str().into()),
            }),
        }
    }

    /// A whole answer with what is told of it. Call it before the meter closes.
    pub(crate) fn whole(
        self,
        format: Format,
        body: Bytes,
        facts: &ReplyFacts,
        content_bytes: u64,
        target: &Target,
        meter: &Meter,
    ) -> Bytes {
        let Some(enrichment) = self.enrichment(meter.log().request_id(), target) else { return body };
        let (usage, bill) = meter.bill(facts.usage, content_bytes, false);
        let told = enrich::whole(format, &body, &enrichment, &bill, &usage, facts.stop_reason.as_deref());
        told.map_or(body, Bytes::from)
    }

    /// What tells it in a stream.
    pub(crate) fn stream(self, format: Format, target: &Target, meter: &Meter) -> Option<Box<Enricher>> {
        let enrichment = self.enrichment(meter.log().request_id(), target)?;
        Some(Box::new(Enricher::new(format, enrichment)))
    }
}

/// Events of a stream with what is told in them. Once the meter is closed there is nothing left to tell.
pub(crate) fn told(enricher: Option<&mut Enricher>, run: Bytes, facts: &StreamFacts, meter: Option<&Meter>) -> Bytes {
    match (enricher, meter) {
        (Some(enricher), Some(meter)) if !run.is_empty() => {
            enricher.pass(run, facts.stop_reason.as_deref(), &|| meter.bill(facts.usage, facts.content_bytes, facts.is_cut))
        }
        _ => run,
    }
}
