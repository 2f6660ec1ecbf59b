//! Shared counters on a real server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wardgate_core::id::AccountId;
use wardgate_core::random::Random;
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;
use wardgate_limits::limiter::{Denied, Hold, Limiter, Together, WhenAway};
use wardgate_limits::rate::{Demand, Level, LimitName, Rates, Refusal, Rule, Standings, Subject};
use wardgate_limits::shared::{LEASE, Shared, SharedEvent, SharedOptions, Watch};
use wardgate_testkit::{DEADLINE, Redis, until};

/// Ample, for tests that are not about it: the machine may be busy.
const PATIENT: Duration = Duration::from_secs(5);

/// As gateways have it.
const USUAL: Duration = Duration::from_millis(20);

#[derive(Default)]
struct Ear(Mutex<HashMap<&'static str, u64>>);

impl Ear {
    fn count(&self, name: &str) -> u64 {
        self.0.lock().unwrap().get(name).copied().unwrap_or(0)
    }
}

impl Watch for Ear {
    fn tell(&self, event: &SharedEvent<'_>) {
        let (name, count) = match event {
            SharedEvent::Together => ("together", 1),
            SharedEvent::Away { .. } => ("away", 1),
            SharedEvent::Probing => ("probing", 1),
            SharedEvent::CallFailed => ("failed", 1),
            SharedEvent::DecidedAlone => ("alone", 1),
            SharedEvent::RefusedUnseen => ("unseen", 1),
            SharedEvent::EndsLost(count) => ("lost", *count),
        };
        *self.0.lock().unwrap().entry(name).or_default() += count;
    }
}

/// A seed for leases that no other gateway of the test has.
struct Seed(u8);

impl Random for Seed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
        bytes[0] = 0;
    }
}

struct Gateway {
    limiter: Limiter,
    ear: Arc<Ear>,
}

async fn gateway(number: u8, url: &str, deadline: Duration, when_away: WhenAway, gateways: u64) -> Gateway {
    let ear = Arc::new(Ear::default());
    let watch = Arc::clone(&ear) as Arc<dyn Watch>;
    let pseudonym = Box::new(|name: &str| name.bytes().rev().map(|byte| format!("{byte:02x}")).collect());
    let options = SharedOptions { url: Secret::from(url), deadline, pseudonym };
    let shared = Shared::start(options, &Seed(number), Arc::clone(&watch)).await.unwrap();
    Gateway { limiter: Limiter::together(Together { shared, when_away, gateways, watch }), ear }
}

async fn patient(number: u8, redis: &Redis) -> Gateway {
    gateway(number, &redis.url(), PATIENT, WhenAway::Share, 1).await
}

impl Gateway {
    /// Its own time of day is wrong, which must not matter.
    async fn ask(&self, rules: &[&Rule], tokens: u64) -> Result<(Hold, Standings), Denied> {
        let wrong = Timestamp::from_unix_millis(1_000);
        self.limiter.admit(&Demand::new(rules.iter().copied(), tokens), wrong).await
    }

    async fn hold(&self, rules: &[&Rule], tokens: u64) -> (Hold, Standings) {
        match self.ask(rules, tokens).await {
            Ok(admitted) => admitted,
            Err(denied) => panic!("{denied:?}"),
        }
    }

    async fn admits(&self, rules: &[&Rule], tokens: u64) -> bool {
        self.ask(rules, tokens).await.is_ok()
    }

    async fn refusal(&self, rules: &[&Rule], tokens: u64) -> Refusal {
        match self.ask(rules, tokens).await {
            Err(Denied::Limit(refusal)) => refusal,
            Err(Denied::Away) => panic!("the counters are away"),
            Ok(_) => panic!("it is admitted"),
        }
    }

    fn settle(&self, hold: Hold, tokens: u64) {
        self.limiter.settle(hold, tokens, Timestamp::from_unix_millis(1_000));
    }
}

fn rule(level: Level, rates: Rates) -> Rule {
    Rule { subject: Subject::new(AccountId::from_bytes([7; 16]), level, "x"), level, tier: None, rates }
}

fn rpm(limit: u64) -> Rates {
    Rates { requests_per_minute: Some(limit), ..Rates::default() }
}

