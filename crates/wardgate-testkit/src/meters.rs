//! What holds for a gateway after any test: nothing is open any more, nothing panicked, and each attempt is in the ledger.

use crate::{DEADLINE, Gateway, until};

/// The sum of a metric over all its labels.
pub(crate) fn sum(metrics: &str, name: &str) -> u64 {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let values = lines.filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let known = series.split('{').next()?;
        (known == name).then(|| value.parse::<f64>().unwrap())
    });
    values.sum::<f64>() as u64
}

impl Gateway {
    /// The sum of a metric over all its labels.
    pub async fn metric(&self, name: &str) -> u64 {
        sum(&self.metrics().await, name)
    }

    /// Waits until every meter is closed and every attempt is in the ledger.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn settle(&self) {
        let mut last = String::new();
        until("no stream open and no request in flight", DEADLINE, async || {
            last = self.metrics().await;
            sum(&last, "wardgate_open_streams") == 0 && sum(&last, "wardgate_requests_in_flight") == 0
        })
        .await;
        assert_eq!(sum(&last, "wardgate_panics_total"), 0, "the gateway panicked: {}", self.log_text());
        assert_eq!(sum(&last, "wardgate_usage_lost_total"), 0, "usage events were lost");
        if self.is_replica() {
            return;
        }
        let attempts = sum(&last, "wardgate_attempts_total") + self.attempts_before();
        let mut stored = 0;
        until(&format!("{attempts} attempts in the ledger"), DEADLINE, async || {
            stored = self.stored_usage().await.len() as u64;
            stored >= attempts
        })
        .await;
        assert_eq!(stored, attempts, "more usage events than attempts");
    }
}
