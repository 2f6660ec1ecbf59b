//! No gateway: the load talks with the upstream. It is what latency is counted from, and the most that the bench itself can do.

use super::chat::{self, Place};
use std::net::SocketAddr;

pub(crate) struct Direct {
    upstream: SocketAddr,
}

impl Direct {
    pub(crate) const fn new(upstream: SocketAddr) -> Self {
        Self { upstream }
    }

    pub(crate) fn place(&self) -> Place {
        upstream_place(self.upstream)
    }
}

/// A place that passes what it gets to the upstream as it is, so that the client brings the upstream's own credential and model.
pub(crate) fn upstream_place(address: SocketAddr) -> Place {
    Place { address, path: chat::PATH.to_owned(), bearer: chat::CREDENTIAL.to_owned(), model: chat::MODEL.to_owned() }
}
