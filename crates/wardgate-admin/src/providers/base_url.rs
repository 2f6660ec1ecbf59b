//! Which texts are base URLs.
//!
//! The form is checked here, with the parser that the upstream client uses too, so that both read the same host. Where a URL may
//! lead is decided when it is connected to: what a name resolves to today says nothing of tomorrow. Only an address that could
//! never be connected to is refused at once.

use crate::body::{Problems, Rule, Text};
use axum::http::Uri;
use serde_json::{Value, json};
use std::net::IpAddr;

/// A base URL as a field of a body.
#[derive(Clone, Copy)]
pub(super) struct BaseUrl {
    /// Whether it must not be empty.
    pub(super) is_required: bool,
}

const TEXT: Text = Text::max(2_048).too_long("ERR_NGROK_27703");
const MISSING: Option<&str> = Some("ERR_NGROK_27704");

impl Rule for BaseUrl {
    type Value = String;

    fn read(&self, path: &str, value: Value, problems: &mut Problems) -> Option<String> {
        let text = if self.is_required { TEXT.filled(MISSING) } else { TEXT };
        let text = text.read(path, value, problems)?;
        let Some(why) = problem(&text) else { return Some(text) };
        problems.add(path, "bad_base_url", None, why);
        None
    }

    fn schema(&self) -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": 2_048, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^#@]+$"})
    }

    fn missing_code(&self) -> Option<&'static str> {
        MISSING
    }
}

/// Why a text is no base URL; `None` when it is one.
fn problem(text: &str) -> Option<&'static str> {
    if text.contains('#') {
        return Some("must not have a fragment (#…)");
    }
    let Ok(uri) = text.parse::<Uri>() else {
        return Some("is not a URL, such as https://llm.example.com/v1");
    };
    let http = uri.scheme_str().is_some_and(|scheme| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    let Some(authority) = uri.authority().filter(|_| http) else {
        return Some("must start with https:// or http://");
    };
    if authority.as_str().contains('@') {
        return Some("must not hold a user name or password: store the credential as a provider key");
    }
    let after_host = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    if authority.host().is_empty() || !(after_host.is_empty() || authority.port_u16().is_some_and(|port| port > 0)) {
        return Some("must name a host, and a port from 1 to 65535 if any");
    }
    let is_link_local = match authority.host().trim_matches(['[', ']']).parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_unicast_link_local(),
        Err(_) => false,
    };
    if is_link_local {
        return Some("must not be a link-local address: clouds keep their machines' own credentials there, and no provider");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn forms() {
        for good in [
            "https://llm.example.com",
            "HTTPS://llm.example.com/v1/",
            "http://127.0.0.1:11434/v1",
            "http://[::1]:8000",
            "https://example.openai.azure.com/openai/deployments/x?api-version=2024-10-21",
        ] {
            assert_eq!(problem(good), None, "{good}");
        }
        for bad in [
            "",
            "llm.example.com",
            "/v1",
            "ftp://llm.example.com",
            "https://",
            "https:///v1",
            "https://user@llm.example.com",
            "https://user:password@llm.example.com",
            "https://llm.example.com/#v1",
            "https://llm.example.com/a b",
            "https://llm.example.com:99999",
            "https://llm.example.com:",
            "https://llm.example.com:0",
            "https://llm.example.com\\@evil.example",
            "http://169.254.169.254/v1",
            "http://[fe80::1]:8000",
            "http://[::ffff:169.254.169.254]",
        ] {
            assert!(problem(bad).is_some(), "{bad}");
        }
    }
}
