//! Reading a client's body within its bounds: of size, of all bodies' memory, and of patience.

use crate::deps::{Deps, Options};
use crate::failure::Failure;
use crate::phase::configure::Caller;
use crate::phase::ingress::Inbound;
use crate::request_log::RequestLog;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::Instant;
use wardgate_core::tier::TierName;
use wardgate_limits::memory::Reservation;

/// Reads the whole body, whatever is in it.
pub(crate) async fn whole(
    deps: &Deps,
    caller: &Caller,
    inbound: &mut Inbound,
    log: &mut RequestLog,
) -> Result<(Bytes, Reservation), Failure> {
    let announced = announced(&inbound.headers)?;
    let room = announced.unwrap_or(0);
    let collected = collect(deps, caller, inbound, room, log, |_| Ok(false)).await?;
    Ok((collected.body, collected.memory))
}

/// How long a body says it is. One that is compressed is refused.
pub(crate) fn announced(headers: &HeaderMap) -> Result<Option<usize>, Failure> {
    if let Some(encoding) = headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        return Err(Failure::BodyEncoded(String::from_utf8_lossy(encoding.as_bytes()).chars().take(40).collect()));
    }
    Ok(headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok()))
}

/// What was read.
pub(crate) struct Collected {
    /// The bytes.
    pub(crate) body: Bytes,
    /// The memory that they take.
    pub(crate) memory: Reservation,
    /// Whether the body ended with them.
    pub(crate) is_whole: bool,
}

/// Reads until the body ends or `is_enough` says of the bytes that came that these are. `room` is how many are expected.
pub(crate) async fn collect(
    deps: &Deps,
    caller: &Caller,
    inbound: &mut Inbound,
    room: usize,
    log: &mut RequestLog,
    is_enough: impl FnMut(&[u8]) -> Result<bool, Failure> + Send,
) -> Result<Collected, Failure> {
    let mut memory = deps.memory.open();
    let started = Instant::now();
    let bound = Bound::of(deps, caller);
    let announced = announced(&inbound.headers)?;
    let Some(body) = &mut inbound.body else { return Err(Failure::BodyBroken) };
    let read = read(Pace::new(deps, started), &bound, body, announced, room, &mut memory, is_enough).await;
    log.waited += started.elapsed();
    let (body, is_whole) = read?;
    Ok(Collected { body, memory, is_whole })
}

async fn read(
    mut pace: Pace<'_>,
    bound: &Bound<'_>,
    body: &mut Incoming,
    announced: Option<usize>,
    room: usize,
    memory: &mut Reservation,
    mut is_enough: impl FnMut(&[u8]) -> Result<bool, Failure>,
) -> Result<(Bytes, bool), Failure> {
    if announced.is_some_and(|announced| announced > bound.bytes_max) {
        return Err(bound.exceeded());
    }
    let mut whole = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout_at(pace.window_ends, body.frame()).await {
            Ok(frame) => frame,
            Err(_) if pace.keeps_up(whole.len()) => continue,
            Err(_) => return Err(Failure::BodyTooSlow),
        };
        let Some(frame) = frame else {
            return Ok((whole.freeze(), true));
        };
        let Ok(data) = frame.map_err(|_| Failure::BodyBroken)?.into_data() else {
            continue;
        };
        if whole.len() + data.len() > bound.bytes_max {
            return Err(bound.exceeded());
        }
        // What is announced counts only when it comes: a promise must not crowd others out.
        if !memory.grow(data.len()) {
            return Err(Failure::Busy("memory for request bodies"));
        }
        let is_enough = is_enough(&data)?;
        // Most bodies come in one piece, which then needs no copy.
        if whole.is_empty() && announced == Some(data.len()) {
            return Ok((data, true));
        }
        if whole.is_empty() {
            whole.reserve(room.max(data.len()));
        }
        whole.extend_from_slice(&data);
        if is_enough {
            return Ok((whole.freeze(), false));
        }
    }
}

/// How large a body may be, and who says so.
pub(crate) struct Bound<'b> {
    /// In bytes.
    pub(crate) bytes_max: usize,
    tier: Option<&'b TierName>,
}

impl<'b> Bound<'b> {
    pub(crate) fn of(deps: &Deps, caller: &'b Caller) -> Self {
        let bytes_max = deps.options.body_bytes_max;
        match caller.tenant.allowance.body_bytes_max(caller.key.record.team_id) {
            Some((tightest, tier)) if tightest < bytes_max => Self { bytes_max: tightest, tier: Some(tier) },
            _ => Self { bytes_max, tier: None },
        }
    }

    fn exceeded(&self) -> Failure {
        let bytes_max = self.bytes_max;
        match self.tier {
            Some(tier) => Failure::BodyAboveTier { bytes_max, tier: tier.clone() },
            None => Failure::BodyTooLarge { bytes_max },
        }
    }
}

/// Whether a body arrives fast enough.
struct Pace<'o> {
    options: &'o Options,
    window_ends: Instant,
    bytes_at_start: usize,
}

impl<'o> Pace<'o> {
    fn new(deps: &'o Deps, now: Instant) -> Self {
        Self { options: &deps.options, window_ends: now + deps.options.body_progress_window, bytes_at_start: 0 }
    }

    /// Called at the end of a window; begins the next one.
    fn keeps_up(&mut self, bytes: usize) -> bool {
        let progress = bytes - self.bytes_at_start;
        self.bytes_at_start = bytes;
        self.window_ends = Instant::now() + self.options.body_progress_window;
        progress >= self.options.body_progress_bytes_min
    }
}
