//! Money that several gateways spend, and none twice.
//!
//! A *purse* is something that may be spent up to a limit in a span of time: a hard budget, or an account's credits. A gateway
//! does not ask before each request. It *holds* a slice of the purse, which nobody else can have, and spends that in its memory.
//! The ledger tells what was spent: it is added up in the transaction that stores the events, so exactly once.
//!
//! At any moment: what the ledger knows, and what gateways hold, is no more than the limit. A gateway counts what it has
//! spent as held until the ledger has it. So money is never counted by neither, and for a moment by both, which errs on the safe side. A
//! gateway that is killed leaves its hold behind; it stays for [`HOLD_LASTS`], and then the ledger alone counts.
//!
//! A call tells what the gateway holds, not by how much more, and has a number that grows. So one that is repeated does no
//! harm, and one that arrives after a later one does nothing.

use crate::StoreError;
use async_trait::async_trait;
use std::time::Duration;
use wardgate_core::budget::Span;
use wardgate_core::id::{BudgetId, HolderId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;

/// For how long a hold counts that was not renewed. Longer than clocks of gateways differ and gateways go on without a word:
/// they stop after half of it.
pub const HOLD_LASTS: Duration = Duration::from_secs(3_600);

/// What part of what is left a gateway gets at once, at most: so there is something left for others, and the last money is
/// given out request by request.
const SHARE: i64 = 16;

/// Something that may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purse {
    /// What a budget allows.
    Budget(BudgetId),
    /// The account's prepaid money.
    Credits,
}

/// What a gateway asks of a purse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Of which.
    pub purse: Purse,
    /// In which span.
    pub span: Span,
    /// The number of the call: greater than that of any before about this purse and span.
    pub call: u64,
    /// What it has of it and keeps: spent and not in the ledger yet, promised to requests, or still free.
    pub kept: NanoUsd,
    /// How much more it needs for requests that wait.
    pub needed: NanoUsd,
    /// The least of that which is of use: what the smallest of these requests needs.
    pub needed_min: NanoUsd,
    /// How much more it would like to have.
    pub wanted: NanoUsd,
}

/// What it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loan {
    /// So much more.
    Lent {
        /// How much more it may spend.
        granted: NanoUsd,
        /// What nobody holds after that; less than nothing when more was spent than the limit.
        left: NanoUsd,
        /// The limit of the span: what may be spent of a budget, what is there of credits.
        limit: NanoUsd,
    },
    /// There is no such limit: the budget is gone, or refuses nothing any more.
    Unlimited,
    /// A later call was there before.
    TooLate,
}

/// How a purse stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// What the ledger says was spent in the span; of credits, since they are in use.
    pub spent: NanoUsd,
    /// What gateways hold.
    pub held: NanoUsd,
}

/// How much is granted of what is left.
#[must_use]
pub fn grant(left: NanoUsd, ask: &Ask) -> NanoUsd {
    let left = left.nano_usd();
    if left < ask.needed_min.nano_usd() || left <= 0 {
        return NanoUsd::ZERO;
    }
    let share = ask.wanted.nano_usd().min(left / SHARE);
    NanoUsd::new(ask.needed.nano_usd().max(share).clamp(0, left))
}

/// One account's purses.
#[async_trait]
pub trait Escrow {
    /// Sets what a gateway holds of purses to what it keeps of them, and lends it more. One transaction; the loans are in the
    /// order of the asks.
    async fn lend(&self, holder: HolderId, asks: &[Ask], now: Timestamp) -> Result<Vec<Loan>, StoreError>;

    /// How purses stand, in their order.
    async fn standings(&self, purses: &[(Purse, Span)], now: Timestamp) -> Result<Vec<Standing>, StoreError>;

    /// Notes that a budget's soft limit was passed in the span that begins then. `true` for the first who notes it.
    async fn pass_soft_limit(&self, id: BudgetId, start: Timestamp) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_gets_a_share_or_what_it_needs() {
        let check = |left: i64, [needed_min, needed, wanted]: [i64; 3], granted: i64| {
            let ask = Ask {
                purse: Purse::Credits,
                span: Span { start: Timestamp::from_unix_micros(0), end: None },
                call: 1,
                kept: NanoUsd::ZERO,
                needed: NanoUsd::new(needed),
                needed_min: NanoUsd::new(needed_min),
                wanted: NanoUsd::new(wanted),
            };
            assert_eq!(grant(NanoUsd::new(left), &ask), NanoUsd::new(granted), "{left} {needed} {wanted}");
        };
        check(1_600, [5, 5, 50], 50);
        check(1_600, [5, 5, 500], 100);
        check(1_600, [5, 150, 500], 150);
        // Near the end it is what requests need, and then what is left, and then nothing.
        check(48, [5, 5, 500], 5);
        check(48, [5, 60, 500], 48);
        check(4, [5, 60, 500], 0);
        check(0, [0, 0, 500], 0);
        check(-7, [0, 0, 500], 0);
        check(1_600, [0, 0, 0], 0);
    }
}
