//! What the counts promise together.

use super::*;
use crate::rate::{Level, LimitName, Rule, Subject};
use proptest::prelude::*;
use std::time::Duration;
use wardgate_core::id::AccountId;
use wardgate_core::time::Timestamp;

fn rule(level: Level, rates: Rates) -> Rule {
    Rule { subject: Subject::new(AccountId::from_bytes([1; 16]), level, "x"), level, tier: None, rates }
}

fn at(millis: u64) -> Moment {
    let steady = Duration::from_millis(millis);
    // Noon of some day.
    Moment { steady, wall: Timestamp::from_unix_millis(1_795_348_800_000).plus(steady) }
}

fn refused(admitted: Result<(LocalHold, Standings), Refusal>) -> (LimitName, Level) {
    let refusal = admitted.err().unwrap_or_else(|| panic!("it is refused"));
    (refusal.standing.name, refusal.standing.level)
}

#[test]
fn a_refused_request_consumes_nothing_on_any_level() {
    let local = Local::new(1);
    let account = rule(Level::Account, Rates { requests_per_minute: Some(10), ..Rates::default() });
    let key = rule(Level::Key, Rates { requests_per_day: Some(1), tokens_per_minute: Some(100), ..Rates::default() });
    let both = Demand::new([&key, &account], 10);
    assert!(local.admit(&both, at(0)).is_ok());
    for _ in 0..50 {
        assert_eq!(refused(local.admit(&both, at(0))), (LimitName::RequestsPerDay, Level::Key));
    }
    // The account gave nine of its ten to nobody.
    let rest = (0..20).filter(|_| local.admit(&Demand::new([&account], 0), at(0)).is_ok()).count();
    assert_eq!(rest, 9);
}

#[test]
fn places_are_given_back_when_their_hold_goes() {
    let local = Local::new(1);
    let key = rule(Level::Key, Rates { concurrent_requests: Some(2), ..Rates::default() });
    let demand = Demand::new([&key], 0);
    let first = local.admit(&demand, at(0)).ok();
    let second = local.admit(&demand, at(0)).ok();
    assert_eq!(refused(local.admit(&demand, at(0))), (LimitName::ConcurrentRequests, Level::Key));
    drop(first);
    let third = local.admit(&demand, at(0)).ok();
    assert!(third.is_some() && local.admit(&demand, at(0)).is_err());
    for (hold, _) in second.into_iter().chain(third) {
        hold.settle(0, at(0));
    }
    assert!(local.admit(&demand, at(0)).is_ok());
}

#[test]
fn tokens_are_settled_on_what_was_used() {
    let local = Local::new(1);
    let key = rule(Level::Key, Rates { tokens_per_minute: Some(1_000), ..Rates::default() });
    let left = |tokens| {
        local
            .admit(&Demand::new([&key], tokens), at(0))
            .map(|(hold, standings)| (hold, standings.tokens.map_or(0, |standing| standing.remaining)))
    };
    let (hold, remaining) = left(600).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(remaining, 400);
    hold.settle(50, at(0));
    let (hold, remaining) = left(100).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(remaining, 850);
    hold.settle(2_000, at(0));
    let refusal = left(1).err().unwrap_or_else(|| panic!("it is refused"));
    // Fifty and two thousand of one thousand: 1,051 too many for one more, at a thousand a minute.
    assert_eq!(refusal.retry_after, Duration::from_millis(63_060));
}

#[test]
fn a_share_is_never_nothing() {
    let local = Local::new(3);
    let key = rule(Level::Key, Rates { requests_per_minute: Some(20), ..Rates::default() });
    let team = rule(Level::Team, Rates { requests_per_minute: Some(2), ..Rates::default() });
    let admitted = |rule: &Rule| (0..50).filter(|_| local.admit(&Demand::new([rule], 0), at(0)).is_ok()).count();
    assert_eq!((admitted(&key), admitted(&team)), (6, 1));
}

