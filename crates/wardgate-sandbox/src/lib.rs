//! A small provider that answers by script: the first run, the tests and the benchmark talk to it.
//!
//! A real HTTP server for Chat Completions, Responses, Messages, embeddings, Gemini's generateContent, Cohere's Chat and
//! Bedrock's Converse, whose model names say what happens: `echo` repeats, `fail-503` fails, `cut-3` breaks off. It knows nothing of the gateway and shares no code with it, so that a
//! mistake in reading or writing a format cannot hide on both sides at once. It checks no credential, records nothing, and
//! has no clock: what it answers depends on what it was asked, and on how often. Start reading at [`model`], then
//! `script.rs`.

pub mod model;

mod ask;
mod chat;
mod cohere;
mod converse;
mod embeddings;
mod endpoint;
mod gemini;
mod messages;
mod models;
mod refusal;
mod reply;
mod responses;
mod script;
mod serve;
mod sse;
mod tool;

pub use serve::{Sandbox, serve};
