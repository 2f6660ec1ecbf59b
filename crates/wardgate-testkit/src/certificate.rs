//! A certificate for this machine, made for one test.

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// A self-signed certificate and its key, in files.
pub struct Certificate {
    directory: TempDir,
    der: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

/// A server that speaks TLS with a certificate that nobody signed, until it is dropped.
pub struct Untrusted {
    url: String,
    serving: AbortHandle,
}

impl Untrusted {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let acceptor = TlsAcceptor::from(Certificate::new().server_config());
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // Whoever trusts it after all is closed upon.
                drop(acceptor.accept(socket).await);
            }
        });
        Self { url, serving: serving.abort_handle() }
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Untrusted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Certificate {
    /// Makes one for `127.0.0.1` and `localhost`.
    #[must_use]
    pub fn new() -> Self {
        Self::until(4096)
    }

    /// The same, which ends with the year before this one.
    #[must_use]
    pub fn until(year: i32) -> Self {
        let directory = TempDir::new().unwrap();
        let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let cert = params.self_signed(&signing_key).unwrap();
        std::fs::write(directory.path().join("chain.pem"), cert.pem()).unwrap();
        std::fs::write(directory.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        Self { directory, der: cert.der().clone(), key }
    }

    /// The file with the certificate.
    #[must_use]
    pub fn chain(&self) -> PathBuf {
        self.directory.path().join("chain.pem")
    }

    /// The file with the key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }

    /// A server that shows this certificate.
    fn server_config(&self) -> Arc<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_no_client_auth();
        Arc::new(builder.with_single_cert(vec![self.der.clone()], self.key.clone_key().into()).unwrap())
    }

    /// What a client trusts that trusts this certificate alone, and the protocols it offers.
    pub(crate) fn client_config(&self, protocols: &[&str]) -> Arc<rustls::ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}
