//! What is sent to a provider: where, with which headers, and the body as it was fitted.

use super::{EVENT_FRAMES, Failed, unusable};
use crate::deps::Deps;
use crate::headers;
use crate::phase::ask::Ask;
use crate::phase::ingress::Inbound;
use crate::phase::upload::Upload;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Uri};
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::{Family, Format};
use wardgate_core::secret::Secret;
use wardgate_policy::{Candidate, Credential};
use wardgate_upstream::{Call, SlicedBody, place};
use wardgate_wire::edit::Slices;

/// Who we say we are.
const USER_AGENT_TEXT: &str = concat!("wardgate/", env!("CARGO_PKG_VERSION"));

/// Makes the call, less its credential.
pub(super) fn call(
    deps: &Deps,
    inbound: &Inbound,
    ask: &Ask,
    candidate: &Candidate,
    credential: Option<&Secret>,
    body: Slices,
) -> Result<Call, Failed> {
    let format = candidate.endpoint.format;
    let is_translated = format != ask.surface.format();
    let query = inbound.uri.query().filter(|_| format.family() == Family::Anthropic && !is_translated);
    let place = place::fill(candidate.endpoint.url(ask.peek.is_stream), &candidate.target.model, credential)
        .map_err(|error| unusable(&error))?;
    let url = url(&place, query).ok_or_else(|| Fault::ours(FaultClass::Network, "the provider's URL cannot be read"))?;
    // Most calls have five.
    let mut headers = HeaderMap::with_capacity(6);
    let accept = match format {
        Format::Opaque | Format::OpenAiImages => "*/*",
        Format::BedrockConverse if ask.peek.is_stream => EVENT_FRAMES,
        _ if ask.peek.is_stream => "text/event-stream",
        _ => "application/json",
    };
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    let content_type = ask.form.clone().unwrap_or(HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_TEXT));
    for header in &candidate.target.provider.headers {
        // They were read when they were stored; one that is none after all is left out.
        if let (Ok(name), Ok(value)) = (header.name.parse::<HeaderName>(), HeaderValue::from_str(&header.value)) {
            headers.append(name, value);
        }
    }
    // The marks of the gateways before this one go along, or a ring of two would never be noticed.
    for mark in inbound.headers.get_all(headers::LOOP) {
        headers.append(headers::LOOP, mark.clone());
    }
    headers.append(headers::LOOP, deps.loop_mark.clone());
    if format.family() == Family::Anthropic {
        let client = (!is_translated).then_some(&inbound.headers);
        add_anthropic_headers(client, &mut headers);
    }
    let tail = inbound.upload.as_ref().map(Upload::tail);
    Ok(Call {
        method: Method::POST,
        url,
        origin: candidate.target.provider.origin,
        headers,
        body: SlicedBody::new(body).with_tail(tail),
    })
}

/// The version and the beta features belong to the body that the client wrote, so they go where it goes. One that was written
/// here is of the first version and uses none of these.
fn add_anthropic_headers(client: Option<&HeaderMap>, to: &mut HeaderMap) {
    let version = client.and_then(|from| from.get(headers::ANTHROPIC_VERSION)).cloned();
    to.insert(headers::ANTHROPIC_VERSION, version.unwrap_or(HeaderValue::from_static("2023-06-01")));
    for beta in client.into_iter().flat_map(|from| from.get_all(headers::ANTHROPIC_BETA)) {
        to.append(headers::ANTHROPIC_BETA, beta.clone());
    }
}

/// The longest idempotency key that goes along, in bytes.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// The client's idempotency key goes to the first that is asked, and with every repetition there. The next one would take it for
/// something else. Under a managed key it stays behind: two accounts that hit upon one word would get each other's answers.
pub(super) fn add_idempotency_key(client: &HeaderMap, candidate: &Candidate, call: &mut Call) {
    let key = client.get(headers::IDEMPOTENCY_KEY).filter(|key| key.len() <= IDEMPOTENCY_KEY_BYTES_MAX);
    if let Some(key) = key.filter(|_| !matches!(candidate.credential, Credential::Managed(_))) {
        call.headers.insert(headers::IDEMPOTENCY_KEY, key.clone());
    }
}

/// The endpoint's URL with the client's query, as in `/v1/messages?beta=true`, less the place where a key may stand.
fn url(endpoint: &str, query: Option<&str>) -> Option<Uri> {
    let passed: Vec<&str> = query
        .map_or_else(Vec::new, |query| query.split('&').filter(|pair| !pair.starts_with("key=") && !pair.is_empty()).collect());
    if passed.is_empty() {
        return endpoint.parse().ok();
    }
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{separator}{}", passed.join("&")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_query_goes_along_without_its_key() {
        let check = |endpoint: &str, query, expected: &str| {
            assert_eq!(url(endpoint, query).map(|url| url.to_string()).as_deref(), Some(expected));
        };
        check("https://h/v1/messages", Some("beta=true&key=ng-x"), "https://h/v1/messages?beta=true");
        check("https://h/v1/messages?a=b", Some("beta=true"), "https://h/v1/messages?a=b&beta=true");
        check("https://h/v1/messages", Some("key=ng-x"), "https://h/v1/messages");
    }
}
