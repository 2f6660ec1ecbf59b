//! Counts what a request uses, and writes it down exactly once, whatever the client does.
//!
//! Each attempt becomes one usage event. An event is held until it is known whether another attempt follows, since the last one
//! is marked as such. When the meter is dropped, an attempt that is still open was abandoned by the client.

mod earlier;

use self::earlier::Earlier;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::health;
use crate::phase::admit::Admission;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::request_log::RequestLog;
use crate::tenant::TenantSnapshot;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wardgate_core::access_key::AccessKey;
use wardgate_core::fault::FaultClass;
use wardgate_core::format::Surface;
use wardgate_core::id::UsageEventId;
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::{Completion, Units, Usage, UsageEvent, UsageSource};
use wardgate_health::Outcome;
use wardgate_ledger::Outcome as Kept;
use wardgate_limits::cost::Cost;
use wardgate_limits::rate::{Standings, Used};
use wardgate_limits::{cost, estimate};
use wardgate_model::Origin;
use wardgate_policy::Candidate;
use wardgate_telemetry::AttemptRecord;
use wardgate_wire::enrich::Bill;

/// A shorter answer says nothing of how fast its provider writes.
const SPEED_TOKENS_MIN: u64 = 16;

/// The meter of one request.
pub(crate) struct Meter {
    /// In a box, since a meter is moved from phase to phase.
    log: Box<RequestLog>,
    admission: Admission,
    /// The tokens of all ended attempts, for the limits on them.
    tokens: u64,
    /// What all ended attempts cost, for budgets and credits.
    spent: Spent,
    asked: Asked,
    access_key: AccessKeyFacts,
    open: Option<OpenAttempt>,
    /// The event of the last ended attempt.
    held: Option<UsageEvent>,
}

/// What of the request counts for what it used.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    surface: Surface,
    bytes: u64,
    units: Units,
}

impl Asked {
    pub(crate) const fn of(ask: &Ask, bytes: u64) -> Self {
        Self { surface: ask.surface, bytes, units: ask.units }
    }
}

#[derive(Clone, Copy)]
struct AccessKeyFacts {
    id: wardgate_core::id::AccessKeyId,
    account_id: wardgate_core::id::AccountId,
    team_id: wardgate_core::id::TeamId,
}

/// What was spent.
#[derive(Clone, Copy, Default)]
struct Spent {
    all: NanoUsd,
    /// With the operator's keys.
    managed: NanoUsd,
}

impl Spent {
    fn add(&mut self, cost: NanoUsd, is_managed: bool) {
        self.all += cost;
        if is_managed {
            self.managed += cost;
        }
    }
}

struct OpenAttempt {
    candidate: Candidate,
    key_redacted: Option<String>,
    number: u32,
    started: Instant,
    status_code: u16,
    first_token: Option<Duration>,
    /// What its calls before the open one used.
    earlier: Option<Earlier>,
}

/// How an attempt ended, and what it is known to have used.
pub(crate) struct Ending<'e> {
    /// How.
    pub(crate) completion: Completion,
    /// The usage that the provider reported.
    pub(crate) usage: Option<Usage>,
    /// Bytes of answer that arrived.
    pub(crate) content_bytes: u64,
    /// Whether the gateway itself ended it, before the provider had told all.
    pub(crate) is_cut: bool,
    /// Why the model stopped.
    pub(crate) stop_reason: Option<&'e str>,
}

impl Ending<'_> {
    /// An attempt that gave nothing.
    pub(crate) const fn nothing(completion: Completion) -> Self {
        Self { completion, usage: None, content_bytes: 0, is_cut: false, stop_reason: None }
    }
}

impl Meter {
    pub(crate) fn open(log: Box<RequestLog>, admission: Admission, key: &AccessKey, asked: Asked) -> Self {
        let access_key = AccessKeyFacts { id: key.id, account_id: key.account_id, team_id: key.team_id };
        Self { log, admission, tokens: 0, spent: Spent::default(), asked, access_key, open: None, held: None }
    }

    pub(crate) fn log(&self) -> &RequestLog {
        &self.log
    }

    pub(crate) fn log_mut(&mut self) -> &mut RequestLog {
        &mut self.log
    }

