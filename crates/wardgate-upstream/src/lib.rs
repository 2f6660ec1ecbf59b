//! HTTP to providers: pools, TLS, credentials on the wire, and the guard on addresses.
//!
//! This crate sends one request to one place and hands back the head of the answer with its body unread. It knows nothing of
//! formats, failover or accounts. Nothing in a client's request can choose an address: it comes from the catalog or from a
//! tenant's stored provider, and the latter is checked at the moment of dialing. Start reading at [`client`].

pub mod answer;
pub mod auth;
pub mod body;
pub mod client;
pub mod place;
mod pool;
mod idle;
mod connect;
mod connection;
mod outgoing;
mod answer_body;
mod stream;
mod http1;
pub mod error;
pub mod guard;
pub mod options;
pub mod webhook;
mod tls;

#[cfg(test)]
mod tests;

pub use answer_body::AnswerBody;
pub use auth::AuthError;
pub use body::{SlicedBody, Tail};
pub use client::{Call, Upstream};
pub use error::{BodyError, SendError, SendErrorKind};
pub use guard::AllowedAddresses;
pub use http1::Malformed;
pub use options::Options;
