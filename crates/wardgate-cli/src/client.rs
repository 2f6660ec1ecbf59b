//! The management API over HTTP.

mod problem;
mod query;

pub(crate) use query::{Encoded, Query};

use crate::connection::Target;
use crate::failure::Failure;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use wardgate_core::random::Random;
use wardgate_model::Origin;
use wardgate_upstream::{Call, Options, SlicedBody, Upstream, auth};

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long an answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// How often a request is sent again that the gateway asks to send again.
const RETRIES_MAX: u32 = 3;

/// The longest time that the gateway is given before a request is sent again.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// The most pages that one list is read by.
const PAGES_MAX: usize = 10_000;

/// The most items of a page.
const PAGE_ITEMS_MAX: usize = 100;

const ACCOUNT: HeaderName = HeaderName::from_static("x-wardgate-account");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A client with a key.
pub(crate) struct Client {
    target: Target,
    upstream: Upstream,
    random: Arc<dyn Random>,
}

/// A success.
pub(crate) struct Answer {
    /// Null where there is no body.
    pub(crate) body: Value,
    /// The version of the object.
    pub(crate) etag: Option<String>,
}

/// Some items of a list.
pub(crate) struct Listed {
    pub(crate) items: Vec<Value>,
    pub(crate) has_more: bool,
}

/// A page of a list.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    /// What to ask for next; none: it was the last.
    pub(crate) next: Option<String>,
}

impl Client {
    pub(crate) fn new(target: Target, random: Arc<dyn Random>) -> Self {
        Self { target, upstream: Upstream::new(&Options::default()), random }
    }

    /// Whether it works with an operator key.
    pub(crate) fn is_operators(&self) -> bool {
        self.target.key.expose().starts_with("ngo-")
    }

    /// The account that an operator key acts in.
    pub(crate) fn account(&self) -> Option<&str> {
        self.target.account.as_deref()
    }

