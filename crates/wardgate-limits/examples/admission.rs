//! What an admission costs: `cargo xtask bench --only admit`; with shared counters `cargo run --release -p wardgate-limits --example
//! admission <redis-url>`.
//!
//! Each figure is the median of rounds, so that a slow moment of the machine does not decide.

#![expect(clippy::print_stdout, reason = "it is a program that says figures")]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wardgate_core::account::Account;
use wardgate_core::budget::{Budget, BudgetOwner};
use wardgate_core::credit::{Credit, PrepaidScope};
use wardgate_core::id::{AccessKeyId, AccountId, TeamId};
use wardgate_core::money::NanoUsd;
use wardgate_core::random::Counting;
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;
use wardgate_limits::escrow::{Escrow, Estimate, Money};
use wardgate_limits::limiter::{Limiter, Together, WhenAway};
use wardgate_limits::rate::{Demand, Holder, Level, Rates, Rule, Subject};
use wardgate_limits::shared::{Shared, SharedEvent, SharedOptions, Watch};
use wardgate_store::Store;
use wardgate_store::conformance::sample;
use wardgate_store::memory::MemoryStore;

const ROUNDS: usize = 15;
const AMPLE: u64 = 1_000_000_000;

/// The most that all of it may cost, in nanoseconds.
const NANOS_MAX: u128 = 3_000;

const NOW: Timestamp = sample::START;

struct Deaf;

impl Watch for Deaf {
    fn tell(&self, _: &SharedEvent<'_>) {}
}

fn rule(level: Level, number: u32) -> Rule {
    let rates = Rates {
        requests_per_minute: Some(AMPLE),
        requests_per_day: Some(AMPLE),
        tokens_per_minute: Some(AMPLE),
        concurrent_requests: Some(AMPLE),
    };
    let subject = Subject::new(AccountId::from_bytes([1; 16]), level, &format!("an-id-of-some-length-{number}"));
    Rule { subject, level, tier: None, rates }
}

/// The rules that are made for each request: two each for its key, its end user and its model.
fn rules_beneath(holders: &[Holder; 2], rates: Rates) -> Vec<Rule> {
    let mut rules = Vec::with_capacity(6);
    for level in [Level::Key, Level::EndUser, Level::Model] {
        for holder in holders {
            let subject = holder.subject(level, black_box("an-id-of-some-length"));
            rules.push(Rule { subject, level, tier: None, rates });
        }
    }
    rules
}

/// An account with a budget of its own, one of a team and one of a key, and with credits.
struct Payer {
    money: Money,
    team_id: TeamId,
    key_id: AccessKeyId,
}

async fn payer() -> Payer {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let account: Account = sample::tenant(&*store, "acme").await;
    let (team, key) = (sample::team(&account), sample::access_key(&account));
    let (team, key) = (sample::stored(&*store, &account, team).await, sample::stored(&*store, &account, key).await);
    let mut budgets = Vec::new();
    for owner in [BudgetOwner::Account, BudgetOwner::Team(team.id), BudgetOwner::AccessKey(key.id)] {
        let hard = Some(NanoUsd::new(1_000_000_000_000_000));
        let budget = Budget { owner, hard, soft: None, ..sample::budget(&account) };
        budgets.push(sample::stored(&*store, &account, budget).await);
    }
    let credit = Credit { amount: NanoUsd::new(1_000_000_000_000_000), expires_at: None, ..sample::credit(&account) };
    // A store in memory refuses nothing of this.
    let _ = store.tenant(account.id).add_credit(&credit, &sample::audit(account.id)).await;
    let money = Escrow::alone(store).open(account.id, &budgets, Some(PrepaidScope::Everything));
    Payer { money, team_id: team.id, key_id: key.id }
}

/// Nanoseconds of one admission with money, and its settlement.
async fn measure_all(limiter: &Limiter, payer: &Payer, times: usize) -> u128 {
    let (team, account) = (rule(Level::Team, 1), rule(Level::Account, 1));
    let account_id = AccountId::from_bytes([1; 16]);
    let holders = [Holder::team(account_id, payer.team_id), Holder::account(account_id)];
    let estimate = Estimate { all: NanoUsd::new(1_000), managed: NanoUsd::new(1_000) };
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..times {
            let Ok(reservation) = payer.money.reserve(payer.team_id, payer.key_id, black_box(estimate), NOW).await else {
                return u128::MAX;
            };
            let beneath = rules_beneath(&holders, account.rates);
            let demand = Demand::new(beneath.iter().chain([&team, &account]), 500);
            if let Ok((hold, standings)) = limiter.admit(black_box(&demand), NOW).await {
                black_box(standings);
                limiter.settle(hold, 700, NOW);
            }
            // It cost nothing, so that there is always more.
            reservation.settle(NanoUsd::ZERO, NanoUsd::ZERO);
        }
        rounds.push(started.elapsed().as_nanos() / times as u128);
    }
    median(rounds)
}

fn median(mut rounds: Vec<u128>) -> u128 {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

/// Nanoseconds of one admission and its settlement, one after the other.
async fn measure(limiter: &Limiter, lines: &[Vec<Rule>], times: usize) -> u128 {
    let now = Timestamp::from_unix_millis(1_795_348_800_000);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for time in 0..times {
            let demand = Demand::new(&lines[time % lines.len()], 500);
            if let Ok((hold, standings)) = limiter.admit(black_box(&demand), now).await {
                black_box(standings);
                limiter.settle(hold, 700, now);
            }
        }
        rounds.push(started.elapsed().as_nanos() / times as u128);
    }
    median(rounds)
}

#[tokio::main]
async fn main() -> ExitCode {
    let alone = Limiter::alone();
    let line = |number| vec![rule(Level::Key, number), rule(Level::Team, number % 50), rule(Level::Account, 0)];
    let account = vec![vec![rule(Level::Account, 0)]];
    println!("local, one subject:                        {:>6} ns", measure(&alone, &account, 200_000).await);
    println!("local, key + team + account, all limits:   {:>6} ns", measure(&alone, &[line(0)], 200_000).await);
    let many: Vec<Vec<Rule>> = (0..50_000).map(line).collect();
    println!("local, the same over 50,000 keys:          {:>6} ns", measure(&alone, &many, 200_000).await);
    println!("no limits:                                 {:>6} ns", measure(&alone, &[Vec::new()], 200_000).await);

    let all = measure_all(&alone, &payer().await, 100_000).await;
    println!("local, every limit, budgets and credits:   {all:>6} ns (at most {NANOS_MAX})");

    let Some(url) = std::env::args().nth(1) else {
        return if all <= NANOS_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    let options = SharedOptions { url: Secret::new(url), deadline: Duration::from_secs(1), pseudonym: Box::new(str::to_owned) };
    let watch: Arc<dyn Watch> = Arc::new(Deaf);
    match Shared::start(options, &Counting::default(), Arc::clone(&watch)).await {
        Ok(shared) => {
            let together = Limiter::together(Together { shared, when_away: WhenAway::Refuse, gateways: 1, watch });
            println!("shared, one subject:                       {:>6} ns", measure(&together, &account, 2_000).await);
            println!("shared, key + team + account, all limits:  {:>6} ns", measure(&together, &[line(0)], 2_000).await);
        }
        Err(error) => println!("{error}"),
    }
    ExitCode::SUCCESS
}