    /// How the caller's limits stand.
    pub(crate) const fn standings(&self) -> &Standings {
        &self.admission.standings
    }

    fn deps(&self) -> &Arc<Deps> {
        self.log.deps()
    }

    /// Asks the limits on the model of a candidate that is about to be tried.
    pub(crate) async fn enter(&mut self, caller: &Caller, candidate: &Candidate) -> Result<(), Failure> {
        match &mut self.admission.by_model {
            None => Ok(()),
            // In a box, since few requests need the room of it.
            Some(by_model) => Box::pin(by_model.enter(self.log.deps(), caller, candidate)).await,
        }
    }

    /// An attempt begins.
    pub(crate) fn begin(&mut self, candidate: &Candidate, tenant: &TenantSnapshot, started: Instant) {
        if let Some(event) = self.held.take() {
            self.append(event);
        }
        self.log.attempts += 1;
        self.log.provider = Some(candidate.target.provider.name.clone());
        self.log.model = Some(Arc::clone(&candidate.target.model));
        self.log.virtual_model.clone_from(&candidate.virtual_model);
        self.log.managed_key_id = candidate.credential.managed();
        self.open = Some(OpenAttempt {
            candidate: candidate.clone(),
            // The operator's key is not the account's to see.
            key_redacted: candidate.credential.user().and_then(|key| tenant.redacted(key)).map(|redacted| redacted.to_string()),
            number: self.log.attempts,
            started,
            status_code: 0,
            first_token: None,
            earlier: None,
        });
    }

    /// A call of the open attempt ended and another goes on with the answer. What it used is part of the attempt, and has a cost
    /// of its own.
    pub(crate) fn part(&mut self, usage: Option<Usage>, content_bytes: u64) {
        let Some(mut open) = self.open.take() else { return };
        let ending = Ending { completion: Completion::Succeeded, usage, content_bytes, is_cut: false, stop_reason: None };
        open.earlier = Some(self.all(&open, &ending));
        self.open = Some(open);
    }

    /// What an attempt used and cost with all its calls, if its last one ended so.
    fn all(&self, open: &OpenAttempt, ending: &Ending<'_>) -> Earlier {
        let (usage, source) = used(ending, &self.asked);
        Earlier::and(open.earlier, usage, source, self.cost(open, &usage, source))
    }

    /// The provider answered with this status.
    pub(crate) fn head(&mut self, status_code: u16) {
        if let Some(open) = &mut self.open {
            open.status_code = status_code;
        }
    }

    /// The first content arrived.
    pub(crate) fn first_token(&mut self) {
        if let Some(open) = &mut self.open {
            open.first_token = Some(open.started.elapsed());
        }
    }

    /// The open attempt ended. Does nothing when none is open. Returns its cost, where that is known.
    pub(crate) fn end(&mut self, ending: &Ending<'_>) -> Option<NanoUsd> {
        let open = self.open.take()?;
        let Earlier { usage, source: usage_source, cost } = self.all(&open, ending);
        let usage = usage.bounded();
        let is_managed = open.candidate.credential.managed().is_some();
        let cost = cost.map(|cost| cost.total);
        self.spent.add(cost.unwrap_or(NanoUsd::ZERO), is_managed);
        self.log.completion = Some(ending.completion);
        self.log.usage = Some(usage);
        let tokens = usage.input().saturating_add(usage.output);
        self.tokens = self.tokens.saturating_add(tokens);
        if let Some(by_model) = &mut self.admission.by_model {
            by_model.used(tokens);
        }
        self.log.cost = cost;
        let target = &open.candidate.target;
        let deps = self.deps();
        let (now, duration) = (deps.clock.now(), open.started.elapsed());
        deps.recorder.attempt(&AttemptRecord {
            shared_provider: (target.provider.origin != Origin::Tenant).then(|| target.provider.name.as_str()),
            catalogued_model: target.known.as_ref().map(|model| &*model.id),
            completion: ending.completion,
            first_token: open.first_token,
            usage,
            cost,
        });
        if let Some(outcome) = outcome(ending.completion, open.first_token, duration, self.log.is_stream, usage.output) {
            health::end(deps, self.access_key.account_id, &open.candidate, outcome, now);
        }
        self.held = Some(UsageEvent {
            id: UsageEventId::new(now, &*deps.random),
            request_id: self.log.request_id(),
            account_id: self.access_key.account_id,
            team_id: self.access_key.team_id,
            access_key_id: self.access_key.id,
            event_time: now,
            surface: self.asked.surface,
            provider: target.provider.name.clone(),
            model: Arc::clone(&target.model),
            virtual_model: open.candidate.virtual_model,
            provider_key_id: open.candidate.credential.user(),
            managed_key_id: open.candidate.credential.managed(),
            provider_key_redacted: open.key_redacted,
            attempt_number: open.number,
            is_final: false,
            status_code: open.status_code,
            completion: ending.completion,
            is_streaming: self.log.is_stream,
            stop_reason: ending.stop_reason.map(str::to_owned),
            usage,
            usage_source,
            cost,
            duration_us: micros(duration),
            first_token_us: open.first_token.map(micros),
        });
        cost
    }

