//! Making a connection: a name's addresses, less what the guard refuses; the first of them that answers; TLS where asked for.

use crate::guard::AllowedAddresses;
use crate::stream::Stream;
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long the addresses of one family are tried before those of the other family join in.
const HEAD_START: Duration = Duration::from_millis(250);

/// How long a connection is silent before the system asks whether anyone is still there.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(60);

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
    fn permits(&self, host: &str, address: SocketAddr) -> bool {
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

/// Makes the connections of one domain of trust.
#[derive(Clone)]
pub(crate) struct Connector {
    trust: Trust,
    tls: TlsConnector,
    /// How long the addresses are tried in all.
    time: Duration,
}

impl Connector {
    pub(crate) fn new(trust: Trust, tls: TlsConnector, time: Duration) -> Self {
        Self { trust, tls, time }
    }

    /// Connects to a host, which may be a name or an address in any spelling.
    pub(crate) async fn connect(&self, host: &str, port: u16, is_tls: bool) -> io::Result<Stream> {
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let addresses = self.resolve(host, port).await?;
        let socket = connect_to_any(&addresses, self.time).await?;
        // Without it the last small write of a request may wait 40 ms for an acknowledgment.
        socket.set_nodelay(true)?;
        SockRef::from(&socket).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE_AFTER))?;
        if !is_tls {
            return Ok(Stream::Plain(socket));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        // Apart, so that a connection in clear does not carry the room of a handshake.
        let encrypted = Box::pin(self.tls.connect(name, socket)).await?;
        Ok(Stream::Tls(Box::new(encrypted)))
    }

    /// The addresses that may be dialed. All pass through here, whether the system looked a name up or read an address in
    /// one of its spellings; what comes out is dialed, and nothing else.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((host, port)).await?;
        let permitted: Vec<SocketAddr> = found.filter(|address| self.trust.permits(host, *address)).collect();
        if permitted.is_empty() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, AddressRefused));
        }
        Ok(permitted)
    }
}

/// Connects to the first address that answers (RFC 8305, in short): the family that the system prefers has a head start, so that
/// a network on which one family leads nowhere does not cost the whole time.
async fn connect_to_any(addresses: &[SocketAddr], time: Duration) -> io::Result<TcpStream> {
    let is_preferred = |address: &SocketAddr| addresses.first().is_some_and(|first| first.is_ipv4() == address.is_ipv4());
    let (preferred, others): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(is_preferred);
    if others.is_empty() {
        return connect_in_turn(&preferred, time).await;
    }
    let mut first = pin!(connect_in_turn(&preferred, time));
    match timeout(HEAD_START, &mut first).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(_)) => connect_in_turn(&others, time).await,
        Err(_) => either(first, pin!(connect_in_turn(&others, time))).await,
    }
}

/// The first of two that succeeds; if none does, the error of the last.
async fn either(
    mut first: impl Future<Output = io::Result<TcpStream>> + Unpin,
    mut second: impl Future<Output = io::Result<TcpStream>> + Unpin,
) -> io::Result<TcpStream> {
    tokio::select! {
        connected = &mut first => if connected.is_ok() { connected } else { second.await },
        connected = &mut second => if connected.is_ok() { connected } else { first.await },
    }
}

/// Tries addresses one after another. Each has its share of the time, or a dead one would use all of it.
async fn connect_in_turn(addresses: &[SocketAddr], time: Duration) -> io::Result<TcpStream> {
    let share = time / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in addresses {
        match timeout(share, TcpStream::connect(*address)).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::Error::new(io::ErrorKind::TimedOut, "the address did not answer in its share of the time"),
        }
    }
    Err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn listener(address: &str) -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind(address).await.unwrap_or_else(|error| panic!("{error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("{error}"));
        (listener, address)
    }

    #[tokio::test]
    async fn addresses_that_refuse_are_passed_over_in_both_families() {
        let (alive, reached) = listener("127.0.0.1:0").await;
        let (closed, dead) = listener("127.0.0.1:0").await;
        drop(closed);
        let dead_v6 = SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), dead.port());
        for addresses in [vec![reached], vec![dead, reached], vec![dead_v6, dead, reached], vec![dead, dead_v6, reached]] {
            let connected = connect_to_any(&addresses, Duration::from_secs(5)).await;
            assert_eq!(connected.and_then(|socket| socket.peer_addr()).ok(), Some(reached), "{addresses:?}");
        }
        let refused = connect_to_any(&[dead, dead_v6], Duration::from_secs(5)).await;
        assert_eq!(refused.err().map(|error| error.kind()), Some(io::ErrorKind::ConnectionRefused));
        drop(alive);
    }
}
