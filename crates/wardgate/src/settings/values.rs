//! How values are written: `300s`, `5m`, `32MiB`.

use ipnet::IpNet;
use std::str::FromStr;
use std::time::Duration;
use wardgate_core::address::parse_network;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::secret::Secret;
use wardgate_limits::cost;

/// A number of bytes, written plainly or with `KiB`, `MiB` or `GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteCount(pub(crate) usize);

impl FromStr for ByteCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        let (digits, unit) = units
            .into_iter()
            .find_map(|(name, unit)| text.strip_suffix(name).map(|digits| (digits, unit)))
            .unwrap_or((text, 1));
        let count = digits.trim().parse::<usize>().ok().and_then(|count| count.checked_mul(unit));
        count.map(Self).ok_or_else(|| format!("{text:?} is no number of bytes; write it as 1048576 or 1MiB"))
    }
}

/// A duration such as `500ms`, `90s`, `5m` or `1h 30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    parsed.ok_or_else(|| format!("{text:?} is no duration; write it as 500ms, 90s or 5m"))
}

/// For how long usage is kept, in days: `400d`. Not less than a week: what a gateway that was away has in its journal comes late,
/// and must not be deleted before the next overview, nor stored again after it was deleted.
pub(super) fn retention(text: &str) -> Result<Duration, String> {
    const DAYS_MIN: u64 = 7;
    const DAYS_MAX: u64 = 36_500;
    let days = text.strip_suffix('d').and_then(|days| days.trim().parse::<u64>().ok());
    let days = days.filter(|days| (DAYS_MIN..=DAYS_MAX).contains(days));
    let days = days.ok_or_else(|| format!("{text:?} is no number of days from {DAYS_MIN}d to {DAYS_MAX}d"))?;
    Ok(Duration::from_secs(days * 86_400))
}

/// A share such as `5%` or `2.5%`, in millionths; at most ten times the whole.
pub(super) fn percent(text: &str) -> Result<u32, String> {
    cost::markup_from_percent(text).ok_or_else(|| format!("{text:?} is no share; write it as 5% or 2.5%, at most 1000%"))
}

/// US dollars for a million tokens.
pub(super) fn price(text: &str) -> Result<PicoUsdPerToken, String> {
    PicoUsdPerToken::from_usd_per_million(text)
        .ok_or_else(|| format!("{text:?} is no price in dollars for a million tokens; write it as 0.05"))
}

/// A network such as `10.0.0.0/8`, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    parse_network(text).ok_or_else(|| format!("{text:?} is no network; write it as 10.0.0.0/8, fd00::/8 or 192.0.2.1"))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape that the command line's parser wants")]
pub(super) fn secret(text: &str) -> Result<Secret, String> {
    Ok(Secret::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        assert_eq!("32MiB".parse(), Ok(ByteCount(32 << 20)));
        assert_eq!("7".parse(), Ok(ByteCount(7)));
        assert!("32MB".parse::<ByteCount>().is_err() && "99999999999GiB".parse::<ByteCount>().is_err());
        assert_eq!(duration("300s"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!([percent("0%"), percent("5%"), percent("2.5001%")], [Ok(0), Ok(50_000), Ok(25_001)]);
        assert!(["5", "-1%", "0.00001%", "1001%", "%"].into_iter().all(|text| percent(text).is_err()));
        assert_eq!(retention("400d"), Ok(Duration::from_secs(400 * 86_400)));
        assert!(["6d", "400", "1w", "99999999999999999999d", ""].into_iter().all(|text| retention(text).is_err()));
        assert!(duration("300").is_err() && duration("-5s").is_err());
    }
}
