//! Which texts are base URLs, and joining one with a surface's path.
//!
//! People write base URLs with and without `/v1`, with other version segments, and with a query that must stay. The rule: a
//! path that holds a version segment (`v1`, `v4`, `v1beta`) or `/openai/deployments/` is used as it stands, any other gets
//! `/v1` first, or `/v1beta` for what is Google's; slashes are joined once; the query goes to the end.

use http::Uri;
use std::net::IpAddr;
use wardgate_core::format::{Format, Surface};

/// The URL of a surface in a format under a base URL, with `{model}` where its path names the model.
#[must_use]
pub fn join(base_url: &str, surface: Surface, format: Format) -> String {
    let (version, path) = path(surface, format);
    join_path(base_url, version, path)
}

/// The version segment of a path and what follows it, as the format's maker has them.
const fn path(surface: Surface, format: Format) -> (&'static str, &'static str) {
    match format {
        Format::CohereChat => ("/v2", "/chat"),
        Format::CohereEmbedding => ("/v2", "/embed"),
        Format::BedrockConverse => ("", "/model/{model}/converse"),
        _ => (surface.upstream_version(), surface.upstream_path()),
    }
}

fn join_path(base_url: &str, version: &str, surface_path: &str) -> String {
    let (base, query) = match base_url.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (base_url, None),
    };
    let base = base.trim_end_matches('/');
    let path = base.split_once("://").map_or(base, |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path);
    let is_complete = path.split('/').any(is_version) || format!("/{path}/").contains("/openai/deployments/");
    let version = if is_complete { "" } else { version };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{base}{version}{surface_path}{query}")
}

/// Whether a base URL is one of Azure's, by its path or its host.
#[must_use]
pub fn is_azure(base_url: &str) -> bool {
    let (host, path) = base_url.split_once("://").map_or(base_url, |(_, rest)| rest).split_once('/').unwrap_or((base_url, ""));
    let host =
        host.rsplit_once("://").map_or(host, |(_, host)| host).split(':').next().unwrap_or_default().to_ascii_lowercase();
    let hosts = [".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"];
    hosts.iter().any(|suffix| host.ends_with(suffix)) || format!("/{path}").contains("/openai/deployments/")
}

/// Where streams are asked for, if elsewhere.
#[must_use]
pub fn join_for_streams(base_url: &str, format: Format) -> Option<String> {
    match format {
        Format::Gemini => {
            let url = join_path(base_url, "/v1beta", "/models/{model}:streamGenerateContent");
            let separator = if url.contains('?') { '&' } else { '?' };
            Some(format!("{url}{separator}alt=sse"))
        }
        Format::BedrockConverse => Some(join_path(base_url, "", "/model/{model}/converse-stream")),
        _ => None,
    }
}

/// Why a text is no base URL; `None` when it is one.
///
/// The form is checked with the parser that the upstream client uses too, so that both read the same host. Where a URL may lead is
/// decided when it is connected to: what a name resolves to today says nothing of tomorrow. Only an address that could never be
/// connected to is refused at once.
#[must_use]
pub fn problem(text: &str) -> Option<&'static str> {
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

