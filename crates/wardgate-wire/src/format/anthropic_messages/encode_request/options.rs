//! How to draw tokens and for whom, in a Messages request.

use crate::json::Json;
use crate::neutral::request::Tier;
use crate::transcode::fit::{Field, Fit, short_user};
use std::borrow::Cow;

/// The longest name of a user.
const USER_BYTES_MAX: usize = 256;

/// Claude refuses temperature and `top_p` together. Of the two the one that says something counts, the temperature first.
pub(crate) fn temperature_or_top_p<'r>(fit: &Fit<'r>) -> (Option<&'r str>, Option<&'r str>) {
    let sampling = &fit.request.sampling;
    let temperature = fit.sampling(sampling.temperature.as_ref(), Field::Temperature, 1.0);
    let top_p = fit.sampling(sampling.top_p.as_ref(), Field::TopP, 1.0);
    match (temperature, top_p) {
        (Some("1" | "1.0"), Some(_)) => (None, top_p),
        (Some(_), Some(_)) => {
            fit.drop_unless(sampling.top_p.as_ref(), 1.0, Field::TopP);
            (temperature, None)
        }
        one => one,
    }
}

pub(super) fn options(fit: &Fit<'_>, json: &mut Json<'_>, is_thinking: bool) {
    let request = fit.request;
    let sampling = &request.sampling;
    let (temperature, top_p) = temperature_or_top_p(fit);
    let numbers = [
        ("temperature", temperature),
        ("top_p", top_p),
        ("top_k", fit.sampling(sampling.top_k.as_ref(), Field::TopK, f64::INFINITY)),
    ];
    for ((key, number), field) in numbers.into_iter().zip([Field::Temperature, Field::TopP, Field::TopK]) {
        match number {
            // While it thinks, the model draws as it likes.
            Some(number) if is_thinking => fit.drop(number != "1", field),
            Some(number) => json.put_raw(key, number),
            None => {}
        }
    }
    let stop = fit.stops(usize::MAX, |stop| !stop.trim().is_empty());
    if !stop.is_empty() {
        json.put_texts("stop_sequences", stop);
    }
    fit.drop_what_claude_lacks();
    match request.tier {
        Some(Tier::Standard) => json.put("service_tier", "standard_only"),
        Some(Tier::Flex | Tier::Priority | Tier::Fast) => fit.drop(true, Field::Tier),
        Some(Tier::Auto) | None => {}
    }
    if request.is_cached_whole {
        json.put_object("cache_control", |json| json.put("type", "ephemeral"));
    }
    // An address or a number that names a person is no business of the provider's.
    if let Some(user) = request.user.as_deref() {
        json.put_object("metadata", |json| json.put("user_id", &short_user(&anonymous(user), USER_BYTES_MAX)));
    }
    if request.is_stream {
        json.put_flag("stream", true);
    }
}

/// The user's name for a provider that wants no personal data: hashed where it looks like an e-mail address or a telephone number.
fn anonymous(user: &str) -> Cow<'_, str> {
    let digits = user.bytes().filter(u8::is_ascii_digit).count();
    let is_number =
        digits >= 7 && user.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b' ' | b'(' | b')'));
    if user.contains('@') || is_number {
        return format!("user-{:016x}", crate::neutral::opaque::fnv(user.bytes())).into();
    }
    user.into()
}
