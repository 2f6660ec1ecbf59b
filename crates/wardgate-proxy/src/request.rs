//! A request, phase by phase. Start reading here.

use crate::body::ReplyBody;
use crate::credits;
use crate::deps::Deps;
use crate::explain;
use crate::failure::Failure;
use crate::generation;
use crate::headers;
use crate::meter::{Asked, Ending, Meter};
use crate::models;
use crate::own_key;
use crate::phase::admit::{Admission, admit};
use crate::phase::ask::{self, Ask};
use crate::phase::attempt::attempt;
use crate::phase::authenticate::authenticate;
use crate::phase::configure::{Caller, configure};
use crate::phase::ingress::{self, Call, Dialect, Inbound, Route, Topic};
use crate::phase::relay::relay;
use crate::phase::select::select;
use crate::phase::translate::Unfit;
use crate::phase::upload::Upload;
use crate::phase::wishes::Manner;
use crate::rate_headers;
use crate::recall;
use crate::request_log::RequestLog;
use crate::respond;
use crate::responses;
use crate::telling::Telling;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use wardgate_core::usage::Completion;
use wardgate_limits::estimate;
use wardgate_limits::rate::Standings;
use wardgate_policy::{Dropped, Plan, Why};
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::transcode::counts;

/// Answers a request. There is always an answer.
///
/// The future is in a box, since hyper keeps the room of it for as long as the connection lives; and each kind of request has a
/// box of its own, since the room of one is the room of its largest kind.
pub(crate) fn serve(deps: Arc<Deps>, peer: IpAddr, request: Request<Incoming>) -> Answering {
    let mut log = Box::new(RequestLog::begin(&deps, &request));
    let dialect = Dialect::of(request.uri().path(), request.headers());
    let is_head = request.method() == Method::HEAD;
    let route = ingress::route(&deps, &request, &mut log);
    let (head, body) = request.into_parts();
    let inbound = Inbound { headers: head.headers, uri: head.uri, body: Some(body), upload: None, peer };
    match route {
        Ok(Route::Generate(call)) => Box::pin(generate(deps, inbound, call, log)),
        Ok(Route::Explain) => Box::pin(explain(deps, inbound, dialect, log)),
        Ok(Route::Tell(topic)) => Box::pin(tell(deps, inbound, Ok(topic), dialect, is_head, log)),
        Err(failure) => Box::pin(tell(deps, inbound, Err(failure), dialect, is_head, log)),
    }
}

/// A request being answered.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<ReplyBody>> + Send>>;

/// A request that the gateway answers by itself.
async fn tell(
    deps: Arc<Deps>,
    mut inbound: Inbound,
    topic: Result<Topic, Failure>,
    dialect: Dialect,
    is_head: bool,
    mut log: Box<RequestLog>,
) -> Response<ReplyBody> {
    let deps = &deps;
    let answered = match topic {
        Ok(Topic::Root) => Ok(root()),
        Ok(Topic::Models) => caller(deps, &inbound, &mut log).await.map(|caller| models::list(&caller, dialect)),
        Ok(Topic::Model(id)) => match caller(deps, &inbound, &mut log).await {
            Ok(caller) => models::get(&caller, &id, dialect),
            Err(failure) => Err(failure),
        },
        Ok(Topic::Generation) => match caller(deps, &inbound, &mut log).await {
            Ok(caller) => generation::get(deps, &caller, inbound.uri.query()).await,
            Err(failure) => Err(failure),
        },
        Ok(Topic::Response(id)) => match caller(deps, &inbound, &mut log).await {
            Ok(caller) => responses::get(deps, &caller, &id, inbound.uri.query()),
            Err(failure) => Err(failure),
        },
        Ok(Topic::ForgetResponse(id)) => match caller(deps, &inbound, &mut log).await {
            Ok(caller) => responses::forget(deps, &caller, &id),
            Err(failure) => Err(failure),
        },
        Ok(Topic::Credits) => match caller(deps, &inbound, &mut log).await {
            Ok(caller) => credits::tell(deps, &caller).await,
            Err(failure) => Err(failure),
        },
        Ok(Topic::Key) => match caller(deps, &inbound, &mut log).await {
            Ok(caller) => own_key::get(deps, &caller).await,
            Err(failure) => Err(failure),
        },
        Err(failure) => Err(failure),
    };
    let mut response = match answered {
        Ok(mut response) => {
            log.answer(response.status());
            respond::add_request_id(&mut response, dialect.format, &log.request_id().to_text());
            response
        }
        Err(failure) => fail(&failure, dialect, &mut inbound, &mut log).await,
    };
    if is_head {
        *response.body_mut() = ReplyBody::empty();
    }
    response
}

/// A request to be told how a request would be routed.
async fn explain(deps: Arc<Deps>, mut inbound: Inbound, dialect: Dialect, mut log: Box<RequestLog>) -> Response<ReplyBody> {
    let told = match caller(&deps, &inbound, &mut log).await {
        Ok(caller) => explain::tell(&deps, &caller, &mut inbound, &mut log).await,
        Err(failure) => Err(failure),
    };
    match told {
        Ok(mut response) => {
            log.answer(response.status());
            respond::add_request_id(&mut response, dialect.format, &log.request_id().to_text());
            response
        }
        Err(failure) => fail(&failure, dialect, &mut inbound, &mut log).await,
    }
}

