//! One purse as this gateway knows it: its leases, how large a slice to ask for, and since when it is known to be empty.

use super::lease::{Call, Lease};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use wardgate_core::budget::{Budget, BudgetOwner, BudgetWindow, Span};
use wardgate_core::label::Label;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::escrow::{Ask, HOLD_LASTS, Loan, Purse};

/// For how long it is believed that a purse is empty.
const EMPTY_FOR: Duration = Duration::from_secs(1);

/// How long a gateway goes on spending what it holds without a word from the store, which gives its holds to others after
/// twice that time.
const GOES_ON_FOR: Duration = Duration::from_secs(HOLD_LASTS.as_secs() / 2);

/// How long a slice shall last. One that lasts shorter is followed by a larger one.
const SLICE_LASTS: Duration = Duration::from_secs(5);

/// How often a hold is renewed of which nothing changed.
const RENEW_EVERY: Duration = Duration::from_secs(300);

/// How often the store is told that the ledger has something.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Where that is more than this part of the limit, it is told at once, since others may be refused for it.
const MUCH: i64 = 64;

/// How long free money is kept that nobody takes from.
const IDLE_FOR: Duration = Duration::from_secs(3);

/// The first slice, in requests like the one that needs it.
const FIRST_SLICE: i64 = 4;

/// What is told of a purse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurseFacts {
    /// Which it is.
    pub purse: Purse,
    /// What people call it; none for credits.
    pub name: Option<String>,
    /// Whose spending counts.
    pub owner: BudgetOwner,
    /// When it begins anew.
    pub window: BudgetWindow,
    /// From when on it counts.
    pub made_at: Timestamp,
    /// The limit, as it was when this was read.
    pub limit: Option<NanoUsd>,
}

impl PurseFacts {
    /// Of a budget with a hard limit.
    #[must_use]
    pub fn of(budget: &Budget) -> Self {
        Self {
            purse: Purse::Budget(budget.id),
            name: Some(Label::name(&budget.label).to_owned()),
            owner: budget.owner,
            window: budget.window,
            made_at: budget.stamp.created_at,
            limit: budget.hard,
        }
    }

    /// Of an account's credits.
    #[must_use]
    pub const fn credits() -> Self {
        Self {
            purse: Purse::Credits,
            name: None,
            owner: BudgetOwner::Account,
            window: BudgetWindow::Total,
            made_at: Timestamp::from_unix_micros(0),
            limit: None,
        }
    }

    pub(super) fn span(&self, at: Timestamp) -> Span {
        self.window.span(at, self.made_at)
    }
}

/// A purse.
pub(super) struct KnownPurse {
    state: Mutex<State>,
}

struct State {
    facts: PurseFacts,
    span: Span,
    lease: Lease,
    /// Of spans that are over, until what was spent in them is in the ledger.
    older: Vec<(Span, Lease)>,
    /// What requests that wait need together, and the least that one of them needs.
    waiting: i64,
    waiting_min: i64,
    slice: i64,
    sliced: Instant,
    taken: Instant,
    called: Instant,
    answered: Instant,
    empty: Option<Empty>,
    is_unlimited: bool,
    gives_back: bool,
    /// As it was told last.
    limit: NanoUsd,
}

#[derive(Clone, Copy)]
struct Empty {
    left: NanoUsd,
    limit: NanoUsd,
    until: Instant,
}

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// The span that it was taken from; none where there is no limit any more, and nothing had to be.
    pub(super) span_start: Option<Timestamp>,
    /// Whether more should be asked for before it is needed.
    pub(super) is_low: bool,
}

/// Why nothing can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lack {
    /// The store may have more.
    Ask,
    /// It is known that there is not enough.
    Empty(Box<Shortage>),
}

/// A purse that has too little for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// Which.
    pub facts: PurseFacts,
    /// Its limit; of credits, what is there.
    pub limit: NanoUsd,
    /// What is left of it that nobody else holds.
    pub left: NanoUsd,
    /// What the request needs.
    pub needed: NanoUsd,
    /// When it begins anew; none: never by itself.
    pub resets_at: Option<Timestamp>,
}

impl KnownPurse {
    pub(super) fn new(facts: PurseFacts, at: Timestamp) -> Self {
        let now = Instant::now();
        let span = facts.span(at);
        Self {
            state: Mutex::new(State {
                facts,
                span,
                lease: Lease::default(),
                older: Vec::new(),
                waiting: 0,
                waiting_min: i64::MAX,
                slice: 0,
                sliced: now,
                taken: now,
                called: now,
                answered: now,
                empty: None,
                is_unlimited: false,
                gives_back: false,
                limit: NanoUsd::ZERO,
            }),
        }
    }

