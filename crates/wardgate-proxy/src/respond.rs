//! From a failure to what the client reads: one table.

mod over_budget;

use crate::body::ReplyBody;
use crate::failure::{Exhausted, Failure};
use crate::headers;
use crate::phase::ingress::Dialect;
use crate::rate_headers;
use crate::request_log::RequestLog;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, UPGRADE};
use http::{Response, StatusCode};
use std::borrow::Cow;
use std::time::Duration;
use wardgate_core::fault::{ErrorOrigin, Fault, FaultClass};
use wardgate_core::format::{Family, Format};
use wardgate_core::id::RequestId;
use wardgate_core::tier::TierName;
use wardgate_limits::rate::{Level, LimitName, Refusal as LimitRefusal, Standing};
use wardgate_policy::configuration::Problem;
use wardgate_policy::{Filter, Refusal, Verdict, Why, Wish, tally};
use wardgate_wire::error_body::{self, ErrorBody, ErrorKind};
use wardgate_wire::limit_body::{self, LimitBody};
use wardgate_wire::neutral::loss::Warnings;
use wardgate_wire::peek::PeekError;
use wardgate_wire::transcode::counts;
use wardgate_wire::upstream_body::{self, UpstreamBody};

/// The answer that tells a failure, in the client's own format.
pub(crate) fn failure(failure: &Failure, dialect: Dialect, log: &mut RequestLog) -> Response<ReplyBody> {
    let told = tell(failure);
    let status = status_in(dialect.format, told.status);
    let request_id = log.request_id().to_text();
    let mut body = error_body::body(
        dialect.format,
        &ErrorBody {
            kind: told.kind,
            code: told.code,
            message: &told.message,
            param: told.param.as_deref(),
            origin: told.origin,
            request_id: &request_id,
        },
    );
    if let Failure::RateLimited(refusal) = failure {
        body = limit_body::add(body, &limit_body(refusal));
    }
    if let Failure::OverBudget(shortage, _) = failure {
        body = over_budget::add(body, shortage);
    }
    if let Failure::Exhausted(exhausted) = failure {
        let Exhausted { provider, model, status, their_id, .. } = &**exhausted;
        let request_id = their_id.as_deref();
        body = upstream_body::add(body, &UpstreamBody { provider, model, status: *status, request_id });
    }
    log.fail(status, told.code, told.origin == ErrorOrigin::Gateway);
    let mut response = Response::new(ReplyBody::whole(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(allowed) = told.allowed {
        headers.insert(ALLOW, HeaderValue::from_static(allowed));
    }
    if status == StatusCode::UPGRADE_REQUIRED {
        headers.insert(UPGRADE, HeaderValue::from_static("HTTP/1.1"));
    }
    if let Some(retry_after) = told.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(retry_after)));
    }
    if let Failure::RateLimited(refusal) = failure {
        rate_headers::add_one(headers, dialect.format, &refusal.standing, log.deps().clock.now());
    }
    if let Failure::Exhausted(exhausted) = failure {
        headers.insert(headers::ATTEMPTS, HeaderValue::from(exhausted.attempts));
        headers::insert_text(headers, headers::PROVIDER, &exhausted.provider);
        headers::insert_text(headers, headers::MODEL, &exhausted.model);
    }
    if let Some(trace) = log.trace.take() {
        headers::insert_text(response.headers_mut(), headers::EXPLAIN, &trace);
    }
    add_request_id(&mut response, dialect.format, &request_id);
    response
}

/// What a failure would be told as, whatever the format.
pub(crate) fn refusal(failure: &Failure) -> Refusal {
    let Told { status, code, message, .. } = tell(failure);
    Refusal { status, code, message: message.into_owned() }
}

