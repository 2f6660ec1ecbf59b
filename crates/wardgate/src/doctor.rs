//! What would keep a gateway with these settings from working: everything that can be looked at before it starts, or beside it.
//!
//! Each check is a function from settings to findings. None changes anything; the one file that is written, to see whether the disk
//! takes it, is gone at once. A finding never holds a secret: it is made of paths, names, counts and other people's error texts,
//! which are without passwords.

mod certificate;
mod files;
mod network;
mod store;

use crate::settings::Settings;
use serde::Serialize;

/// What a check found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) check: &'static str,
    /// How it is.
    pub(crate) status: Status,
    /// What was found.
    pub(crate) finding: String,
    /// What to do about it; none where there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// The gateway works, and it may be meant so.
    Warning,
    /// The gateway does not start, or requests fail.
    Failure,
    /// It could not be looked at, since something else is wrong or it was not asked for.
    Skipped,
}

impl Status {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        }
    }
}

impl Finding {
    fn ok(check: &'static str, finding: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, finding: finding.into(), fix: None }
    }

    fn skipped(check: &'static str, finding: impl Into<String>) -> Self {
        Self { check, status: Status::Skipped, finding: finding.into(), fix: None }
    }

    fn warning(check: &'static str, finding: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, finding: finding.into(), fix: Some(fix.into()) }
    }

    fn failure(check: &'static str, finding: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, status: Status::Failure, finding: finding.into(), fix: Some(fix.into()) }
    }
}

/// Looks at everything. Providers are called only if they are to be.
pub(crate) async fn examine(settings: &Settings, calls_providers: bool) -> Vec<Finding> {
    let mut findings = files::examine(settings);
    findings.extend(network::listeners(settings).await);
    let seen = store::examine(settings).await;
    findings.extend(seen.findings);
    findings.push(network::counters(&settings.counters).await);
    if calls_providers {
        findings.extend(network::providers(settings, seen.endpoints).await);
    } else {
        findings.push(Finding::skipped(network::PROVIDERS, "they were not called: --offline"));
    }
    findings
}