/// A request for an answer of a model.
async fn generate(deps: Arc<Deps>, mut inbound: Inbound, call: Call, mut log: Box<RequestLog>) -> Response<ReplyBody> {
    let deps = &deps;
    let dialect = Dialect { format: call.surface.format() };
    let (caller, ask, plan, admission) = match prepare(deps, &mut inbound, &call, &mut log).await {
        Ok(Prepared::Attempts(caller, ask, plan, admission)) => (caller, ask, plan, admission),
        Ok(Prepared::Estimate(tokens, standings)) => {
            let mut response = respond::estimate(tokens, dialect, &mut log);
            rate_headers::add(response.headers_mut(), dialect.format, &standings, &*deps.clock);
            return response;
        }
        Err(failure) => return fail(&failure, dialect, &mut inbound, &mut log).await,
    };
    let request_bytes = (ask.body.len() + inbound.upload.as_ref().map_or(0, Upload::length)) as u64;
    let mut meter = Meter::open(log, admission, &caller.key.record, Asked::of(&ask, request_bytes));
    let attempted = tokio::select! {
        attempted = attempt(deps, &inbound, &caller, &ask, &plan, &mut meter) => attempted,
        () = deps.drain.expired() => {
            meter.close(&Ending::nothing(Completion::Failed));
            Err(Failure::Stopping)
        }
    };
    match attempted {
        Ok(exchange) => {
            let telling = Telling::of(inbound.uri.path(), ask.surface, &ask.peek);
            relay(deps, exchange, &plan, dialect.format, telling, meter)
        }
        Err(failure) => {
            discard(&mut inbound).await;
            let mut response = respond::failure(&failure, dialect, meter.log_mut());
            // A model's own limit, reached on the way, is told by the failure itself.
            if !matches!(failure, Failure::RateLimited(_)) {
                rate_headers::add(response.headers_mut(), dialect.format, meter.standings(), &*deps.clock);
            }
            response
        }
    }
}

/// A request that may be answered.
#[expect(clippy::large_enum_variant, reason = "nearly every request is of the first kind, and needs no allocation for it")]
enum Prepared {
    /// By a provider.
    Attempts(Caller, Ask, Plan, Admission),
    /// By the gateway itself, with about so many tokens, and how the caller's limits stand.
    Estimate(u64, Standings),
}

/// Everything before a provider is called.
async fn prepare(deps: &Deps, inbound: &mut Inbound, call: &Call, log: &mut RequestLog) -> Result<Prepared, Failure> {
    let caller = caller(deps, inbound, log).await?;
    let ask = recall::complete(deps, &caller, ask::read(deps, &caller, inbound, call, log).await?)?;
    log.is_traced = inbound.headers.get(headers::EXPLAIN).is_some_and(|wanted| wanted == "true");
    let at = log.request_id().made_at();
    let mut plan = match select(deps, &caller, &ask, Manner::of(inbound), log) {
        // A provider that cannot count leaves it to us, within the same limits. Whoever wants to lose nothing wants no guess.
        Err(Failure::NothingToTry(dropped))
            if call.surface.is_count() && dropped.iter().all(is_not_served) && !headers::is_strict(&inbound.headers) =>
        {
            let admission = admit(deps, &caller, &ask, None, at).await?;
            return Ok(Prepared::Estimate(reckoned(deps, &ask).await?, admission.standings));
        }
        plan => plan?,
    };
    let admission = admit(deps, &caller, &ask, Some(&mut plan), at).await?;
    Ok(Prepared::Attempts(caller, ask, plan, admission))
}

/// About how many tokens a request has that nobody counts.
async fn reckoned(deps: &Deps, ask: &Ask) -> Result<u64, Failure> {
    if ask.is_large() {
        ask.read_aside(deps).await;
    }
    let request =
        ask.neutral(deps).map_err(Unfit::from).and_then(|read| Ok(read.as_ref().map_err(Untranslatable::clone)?))?;
    Ok(estimate::tokens(counts::weigh(request)))
}

const fn is_not_served(dropped: &Dropped) -> bool {
    matches!(dropped.why, Why::SurfaceNotServed { .. })
}

async fn caller(deps: &Deps, inbound: &Inbound, log: &mut RequestLog) -> Result<Caller, Failure> {
    let key = authenticate(deps, inbound, log).await?;
    configure(deps, key).await
}

async fn fail(failure: &Failure, dialect: Dialect, inbound: &mut Inbound, log: &mut RequestLog) -> Response<ReplyBody> {
    discard(inbound).await;
    respond::failure(failure, dialect, log)
}

/// Reads what is left of a body that nobody wants.
async fn discard(inbound: &mut Inbound) {
    if let Some(body) = &mut inbound.body {
        ingress::discard(&inbound.headers, body).await;
    }
    if let Some(upload) = inbound.upload.take() {
        upload.discard(&inbound.headers).await;
    }
}

/// Claude Code and load balancers ask whether anyone is there, without a key.
fn root() -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::whole(
        "{\"name\":\"wardgate\",\"docs\":\"POST /v1/chat/completions, /v1/responses, /v1/messages, /v1/embeddings, /v1beta/models/…:generateContent; GET /v1/models\"}\n",
    ));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
