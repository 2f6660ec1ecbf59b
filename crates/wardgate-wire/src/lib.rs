//! The wire formats: reading what routing needs, editing what it must, watching what passes by.
//!
//! When client and provider speak the same format, bytes pass through and this crate only looks: [`peek`] finds the few
//! request fields that matter, [`edit`] splices the body for one provider, [`stream`] and [`reply`] read usage, endings and
//! errors out of answers. When they do not, [`transcode`] says it all again in the other's words, through the [`neutral`] form.
//! Pure: bytes in, values out; no socket, clock or await. Start reading at [`format`], or at [`transcode`].

pub mod depth;
pub mod edit;
pub mod enrich;
pub mod envelope;
pub mod minted;
pub mod recall;
pub mod error_body;
pub mod budget_body;
pub mod limit_body;
pub mod upstream_body;
pub mod fault;
pub mod format;
mod json;
pub mod json_array;
pub mod neutral;
pub mod multipart;
pub mod peek;
pub mod wants;
pub mod units;
pub mod reply;
pub mod replay;
pub mod scrub;
pub mod sse;
pub mod stream;
pub mod transcode;
