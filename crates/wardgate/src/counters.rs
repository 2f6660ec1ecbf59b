//! Where limits are counted, and what is said of it.

use crate::settings::counters::Counters;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use wardgate_core::random::Random;
use wardgate_keys::pseudonym::Pseudonyms;
use wardgate_limits::limiter::{Limiter, Together};
use wardgate_limits::shared::{Shared, SharedEvent, SharedOptions, Watch};
use wardgate_telemetry::Metrics;

/// The limiter that the settings ask for, which names end users to others by pseudonyms.
pub(crate) async fn limiter(
    settings: &Counters,
    pseudonyms: Pseudonyms,
    random: &dyn Random,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Limiter> {
    let Some(url) = &settings.redis_url else {
        return Ok(Limiter::alone());
    };
    let watch: Arc<dyn Watch> = Arc::new(Teller { metrics: Arc::clone(metrics), told: AtomicU8::new(UNKNOWN) });
    let pseudonym = Box::new(move |name: &str| pseudonyms.of(name));
    let options = SharedOptions { url: url.clone(), deadline: settings.redis_timeout, pseudonym };
    let shared = Shared::start(options, random, Arc::clone(&watch)).await?;
    Ok(Limiter::together(Together { shared, when_away: settings.redis_away.into(), gateways: settings.gateways, watch }))
}

const UNKNOWN: u8 = 0;
const TOGETHER: u8 = 1;
const AWAY: u8 = 2;

/// Counts everything, and logs each change once.
struct Teller {
    metrics: Arc<Metrics>,
    told: AtomicU8,
}

impl Teller {
    fn is_news(&self, state: u8) -> bool {
        self.told.swap(state, Ordering::AcqRel) != state
    }
}

impl Watch for Teller {
    fn tell(&self, event: &SharedEvent<'_>) {
        let metrics = &self.metrics;
        match event {
            SharedEvent::Together => {
                metrics.limits_together.set(1);
                if self.is_news(TOGETHER) {
                    tracing::info!("limits are counted together with other gateways");
                }
            }
            SharedEvent::Away { why } => {
                metrics.limits_together.set(0);
                if self.is_news(AWAY) {
                    tracing::warn!(why, "the shared counters are away: limits are decided as --redis-away says");
                }
            }
            SharedEvent::Probing => metrics.shared_limits.with_label_values(&["probed"]).inc(),
            SharedEvent::CallFailed => metrics.shared_limits.with_label_values(&["call_failed"]).inc(),
            SharedEvent::DecidedAlone => metrics.shared_limits.with_label_values(&["decided_alone"]).inc(),
            SharedEvent::RefusedUnseen => metrics.shared_limits.with_label_values(&["refused_unseen"]).inc(),
            SharedEvent::EndsLost(count) => metrics.shared_limits.with_label_values(&["end_lost"]).inc_by(*count),
        }
    }
}
