//! Metrics, the request log and process logs: one function per business event moves the numbers and writes the line.
//!
//! This crate knows nothing of HTTP, routing or stores; it is told facts. Start reading at [`record`].

mod json_line;
pub mod labels;
pub mod metrics;
pub mod record;
pub mod request_log;
pub mod sink;
pub mod tracing;

pub use metrics::Metrics;
pub use record::{AttemptRecord, Recorder, RequestRecord};
pub use sink::LineSink;