    /// What a usage of this attempt costs, at the prices of when the request came. None: nobody knows.
    fn cost(&self, open: &OpenAttempt, usage: &Usage, source: UsageSource) -> Option<Cost> {
        let target = &open.candidate.target;
        let is_managed = open.candidate.credential.managed().is_some();
        let terms = self.deps().terms(self.log.request_id().made_at(), &self.admission.tenant, self.access_key.team_id);
        // What passes unread may be charged for by what nobody told.
        let is_read = !self.asked.surface.format().is_unread();
        let is_free = target.provider.origin != Origin::BuiltIn || source == UsageSource::None;
        let is_known = is_read || is_free || cost::is_told(target, usage, terms.at);
        cost::cost(target, usage, is_managed, &terms).filter(|_| is_known)
    }

    /// What the open attempt will have used and cost if this is all of it. `is_cut`: the gateway ended it.
    pub(crate) fn bill(&self, usage: Option<Usage>, content_bytes: u64, is_cut: bool) -> (Usage, Bill) {
        let Some(open) = &self.open else { return Default::default() };
        let ending = Ending { completion: Completion::Succeeded, usage, content_bytes, is_cut, stop_reason: None };
        let Earlier { usage, cost, .. } = self.all(open, &ending);
        let bill = Bill {
            cost: cost.map(|cost| cost.total),
            input: cost.map(|cost| cost.input),
            output: cost.map(|cost| cost.output),
            is_byok: open.candidate.credential.user().is_some(),
        };
        (usage, bill)
    }

    /// The open attempt ended and no other follows: its event is written now, before the last byte leaves.
    pub(crate) fn close(&mut self, ending: &Ending<'_>) -> Option<NanoUsd> {
        let cost = self.end(ending);
        self.append_last();
        cost
    }

    fn append_last(&mut self) {
        if let Some(mut event) = self.held.take() {
            event.is_final = true;
            self.append(event);
        }
    }

