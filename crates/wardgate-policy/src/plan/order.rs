//! In which order the candidates are tried.
//!
//! Models keep the client's order, and keys theirs. Among the backends of one model the client's list comes first, then what it
//! sorts by; where it says neither, one of the cheap ones is drawn, the cheaper the likelier, and the others follow by price. Who
//! misses a bound that the client prefers comes behind all who meet it, who is out of order behind those, and a model that is
//! probably too small for the request last of all: none of them is left out, since any is better than nobody.

use super::Plan;
use crate::candidate::Candidate;
use crate::health::Health;
use crate::preferences::{Percentiles, Preferences, Sort, Wishes};
use crate::refusal::{Dropped, Why};
use crate::variant::Variants;
use wardgate_core::health::{Class, Measure, Standing};

/// Who costs more than so many times the cheapest is not drawn.
const PRICE_SPREAD_MAX: u64 = 10;

/// By how many standard deviations half, three quarters, nine tenths and ninety-nine hundredths stay above or below the mean.
const DEVIATIONS: [f64; 4] = [0.0, 0.674, 1.282, 2.326];

/// Where a candidate comes; the least first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_too_small: bool,
    is_out: bool,
    misses_bound: bool,
    model: u32,
    place: u32,
    is_ill: bool,
    /// A number that is not negative, by its bits, which are in the same order.
    metric: u64,
}

/// Orders a plan of a client that said nothing but models.
pub(crate) fn by_health(candidates: &mut [Candidate], health: &dyn Health) {
    let is_out = |candidate: &Candidate| standing(candidate, Some(health)).class == Class::Out;
    if candidates.len() > 1 && candidates.iter().any(is_out) {
        candidates.sort_by_cached_key(is_out);
    }
}

/// Orders a plan by everything that the client said. `variants` are those of each model string.
pub(super) fn by_wishes(plan: &mut Plan, wishes: &Wishes, variants: &[Variants], health: Option<&dyn Health>, is_traced: bool) {
    let preferences = &wishes.preferences;
    let sort = |candidate: &Candidate| preferences.sort.or(variants.get(candidate.model_index).and_then(|of| of.sort));
    let group = |candidate: &Candidate| if preferences.mixes_models { 0 } else { candidate.model_index };
    // One is drawn in each group that nothing else orders.
    let mut drawn: Vec<(usize, Candidate)> = Vec::new();
    if preferences.order.is_empty() {
        for (index, candidate) in plan.candidates.iter().enumerate() {
            let of = group(candidate);
            if sort(candidate).is_none() && drawn.last().is_none_or(|(last, _)| *last != of) {
                let others = plan.candidates[index..].iter().take_while(|other| group(other) == of);
                drawn.extend(draw(others, wishes, health).map(|drawn| (of, drawn.clone())));
            }
        }
    }
    let rank = |candidate: &Candidate| {
        let standing = standing(candidate, health);
        let is_drawn = drawn.iter().any(|(of, drawn)| *of == group(candidate) && drawn.is_same_backend(candidate));
        let metric = match sort(candidate) {
            _ if is_drawn => 0.0,
            Some(sort) => metric(sort, candidate, wishes, &standing),
            None => 1.0 + price(candidate, wishes),
        };
        Rank {
            is_too_small: is_too_small(candidate, wishes),
            is_out: standing.class == Class::Out,
            misses_bound: misses(preferences, &standing),
            model: small(group(candidate)),
            place: preferences.place(&candidate.target.provider).map_or(u32::MAX, small),
            is_ill: standing.class == Class::Ill,
            metric: metric.to_bits(),
        }
    };
    plan.candidates.sort_by_cached_key(rank);
    if preferences.forbids_fallbacks {
        keep_first(plan, preferences, is_traced);
    }
    if is_traced {
        plan.ordered_by = told(preferences, variants, !drawn.is_empty());
        if plan.candidates.iter().any(|candidate| is_too_small(candidate, wishes)) {
            plan.ordered_by.push("size".to_owned());
        }
    }
}

/// A count that is bounded far below, in half the room.
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn standing(candidate: &Candidate, health: Option<&dyn Health>) -> Standing {
    health.map_or_else(Standing::default, |health| health.standing(&candidate.target, candidate.credential))
}

/// Pico-dollars a token of a usual mixture; what is not known is dearer than anything.
fn price(candidate: &Candidate, wishes: &Wishes) -> f64 {
    candidate.target.rates(wishes.needs.input_tokens).map_or(f64::INFINITY, |rates| rates.blended() as f64)
}

fn metric(sort: Sort, candidate: &Candidate, wishes: &Wishes, standing: &Standing) -> f64 {
    let mean = |measure: Option<Measure>| measure.map(|measure| measure.mean.max(0.0));
    match sort {
        Sort::Price => price(candidate, wishes),
        // Of whom nothing is known comes after all others.
        Sort::Throughput => mean(standing.tokens_per_second).map_or(f64::INFINITY, |speed| 1.0 / speed.max(f64::MIN_POSITIVE)),
        Sort::Latency => mean(standing.first_token_seconds).unwrap_or(f64::INFINITY),
        Sort::Exacto => f64::from(standing.failure_share).max(0.0),
        Sort::Context => {
            let window = candidate.target.known.as_ref().and_then(|known| known.context_window);
            window.map_or(f64::INFINITY, |window| 1.0 / (window.max(1) as f64))
        }
    }
}