    /// Nothing that runs under this lock can leave the amounts half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account was read anew. What the former limit gave is given back, so that the new one holds soon.
    pub(super) fn learn(&self, facts: PurseFacts) {
        let mut state = self.lock();
        if state.facts != facts {
            state.gives_back |= state.facts.limit != facts.limit;
            state.facts = facts;
            state.empty = None;
            state.is_unlimited = false;
        }
    }

    /// Takes an amount.
    pub(super) fn take(&self, amount: NanoUsd, at: Timestamp, now: Instant) -> Result<Taken, Lack> {
        let mut state = self.lock();
        // Of two requests around midnight the later one may come first.
        if state.span.end.is_some_and(|end| end <= at) {
            state.roll(at);
        }
        if state.is_unlimited {
            return Ok(Taken { span_start: None, is_low: false });
        }
        if now.saturating_duration_since(state.answered) < GOES_ON_FOR && state.lease.take(amount) {
            state.taken = now;
            // Where slices are hardly more than what one request needs, it is no use to fetch the next one early.
            let is_low = state.lease.free().nano_usd() < state.slice / 4 && state.slice / 4 >= amount.nano_usd();
            return Ok(Taken { span_start: Some(state.span.start), is_low });
        }
        let free = state.lease.free().max(NanoUsd::ZERO);
        match state.empty.filter(|empty| now < empty.until && empty.left + free < amount) {
            Some(empty) => Err(Lack::Empty(Box::new(state.shortage(empty, amount)))),
            None => Err(Lack::Ask),
        }
    }

    /// Whether something was spent that the ledger may have and this gateway still keeps: more may be left than the store says.
    pub(super) fn counts_twice(&self) -> bool {
        self.lock().lease.unstored() > NanoUsd::ZERO
    }

    /// It is not believed any more that it is empty.
    pub(super) fn doubt(&self) {
        self.lock().empty = None;
    }

    /// What is told of a purse that gave nothing although the store was asked.
    pub(super) fn shortage(&self, needed: NanoUsd, now: Instant) -> Shortage {
        let state = self.lock();
        let limit = state.facts.limit.unwrap_or(NanoUsd::ZERO);
        let empty = state.empty.unwrap_or(Empty { left: NanoUsd::ZERO, limit, until: now });
        state.shortage(empty, needed)
    }

    /// Puts back what was taken, less what it cost.
    pub(super) fn settle(&self, span_start: Timestamp, taken: NanoUsd, cost: NanoUsd) {
        let mut state = self.lock();
        if state.span.start == span_start {
            state.lease.settle(taken, cost);
        } else if let Some((_, lease)) = state.older.iter_mut().find(|(span, _)| span.start == span_start) {
            lease.settle(taken, cost);
        }
    }

    /// A request waits for this much more.
    pub(super) fn wait(&self, amount: NanoUsd) {
        let mut state = self.lock();
        state.waiting = state.waiting.saturating_add(amount.nano_usd());
        state.waiting_min = state.waiting_min.min(amount.nano_usd());
    }

    /// It does not wait any more.
    pub(super) fn stop_waiting(&self, amount: NanoUsd) {
        let mut state = self.lock();
        state.waiting = state.waiting.saturating_sub(amount.nano_usd()).max(0);
        if state.waiting == 0 {
            state.waiting_min = i64::MAX;
        }
    }

    /// Whether more should be fetched before it is needed.
    pub(super) fn is_low(&self) -> bool {
        let state = self.lock();
        !state.is_unlimited && state.lease.free().nano_usd() < state.slice / 4
    }

    /// Whether requests wait for it.
    pub(super) fn is_waited_for(&self) -> bool {
        self.lock().waiting > 0
    }

    /// What is to be asked of the store now on behalf of requests.
    pub(super) fn ask(&self, now: Instant) -> Ask {
        self.lock().ask(now)
    }

    /// What is to be told the store, of this span and of those that are over, if there is anything to tell.
    pub(super) fn tell(&self, at: Timestamp, now: Instant, is_leaving: bool) -> Vec<Ask> {
        let mut state = self.lock();
        if state.span.end.is_some_and(|end| end <= at) {
            state.roll(at);
        }
        let mut asks = Vec::new();
        let since_call = now.saturating_duration_since(state.called);
        let gives_back = is_leaving
            || state.gives_back
            || (now.saturating_duration_since(state.taken) > IDLE_FOR && state.lease.free() > NanoUsd::ZERO);
        let (kept, told) = (state.lease.kept(), state.lease.told());
        let is_much = (told - kept).nano_usd() > state.limit.nano_usd() / MUCH;
        let is_due =
            (kept != told && (is_much || since_call >= TELL_EVERY)) || (kept > NanoUsd::ZERO && since_call >= RENEW_EVERY);
        if (gives_back && (kept > NanoUsd::ZERO || told > NanoUsd::ZERO)) || is_due {
            if gives_back {
                state.lease.give_back();
                state.slice = 0;
            }
            state.gives_back = false;
            asks.push(state.ask_more(NanoUsd::ZERO, now));
        }
        let purse = state.facts.purse;
        state.older.retain(|(_, lease)| !lease.is_over());
        for (span, lease) in &mut state.older {
            lease.give_back();
            if lease.kept() != lease.told() {
                let Call { number, kept } = lease.begin_call();
                asks.push(ask(purse, *span, number, kept));
            }
        }
        asks
    }

