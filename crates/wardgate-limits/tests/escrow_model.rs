//! Every order of events in which two gateways spend one budget, searched through: requests, answers that get lost, calls that arrive
//! late or twice, the ledger that lags behind, and a gateway that is killed.
//!
//! What must hold in every state: **the money that providers were made to spend, and may be made to by requests that run, is no
//! more than the limit**, and where a request costs more than was reserved for it, no more than the limit and that excess. The arithmetic is the real
//! one: [`Lease`] of the gateways, and [`grant`] of the stores. A killed gateway's requests count in full, although no ledger
//! ever hears of them, since its hold stays. (It lapses in the end, after an hour; until then is what is searched here.)

use std::collections::{HashSet, VecDeque};
use wardgate_core::budget::Span;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_limits::escrow::lease::{Call, Lease};
use wardgate_store::escrow::{Ask, Purse, grant};

const LIMIT: i64 = 4;
const ESTIMATE: i64 = 2;
const CALLS_MAX: u64 = 2;

/// How far it is searched.
#[derive(Clone, Copy)]
struct Reach {
    requests_max: u8,
    /// Whether one request may cost more than was reserved for it.
    may_exceed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
struct Gateway {
    is_dead: bool,
    lease: Lease,
    running: u8,
    /// Costs that wait in the journal, and the part of them that the ledger has without the gateway knowing.
    journal: i64,
    applied: i64,
    /// What was marked and is on its way.
    moving: Option<i64>,
    /// The call whose answer is waited for.
    awaited: Option<Call>,
    /// Calls on their way to the store.
    sent: [Option<Call>; 2],
    /// An answer on its way back.
    answer: Option<(Call, i64)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct World {
    gateways: [Gateway; 2],
    /// Of each gateway: the last call, and what it holds.
    holds: [(u64, i64); 2],
    ledger: i64,
    started: u8,
    /// What providers were made to spend, or may have been by requests that were killed.
    spent: i64,
    /// What requests cost more than was reserved for them.
    excess: i64,
}

impl World {
    fn check(&self) {
        let running: i64 = self.gateways.iter().map(|gateway| i64::from(gateway.running) * ESTIMATE).sum();
        assert!(
            self.spent + running <= LIMIT + self.excess,
            "{} were spent and {running} are reserved, of {LIMIT} and {} in excess",
            self.spent,
            self.excess
        );
    }

    /// Which gateway is which makes no difference.
    fn in_order(mut self) -> Self {
        if (self.gateways[1], self.holds[1]) < (self.gateways[0], self.holds[0]) {
            self.gateways.swap(0, 1);
            self.holds.swap(0, 1);
        }
        self
    }

    /// Everything that may happen next.
    fn next(&self, reach: Reach) -> Vec<Self> {
        let mut worlds = Vec::new();
        for index in 0..2 {
            let mut push = |change: &dyn Fn(&mut Self, &mut Gateway)| {
                let mut world = *self;
                let mut gateway = world.gateways[index];
                change(&mut world, &mut gateway);
                world.gateways[index] = gateway;
                if world != *self {
                    worlds.push(world.in_order());
                }
            };
            let gateway = self.gateways[index];
            self.network(index, &mut push);
            ledger(&gateway, &mut push);
            if gateway.is_dead {
                continue;
            }
            if self.started < reach.requests_max {
                push(&|world, gateway| {
                    if gateway.lease.take(NanoUsd::new(ESTIMATE)) {
                        gateway.running += 1;
                        world.started += 1;
                    }
                });
            }
            if gateway.running > 0 {
                let mut costs = vec![0, ESTIMATE];
                costs.extend((reach.may_exceed && self.excess == 0).then_some(ESTIMATE + 2));
                for cost in costs {
                    push(&move |world, gateway| {
                        gateway.running -= 1;
                        gateway.journal += cost;
                        gateway.lease.settle(NanoUsd::new(ESTIMATE), NanoUsd::new(cost));
                        world.spent += cost;
                        world.excess += (cost - ESTIMATE).max(0);
                    });
                }
            }
            push(&|_, gateway| gateway.lease.give_back());
            push(&|world, gateway| {
                world.spent += i64::from(gateway.running) * ESTIMATE;
                let (journal, applied) = (gateway.journal, gateway.applied);
                *gateway = Gateway { is_dead: true, journal, applied, sent: gateway.sent, ..Gateway::default() };
            });
        }
        worlds
    }