/// `v` and digits, perhaps followed by a word such as `beta`: `v1`, `v4`, `v1beta`, `v1alpha2`.
fn is_version(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix('v') else {
        return false;
    };
    let word = rest.trim_start_matches(|character: char| character.is_ascii_digit());
    word.len() < rest.len()
        && ["", "beta", "alpha"].contains(&word.trim_end_matches(|character: char| character.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_in_use_joins_to_what_its_vendor_serves() {
        let chat = Surface::ChatCompletions;
        for (base, expected) in [
            ("https://ollama.internal", "https://ollama.internal/v1/chat/completions"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1/chat/completions"),
            ("https://api.example.com/v1", "https://api.example.com/v1/chat/completions"),
            ("https://api.example.com/v1/", "https://api.example.com/v1/chat/completions"),
            ("https://api.z.ai/api/paas/v4", "https://api.z.ai/api/paas/v4/chat/completions"),
            ("https://host/v1beta/openai/", "https://host/v1beta/openai/chat/completions"),
            ("https://host/engines/llama.cpp", "https://host/engines/llama.cpp/v1/chat/completions"),
            ("https://host/vault", "https://host/vault/v1/chat/completions"),
            ("https://llm.example.com", "https://llm.example.com/v1/chat/completions"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
            (
                "https://generativelanguage.googleapis.com/v1beta/openai/",
                "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
            ),
            ("https://api.deepseek.com", "https://api.deepseek.com/v1/chat/completions"),
            ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions"),
            ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1/chat/completions"),
            ("https://r.openai.azure.com/openai/v1", "https://r.openai.azure.com/openai/v1/chat/completions"),
            ("https://api.novita.ai/v3/openai", "https://api.novita.ai/v3/openai/chat/completions"),
            (
                "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
                "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions",
            ),
            ("https://host/v1?tenant=a&b", "https://host/v1/chat/completions?tenant=a&b"),
            ("https://host//", "https://host/v1/chat/completions"),
            ("https://v1.example.com", "https://v1.example.com/v1/chat/completions"),
            (
                "https://r.example.com/openai/deployments/d?api-version=2026-01-01",
                "https://r.example.com/openai/deployments/d/chat/completions?api-version=2026-01-01",
            ),
        ] {
            assert_eq!(join(base, chat, chat.format()), expected);
        }
    }

    #[test]
    fn the_messages_surface_joins_to_one_version() {
        for (base, expected) in [
            ("https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"),
            ("https://api.deepseek.com/anthropic", "https://api.deepseek.com/anthropic/v1/messages"),
            ("https://api.minimax.io/anthropic/v1", "https://api.minimax.io/anthropic/v1/messages"),
            ("https://r.services.ai.azure.com/anthropic", "https://r.services.ai.azure.com/anthropic/v1/messages"),
            ("https://openrouter.ai/api", "https://openrouter.ai/api/v1/messages"),
        ] {
            assert_eq!(join(base, Surface::Messages, Format::AnthropicMessages), expected);
        }
    }

    #[test]
    fn googles_paths_name_the_model_and_the_stream() {
        let check = |base, whole: &str, stream: &str| {
            assert_eq!(join(base, Surface::GenerateContent, Format::Gemini), whole);
            assert_eq!(join_for_streams(base, Format::Gemini).as_deref(), Some(stream));
        };
        let path = "https://h/v1beta/models/{model}";
        let (whole, stream) = (format!("{path}:generateContent"), format!("{path}:streamGenerateContent?alt=sse"));
        check("https://h", &whole, &stream);
        check("https://h/v1beta/", &whole, &stream);
        check("https://h?a=b", &format!("{whole}?a=b"), &format!("{path}:streamGenerateContent?a=b&alt=sse"));
        assert_eq!(join_for_streams("https://h", Format::AnthropicMessages), None);
        assert_eq!(
            join("https://h/v1", Surface::CountTokens, Format::AnthropicTokenCount),
            "https://h/v1/messages/count_tokens"
        );
    }

    #[test]
    fn a_surface_in_another_format_has_the_path_of_that_format() {
        for (base, format, expected) in [
            ("https://api.cohere.com", Format::CohereChat, "https://api.cohere.com/v2/chat"),
            ("https://api.cohere.com/v2/", Format::CohereChat, "https://api.cohere.com/v2/chat"),
            ("https://h", Format::CohereEmbedding, "https://h/v2/embed"),
            ("https://vpce-1.bedrock", Format::BedrockConverse, "https://vpce-1.bedrock/model/{model}/converse"),
            ("https://h/proxy/v1?a=b", Format::BedrockConverse, "https://h/proxy/v1/model/{model}/converse?a=b"),
        ] {
            assert_eq!(join(base, Surface::ChatCompletions, format), expected);
        }
        let stream = join_for_streams("https://h/", Format::BedrockConverse);
        assert_eq!(stream.as_deref(), Some("https://h/model/{model}/converse-stream"));
    }

    #[test]
    fn azure_is_known_by_its_hosts_and_its_path() {
        for (base, expected) in [
            ("https://r.openai.azure.com/openai/v1", true),
            ("https://R.OpenAI.Azure.com", true),
            ("https://r.services.ai.azure.com:443/anthropic", true),
            ("https://proxy.example.com/openai/deployments/d?api-version=1", true),
            ("https://api.openai.com/v1", false),
            ("https://openai.azure.com.example.com/v1", false),
        ] {
            assert_eq!(is_azure(base), expected, "{base}");
        }
    }

    #[test]
    fn forms_of_base_urls() {
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
