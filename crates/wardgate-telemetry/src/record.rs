//! The business events: a request was answered, an attempt ended, a request was refused.

use crate::labels::OTHER;
use crate::metrics::Metrics;
use crate::request_log;
use crate::sink::LineSink;
use std::sync::Arc;
use std::time::Duration;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, ManagedKeyId, RequestId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage};

/// One ended attempt.
pub struct AttemptRecord<'r> {
    /// The provider's name, if it is not a tenant's own: those are many, and their names are the tenants' business.
    pub shared_provider: Option<&'r str>,
    /// The model's name, if it is catalogued.
    pub catalogued_model: Option<&'r str>,
    /// How it ended.
    pub completion: Completion,
    /// From its start to its first content.
    pub first_token: Option<Duration>,
    /// What was used.
    pub usage: Usage,
    /// What it cost, if that is known.
    pub cost: Option<NanoUsd>,
}

/// One answered request: what its line in the log says.
pub struct RequestRecord<'r> {
    /// When it ended.
    pub time: Timestamp,
    /// Its id.
    pub request_id: RequestId,
    /// Whose key it came with, once that is known.
    pub account_id: Option<AccountId>,
    /// The key.
    pub access_key_id: Option<AccessKeyId>,
    /// The method.
    pub method: &'r str,
    /// The path, without its query, which may hold a key.
    pub path: &'r str,
    /// The surface, if the path is one.
    pub surface: Option<Surface>,
    /// The status that the client got; 499 when it left before.
    pub status: u16,
    /// The error's code, if it was one.
    pub error_code: Option<&'r str>,
    /// The model as the client wrote it.
    pub asked_model: Option<&'r str>,
    /// Who answered, or was asked last.
    pub provider: Option<&'r str>,
    /// For what, in the provider's spelling.
    pub model: Option<&'r str>,
    /// The virtual model that the client asked for, if it asked for one.
    pub virtual_model: Option<&'r str>,
    /// The operator's key with which the last attempt was made, if it was one of these.
    pub managed_key_id: Option<ManagedKeyId>,
    /// Attempts made.
    pub attempts: u32,
    /// The failed ones, in order: whom, for what, and what was wrong.
    pub failed: &'r [String],
    /// How many candidates the plan had.
    pub candidates: usize,
    /// How many each filter left out of the plan, if any did.
    pub left_out: Option<&'r str>,
    /// What was lost between the formats: codes and paths.
    pub lost: Option<&'r str>,
    /// Whether a stream was asked for.
    pub is_stream: bool,
    /// How the last attempt ended, if there was one.
    pub completion: Option<Completion>,
    /// What was used.
    pub usage: Option<Usage>,
    /// What it cost, if that is known.
    pub cost: Option<NanoUsd>,
    /// From the head until the answer ended.
    pub duration: Duration,
    /// From the head until the first content left.
    pub first_token: Option<Duration>,
    /// What the gateway itself added before the answer began.
    pub overhead: Option<Duration>,
}

/// Where business events are told.
pub struct Recorder {
    metrics: Arc<Metrics>,
    log: Option<Arc<LineSink>>,
}

impl Recorder {
    /// Moves these metrics, and writes request lines to `log` if there is one.
    #[must_use]
    pub const fn new(metrics: Arc<Metrics>, log: Option<Arc<LineSink>>) -> Self {
        Self { metrics, log }
    }

    /// The metrics, for gauges that follow something.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// An attempt ended.
    pub fn attempt(&self, attempt: &AttemptRecord<'_>) {
        let metrics = &self.metrics;
        let provider = attempt.shared_provider.unwrap_or("custom");
        let model = attempt.catalogued_model.map_or(OTHER, |model| metrics.model_label.admit(model));
        metrics.attempts.with_label_values(&[provider, model, attempt.completion.name()]).inc();
        if let Some(first_token) = attempt.first_token {
            metrics.first_token_seconds.with_label_values(&[provider, model]).observe(first_token.as_secs_f64());
        }
        let usage = &attempt.usage;
        for (kind, tokens) in [
            ("input", usage.input_uncached),
            ("cache_read", usage.cache_read),
            ("cache_write", usage.cache_write()),
            ("output", usage.output),
            ("reasoning", usage.reasoning),
        ] {
            if tokens > 0 {
                metrics.tokens.with_label_values(&[provider, model, kind]).inc_by(tokens);
            }
        }
        match attempt.cost {
            Some(cost) => {
                let nano_usd = u64::try_from(cost.nano_usd()).unwrap_or(0);
                metrics.cost.with_label_values(&[provider, model]).inc_by(nano_usd);
            }
            None => metrics.cost_unknown.with_label_values(&[provider]).inc(),
        }
    }