    /// The account that an operator key acts in from now on.
    pub(crate) fn in_account(&mut self, account: Option<String>) {
        self.target.account = account;
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::GET, path, None, HeaderMap::new()).await
    }

    /// Makes something, once, even if it has to be asked for more than once.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut headers = HeaderMap::new();
        headers.insert(IDEMPOTENCY_KEY, value(&key, "idempotency key")?);
        self.send(Method::POST, path, Some(body), headers).await
    }

    /// Changes something; with a version, only that one.
    pub(crate) async fn patch(&self, path: &str, body: &Value, etag: Option<&str>) -> Result<Answer, Failure> {
        self.send(Method::PATCH, path, Some(body), if_match(etag)?).await
    }

    /// Sets something as a whole.
    pub(crate) async fn put(&self, path: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        self.send(Method::PUT, path, body, HeaderMap::new()).await
    }

    /// Deletes something; with a version, only that one.
    pub(crate) async fn delete(&self, path: &str, etag: Option<&str>) -> Result<Answer, Failure> {
        self.send(Method::DELETE, path, None, if_match(etag)?).await
    }

    /// The newest items of a list, page by page: at most so many, or all of them.
    pub(crate) async fn list(
        &self,
        path: &str,
        envelope: &str,
        query: &Query,
        items_max: Option<usize>,
    ) -> Result<Listed, Failure> {
        let limit = items_max.unwrap_or(PAGE_ITEMS_MAX).clamp(1, PAGE_ITEMS_MAX);
        let first = query.clone().with("limit", &limit.to_string());
        let mut next = Some(format!("{path}?{first}"));
        let mut items = Vec::new();
        for _ in 0..PAGES_MAX {
            let Some(target) = next.take() else { break };
            let page = self.page(path, envelope, &target).await?;
            items.extend(page.items);
            next = page.next;
            if items_max.is_some_and(|max| items.len() >= max) {
                break;
            }
        }
        let max = items_max.unwrap_or(usize::MAX);
        let has_more = next.is_some() || items.len() > max;
        items.truncate(max);
        Ok(Listed { items, has_more })
    }

    /// What to ask for to get the first page of a list, for those who keep no list of it.
    pub(crate) fn first_page(&self, path: &str, query: &Query) -> Option<String> {
        Some(format!("{path}?{}", query.clone().with("limit", &PAGE_ITEMS_MAX.to_string())))
    }

    /// One page.
    pub(crate) async fn page(&self, path: &str, envelope: &str, target: &str) -> Result<Page, Failure> {
        let mut page = self.get(target).await?.body;
        let Some(Value::Array(items)) = page.get_mut(envelope).map(Value::take) else { return Err(no_list(path, envelope)) };
        // The API names a whole URL, perhaps by another name of the host; what it asks for is what counts.
        let uri = page.get("nextPageUri").and_then(Value::as_str);
        let next = uri.and_then(|uri| uri.split_once('?')).map(|(_, query)| format!("{path}?{query}"));
        Ok(Page { items, next })
    }

    /// All of a list that comes at once.
    pub(crate) async fn whole(&self, path: &str, envelope: &str) -> Result<Vec<Value>, Failure> {
        match self.get(path).await?.body.get_mut(envelope).map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(no_list(path, envelope)),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>, headers: HeaderMap) -> Result<Answer, Failure> {
        let text = body.map(Value::to_string);
        let mut retries = 0;
        loop {
            let (parts, bytes) = self.send_once(method.clone(), path, text.as_deref(), headers.clone()).await?;
            let status = parts.status;
            if status.is_success() {
                let body = if bytes.is_empty() { Value::Null } else { self.json(&bytes)? };
                let etag = parts.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
                return Ok(Answer { body, etag });
            }
            match retry_after(status, &parts.headers) {
                Some(pause) if retries < RETRIES_MAX => {
                    tracing::debug!(status = status.as_u16(), ?pause, "sent again after a pause");
                    tokio::time::sleep(pause).await;
                    retries += 1;
                }
                _ => return Err(problem::failure(status, &bytes, &self.target.key_source)),
            }
        }
    }

    async fn send_once(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        mut headers: HeaderMap,
    ) -> Result<(http::response::Parts, Vec<u8>), Failure> {
        let base = &self.target.url;
        auth::bearer(&mut headers, self.target.key.expose()).map_err(|_| {
            Failure::usage(format!("{} holds characters that cannot be sent; is it cut off?", self.target.key_source))
        })?;
        if let Some(account) = &self.target.account {
            headers.insert(ACCOUNT, value(account, "account")?);
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("wardgate/", env!("CARGO_PKG_VERSION"))));
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let url = format!("{base}{path}").parse().map_err(|_| Failure::usage(format!("{base}{path} is no URL")))?;
        let slices = body.map(|text| vec![text.to_owned().into()]).unwrap_or_default();
        let call = Call { method, url, origin: Origin::Operator, headers, body: SlicedBody::new(slices) };
        let exchange = async {
            let answer = self.upstream.send(call).await.map_err(|error| {
                tracing::debug!(error = &error as &dyn std::error::Error, "no answer");
                Failure::error(format!("{base} does not answer: {}", problem::reason(&error)))
                    .hint("is the gateway running, and is --url (or WARDGATE_ADMIN_URL) right?")
            })?;
            let (parts, body) = answer.into_parts();
            let collected = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let bytes = collected.map_err(|error| Failure::error(format!("the answer of {base} broke off: {error}")))?;
            Ok((parts, bytes.to_bytes().to_vec()))
        };
        match tokio::time::timeout(ANSWER_TIME_MAX, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::error(format!("{base} did not answer within {} seconds", ANSWER_TIME_MAX.as_secs()))),
        }
    }

    fn json(&self, bytes: &[u8]) -> Result<Value, Failure> {
        serde_json::from_slice(bytes).map_err(|_| {
            Failure::error(format!("the answer of {} is not JSON", self.target.url))
                .hint("is --url the management API (port 8081 by default), and not the gateway itself?")
        })
    }
}

fn no_list(path: &str, envelope: &str) -> Failure {
    Failure::error(format!("the answer of {path} holds no list {envelope:?}; is this a gateway?"))
}

fn value(text: &str, what: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| Failure::usage(format!("the {what} {text:?} holds characters that cannot be sent")))
}

fn if_match(etag: Option<&str>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    if let Some(etag) = etag {
        headers.insert(header::IF_MATCH, value(etag, "version")?);
    }
    Ok(headers)
}

/// How long the gateway wants to be left alone before it is asked again, if it says so.
fn retry_after(status: http::StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    let pause = Duration::from_secs(seconds);
    (status == http::StatusCode::SERVICE_UNAVAILABLE && pause <= RETRY_AFTER_MAX).then_some(pause)
}

#[cfg(test)]
mod tests;
