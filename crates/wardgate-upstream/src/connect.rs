//! Resolving names under the guard, and the TCP connector on top of it.

use crate::guard::AllowedAddresses;
use crate::options::Options;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// How far the addresses of a client's hosts are trusted.
#[derive(Clone)]
pub(crate) enum Trust {
    /// They come from this program or its operator.
    All,
    /// They come from tenants and are checked.
    Guarded {
        /// What the operator lists.
        allowed: Arc<AllowedAddresses>,
        /// Whether these connections use TLS.
        is_tls: bool,
    },
}

impl Trust {
    /// Whether a host may be dialed at an address.
    pub(crate) fn permits(&self, host: &str, address: SocketAddr) -> bool {
        match self {
            Self::All => true,
            Self::Guarded { allowed, is_tls } => allowed.permits(host, address.ip(), *is_tls),
        }
    }
}

/// The error of a name whose addresses are all refused.
#[derive(Debug, thiserror::Error)]
#[error("the host's address is not one that custom providers may have here; the operator can list it (allow_upstream)")]
pub(crate) struct AddressRefused;

/// The system's resolver, less what the guard refuses. The connector connects to what comes out of here and asks nobody else.
#[derive(Clone)]
pub(crate) struct GuardedResolver {
    trust: Trust,
}

impl tower::Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let trust = self.trust.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let permitted: Vec<SocketAddr> = found.filter(|address| trust.permits(name.as_str(), *address)).collect();
            if permitted.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, AddressRefused));
            }
            Ok(permitted.into_iter())
        })
    }
}

pub(crate) fn tcp_connector(options: &Options, trust: Trust) -> HttpConnector<GuardedResolver> {
    let mut connector = HttpConnector::new_with_resolver(GuardedResolver { trust });
    connector.enforce_http(false);
    // Without it the last small write of a request may wait 40 ms for an acknowledgment.
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(options.connect_timeout));
    connector.set_happy_eyeballs_timeout(Some(Duration::from_millis(250)));
    connector.set_keepalive(Some(Duration::from_secs(60)));
    connector
}