#[test]
fn threads_together_get_no_more_than_one_would() {
    let local = Local::new(1);
    let account = rule(Level::Account, Rates { requests_per_minute: Some(1_000), ..Rates::default() });
    let keys: Vec<Rule> = (0..4)
        .map(|number| Rule {
            subject: Subject::new(AccountId::from_bytes([1; 16]), Level::Key, &number.to_string()),
            ..rule(Level::Key, Rates { requests_per_minute: Some(300), concurrent_requests: Some(9), ..Rates::default() })
        })
        .collect();
    let admitted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let (local, account, key) = (&local, &account, &keys[thread % keys.len()]);
                let demand = move || local.admit(&Demand::new([key, account], 0), at(0)).is_ok();
                scope.spawn(move || (0..500).filter(|_| demand()).count())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    assert_eq!(admitted, 1_000);
}

#[derive(Debug, Clone)]
enum Step {
    Ask { levels: [bool; 3], tokens: u64 },
    Leave { used: Option<u64> },
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (any::<[bool; 3]>(), 0_u64..80).prop_map(|(levels, tokens)| Step::Ask { levels, tokens }),
        3 => proptest::option::of(0_u64..120).prop_map(|used| Step::Leave { used }),
        2 => (0_u64..20_000).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..200)
}

proptest! {
    /// Whatever happens in whatever order: no level goes beyond its limits, a refusal leaves every level as it was, and in the
    /// end nobody is inside.
    #[test]
    fn nobody_gets_more_and_nothing_leaks(steps in steps(), requests in 1_u64..12, places in 1_u64..5) {
        let local = Local::new(1);
        let rates = |factor: u64| Rates {
            requests_per_minute: Some(requests * factor),
            requests_per_day: Some(requests * factor * 3),
            tokens_per_minute: Some(200 * factor),
            concurrent_requests: Some(places * factor),
        };
        let rules = [rule(Level::Key, rates(1)), rule(Level::Team, rates(2)), rule(Level::Account, rates(3))];
        let (mut now, mut inside) = (0, Vec::new());
        let mut admitted: [Vec<u64>; 3] = Default::default();
        let states = |now| rules.each_ref().map(|rule| format!("{:?}", lock(&local.cells.get(&rule.subject, at(now)))));
        for step in steps {
            match step {
                Step::Wait(millis) => now += millis,
                Step::Leave { used } => match (inside.pop(), used) {
                    (Some((hold, _)), Some(used)) => LocalHold::settle(hold, used, at(now)),
                    (hold, _) => drop(hold),
                },
                Step::Ask { levels, tokens } => {
                    let before = states(now);
                    let asked = || rules.iter().zip(levels).filter(|(_, is_asked)| *is_asked).map(|(rule, _)| rule);
                    match local.admit(&Demand::new(asked(), tokens), at(now)) {
                        Err(_) => prop_assert_eq!(states(now), before),
                        Ok((hold, _)) => {
                            inside.push((hold, levels));
                            (0..3).filter(|level| levels[*level]).for_each(|level| admitted[level].push(now));
                        }
                    }
                }
            }
            for (level, factor) in [(0, 1), (1, 2), (2, 3)] {
                let now_inside = inside.iter().filter(|(_, levels)| levels[level]).count() as u64;
                prop_assert!(now_inside <= places * factor);
            }
        }
        for (level, factor) in [(0_usize, 1), (1, 2), (2, 3)] {
            let limit = requests * factor;
            prop_assert!(admitted[level].len() as u64 <= limit * 3, "in a day");
            for start in &admitted[level] {
                let minute = admitted[level].iter().filter(|when| (*start..*start + 60_000).contains(*when)).count() as u64;
                prop_assert!(minute <= 2 * limit);
            }
        }
        drop(inside);
        // Long after, every cell is as good as new.
        let later = Moment { steady: Duration::from_secs(3_600), wall: at(0).wall.plus(Duration::from_secs(48 * 3_600)) };
        for rule in &rules {
            prop_assert!(lock(&local.cells.get(&rule.subject, later)).is_idle(later));
        }
    }
}
