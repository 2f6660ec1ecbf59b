//! What one gateway has of one purse in one span of time: arithmetic, and nothing else.
//!
//! An amount that was granted is, at any moment, *free*, *reserved* for requests that run, or *spent*; and what is spent is
//! *stored* once the ledger has it. A gateway keeps all of it but what is stored. A request that cost more than was reserved
//! for it makes the free amount negative: a debt, which the next call tells the store.

use wardgate_core::money::NanoUsd;

/// The amounts. Copied, compared and searched through by the model in `tests/escrow_model.rs`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    free: i64,
    reserved: i64,
    spent: i64,
    marked: i64,
    stored: i64,
    /// The number of the last call about it.
    call: u64,
    /// The debt that this call told.
    told_debt: i64,
    /// What the store knows to be kept, at least and as far as is known.
    told: i64,
}

/// A call to be made about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// Its number.
    pub number: u64,
    /// What is kept.
    pub kept: NanoUsd,
}

impl Lease {
    /// Reserves an amount if it is free.
    pub const fn take(&mut self, amount: NanoUsd) -> bool {
        let amount = amount.nano_usd();
        if self.free < amount {
            return false;
        }
        self.free = self.free.saturating_sub(amount);
        self.reserved = self.reserved.saturating_add(amount);
        true
    }

    /// A request for which an amount was reserved is over and cost another.
    pub const fn settle(&mut self, reserved: NanoUsd, cost: NanoUsd) {
        let (reserved, cost) = (reserved.nano_usd(), cost.nano_usd());
        self.reserved = self.reserved.saturating_sub(reserved);
        self.free = self.free.saturating_add(reserved).saturating_sub(cost);
        self.spent = self.spent.saturating_add(cost);
    }

    /// What is spent until now is on its way to the ledger.
    pub const fn mark(&mut self) {
        self.marked = self.spent;
    }

    /// What was marked has arrived.
    pub const fn store_marked(&mut self) {
        self.stored = self.marked;
    }

    /// What is free.
    #[must_use]
    pub const fn free(&self) -> NanoUsd {
        NanoUsd::new(self.free)
    }

    /// What was spent and is not known to be in the ledger.
    #[must_use]
    pub const fn unstored(&self) -> NanoUsd {
        NanoUsd::new(self.spent.saturating_sub(self.stored))
    }

    /// What the store must not give to others.
    #[must_use]
    pub const fn kept(&self) -> NanoUsd {
        let free = if self.free > 0 { self.free } else { 0 };
        NanoUsd::new(free.saturating_add(self.reserved).saturating_add(self.spent).saturating_sub(self.stored))
    }

    /// What the store thinks is kept.
    #[must_use]
    pub const fn told(&self) -> NanoUsd {
        NanoUsd::new(self.told)
    }

    /// Whether nothing of it is left to be told or waited for.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.kept().nano_usd() == 0 && self.told == 0 && self.reserved == 0
    }

    /// Gives back what is free. It is not to be had any more, whatever becomes of the call that tells so.
    pub const fn give_back(&mut self) {
        if self.free > 0 {
            self.free = 0;
        }
    }

    /// Begins a call. One at a time.
    pub const fn begin_call(&mut self) -> Call {
        self.call += 1;
        self.told_debt = if self.free < 0 { -self.free } else { 0 };
        // Until the answer is there, the store may have granted anything.
        self.told = i64::MAX;
        Call { number: self.call, kept: self.kept() }
    }

    /// The call was answered: so much is granted beside what was kept, which covers the debt that was told.
    pub const fn end_call(&mut self, call: Call, granted: NanoUsd) {
        if call.number != self.call {
            return;
        }
        self.free = self.free.saturating_add(self.told_debt).saturating_add(granted.nano_usd());
        self.told = call.kept.nano_usd().saturating_add(granted.nano_usd());
        self.told_debt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn usd(amount: i64) -> NanoUsd {
        NanoUsd::new(amount)
    }

    fn lease(granted: i64) -> Lease {
        let mut lease = Lease::default();
        let call = lease.begin_call();
        lease.end_call(call, usd(granted));
        lease
    }

    #[test]
    fn what_is_granted_is_free_reserved_or_spent() {
        let mut lease = lease(10);
        assert!(lease.take(usd(4)) && lease.take(usd(6)) && !lease.take(usd(1)));
        assert_eq!((lease.free(), lease.kept()), (usd(0), usd(10)));
        lease.settle(usd(4), usd(1));
        assert_eq!((lease.free(), lease.kept()), (usd(3), usd(10)));
        lease.mark();
        lease.settle(usd(6), usd(6));
        lease.store_marked();
        assert_eq!((lease.free(), lease.kept()), (usd(3), usd(9)), "the ledger has 1, and 6 are on their way");
        lease.mark();
        lease.store_marked();
        lease.give_back();
        assert_eq!(lease.kept(), usd(0));
        assert!(!lease.is_over(), "the store does not know yet");
        let call = lease.begin_call();
        assert!(!lease.is_over());
        lease.end_call(call, usd(0));
        assert!(lease.is_over());
    }

    #[test]
    fn a_debt_is_kept_and_told() {
        let mut lease = lease(5);
        assert!(lease.take(usd(5)));
        lease.settle(usd(5), usd(9));
        assert_eq!((lease.free(), lease.kept()), (usd(-4), usd(9)));
        assert!(!lease.take(usd(0)));
        let call = lease.begin_call();
        assert_eq!(call.kept, usd(9));
        lease.end_call(call, usd(2));
        assert_eq!((lease.free(), lease.kept()), (usd(2), usd(11)));
    }

    #[test]
    fn an_answer_that_comes_too_late_is_none() {
        let mut lease = lease(5);
        let first = lease.begin_call();
        let second = lease.begin_call();
        lease.end_call(first, usd(7));
        assert_eq!(lease.free(), usd(5));
        lease.end_call(second, usd(1));
        assert_eq!(lease.free(), usd(6));
    }
}
