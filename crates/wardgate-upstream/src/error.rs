//! Why a request did not get an answer, or not all of it.

use crate::connect::AddressRefused;
use crate::http1::Malformed;
use std::error::Error;
use std::io;

/// What went wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendErrorKind {
    /// The address is not one that may be dialed.
    AddressRefused,
    /// No connection: name unknown, refused, TLS failed.
    Connect,
    /// No connection in time.
    ConnectTimeout,
    /// The connection broke before the answer's head, or what came is no head.
    Broken,
}

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{}", describe(*kind))]
pub struct SendError {
    /// What went wrong.
    pub kind: SendErrorKind,
    /// The cause, for the operator's log.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

const fn describe(kind: SendErrorKind) -> &'static str {
    match kind {
        SendErrorKind::AddressRefused => "the provider's address may not be called from here",
        SendErrorKind::Connect => "no connection to the provider could be made",
        SendErrorKind::ConnectTimeout => "no connection to the provider was made in time",
        SendErrorKind::Broken => "the connection to the provider broke before it answered",
    }
}

impl SendError {
    /// No connection was made.
    pub(crate) fn connect(error: io::Error) -> Self {
        let kind = if error.get_ref().is_some_and(|cause| cause.is::<AddressRefused>()) {
            SendErrorKind::AddressRefused
        } else if error.kind() == io::ErrorKind::TimedOut {
            SendErrorKind::ConnectTimeout
        } else {
            SendErrorKind::Connect
        };
        Self { kind, source: Some(Box::new(error)) }
    }

    /// No connection was made in time.
    pub(crate) const fn connect_timeout() -> Self {
        Self { kind: SendErrorKind::ConnectTimeout, source: None }
    }

    /// The URL names no host.
    pub(crate) const fn no_host() -> Self {
        Self { kind: SendErrorKind::Connect, source: None }
    }

    /// The connection broke, or what came over it is no answer.
    pub(crate) const fn broken(error: Box<dyn Error + Send + Sync>) -> Self {
        Self { kind: SendErrorKind::Broken, source: Some(error) }
    }
}

/// An answer that ends before its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection broke.
    #[error("the connection to the provider broke in the middle of its answer")]
    Broken(#[source] io::Error),
    /// The answer is cut short, or cannot be read.
    #[error("the provider's answer cannot be read to its end: {0}")]
    Malformed(#[source] Malformed),
}
