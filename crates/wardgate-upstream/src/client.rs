//! The clients, one for each domain of trust, and the call.

use crate::answer_body::AnswerBody;
use crate::auth::Tokens;
use crate::body::SlicedBody;
use crate::connect::{Connector, Trust};
use crate::error::SendError;
use crate::options::Options;
use crate::pool::Pool;
use crate::tls;
use http::{HeaderMap, Method, Response, Uri};
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use wardgate_model::Origin;

/// One request.
pub struct Call {
    /// How.
    pub method: Method,
    /// Where.
    pub url: Uri,
    /// Who described that place.
    pub origin: Origin,
    /// All headers but those that speak of the connection and of the body's end; these are left out if they are here.
    pub headers: HeaderMap,
    /// The body.
    pub body: SlicedBody,
}

/// Connections to providers. Cheap to clone.
///
/// HTTP/1.1 with as many connections as there are calls: over HTTP/2 all calls to a host would share one connection, and queue
/// behind the host's limit on streams. No redirects, no proxies from the environment, no cookies, no decompression.
#[derive(Clone)]
pub struct Upstream {
    trusted: Pool,
    tenant_tls: Pool,
    tenant_plain: Pool,
    tokens: Tokens,
}

impl Upstream {
    /// Makes the clients. Connections are made when they are needed.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let tls = TlsConnector::from(Arc::new(tls::client_config()));
        let allowed = Arc::new(options.allowed.clone());
        let guarded = |is_tls| Trust::Guarded { allowed: Arc::clone(&allowed), is_tls };
        let pool = |trust| Pool::new(Connector::new(trust, tls.clone(), options.connect_timeout), options);
        Self {
            trusted: pool(Trust::All),
            tenant_tls: pool(guarded(true)),
            tenant_plain: pool(guarded(false)),
            tokens: Tokens::default(),
        }
    }

    /// The access tokens that stand for credentials.
    pub(crate) const fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Sends a request and waits for the head of the answer. Dropping the future, or later the body, ends the call: the
    /// connection is closed unless the answer was read to its end. Of the headers the answer has only those that someone reads:
    /// its type, and when to ask again.
    ///
    /// # Errors
    /// When there is no answer at all. An error status is an answer.
    pub fn send(&self, call: Call) -> impl Future<Output = Result<Response<AnswerBody>, SendError>> + Send + use<'_> {
        let pool = match (call.origin, call.url.scheme_str()) {
            (Origin::BuiltIn | Origin::Operator, _) => &self.trusted,
            (Origin::Tenant, Some("https")) => &self.tenant_tls,
            (Origin::Tenant, _) => &self.tenant_plain,
        };
        pool.send(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SendErrorKind;
    use crate::guard::AllowedAddresses;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn upstream(allowed: AllowedAddresses) -> Upstream {
        // The second test of a process finds it installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Upstream::new(&Options { allowed, ..Options::default() })
    }

    fn call(url: &str, origin: Origin) -> Call {
        let url = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
        let slices = vec!["{\"a\"".into(), bytes::Bytes::new(), ":1}".into()];
        Call { method: Method::POST, url, origin, headers: HeaderMap::new(), body: SlicedBody::new(slices) }
    }

    /// A server that answers one request and returns what it got.
    async fn one_request() -> (SocketAddr, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("{error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("{error}"));
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap_or_else(|error| panic!("{error}"));
            let mut got = vec![0; 4_096];
            let mut length = 0;
            while !got[..length].ends_with(b"}") {
                length += socket.read(&mut got[length..]).await.unwrap_or_else(|error| panic!("{error}"));
            }
            let _ = socket.write_all(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
            String::from_utf8_lossy(&got[..length]).into_owned()
        });
        (address, served)
    }

    #[tokio::test]
    async fn sends_the_slices_as_one_body_and_follows_nothing() {
        let (address, served) = one_request().await;
        let answer =
            upstream(AllowedAddresses::default()).send(call(&format!("http://{address}/v1/x?y=z"), Origin::Operator)).await;
        assert_eq!(answer.map(|answer| answer.status().as_u16()).ok(), Some(302));
        let got = served.await.unwrap_or_default();
        assert!(got.starts_with("POST /v1/x?y=z HTTP/1.1\r\n") && got.ends_with("\r\n\r\n{\"a\":1}"), "{got}");
        assert!(got.contains("content-length: 7\r\n") && !got.contains("transfer-encoding"), "{got}");
    }

    #[tokio::test]
    async fn a_tenants_provider_cannot_be_this_machine_in_any_spelling() {
        let upstream = upstream(AllowedAddresses::default());
        let names = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"];
        let numbers = ["2130706433", "0x7f000001", "017700000001", "127.1"];
        for host in names.iter().chain(&numbers) {
            for url in [format!("http://{host}:9/v1"), format!("https://{host}:9/v1")] {
                let sent = upstream.send(call(&url, Origin::Tenant)).await;
                assert_eq!(sent.err().map(|error| error.kind), Some(SendErrorKind::AddressRefused), "{url}");
            }
        }
    }

    #[tokio::test]
    async fn a_listed_network_is_dialed() {
        let (address, served) = one_request().await;
        let answer = upstream(AllowedAddresses::loopback())
            .send(call(&format!("http://localhost:{}/", address.port()), Origin::Tenant))
            .await;
        assert!(answer.is_ok(), "{:?}", answer.err());
        assert!(served.await.is_ok());
    }

    #[tokio::test]
    async fn nobody_listening_is_a_connect_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("{error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("{error}"));
        drop(listener);
        let sent = upstream(AllowedAddresses::default()).send(call(&format!("http://{address}/"), Origin::Operator)).await;
        assert_eq!(sent.err().map(|error| error.kind), Some(SendErrorKind::Connect));
    }
}