    fn network(&self, index: usize, push: &mut impl FnMut(&dyn Fn(&mut Self, &mut Gateway))) {
        let gateway = self.gateways[index];
        if !gateway.is_dead && gateway.awaited.is_none() {
            // Whether there is one more call to be made is asked of a copy.
            let mut lease = gateway.lease;
            if lease.begin_call().number <= CALLS_MAX
                && let Some(slot) = gateway.sent.iter().position(Option::is_none)
            {
                push(&move |_, gateway| {
                    let call = gateway.lease.begin_call();
                    (gateway.awaited, gateway.sent[slot]) = (Some(call), Some(call));
                });
            }
        }
        for slot in 0..2 {
            if let Some(call) = gateway.sent[slot] {
                // One that is never delivered is lost. Delivered, and perhaps once more.
                for is_last in [true, false] {
                    push(&move |world, gateway| {
                        world.lend(index, gateway, call);
                        if is_last {
                            gateway.sent[slot] = None;
                        }
                    });
                }
            }
        }
        if gateway.awaited.is_some() {
            push(&|_, gateway| gateway.awaited = None);
        }
        if let Some((call, granted)) = gateway.answer {
            push(&move |_, gateway| {
                gateway.answer = None;
                if gateway.awaited == Some(call) {
                    gateway.awaited = None;
                    gateway.lease.end_call(call, NanoUsd::new(granted));
                }
            });
        }
    }

    /// What the store does with a call.
    fn lend(&mut self, index: usize, gateway: &mut Gateway, call: Call) {
        let (last, _) = self.holds[index];
        if call.number <= last {
            return;
        }
        let (_, others) = self.holds[1 - index];
        let needed = NanoUsd::new(ESTIMATE);
        let ask = Ask {
            purse: Purse::Credits,
            span: Span { start: Timestamp::from_unix_micros(0), end: None },
            call: call.number,
            kept: call.kept,
            needed,
            needed_min: needed,
            wanted: NanoUsd::ZERO,
        };
        let left = NanoUsd::new(LIMIT - self.ledger - others) - call.kept;
        let granted = grant(left, &ask);
        self.holds[index] = (call.number, (call.kept + granted).nano_usd());
        if gateway.awaited == Some(call) {
            gateway.answer = Some((call, granted.nano_usd()));
        }
    }
}

/// The way of costs from the journal to the ledger.
fn ledger(gateway: &Gateway, push: &mut impl FnMut(&dyn Fn(&mut World, &mut Gateway))) {
    if gateway.is_dead {
        // Whoever finds the journal stores what the ledger does not have.
        push(&|world, gateway| {
            world.ledger += gateway.journal - gateway.applied;
            (gateway.journal, gateway.applied) = (0, 0);
        });
        return;
    }
    match gateway.moving {
        None if gateway.journal > 0 => push(&|_, gateway| {
            gateway.lease.mark();
            gateway.moving = Some(gateway.journal);
        }),
        None => {}
        Some(amount) => {
            push(&move |world, gateway| {
                world.ledger += amount - gateway.applied;
                gateway.applied = amount;
            });
            if gateway.applied == amount {
                push(&move |_, gateway| {
                    gateway.lease.store_marked();
                    gateway.journal -= amount;
                    (gateway.applied, gateway.moving) = (0, None);
                });
            }
            // The answer is lost: the same events are sent again, with those that came meanwhile.
            push(&|_, gateway| gateway.moving = None);
        }
    }
}

fn search(reach: Reach) -> usize {
    let mut seen = HashSet::new();
    let mut open = VecDeque::from([World::default()]);
    seen.insert(World::default());
    while let Some(world) = open.pop_front() {
        world.check();
        for next in world.next(reach) {
            if seen.insert(next) {
                open.push_back(next);
            }
        }
    }
    seen.len()
}

#[test]
fn no_order_of_events_spends_more_than_the_budget() {
    let states = search(Reach { requests_max: 3, may_exceed: false });
    assert!(states > 10_000, "{states} states are too few to mean anything");
}

#[test]
fn what_is_spent_beyond_it_is_what_a_request_cost_more_than_it_reserved() {
    let states = search(Reach { requests_max: 2, may_exceed: true });
    assert!(states > 10_000, "{states} states are too few to mean anything");
}
