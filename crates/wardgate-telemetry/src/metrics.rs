//! Every metric, as a documented field. Names start with `wardgate_`; times are seconds, money is nano-dollars.

use crate::labels::BoundedLabel;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder, core::Collector,
};

/// The most models that metrics tell apart. Only catalogued models have a name here at all.
const MODELS_MAX: usize = 1_000;

/// The numbers of one process.
pub struct Metrics {
    registry: Registry,
    pub(crate) model_label: BoundedLabel,
    /// Requests answered, by surface and the status the client got.
    pub requests: IntCounterVec,
    /// From a request's head until its answer ended, by surface.
    pub request_seconds: HistogramVec,
    /// What the gateway itself added before the answer began: all but waiting for the client and for providers. By surface.
    pub overhead_seconds: HistogramVec,
    /// Attempts, by provider, model and how they ended.
    pub attempts: IntCounterVec,
    /// From the start of an attempt to its first content, by provider and model.
    pub first_token_seconds: HistogramVec,
    /// Tokens, by provider, model and kind.
    pub tokens: IntCounterVec,
    /// Cost where it is known, by provider and model.
    pub cost: IntCounterVec,
    /// Attempts that used something of unknown price, by provider.
    pub cost_unknown: IntCounterVec,
    /// Requests that the gateway refused, by reason.
    pub refusals: IntCounterVec,
    /// Requests that a caller's limit refused, by limit and whose it is.
    pub rate_limited: IntCounterVec,
    /// Requests that a budget or the lack of credits refused, by whose it is and its window.
    pub over_budget: IntCounterVec,
    /// Calls to the store about money that this gateway holds, by how they ended.
    pub escrow_calls: IntCounterVec,
    /// Soft limits of budgets that were passed and told here, by whose they are.
    pub soft_limits_passed: IntCounterVec,
    /// Calls of the operator's webhook and what became of events for it, by result.
    pub webhooks: IntCounterVec,
    /// Models of providers that went out, or came in again, by provider.
    pub backend_turns: IntCounterVec,
    /// Models of providers whose health is known.
    pub backends_watched: IntGauge,
    /// Whether limits are counted together with other gateways: 1 or 0.
    pub limits_together: IntGauge,
    /// What happened with the shared counters.
    pub shared_limits: IntCounterVec,
    /// Streams being relayed.
    pub open_streams: IntGauge,
    /// Requests in flight.
    pub in_flight: IntGauge,
    /// Client connections.
    pub connections: IntGauge,
    /// Bytes reserved for bodies in flight.
    pub body_bytes: IntGauge,
    /// Access keys that had to be read from the store.
    pub key_lookups: IntCounter,
    /// Usage events that wait to be stored.
    pub usage_waiting: IntGauge,
    /// Usage events that were lost because too many waited.
    pub usage_lost: IntCounter,
    /// Usage events that the disk did not take, so that they are gone if the process is killed now.
    pub usage_unjournaled: IntCounter,
    /// Log lines that were lost because the reader of the log is too slow.
    pub log_lines_lost: IntCounter,
    /// How often the operator's catalog file was read again, by `result`: `loaded` or `refused`.
    pub catalog_reloads: IntCounterVec,
    /// Panics that were caught.
    pub panics: IntCounter,
}

/// Registers everything under one roof. Two metrics of one name would be a defect of this file.
struct Registrar(Registry);

impl Registrar {
    fn add<C: Collector + Clone + 'static>(&self, collector: prometheus::Result<C>) -> prometheus::Result<C> {
        let collector = collector?;
        self.0.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        self.add(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.add(IntCounter::new(name, help))
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.add(IntGauge::new(name, help))
    }

