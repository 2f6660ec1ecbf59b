//! Why a request did not get an answer.

use crate::connect::AddressRefused;
use std::error::Error;

/// What went wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendErrorKind {
    /// The address is not one that may be dialed.
    AddressRefused,
    /// No connection: name unknown, refused, TLS failed.
    Connect,
    /// No connection in time.
    ConnectTimeout,
    /// The connection broke before the answer's head.
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
    pub(crate) fn connect(error: Box<dyn Error + Send + Sync>) -> Self {
        let kind = if has_cause::<AddressRefused>(&*error) {
            SendErrorKind::AddressRefused
        } else if is_timeout(&*error) {
            SendErrorKind::ConnectTimeout
        } else {
            SendErrorKind::Connect
        };
        Self { kind, source: Some(error) }
    }

    /// No connection was made in time.
    pub(crate) const fn connect_timeout() -> Self {
        Self { kind: SendErrorKind::ConnectTimeout, source: None }
    }

    /// The URL names no host.
    pub(crate) const fn no_host() -> Self {
        Self { kind: SendErrorKind::Connect, source: None }
    }

    /// The connection broke.
    pub(crate) fn broken(error: hyper::Error) -> Self {
        Self { kind: SendErrorKind::Broken, source: Some(Box::new(error)) }
    }
}

fn has_cause<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    any_cause(error, <dyn Error>::is::<E>)
}

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    any_cause(error, |cause| cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut))
}

fn any_cause(error: &(dyn Error + 'static), is_meant: impl Fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut current = Some(error);
    while let Some(cause) = current {
        if is_meant(cause) {
            return true;
        }
        current = match cause.downcast_ref::<std::io::Error>() {
            // An io::Error's own source skips the error it wraps.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    false
}