async fn leases(redis: &Redis, rule: &Rule) -> String {
    let count = redis.ask(&format!("ZCARD wardgate:limits:1:{}:leases", rule.subject.as_str())).await;
    count.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_consumes_nothing_on_any_level() {
    let redis = Redis::start().await;
    let one = patient(1, &redis).await;
    let account = rule(Level::Account, rpm(10));
    let key = rule(
        Level::Key,
        Rates { requests_per_day: Some(1), concurrent_requests: Some(5), tokens_per_minute: Some(90), ..Rates::default() },
    );
    let (hold, standings) = one.hold(&[&key, &account], 30).await;
    let (requests, tokens) = (standings.requests.unwrap(), standings.tokens.unwrap());
    assert_eq!((requests.name, requests.level, requests.remaining), (LimitName::RequestsPerDay, Level::Key, 0));
    assert_eq!((tokens.limit, tokens.remaining), (90, 60));
    assert!(requests.reset <= Duration::from_secs(24 * 3_600) && tokens.reset <= Duration::from_secs(20));
    for _ in 0..20 {
        let refusal = one.refusal(&[&key, &account], 30).await;
        assert_eq!((refusal.standing.name, refusal.retry_after), (LimitName::RequestsPerDay, refusal.standing.reset));
    }
    let mut rest = 0;
    while one.admits(&[&account], 0).await {
        rest += 1;
    }
    assert_eq!(rest, 9);
    drop(hold);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_together_give_out_one_limit() {
    for (gateways, limit) in [(1_u8, 500_u64), (3, 500), (10, 500)] {
        let redis = Redis::start().await;
        let account = rule(Level::Account, rpm(limit));
        let mut asking = Vec::new();
        let started = Instant::now();
        for number in 0..gateways {
            let one = patient(number, &redis).await;
            let account = account.clone();
            // The first one has most of the load.
            let asks = if number == 0 { 3 * limit } else { limit / u64::from(gateways) };
            asking.push(tokio::spawn(async move {
                let mut admitted = 0;
                for _ in 0..asks {
                    admitted += u64::from(one.admits(&[&account], 0).await);
                }
                assert_eq!((one.ear.count("alone"), one.ear.count("failed")), (0, 0));
                admitted
            }));
        }
        let mut admitted = 0;
        for asking in asking {
            admitted += asking.await.unwrap();
        }
        // What came back while it ran is theirs, too.
        let refilled = u64::try_from(started.elapsed().as_millis()).unwrap() * limit / 60_000 + 1;
        assert!(admitted >= limit, "{admitted} of {limit} with {gateways} gateways");
        assert!(admitted <= limit * 102 / 100 + refilled, "{admitted} of {limit} with {gateways} gateways");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_settled_and_places_given_back_on_every_gateway() {
    let redis = Redis::start().await;
    let (one, two) = (patient(1, &redis).await, patient(2, &redis).await);
    let rates = Rates { tokens_per_minute: Some(100_000), concurrent_requests: Some(2), ..Rates::default() };
    let team = rule(Level::Team, rates);
    let (first, _) = one.hold(&[&team], 60_000).await;
    let (second, _) = two.hold(&[&team], 1_000).await;
    assert_eq!(two.refusal(&[&team], 1).await.standing.name, LimitName::ConcurrentRequests);
    one.settle(first, 10_000);
    one.limiter.flush().await;
    // 11,000 are used, less what has come back since.
    let (third, standings) = two.hold(&[&team], 1_000).await;
    let remaining = standings.tokens.unwrap().remaining;
    assert!((88_000..100_000).contains(&remaining), "{remaining}");
    drop(second);
    two.settle(third, 400_000);
    two.limiter.flush().await;
    let refusal = one.refusal(&[&team], 1).await;
    assert_eq!(refusal.standing.name, LimitName::TokensPerMinute);
    let debt = refusal.retry_after.as_secs();
    assert!((150..=190).contains(&debt), "{debt}");
    assert_eq!(leases(&redis, &team).await, ":0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_leave_at_any_moment_leave_nothing_behind() {
    let redis = Redis::start().await;
    let one = Arc::new(patient(1, &redis).await);
    let key = Arc::new(rule(Level::Key, Rates { concurrent_requests: Some(1_000), ..Rates::default() }));
    let mut asking = Vec::new();
    for number in 0..500_u64 {
        let (one, key) = (Arc::clone(&one), Arc::clone(&key));
        let task = tokio::spawn(async move {
            let held = one.ask(&[&key], 0).await;
            tokio::time::sleep(Duration::from_millis(number % 7)).await;
            drop(held);
        });
        if number % 3 == 0 {
            tokio::task::yield_now().await;
            task.abort();
        }
        asking.push(task);
    }
    for task in asking {
        // Some of them were aborted.
        let _ = task.await;
    }
    one.limiter.flush().await;
    assert_eq!((leases(&redis, &key).await.as_str(), one.ear.count("lost")), (":0", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_dies_leaves_its_places_for_one_lease() {
    let redis = Redis::start().await;
    let (one, two) = (patient(1, &redis).await, patient(2, &redis).await);
    let key = rule(Level::Key, Rates { concurrent_requests: Some(1), ..Rates::default() });
    std::mem::forget(one.hold(&[&key], 0).await);
    drop(one);
    assert_eq!(two.refusal(&[&key], 0).await.retry_after, Duration::from_secs(1));
    let key_name = format!("wardgate:limits:1:{}:leases", key.subject.as_str());
    let answer = redis.ask(&format!("ZRANGE {key_name} 0 -1 WITHSCORES")).await;
    let lines: Vec<&str> = answer.lines().collect();
    let (lease, lapses_at_ms) = (lines[2], lines[4].parse::<u64>().unwrap());
    let now_ms = redis.ask("TIME").await.lines().nth(2).unwrap().parse::<u64>().unwrap() * 1_000;
    let lease_ms = u64::try_from(LEASE.as_millis()).unwrap();
    assert!((now_ms..=now_ms + 1_000 + lease_ms).contains(&lapses_at_ms), "{lapses_at_ms} {now_ms}");
    // As if one lease had passed.
    redis.ask(&format!("ZADD {key_name} {} {lease}", now_ms - 1)).await;
    assert!(two.admits(&[&key], 0).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_costs_three_deadlines_and_comes_back() {
    let redis = Redis::start().await;
    let one = gateway(1, &redis.url(), USUAL, WhenAway::Share, 3).await;
    let account = rule(Level::Account, rpm(90));
    until("an answer in time", DEADLINE, async || {
        let alone = one.ear.count("alone");
        one.admits(&[&account], 0).await && one.ear.count("alone") == alone
    })
    .await;
    let before = one.ear.count("together");
    redis.freeze().await;
    let (mut slow, mut admitted) = (0, 0);
    for _ in 0..60 {
        let started = Instant::now();
        admitted += u64::from(one.admits(&[&account], 0).await);
        slow += u64::from(started.elapsed() >= USUAL);
    }
    assert!((1..=5).contains(&slow), "{slow} requests waited");
    // Its third of the limit, and maybe one that came back.
    assert!((28..=31).contains(&admitted), "{admitted}");
    redis.thaw().await;
    until("counting together again", DEADLINE, async || one.ear.count("together") > before).await;
    until("an answer of the server", DEADLINE, async || {
        let alone = one.ear.count("alone");
        one.admits(&[&account], 0).await && one.ear.count("alone") == alone
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_or_forgets_comes_back_empty() {
    let mut redis = Redis::start().await;
    let one = gateway(1, &redis.url(), PATIENT, WhenAway::Refuse, 1).await;
    let account = rule(Level::Account, rpm(2));
    assert!(one.admits(&[&account], 0).await);
    redis.ask("SCRIPT FLUSH").await;
    assert!(one.admits(&[&account], 0).await);
    assert_eq!(one.refusal(&[&account], 0).await.standing.limit, 2);
    redis.stop().await;
    until("the loss is noticed", DEADLINE, async || matches!(one.ask(&[&account], 0).await, Err(Denied::Away))).await;
    let started = Instant::now();
    for _ in 0..100 {
        assert!(matches!(one.ask(&[&account], 0).await, Err(Denied::Away)));
    }
    assert!(started.elapsed() < Duration::from_secs(1), "nobody waits for a dead server");
    assert!(one.ear.count("unseen") >= 100);
    // Who has no limits needs no counters.
    assert!(one.admits(&[], 0).await);
    redis.start_again().await;
    until("an admission by the new server", DEADLINE, async || one.admits(&[&account], 0).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_server_is_not_waited_for() {
    let redis = Redis::start().await;
    let slow = redis.slowly(Duration::from_millis(60)).await;
    let one = gateway(1, &slow.url(), USUAL, WhenAway::Share, 1).await;
    let account = rule(Level::Account, rpm(1_000_000));
    let started = Instant::now();
    for _ in 0..100 {
        assert!(one.admits(&[&account], 0).await);
    }
    // A probe that answers too late is no answer, so it was never counted together.
    assert_eq!((one.ear.count("together"), one.ear.count("alone")), (0, 100));
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_url_must_lead_somewhere() {
    let options = SharedOptions {
        url: Secret::from("postgres://user:hunter2@host/"),
        deadline: USUAL,
        pseudonym: Box::new(str::to_owned),
    };
    let error = Shared::start(options, &Seed(1), Arc::new(Ear::default())).await.err().unwrap().to_string();
    assert!(!error.contains("hunter2"), "{error}");
}
