//! Where one account's money is fetched: who waits, and what is asked of the store.

use super::money::{Demand, Reservation};
use super::purse::{KnownPurse, Lack, PurseFacts, Shortage};
use super::soft::SoftLimits;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::time::{Instant, timeout};
use wardgate_core::budget::Budget;
use wardgate_core::id::{AccountId, HolderId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::{Clock, Timestamp};
use wardgate_store::escrow::{Ask, Purse};
use wardgate_store::{Store, StoreError};

/// How long a store is left alone that did not answer. Requests that need it are refused meanwhile, rather than queued.
const AWAY_FOR: Duration = Duration::from_secs(1);

/// How long a request waits for the ledger, which counts what was just spent a second time until this gateway has heard of it.
const STORED_WITHIN: Duration = Duration::from_millis(600);

/// How often it does.
const WAITS_MAX: usize = 2;

/// How often a request asks for more that others take before it.
const TRIES_MAX: usize = 8;

/// Why a request has nothing reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// There is not enough money.
    Short(Box<Shortage>),
    /// What is here is not enough, and the store does not answer.
    Away,
}

/// What is worth telling.
#[derive(Debug)]
pub enum EscrowEvent<'e> {
    /// The store was asked, and answered.
    Asked,
    /// The store did not answer.
    Failed(&'e StoreError),
    /// A soft limit is passed, and whether another gateway has told it is about to be asked. What is kept on this news is not lost
    /// if the process ends before there is an answer.
    SoftLimitSeen(&'e SoftLimitPassed<'e>),
    /// This gateway is the one to tell it. Once in a span; again, after a [`EscrowEvent::SoftLimitSeen`], when it cannot be known
    /// who was the first.
    SoftLimitPassed(&'e SoftLimitPassed<'e>),
    /// Another gateway has told it.
    SoftLimitTold(&'e SoftLimitPassed<'e>),
}

/// The ledger says that so much was spent of a budget, which is as much as its soft limit, or more.
#[derive(Debug)]
pub struct SoftLimitPassed<'e> {
    /// Which.
    pub budget: &'e Budget,
    /// When its span began.
    pub start: Timestamp,
    /// How much was spent.
    pub spent: NanoUsd,
    /// When that was seen.
    pub at: Timestamp,
}

/// Who is told.
pub trait EscrowWatch: Send + Sync {
    /// This happened.
    fn tell(&self, event: &EscrowEvent<'_>);
}

type Purses = HashMap<Purse, Arc<KnownPurse>>;

pub(super) struct Desk {
    account_id: AccountId,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    holder: HolderId,
    watch: Arc<dyn EscrowWatch>,
    purses: Mutex<Purses>,
    soft: SoftLimits,
    /// Held while the store is asked. One call at a time makes their order certain, and lets those who wait share an answer.
    calling: Arc<tokio::sync::Mutex<()>>,
    is_fetching: AtomicBool,
    /// Told when the ledger has what was marked.
    stored: Notify,
    away_until: Mutex<Option<Instant>>,
}

impl Desk {
    pub(super) fn new(
        account_id: AccountId,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        holder: HolderId,
        watch: Arc<dyn EscrowWatch>,
    ) -> Self {
        Self {
            account_id,
            store,
            clock,
            holder,
            watch,
            purses: Mutex::default(),
            soft: SoftLimits::default(),
            calling: Arc::default(),
            is_fetching: AtomicBool::new(false),
            stored: Notify::new(),
            away_until: Mutex::default(),
        }
    }

    /// The account was read anew. Purses that are there already stay, with what is held of them.
    pub(super) fn learn(&self, facts: Vec<PurseFacts>, soft: Vec<Budget>, at: Timestamp) -> Purses {
        self.soft.learn(soft);
        let mut purses = self.purses();
        let wanted: HashMap<Purse, PurseFacts> = facts.into_iter().map(|facts| (facts.purse, facts)).collect();
        purses.retain(|purse, known| wanted.contains_key(purse) || !known.is_over());
        for (purse, facts) in wanted {
            match purses.get(&purse) {
                Some(known) => known.learn(facts),
                None => {
                    purses.insert(purse, Arc::new(KnownPurse::new(facts, at)));
                }
            }
        }
        purses.clone()
    }