/// A count of tokens that no provider made: reckoned from what the request holds, and marked as such.
pub(crate) fn estimate(tokens: u64, dialect: Dialect, log: &mut RequestLog) -> Response<ReplyBody> {
    let mut warnings = Warnings::default();
    warnings.add("usage_estimated", counts::field(dialect.format));
    log.answer(StatusCode::OK);
    log.lose(&warnings);
    let mut response = Response::new(ReplyBody::whole(counts::write(dialect.format, tokens)));
    let told = response.headers_mut();
    told.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    told.insert(headers::ESTIMATED, HeaderValue::from_static("true"));
    if let Some(warnings) = warnings.to_header() {
        headers::insert_text(told, headers::WARNINGS, &warnings);
    }
    add_request_id(&mut response, dialect.format, &log.request_id().to_text());
    response
}

/// Puts the request's id where people and the format's SDKs look for it.
pub(crate) fn add_request_id(response: &mut Response<ReplyBody>, format: Format, request_id: &str) {
    let Ok(value) = HeaderValue::from_str(request_id) else {
        return;
    };
    let theirs = match format.family() {
        Family::Anthropic => headers::ANTHROPIC_REQUEST_ID,
        // Google's clients look for none.
        Family::OpenAi | Family::Google | Family::Cohere | Family::Bedrock => headers::OPENAI_REQUEST_ID,
    };
    response.headers_mut().insert(theirs, value.clone());
    response.headers_mut().insert(headers::REQUEST_ID, value);
}

/// Gives the error that ends a stream which broke after its beginning to whoever writes it.
pub(crate) fn with_stream_error<T>(fault: &Fault, request_id: RequestId, write: impl FnOnce(&ErrorBody<'_>) -> T) -> T {
    let (kind, code) = fault_words(fault.class);
    let message = if fault.message.is_empty() { "the provider's stream broke" } else { &fault.message };
    write(&ErrorBody { kind, code, message, param: None, origin: fault.origin, request_id: &request_id.to_text() })
}

/// Anthropic's clients know a status of its own for a lack of capacity.
fn status_in(format: Format, status: u16) -> StatusCode {
    let status = if status == 503 && format.family() == Family::Anthropic { 529 } else { status };
    StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY)
}

/// Seconds, rounded up and at least one: a client that comes back too early is refused again.
fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

struct Told {
    status: u16,
    kind: ErrorKind,
    code: &'static str,
    message: Cow<'static, str>,
    param: Option<Cow<'static, str>>,
    origin: ErrorOrigin,
    allowed: Option<&'static str>,
    retry_after: Option<Duration>,
}

