//! The four nouns of a whole-system test: an [`Upstream`] that behaves as it is told, the [`Gateway`] itself as a process, a
//! [`Key`], and a [`Client`].
//!
//! The kit knows the gateway from outside alone: its command line, its sockets, its files. It knows none of its crates, so what
//! a test says of the gateway is what any program could see. Start reading in `gateway.rs`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod gateway;
mod management;
mod meters;
mod ask;
mod client;
mod upstream;
mod reply;
mod dialect;
mod said;
mod until;
mod certificate;
mod postgres;
mod redis;

pub use ask::Ask;
pub use certificate::{Certificate, Untrusted};
pub use client::{Answer, Client, Connection, Streaming};
pub use dialect::{Dialect, Frames};
pub use gateway::{Gateway, Setup};
pub use management::Key;
pub use postgres::{Database, Frozen, Pooler, Postgres};
pub use redis::{Redis, Slow};
pub use reply::{Gate, Reply};
pub use said::Said;
pub use until::{DEADLINE, until};
pub use upstream::{Seen, Upstream, refused_url};