    /// Takes what is demanded, of all purses or of none.
    pub(super) async fn reserve(self: &Arc<Self>, demands: &[Demand<'_>], at: Timestamp) -> Result<Reservation, Denied> {
        match self.take(demands, at) {
            Ok(reservation) => Ok(reservation),
            Err((index, Lack::Empty(shortage))) if !demands[index].purse.counts_twice() => Err(Denied::Short(shortage)),
            // In a box, since it is rare and takes room.
            Err(_) => Box::pin(self.fetch_and_take(demands, at)).await,
        }
    }

    async fn fetch_and_take(self: &Arc<Self>, demands: &[Demand<'_>], at: Timestamp) -> Result<Reservation, Denied> {
        let _waiting = Waiting::new(demands);
        let mut waits = 0;
        for _ in 0..TRIES_MAX {
            if self.is_away() {
                return Err(Denied::Away);
            }
            let guard = Arc::clone(&self.calling).lock_owned().await;
            // Whoever asked before may have asked for this request, too.
            match self.take(demands, at) {
                Ok(reservation) => return Ok(reservation),
                Err((index, Lack::Empty(shortage))) => {
                    let purse = demands[index].purse;
                    if waits == WAITS_MAX || !purse.counts_twice() {
                        return Err(Denied::Short(shortage));
                    }
                    waits += 1;
                    drop(guard);
                    // Whether it is in time or not, the store is asked once more.
                    let _ = timeout(STORED_WITHIN, self.stored.notified()).await;
                    purse.doubt();
                    continue;
                }
                Err((_, Lack::Ask)) if self.is_away() => return Err(Denied::Away),
                Err((_, Lack::Ask)) => {}
            }
            // A task of its own: if the client leaves, the answer must still be heard.
            let desk = Arc::clone(self);
            if !tokio::spawn(async move { desk.fetch(guard).await }).await.unwrap_or(false) {
                return Err(Denied::Away);
            }
        }
        match self.take(demands, at) {
            Ok(reservation) => Ok(reservation),
            Err((_, Lack::Empty(shortage))) => Err(Denied::Short(shortage)),
            Err((index, Lack::Ask)) => {
                let Demand { purse, amount, .. } = &demands[index];
                Err(Denied::Short(Box::new(purse.shortage(*amount, Instant::now()))))
            }
        }
    }

    /// Takes what is demanded without waiting, or says which purse lacks what.
    fn take(self: &Arc<Self>, demands: &[Demand<'_>], at: Timestamp) -> Result<Reservation, (usize, Lack)> {
        let now = Instant::now();
        let mut reservation = Reservation::with_room_for(demands.len());
        let mut is_low = false;
        for (index, demand) in demands.iter().enumerate() {
            // What was taken before goes back with the reservation.
            let taken = demand.purse.take(demand.amount, at, now).map_err(|lack| (index, lack))?;
            is_low |= taken.is_low;
            if let Some(span_start) = taken.span_start {
                reservation.add(demand, span_start);
            }
        }
        if is_low {
            self.fetch_early(demands);
        }
        Ok(reservation)
    }

    /// Has the next slice fetched before anyone waits for it.
    fn fetch_early(self: &Arc<Self>, demands: &[Demand<'_>]) {
        if self.is_fetching.swap(true, Ordering::AcqRel) {
            return;
        }
        let purses: Vec<_> = demands.iter().map(|demand| Arc::clone(demand.purse)).collect();
        let desk = Arc::clone(self);
        tokio::spawn(async move {
            let guard = Arc::clone(&desk.calling).lock_owned().await;
            if !desk.is_away() {
                let now = Instant::now();
                let asks =
                    purses.iter().filter(|purse| purse.is_low()).map(|purse| (Arc::clone(purse), purse.ask(now))).collect();
                desk.call(asks).await;
            }
            drop(guard);
            desk.is_fetching.store(false, Ordering::Release);
        });
    }

    /// Asks on behalf of all who wait. `false` when the store did not answer.
    async fn fetch(&self, guard: OwnedMutexGuard<()>) -> bool {
        let now = Instant::now();
        let waited_for: Vec<_> = self.purses().values().filter(|purse| purse.is_waited_for()).cloned().collect();
        let answered = self.call(waited_for.into_iter().map(|purse| (Arc::clone(&purse), purse.ask(now))).collect()).await;
        drop(guard);
        answered
    }

    /// Tells the store what changed, and gives back what nobody uses, or everything.
    pub(super) async fn tell(&self, is_leaving: bool) {
        if self.is_away() && !is_leaving {
            return;
        }
        let _guard = self.calling.lock().await;
        let (at, now) = (self.clock.now(), Instant::now());
        let known: Vec<_> = self.purses().values().cloned().collect();
        let asks = known.iter().flat_map(|purse| {
            let asks = purse.tell(at, now, is_leaving);
            asks.into_iter().map(|ask| (Arc::clone(purse), ask))
        });
        self.call(asks.collect()).await;
    }

    async fn call(&self, asks: Vec<(Arc<KnownPurse>, Ask)>) -> bool {
        if asks.is_empty() {
            return true;
        }
        let list: Vec<Ask> = asks.iter().map(|(_, ask)| *ask).collect();
        match self.store.tenant(self.account_id).lend(self.holder, &list, self.clock.now()).await {
            Ok(loans) => {
                let now = Instant::now();
                for ((purse, ask), loan) in asks.iter().zip(loans) {
                    purse.hear(ask, loan, now);
                }
                *self.away() = None;
                self.watch.tell(&EscrowEvent::Asked);
                true
            }
            Err(error) => {
                *self.away() = Some(Instant::now() + AWAY_FOR);
                self.watch.tell(&EscrowEvent::Failed(&error));
                false
            }
        }
    }

    pub(super) async fn look_at_soft_limits(&self) {
        if !self.is_away() {
            self.soft.look(&*self.store.tenant(self.account_id), self.clock.now(), &*self.watch).await;
        }
    }

    pub(super) fn touch(&self) {
        self.soft.touch();
    }

    pub(super) fn mark(&self) {
        self.purses().values().for_each(|purse| purse.mark());
    }

    pub(super) fn store_marked(&self) {
        self.purses().values().for_each(|purse| purse.store_marked());
        self.stored.notify_waiters();
    }

    pub(super) fn is_over(&self) -> bool {
        self.purses().values().all(|purse| purse.is_over())
    }

    fn is_away(&self) -> bool {
        self.away().is_some_and(|until| Instant::now() < until)
    }

    fn away(&self) -> MutexGuard<'_, Option<Instant>> {
        self.away_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn purses(&self) -> MutexGuard<'_, Purses> {
        self.purses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits, counted at the purses that it waits for.
struct Waiting<'d>(&'d [Demand<'d>]);

impl<'d> Waiting<'d> {
    fn new(demands: &'d [Demand<'d>]) -> Self {
        demands.iter().for_each(|demand| demand.purse.wait(demand.amount));
        Self(demands)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|demand| demand.purse.stop_waiting(demand.amount));
    }
}