fn ours(status: u16, kind: ErrorKind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Told {
    let message = message.into();
    Told { status, kind, code, message, param: None, origin: ErrorOrigin::Gateway, allowed: None, retry_after: None }
}

/// The table.
fn tell(failure: &Failure) -> Told {
    use ErrorKind::{Authentication, InvalidRequest, NotFound, Overloaded, Permission, Server, Timeout, TooLarge};
    let soon = |told: Told| Told { retry_after: Some(Duration::from_secs(1)), ..told };
    match failure {
        Failure::KeyMissing => ours(
            401,
            Authentication,
            "missing_access_key",
            "no access key came with the request; send one as \"Authorization: Bearer ng-…\" or \"x-api-key: ng-…\"",
        ),
        Failure::KeyMalformed(why) => ours(401, Authentication, "malformed_access_key", why.to_string()),
        Failure::KeyUnknown => ours(
            401,
            Authentication,
            "unknown_access_key",
            "this access key was never issued by this gateway; check where it comes from",
        ),
        Failure::KeyRevoked => {
            ours(401, Authentication, "revoked_access_key", "this access key was revoked; ask for a new one")
        }
        Failure::KeyDisabled => {
            ours(401, Authentication, "disabled_access_key", "this access key is disabled; ask whoever manages it to enable it")
        }
        Failure::KeyExpired => {
            ours(401, Authentication, "expired_access_key", "this access key has expired; ask for a new one")
        }
        Failure::AddressNotAllowed(address) => ours(
            403,
            Permission,
            "address_not_allowed",
            format!("this access key may not be used from {address}; ask whoever manages it to allow that address"),
        ),
        Failure::AccountSuspended => {
            ours(403, Permission, "account_suspended", "this account is suspended; ask the operator of this gateway")
        }
        Failure::StoreAway => soon(ours(
            503,
            Overloaded,
            "store_unavailable",
            "the key cannot be checked at the moment, since the gateway's database does not answer; try again",
        )),
        Failure::Misconfigured => ours(
            500,
            Server,
            "account_not_readable",
            "the gateway cannot open this account's secrets; its operator has to check the master key",
        ),
        Failure::ConfigurationUnknown => soon(ours(
            503,
            Overloaded,
            "configuration_unknown",
            "the configuration of this access key is not known to the gateway yet; try again",
        )),
        Failure::ConfigurationUnreadable => ours(
            500,
            Server,
            "configuration_not_readable",
            "the gateway cannot read the configuration of this access key, and so lets it call nothing; write the configuration again",
        ),
        Failure::Busy(what) => {
            soon(ours(503, Overloaded, "gateway_busy", format!("the gateway is at its limit of {what}; try again")))
        }
        Failure::RateLimited(refusal) => rate_limited(refusal),
        Failure::LimitsAway => soon(ours(
            503,
            Overloaded,
            "limits_unavailable",
            "the limits on this key cannot be checked at the moment, since the gateway's shared counters do not answer; try again",
        )),
        Failure::OverBudget(shortage, too_dear) => {
            ours(402, ErrorKind::Payment, over_budget::code(shortage), over_budget::message(shortage, too_dear))
        }
        Failure::BudgetAway => soon(ours(
            503,
            Overloaded,
            "budget_unavailable",
            "it cannot be told what is left of a budget, since the gateway's database does not answer; try again",
        )),
        Failure::PriceUnknown(model) => Told {
            param: Some("model".into()),
            ..ours(
                403,
                Permission,
                "price_unknown",
                format!(
                    "nobody knows what {model} costs, and a budget must hold; use a model whose price is known, or have a \
                     ceiling set (unknownPrice of the gateway config)"
                ),
            )
        },
        Failure::Stopping => soon(ours(
            503,
            Overloaded,
            "gateway_stopping",
            "the gateway is stopping and cannot wait for the provider any longer; try again",
        )),
        Failure::PathUnknown(path) => {
            ours(404, NotFound, "unknown_path", format!("{path} is not a path of this gateway{}", path_hint(path)))
        }
        Failure::MethodWrong { allowed } => Told {
            allowed: Some(allowed),
            ..ours(405, InvalidRequest, "method_not_allowed", format!("this path takes {allowed}"))
        },
        Failure::NoWebSocket => ours(
            426,
            InvalidRequest,
            "no_web_socket",
            "this gateway does not serve Responses over a web socket; send the request by POST",
        ),
        Failure::ModelNotListed(model) => {
            ours(404, NotFound, "unknown_model", format!("this key has no model {model:?}; GET /v1/models lists those it has"))
        }
        Failure::GenerationUnknown(id) => ours(
            404,
            NotFound,
            "unknown_generation",
            format!(
                "this account has no answer {id:?}; its id is in the answer's header x-generation-id, and /api/v1/generation?id= asks for it"
            ),
        ),
        Failure::ResponseUnknown(id) => ours(
            404,
            NotFound,
            "unknown_response",
            format!(
                "no response {id:?} is kept for this access key: it was made with another key or with store: false, was too long, \
                 is too old, or is at the provider that made it"
            ),
        ),
        Failure::Loop => ours(
            502,
            Server,
            "routing_loop",
            "the request came back to the gateway that sent it: a custom provider points to this gateway",
        ),
        Failure::BodyEncoded(encoding) => {
            ours(415, InvalidRequest, "unsupported_encoding", format!("the body is encoded as {encoding}; send it as it is"))
        }
        Failure::BodyTooLarge { bytes_max } => ours(
            413,
            TooLarge,
            "body_too_large",
            format!("the body is larger than {bytes_max} bytes, the most that this gateway takes"),
        ),
        Failure::BodyAboveTier { bytes_max, tier } => ours(
            413,
            TooLarge,
            "body_too_large",
            format!("the body is larger than {bytes_max} bytes, the most that the tier {tier} allows"),
        ),
        Failure::ConversationTooLong { bytes_max } => ours(
            413,
            TooLarge,
            "body_too_large",
            format!(
                "with the earlier turns that the body names, the request is larger than {bytes_max} bytes, the most that is taken \
                 here; begin a new conversation, or send what matters of this one as input"
            ),
        ),
        Failure::BodyTooSlow => ours(408, Timeout, "body_too_slow", "the body arrives too slowly"),
        Failure::BodyBroken => ours(400, InvalidRequest, "body_incomplete", "the body ended before its announced end"),
        Failure::BodyWrong(error) => {
            let (code, param) = body_words(error);
            Told { param, ..ours(400, InvalidRequest, code, error.to_string()) }
        }
        Failure::Untranslatable(refused) => Told {
            param: (!refused.path.is_empty()).then(|| Cow::Owned(refused.path.clone())),
            ..ours(400, InvalidRequest, refused.code, refused.to_string())
        },
        Failure::PreferencesWrong(problems) => preferences_wrong(problems),
        Failure::InputTooLong(error) => ours(413, TooLarge, "input_too_long", error.to_string()),
        Failure::NothingToTry(dropped) => nothing_to_try(dropped),
        Failure::Exhausted(exhausted) => tell_exhausted(exhausted),
    }
}

/// Says whose limit it is: not a provider's, and not the whole gateway's.
fn rate_limited(refusal: &LimitRefusal) -> Told {
    let Standing { name, level, limit, remaining, reset } = refusal.standing;
    let tier = refusal.tier.as_ref().map(|tier| format!(" (tier {tier})")).unwrap_or_default();
    // A client knows its own key, team and account; which of its models is meant, it may have to be told.
    let named = if level == Level::Model { format!(" ({})", refusal.subject.name()) } else { String::new() };
    let reset = match name {
        LimitName::ConcurrentRequests => String::new(),
        _ => format!(", and all of it is back in {} s", whole_seconds(reset)),
    };
    let message = format!(
        "the limit of this {}{named} on {}, which is {limit}{tier}, is reached: {remaining} are left{reset}; try again in {} s",
        level.words(),
        name.words(),
        whole_seconds(refusal.retry_after),
    );
    Told { retry_after: Some(refusal.retry_after), ..ours(429, ErrorKind::RateLimit, "rate_limited", message) }
}

/// The same for programs.
fn limit_body(refusal: &LimitRefusal) -> LimitBody<'_> {
    let standing = &refusal.standing;
    LimitBody {
        limit: standing.name.name(),
        owner: standing.level.name(),
        owner_id: refusal.subject.name(),
        tier: refusal.tier.as_ref().map(TierName::as_str),
        max: standing.limit,
        remaining: standing.remaining,
        reset_seconds: whole_seconds(standing.reset),
        retry_after_seconds: whole_seconds(refusal.retry_after),
    }
}