    /// The gateway refused a request by itself.
    pub fn refusal(&self, reason: &str) {
        self.metrics.refusals.with_label_values(&[reason]).inc();
    }

    /// A limit on the caller refused a request.
    pub fn rate_limited(&self, limit: &str, owner: &str) {
        self.metrics.rate_limited.with_label_values(&[limit, owner]).inc();
    }

    /// A budget, or the lack of credits, refused a request.
    pub fn over_budget(&self, owner: &str, window: &str) {
        self.metrics.over_budget.with_label_values(&[owner, window]).inc();
    }

    /// Someone who is asked is not to be asked for now, or is again. The provider's name, if it is not a tenant's own.
    pub fn backend_turned(&self, shared_provider: Option<&str>, is_out: bool) {
        let (provider, to) = (shared_provider.unwrap_or("custom"), if is_out { "out" } else { "in" });
        self.metrics.backend_turns.with_label_values(&[provider, to]).inc();
    }

    /// A request's answer ended.
    pub fn request(&self, request: &RequestRecord<'_>) {
        let surface = request.surface.map_or(OTHER, Surface::name);
        let metrics = &self.metrics;
        metrics.requests.with_label_values(&[surface, status_label(request.status)]).inc();
        metrics.request_seconds.with_label_values(&[surface]).observe(request.duration.as_secs_f64());
        if let Some(overhead) = request.overhead {
            metrics.overhead_seconds.with_label_values(&[surface]).observe(overhead.as_secs_f64());
        }
        if let Some(log) = &self.log {
            log.line(|line| request_log::write(line, request));
        }
    }
}

/// The statuses that are told apart; a provider's odd ones fall into their class.
const fn status_label(status: u16) -> &'static str {
    match status {
        200 => "200",
        400 => "400",
        401 => "401",
        402 => "402",
        403 => "403",
        404 => "404",
        405 => "405",
        408 => "408",
        413 => "413",
        422 => "422",
        429 => "429",
        499 => "499",
        500 => "500",
        502 => "502",
        503 => "503",
        504 => "504",
        529 => "529",
        201..=299 => "2xx",
        300..=399 => "3xx",
        406..=498 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_moves_its_metrics() {
        let metrics = Arc::new(Metrics::new().unwrap_or_else(|error| panic!("{error}")));
        let recorder = Recorder::new(Arc::clone(&metrics), None);
        let mut attempt = AttemptRecord {
            shared_provider: Some("openai"),
            catalogued_model: Some("gpt-4o"),
            completion: Completion::Succeeded,
            first_token: Some(Duration::from_millis(200)),
            usage: Usage { input_uncached: 10, output: 4, ..Usage::default() },
            cost: Some(NanoUsd::new(70)),
        };
        recorder.attempt(&attempt);
        attempt.shared_provider = None;
        attempt.catalogued_model = None;
        attempt.cost = None;
        recorder.attempt(&attempt);
        let text = metrics.expose();
        for line in [
            r#"wardgate_attempts_total{completion="succeeded",model="gpt-4o",provider="openai"} 1"#,
            r#"wardgate_tokens_total{kind="input",model="gpt-4o",provider="openai"} 10"#,
            r#"wardgate_cost_nano_usd_total{model="gpt-4o",provider="openai"} 70"#,
            r#"wardgate_attempts_total{completion="succeeded",model="other",provider="custom"} 1"#,
            r#"wardgate_cost_unknown_total{provider="custom"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
