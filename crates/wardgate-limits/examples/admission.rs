//! What an admission costs: `cargo run --release -p wardgate-limits --example admission [redis-url]`.
//!
//! Each figure is the median of rounds, so that a slow moment of the machine does not decide.

#![expect(clippy::print_stdout, reason = "it is a program that says figures")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wardgate_core::id::AccountId;
use wardgate_core::random::Counting;
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;
use wardgate_limits::limiter::{Limiter, Together, WhenAway};
use wardgate_limits::rate::{Demand, Level, Rates, Rule, Subject};
use wardgate_limits::shared::{Shared, SharedEvent, SharedOptions, Watch};

const ROUNDS: usize = 15;
const AMPLE: u64 = 1_000_000_000;

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
async fn main() {
    let alone = Limiter::alone();
    let line = |number| vec![rule(Level::Key, number), rule(Level::Team, number % 50), rule(Level::Account, 0)];
    let account = vec![vec![rule(Level::Account, 0)]];
    println!("local, one subject:                        {:>6} ns", measure(&alone, &account, 200_000).await);
    println!("local, key + team + account, all limits:   {:>6} ns", measure(&alone, &[line(0)], 200_000).await);
    let many: Vec<Vec<Rule>> = (0..50_000).map(line).collect();
    println!("local, the same over 50,000 keys:          {:>6} ns", measure(&alone, &many, 200_000).await);
    println!("no limits:                                 {:>6} ns", measure(&alone, &[Vec::new()], 200_000).await);

    let Some(url) = std::env::args().nth(1) else { return };
    let options = SharedOptions { url: Secret::new(url), deadline: Duration::from_secs(1) };
    let watch: Arc<dyn Watch> = Arc::new(Deaf);
    match Shared::start(&options, &Counting::default(), Arc::clone(&watch)).await {
        Ok(shared) => {
            let together = Limiter::together(Together { shared, when_away: WhenAway::Refuse, gateways: 1, watch });
            println!("shared, one subject:                       {:>6} ns", measure(&together, &account, 2_000).await);
            println!("shared, key + team + account, all limits:  {:>6} ns", measure(&together, &[line(0)], 2_000).await);
        }
        Err(error) => println!("{error}"),
    }
}