/// The mistake behind most unknown paths: a base URL that ends in `/v1` in a client that adds it as well.
fn path_hint(path: &str) -> &'static str {
    if path.contains("/v1/v1/") { "; the client adds /v1 itself, so leave it out of the base URL" } else { "" }
}

fn body_words(error: &PeekError) -> (&'static str, Option<Cow<'static, str>>) {
    let (code, param) = match error {
        PeekError::RequestModelDiffers(place) => return ("model_differs", Some(format!("{place}.model").into())),
        PeekError::RequestModelNotAString(place) => return ("model_not_a_string", Some(format!("{place}.model").into())),
        PeekError::TooManyRequests => ("too_many_requests", Some("requests")),
        PeekError::NotJson(_) => ("invalid_json", None),
        PeekError::NotAForm(_) => ("invalid_form", None),
        PeekError::NotAnObject => ("not_an_object", None),
        PeekError::TooDeep => ("too_deep", None),
        PeekError::Duplicate(_) => ("duplicate_field", None),
        PeekError::OtherCase(_) => ("field_in_other_case", None),
        PeekError::ModelMissing => ("missing_model", Some("model")),
        PeekError::ModelNotAString => ("model_not_a_string", Some("model")),
        PeekError::ModelEmpty => ("empty_model", Some("model")),
        PeekError::ModelsNotStrings | PeekError::TooManyModels => ("invalid_models", Some("models")),
        PeekError::StreamNotABoolean => ("invalid_stream", Some("stream")),
        PeekError::SurfaceUnknown(_) => ("unknown_surface", Some("surface")),
    };
    (code, param.map(Cow::Borrowed))
}