    fn seconds(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> prometheus::Result<HistogramVec> {
        self.add(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
    }
}

impl Metrics {
    /// All metrics at zero.
    ///
    /// # Errors
    /// When two metrics have one name, which the tests of this crate exclude.
    pub fn new() -> prometheus::Result<Self> {
        let registrar = Registrar(Registry::new());
        let long: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
        let short: &[f64] = &[0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25];
        let model = &["provider", "model"];
        Ok(Self {
            model_label: BoundedLabel::new(MODELS_MAX),
            requests: registrar.counters("wardgate_requests_total", "Requests answered.", &["surface", "status"])?,
            request_seconds: registrar.seconds(
                "wardgate_request_seconds",
                "From a request's head until its answer ended.",
                &["surface"],
                long,
            )?,
            overhead_seconds: registrar.seconds(
                "wardgate_overhead_seconds",
                "What the gateway itself added before the answer began.",
                &["surface"],
                short,
            )?,
            attempts: registrar.counters(
                "wardgate_attempts_total",
                "Attempts at providers.",
                &["provider", "model", "completion"],
            )?,
            first_token_seconds: registrar.seconds(
                "wardgate_first_token_seconds",
                "From the start of an attempt to its first content.",
                model,
                long,
            )?,
            tokens: registrar.counters("wardgate_tokens_total", "Tokens used.", &["provider", "model", "kind"])?,
            cost: registrar.counters(
                "wardgate_cost_nano_usd_total",
                "Cost in nano-dollars, where the price is known.",
                model,
            )?,
            cost_unknown: registrar.counters(
                "wardgate_cost_unknown_total",
                "Attempts that used something whose price is not known.",
                &["provider"],
            )?,
            refusals: registrar.counters("wardgate_refusals_total", "Requests that the gateway refused.", &["reason"])?,
            backend_turns: registrar.counters(
                "wardgate_backend_turns_total",
                "Models of providers that went out, by cool-down or open circuit, or came in again.",
                &["provider", "to"],
            )?,
            backends_watched: registrar
                .gauge("wardgate_backends_watched", "Models of providers whose health is known, by credential.")?,
            rate_limited: registrar.counters(
                "wardgate_rate_limited_total",
                "Requests that a limit on their caller refused.",
                &["limit", "owner"],
            )?,
            over_budget: registrar.counters(
                "wardgate_over_budget_total",
                "Requests that a budget or the lack of credits refused.",
                &["owner", "window"],
            )?,
            escrow_calls: registrar.counters(
                "wardgate_escrow_calls_total",
                "Calls to the store about money that this gateway holds.",
                &["result"],
            )?,
            soft_limits_passed: registrar.counters(
                "wardgate_soft_limits_passed_total",
                "Soft limits of budgets that were passed.",
                &["owner"],
            )?,
            webhooks: registrar.counters(
                "wardgate_webhooks_total",
                "Calls of the operator's webhook, and what became of events for it.",
                &["result"],
            )?,
            limits_together: registrar
                .gauge("wardgate_limits_together", "1 while limits are counted together with other gateways.")?,
            shared_limits: registrar.counters(
                "wardgate_shared_limits_total",
                "What happened with the shared counters.",
                &["event"],
            )?,
            open_streams: registrar.gauge("wardgate_open_streams", "Streams being relayed.")?,
            in_flight: registrar.gauge("wardgate_requests_in_flight", "Requests in flight.")?,
            connections: registrar.gauge("wardgate_connections", "Client connections.")?,
            body_bytes: registrar.gauge("wardgate_body_bytes", "Bytes reserved for bodies in flight.")?,
            key_lookups: registrar.counter("wardgate_key_lookups_total", "Access keys that had to be read from the store.")?,
            usage_waiting: registrar.gauge("wardgate_usage_events_waiting", "Usage events that wait to be stored.")?,
            usage_lost: registrar.counter("wardgate_usage_events_lost_total", "Usage events lost because too many waited.")?,
            usage_unjournaled: registrar.counter(
                "wardgate_usage_events_unjournaled_total",
                "Usage events that the journal on disk did not take; they are in memory only.",
            )?,
            log_lines_lost: registrar
                .counter("wardgate_log_lines_lost_total", "Log lines lost because their reader is too slow.")?,
            catalog_reloads: registrar.counters(
                "wardgate_catalog_reloads_total",
                "How often the operator's catalog file was read again.",
                &["result"],
            )?,
            panics: registrar.counter("wardgate_panics_total", "Panics that were caught.")?,
            registry: registrar.0,
        })
    }

    /// Also reports the process itself: memory, CPU time, file descriptors.
    ///
    /// # Errors
    /// When called twice.
    pub fn with_process(self) -> prometheus::Result<Self> {
        self.registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(self)
    }

    /// All metrics in Prometheus' text format.
    #[must_use]
    pub fn expose(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory fails only for metrics without a name.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_own_name_and_is_exposed() {
        let metrics = Metrics::new().unwrap_or_else(|error| panic!("{error}"));
        metrics.refusals.with_label_values(&["body_too_large"]).inc();
        let text = metrics.expose();
        assert!(text.contains("wardgate_refusals_total{reason=\"body_too_large\"} 1"), "{text}");
        assert!(text.contains("wardgate_open_streams 0"), "{text}");
    }
}