    /// An ask was answered.
    pub(super) fn hear(&self, ask: &Ask, loan: Loan, now: Instant) {
        let mut state = self.lock();
        let call = Call { number: ask.call, kept: ask.kept };
        if state.span.start != ask.span.start {
            if let Some((_, lease)) = state.older.iter_mut().find(|(span, _)| span.start == ask.span.start) {
                // What is granted for a span that is over goes back with the next call.
                lease.end_call(call, granted(loan));
            }
            return;
        }
        state.lease.end_call(call, granted(loan));
        state.answered = now;
        match loan {
            Loan::Lent { granted, left, limit } => {
                let is_short = granted < ask.needed || (granted == NanoUsd::ZERO && ask.wanted > NanoUsd::ZERO);
                state.limit = limit;
                // To ask for more again and again would be of no use.
                state.slice = state.slice.min(granted.nano_usd());
                state.empty = is_short.then_some(Empty { left, limit, until: now + EMPTY_FOR });
            }
            Loan::Unlimited => state.is_unlimited = true,
            Loan::TooLate => {}
        }
    }

    pub(super) fn mark(&self) {
        let mut state = self.lock();
        state.lease.mark();
        state.older.iter_mut().for_each(|(_, lease)| lease.mark());
    }

    pub(super) fn store_marked(&self) {
        let mut state = self.lock();
        state.lease.store_marked();
        state.older.iter_mut().for_each(|(_, lease)| lease.store_marked());
    }

    /// Whether it could be forgotten without anyone noticing.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        state.lease.is_over() && state.older.iter().all(|(_, lease)| lease.is_over())
    }
}

impl State {
    /// The next span begins.
    fn roll(&mut self, at: Timestamp) {
        let span = self.facts.span(at);
        if span.start == self.span.start {
            return;
        }
        let former = std::mem::take(&mut self.lease);
        if !former.is_over() {
            self.older.push((self.span, former));
        }
        (self.span, self.empty, self.slice) = (span, None, 0);
    }

    fn ask(&mut self, now: Instant) -> Ask {
        // A slice that was soon used is followed by one twice as large, and one that lasts by a smaller one.
        let lasted = now.saturating_duration_since(self.sliced);
        let slice = if lasted < SLICE_LASTS { self.slice.saturating_mul(2) } else { self.slice / 2 };
        let least = if self.waiting_min == i64::MAX { 0 } else { self.waiting_min.saturating_mul(FIRST_SLICE) };
        (self.slice, self.sliced) = (slice.max(least), now);
        self.ask_more(NanoUsd::new(self.slice), now)
    }

    fn ask_more(&mut self, wanted: NanoUsd, now: Instant) -> Ask {
        self.called = now;
        let free = self.lease.free().nano_usd().max(0);
        let Call { number, kept } = self.lease.begin_call();
        let needed = self.waiting.saturating_sub(free).max(0);
        let needed_min = if self.waiting_min == i64::MAX { 0 } else { self.waiting_min.saturating_sub(free).max(0) };
        Ask {
            needed: NanoUsd::new(needed),
            needed_min: NanoUsd::new(needed_min),
            wanted,
            ..ask(self.facts.purse, self.span, number, kept)
        }
    }

    fn shortage(&self, empty: Empty, needed: NanoUsd) -> Shortage {
        let free = self.lease.free().max(NanoUsd::ZERO);
        Shortage {
            facts: self.facts.clone(),
            limit: empty.limit,
            left: (empty.left + free).max(NanoUsd::ZERO),
            needed,
            resets_at: self.span.end,
        }
    }
}

const fn ask(purse: Purse, span: Span, call: u64, kept: NanoUsd) -> Ask {
    Ask { purse, span, call, kept, needed: NanoUsd::ZERO, needed_min: NanoUsd::ZERO, wanted: NanoUsd::ZERO }
}

const fn granted(loan: Loan) -> NanoUsd {
    match loan {
        Loan::Lent { granted, .. } => granted,
        Loan::Unlimited | Loan::TooLate => NanoUsd::ZERO,
    }
}
