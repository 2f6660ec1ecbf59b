//! Money that this gateway may spend: slices of budgets and credits, taken from the store ahead of need.
//!
//! A request reserves what it may cost, from what is here, in memory; when it is over, what it did cost takes the place of that.
//! Only when a purse is low is the store asked for another slice, by one call at a time for an account; near the end of the
//! money each slice is what the requests that wait need, so that the last of it is given out request by request.
//!
//! What makes it safe is in [`lease`], which is arithmetic, and in [`wardgate_store::escrow`], which says what a call means.
//! Both are searched through together by `tests/escrow_model.rs`. Here is the rest: who waits for whom, and when the store is told.

pub mod lease;
mod desk;
mod money;
mod purse;
mod soft;

pub use desk::{Denied, EscrowEvent, EscrowWatch, SoftLimitPassed};
pub use money::{Estimate, Money, Reservation};
pub use purse::{PurseFacts, Shortage};

use desk::Desk;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wardgate_core::budget::Budget;
use wardgate_core::credit::PrepaidScope;
use wardgate_core::id::{AccountId, HolderId};
use wardgate_core::time::{Clock, ManualClock, Timestamp};
use wardgate_store::Store;
use wardgate_store::escrow::Purse;

/// What this gateway holds, of all accounts.
pub struct Escrow {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    holder: HolderId,
    watch: Arc<dyn EscrowWatch>,
    /// As many as there are accounts with budgets or credits among those that were read lately.
    desks: Mutex<HashMap<AccountId, Arc<Desk>>>,
}

impl Escrow {
    /// Holds nothing yet. The holder's id is another one at each start: what a former process held is not known here.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, holder: HolderId, watch: Arc<dyn EscrowWatch>) -> Self {
        Self { store, clock, holder, watch, desks: Mutex::default() }
    }

    /// One that tells nobody and goes by no real clock, for tests of other things.
    #[must_use]
    pub fn alone(store: Arc<dyn Store>) -> Self {
        struct Deaf;
        impl EscrowWatch for Deaf {
            fn tell(&self, _: &EscrowEvent<'_>) {}
        }
        let clock = ManualClock::new(Timestamp::from_unix_micros(0));
        Self::new(store, Arc::new(clock), HolderId::from_bytes([0; 16]), Arc::new(Deaf))
    }

    /// What an account's requests may spend, as of the version of it that has these budgets.
    #[must_use]
    pub fn open(&self, account_id: AccountId, budgets: &[Budget], prepaid: Option<PrepaidScope>) -> Money {
        if budgets.is_empty() && prepaid.is_none() {
            let desk = self.desks().get(&account_id).cloned();
            if let Some(desk) = desk {
                desk.learn(Vec::new(), Vec::new(), self.clock.now());
            }
            return Money::default();
        }
        let desk = Arc::clone(self.desks().entry(account_id).or_insert_with(|| {
            Arc::new(Desk::new(
                account_id,
                Arc::clone(&self.store),
                Arc::clone(&self.clock),
                self.holder,
                Arc::clone(&self.watch),
            ))
        }));
        let hard = budgets.iter().filter(|budget| budget.hard.is_some());
        let facts = hard.map(PurseFacts::of).chain(prepaid.map(|_| PurseFacts::credits())).collect();
        let soft = budgets.iter().filter(|budget| budget.soft.is_some()).cloned().collect();
        let purses = desk.learn(facts, soft, self.clock.now());
        Money::new(desk, budgets, prepaid, |purse: Purse| purses.get(&purse).cloned())
    }

    /// What was spent until now is on its way to the ledger. Call it before the events that wait are moved.
    pub fn mark(&self) {
        self.all().iter().for_each(|desk| desk.mark());
    }

    /// What was marked is in the ledger.
    pub fn store_marked(&self) {
        self.all().iter().for_each(|desk| desk.store_marked());
    }

    /// Tells the store what changed, gives back what nobody uses, and looks whether soft limits are passed. To be called once a second.
    pub async fn tick(&self) {
        for desk in self.all() {
            desk.tell(false).await;
            desk.look_at_soft_limits().await;
        }
        // A desk that someone has is in use by a version of its account.
        self.desks().retain(|_, desk| Arc::strong_count(desk) > 1 || !desk.is_over());
    }

    /// Gives everything back. Requests are over, and the ledger has what they cost.
    pub async fn close(&self) {
        for desk in self.all() {
            desk.tell(true).await;
        }
    }

    fn all(&self) -> Vec<Arc<Desk>> {
        self.desks().values().cloned().collect()
    }

    fn desks(&self) -> MutexGuard<'_, HashMap<AccountId, Arc<Desk>>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