/// Every mistake with its place.
fn preferences_wrong(problems: &[Problem]) -> Told {
    let param = problems.first().map(|problem| Cow::Owned(problem.path.clone()));
    let message = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Told { param, ..ours(400, ErrorKind::InvalidRequest, "invalid_preferences", message) }
}

/// The first cause of what is left out as a whole decides code and status; the text counts them by filter and names them all.
fn nothing_to_try(dropped: &[wardgate_policy::Dropped]) -> Told {
    use wardgate_model::ResolveError;
    let first = dropped.iter().find(|dropped| dropped.is_whole).or_else(|| dropped.first()).map(|first| &first.why);
    let (status, kind) = match first.map(Why::filter) {
        _ if matches!(first, Some(Why::Unwanted { wish: Wish::Online, .. })) => (400, ErrorKind::InvalidRequest),
        Some(Filter::Scope | Filter::Tier | Filter::Strategy) => (403, ErrorKind::Permission),
        Some(Filter::Surface | Filter::Preference | Filter::Price | Filter::Ability | Filter::Fallback) => {
            (404, ErrorKind::NotFound)
        }
        _ => (400, ErrorKind::InvalidRequest),
    };
    let code = match first {
        Some(Why::Unresolved(ResolveError::Malformed { .. })) => "malformed_model",
        Some(Why::Unresolved(ResolveError::UnknownProvider { .. })) => "unknown_provider",
        Some(Why::ProviderOutOfScope { .. }) => "provider_not_allowed",
        Some(Why::ModelOutOfScope { .. }) => "model_not_allowed",
        Some(Why::NotInTier { .. }) => "model_not_in_tier",
        Some(Why::SurfaceNotServed { .. }) => "unsupported_endpoint",
        Some(Why::NoCredential { .. } | Why::KeyGone { .. }) => "no_provider_key",
        Some(Why::NotGranted { .. }) => "no_managed_key",
        Some(Why::NotCatalogued { .. } | Why::NotPriced { .. }) => "not_for_managed_keys",
        Some(Why::Unwanted { wish: Wish::Online, .. }) => "no_web_search",
        Some(Why::Unwanted { wish: Wish::MaxPrice | Wish::Free, .. } | Why::NothingFree) => "no_provider_at_this_price",
        Some(Why::Unwanted { .. } | Why::NotFirst { .. }) => "no_preferred_provider",
        Some(Why::CannotDo { .. } | Why::NothingToChoose) => "no_able_model",
        Some(Why::NotSelected { .. }) => "model_not_selected",
        Some(Why::NoKeySelected { .. }) => "no_key_selected",
        Some(Why::NotAdmitted { .. }) => "not_admitted",
        Some(Why::StrategyFailed(_)) => "strategy_failed",
        // The last two are never the first cause, since others come before them.
        Some(
            Why::Unresolved(ResolveError::UnknownModel { .. } | ResolveError::Neither { .. })
            | Why::Again { .. }
            | Why::TooMany,
        )
        | None => "unknown_model",
    };
    let message = match dropped {
        [only] => only.why.to_string(),
        // Whatever else was left out: this is about the whole request.
        [first, ..] if matches!(first.why, Why::NotAdmitted { .. } | Why::StrategyFailed(_)) => first.why.to_string(),
        all => {
            let causes = all.iter().map(|dropped| format!("{}: {}", dropped.model, dropped.why)).collect::<Vec<_>>().join("; ");
            format!("{} candidates: {}. {causes}", all.len(), tally(all))
        }
    };
    Told { param: Some(Cow::Borrowed("model")), ..ours(status, kind, code, message) }
}

