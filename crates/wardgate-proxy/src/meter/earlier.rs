//! Calls of an attempt that came before its last one: an answer that was interrupted and gone on with is one attempt.

use wardgate_core::money::NanoUsd;
use wardgate_core::usage::{Usage, UsageSource};
use wardgate_limits::cost::Cost;

/// What the earlier calls of an attempt used and cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earlier {
    pub(super) usage: Usage,
    pub(super) source: UsageSource,
    /// None: nobody knows.
    pub(super) cost: Option<Cost>,
}

impl Earlier {
    /// What they and another call used and cost. Each call has its own cost, since a price may depend on how long a call is.
    pub(super) fn and(earlier: Option<Self>, usage: Usage, source: UsageSource, cost: Option<Cost>) -> Self {
        let Some(earlier) = earlier else { return Self { usage, source, cost } };
        let source = match (earlier.source, source) {
            (source, UsageSource::None) | (UsageSource::None, source) => source,
            (UsageSource::Provider, UsageSource::Provider) => UsageSource::Provider,
            _ => UsageSource::Estimated,
        };
        let sum = |of: fn(&Cost) -> NanoUsd| {
            let (one, other) = (earlier.cost.as_ref().map(of), cost.as_ref().map(of));
            one.zip(other).map(|(one, other)| one + other)
        };
        let (total, input, output) = (sum(|cost| cost.total), sum(|cost| cost.input), sum(|cost| cost.output));
        let cost = total.zip(input).zip(output).map(|((total, input), output)| Cost { total, input, output });
        Self { usage: earlier.usage.plus(usage), source, cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_add_up_and_an_unknown_cost_makes_the_sum_unknown() {
        let usage = |output| Usage { output, ..Usage::default() };
        let cost = |nano| Some(Cost { total: NanoUsd::new(nano), input: NanoUsd::new(1), output: NanoUsd::new(2) });
        let first = Earlier::and(None, usage(3), UsageSource::Provider, cost(10));
        let check = |source, second, expected: (UsageSource, Option<i64>)| {
            let both = Earlier::and(Some(first), usage(4), source, second);
            let expected_cost = expected.1.map(|total| (NanoUsd::new(total), NanoUsd::new(2), NanoUsd::new(4)));
            assert_eq!(both.cost.map(|cost| (cost.total, cost.input, cost.output)), expected_cost);
            assert_eq!((both.usage.output, both.source), (7, expected.0));
        };
        check(UsageSource::Provider, cost(5), (UsageSource::Provider, Some(15)));
        check(UsageSource::Estimated, None, (UsageSource::Estimated, None));
        check(UsageSource::None, cost(0), (UsageSource::Provider, Some(10)));
    }
}