/// Whether a bound that is preferred is known to be missed.
fn misses(preferences: &Preferences, standing: &Standing) -> bool {
    let is_missed = |bounds: &Percentiles, measure: Option<Measure>, sign: f64| {
        let Some(measure) = measure.filter(|_| !bounds.is_empty()) else { return false };
        let seen = DEVIATIONS.map(|deviations| measure.mean + sign * deviations * measure.deviation);
        bounds.0.iter().zip(seen).any(|(bound, seen)| bound.is_some_and(|bound| sign * seen > sign * bound))
    };
    // Nine tenths of the requests are faster than this, and begin sooner than that.
    is_missed(&preferences.throughput_min, standing.tokens_per_second, -1.0)
        || is_missed(&preferences.latency_max, standing.first_token_seconds, 1.0)
}

/// Which of these is tried first: a cheap one that is well, each with a weight of the inverse square of its price.
fn draw<'c>(
    candidates: impl Iterator<Item = &'c Candidate>,
    wishes: &Wishes,
    health: Option<&dyn Health>,
) -> Option<&'c Candidate> {
    let well = candidates.filter(|candidate| standing(candidate, health).class == Class::Well);
    let priced = well.filter_map(|candidate| Some((candidate.target.rates(wishes.needs.input_tokens)?.blended(), candidate)));
    let priced: Vec<_> = priced.collect();
    let cheapest = priced.iter().map(|(price, _)| *price).min()?;
    let pool = priced.into_iter().filter(|(price, _)| *price <= cheapest * PRICE_SPREAD_MAX);
    let lots = pool.map(|(price, candidate)| (lot(price as f64, candidate, wishes.draw), candidate));
    lots.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, candidate)| candidate)
}

/// A number that is the least of all with a probability proportional to the weight. It is the same each time for one draw and one
/// provider, so that a conversation stays where it is even when others come and go.
fn lot(price: f64, candidate: &Candidate, draw: u64) -> f64 {
    let weight = if price > 0.0 { 1.0 / (price * price) } else { 1.0 };
    -(uniform(draw, candidate.target.provider.name.as_str()).ln()) / weight
}

/// A number above 0 and up to 1, spread evenly over draws and over names.
pub(crate) fn uniform(draw: u64, name: &str) -> f64 {
    let mut bits =
        name.bytes().fold(draw ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        bits = (bits ^ (bits >> 31)).wrapping_mul(factor);
    }
    bits ^= bits >> 29;
    ((bits >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// Whether a model is probably too small for the request. The number of tokens is a guess, so it leaves nothing out.
fn is_too_small(candidate: &Candidate, wishes: &Wishes) -> bool {
    let Some(known) = &candidate.target.known else { return false };
    let holds = |max: Option<u64>, wanted: u64| max.is_none_or(|max| max >= wanted);
    let needs = &wishes.needs;
    !holds(known.context_window, needs.input_tokens) || !holds(known.output_tokens_max, needs.output_tokens_max.unwrap_or(0))
}

/// Keeps the first backend of each model, or those that the client listed.
fn keep_first(plan: &mut Plan, preferences: &Preferences, is_traced: bool) {
    let mut first: Vec<Candidate> = Vec::new();
    let (kept, others): (Vec<_>, Vec<_>) = std::mem::take(&mut plan.candidates).into_iter().partition(|candidate| {
        if !preferences.order.is_empty() && preferences.place(&candidate.target.provider).is_some() {
            return true;
        }
        let of = first.iter().find(|first| first.model_index == candidate.model_index);
        let is_kept = of.map_or(preferences.order.is_empty(), |first| first.is_same_backend(candidate));
        if of.is_none() && is_kept {
            first.push(candidate.clone());
        }
        is_kept
    });
    plan.candidates = kept;
    if is_traced || plan.candidates.is_empty() {
        leave_out(plan, &others, |candidate| Why::NotFirst {
            provider: candidate.target.provider.name.clone(),
            model: candidate.target.model.clone(),
        });
    }
}

/// Notes what was left out, once for all credentials of a backend.
fn leave_out(plan: &mut Plan, candidates: &[Candidate], why: impl Fn(&Candidate) -> Why) {
    let mut last: Option<&Candidate> = None;
    for candidate in candidates {
        if last.is_some_and(|last| last.is_same_backend(candidate)) {
            continue;
        }
        last = Some(candidate);
        let target = (candidate.target.provider.name.clone(), candidate.target.model.clone());
        let is_whole = !plan.candidates.iter().any(|kept| kept.model_index == candidate.model_index);
        plan.dropped.push(Dropped {
            model: format!("{}:{}", target.0, target.1),
            virtual_model: candidate.virtual_model.clone(),
            target: Some(target),
            why: why(candidate),
            is_whole,
        });
    }
}

/// What ordered the plan, for explanations.
fn told(preferences: &Preferences, variants: &[Variants], was_drawn: bool) -> Vec<String> {
    let mut told = Vec::new();
    if !preferences.order.is_empty() {
        told.push("order".to_owned());
    }
    let mut sorts: Vec<Sort> = match preferences.sort {
        Some(sort) => vec![sort],
        None => variants.iter().filter_map(|variants| variants.sort).collect(),
    };
    sorts.dedup();
    told.extend(sorts.iter().map(|sort| format!("sort:{}", sort.name())));
    if was_drawn {
        told.push("balance".to_owned());
    }
    if !preferences.throughput_min.is_empty() || !preferences.latency_max.is_empty() {
        told.push("preferred".to_owned());
    }
    told
}