fn tell_exhausted(exhausted: &Exhausted) -> Told {
    use ErrorKind::{Overloaded, RateLimit, Server, Timeout};
    let Exhausted { verdict, fault, status, provider, .. } = exhausted;
    let said = |text: String| match fault.message.as_str() {
        "" => text,
        message => format!("{text}: {message}"),
    };
    let theirs = |status, kind, code, message: String| Told { origin: fault.origin, ..ours(status, kind, code, message) };
    match verdict {
        Verdict::Refused => refused(fault.class, *status, fault, provider),
        Verdict::RateLimited { retry_after } => Told {
            retry_after: Some(*retry_after),
            ..theirs(
                429,
                RateLimit,
                "upstream_rate_limited",
                said(format!("{provider} has reached its rate limit for this account's keys")),
            )
        },
        Verdict::Overloaded { retry_after } => Told {
            retry_after: Some(*retry_after),
            ..theirs(503, Overloaded, "upstream_overloaded", said(format!("{provider} is overloaded")))
        },
        Verdict::TimedOut => theirs(504, Timeout, "upstream_timeout", said(format!("{provider} did not answer in time"))),
        Verdict::CredentialsRefused => theirs(
            502,
            Server,
            "upstream_auth_failed",
            said(format!("{provider} refused the provider key that this gateway holds for it (your access key is fine)")),
        ),
        Verdict::Failed => theirs(502, Server, fault_words(fault.class).1, said(format!("{provider} failed"))),
    }
}

/// The provider found the request wrong: its own status and words, where clients expect such a status.
fn refused(class: FaultClass, status: u16, fault: &Fault, provider: &str) -> Told {
    let (kind, code) = fault_words(class);
    // Azure's word for it, which its clients look for.
    let code = if fault.code.as_deref() == Some("content_filter") { "content_filter" } else { code };
    let status = match (status, class) {
        (400 | 404 | 409 | 413 | 422, _) => status,
        (_, FaultClass::ContextLength | FaultClass::ContentPolicy) => 400,
        (410, FaultClass::NotFound) => 404,
        _ => 502,
    };
    let message = if fault.message.is_empty() { format!("{provider} refused the request") } else { fault.message.clone() };
    Told { origin: fault.origin, ..ours(status, kind, code, message) }
}

/// What a class of fault is called in the formats.
pub(crate) const fn fault_words(class: FaultClass) -> (ErrorKind, &'static str) {
    match class {
        FaultClass::InvalidRequest | FaultClass::ReasoningRefused => (ErrorKind::InvalidRequest, "upstream_invalid_request"),
        FaultClass::ContextLength => (ErrorKind::InvalidRequest, "context_length_exceeded"),
        FaultClass::ContentPolicy => (ErrorKind::InvalidRequest, "content_policy_violation"),
        FaultClass::NotFound => (ErrorKind::NotFound, "model_not_found"),
        FaultClass::TooLarge => (ErrorKind::TooLarge, "request_too_large"),
        FaultClass::CredentialRefused | FaultClass::CreditExhausted => (ErrorKind::Server, "upstream_auth_failed"),
        FaultClass::RateLimited => (ErrorKind::RateLimit, "upstream_rate_limited"),
        FaultClass::Overloaded => (ErrorKind::Overloaded, "upstream_overloaded"),
        FaultClass::Timeout => (ErrorKind::Timeout, "upstream_timeout"),
        FaultClass::Server => (ErrorKind::Server, "upstream_error"),
        FaultClass::Network => (ErrorKind::Server, "upstream_unreachable"),
        FaultClass::Unreadable => (ErrorKind::Server, "upstream_unreadable"),
        FaultClass::Truncated => (ErrorKind::Server, "upstream_truncated"),
    }
}