    fn append(&self, event: UsageEvent) {
        let deps = self.deps();
        match deps.ledger.append(event) {
            Kept::Journaled => {}
            Kept::InMemory => deps.recorder.metrics().usage_unjournaled.inc(),
            Kept::Lost => deps.recorder.metrics().usage_lost.inc(),
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.close(&Ending::nothing(Completion::ClientClosed));
        self.append_last();
        // The events are in the ledger by now, as the escrow expects.
        let spent = self.spent;
        std::mem::take(&mut self.admission.reservation).settle(spent.all, spent.managed);
        if spent.all > NanoUsd::ZERO {
            self.admission.tenant.money.touch();
        }
        if let Some(hold) = self.admission.hold.take() {
            let by_model = self.admission.by_model.take();
            let deps = self.deps();
            let now = deps.clock.now();
            let of_model = by_model.map_or(self.tokens, |mut by_model| by_model.settle(deps, now));
            deps.limiter.settle(hold, Used { all: self.tokens, of_model }, now);
        }
    }
}

/// What an attempt used: what was told of it, or what can be reckoned, and what the request itself says.
fn used(ending: &Ending<'_>, asked: &Asked) -> (Usage, UsageSource) {
    // What passes unread is nothing that bytes could be reckoned from.
    let is_unread = asked.surface.format().is_unread() && ending.usage.is_none();
    let (mut usage, source) = if is_unread { unread(ending) } else { reckon(ending, asked.bytes) };
    if source != UsageSource::None {
        usage.units.requests = 1;
        usage.units.characters = asked.units.characters;
        if usage.units.queries == 0 {
            usage.units.queries = asked.units.queries;
        }
    }
    (usage.bounded(), source)
}

/// What was used of a surface whose content is not counted in tokens, where the provider said nothing.
fn unread(ending: &Ending<'_>) -> (Usage, UsageSource) {
    let is_answered = matches!(ending.completion, Completion::Succeeded | Completion::StreamFailed);
    (Usage::default(), if is_answered || ending.content_bytes > 0 { UsageSource::Estimated } else { UsageSource::None })
}

/// What an attempt that got as far as its first content says of who was asked. What came before that was told with its cause.
fn outcome(
    completion: Completion,
    first_token: Option<Duration>,
    duration: Duration,
    is_stream: bool,
    output_tokens: u64,
) -> Option<Outcome> {
    let first_token = first_token?;
    match completion {
        Completion::Succeeded | Completion::ClientClosed => {
            let elapsed = duration.as_secs_f64();
            let is_telling = completion == Completion::Succeeded && output_tokens >= SPEED_TOKENS_MIN && elapsed > 0.0;
            Some(Outcome::Answered {
                first_token: is_stream.then_some(first_token),
                tokens_per_second: is_telling.then(|| output_tokens as f64 / elapsed),
            })
        }
        Completion::StreamFailed => Some(Outcome::Failed { class: FaultClass::Truncated, retry_after: None }),
        Completion::Failed | Completion::TimedOut => None,
    }
}

/// What was used, by the provider's word where there is one. Where an answer was cut off, the last report may be older than
/// the last content; then the output is at least what the bytes that arrived come to.
fn reckon(ending: &Ending<'_>, request_bytes: u64) -> (Usage, UsageSource) {
    let from_bytes = estimate::tokens(ending.content_bytes);
    let is_whole = ending.completion == Completion::Succeeded && !ending.is_cut;
    match ending.usage {
        Some(usage) if is_whole || usage.output >= from_bytes => (usage, UsageSource::Provider),
        Some(usage) => (Usage { output: from_bytes, ..usage }, UsageSource::Estimated),
        None if ending.completion == Completion::Succeeded || ending.content_bytes > 0 => {
            let input_uncached = estimate::tokens(request_bytes);
            (Usage { input_uncached, output: from_bytes, ..Usage::default() }, UsageSource::Estimated)
        }
        None => (Usage::default(), UsageSource::None),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_word_counts_and_bytes_fill_the_gaps() {
        let told = |completion, usage, content_bytes, is_cut| {
            let (usage, source) = reckon(&Ending { completion, usage, content_bytes, is_cut, stop_reason: None }, 400);
            (usage.input(), usage.output, source)
        };
        let check = |completion, usage, content_bytes, expected: (u64, u64, UsageSource)| {
            assert_eq!(told(completion, usage, content_bytes, false), expected, "{completion:?} {content_bytes}");
        };
        let reported = |output| Some(Usage { input_uncached: 7, output, ..Usage::default() });
        check(Completion::Succeeded, reported(3), 4_000, (7, 3, UsageSource::Provider));
        check(Completion::Succeeded, None, 40, (100, 10, UsageSource::Estimated));
        check(Completion::StreamFailed, reported(1), 40, (7, 10, UsageSource::Estimated));
        check(Completion::ClientClosed, reported(20), 40, (7, 20, UsageSource::Provider));
        check(Completion::ClientClosed, None, 40, (100, 10, UsageSource::Estimated));
        check(Completion::Failed, None, 0, (0, 0, UsageSource::None));
        // Where the gateway ended the answer, the last report is older than the last content.
        assert_eq!(told(Completion::Succeeded, reported(1), 40, true), (7, 10, UsageSource::Estimated));
        assert_eq!(told(Completion::Succeeded, None, 0, true), (100, 0, UsageSource::Estimated));
    }
}
