//! Money as integers: amounts in nano-dollars, prices in pico-dollars a token.
//!
//! A price list says "0.0375 dollars a million tokens", which is 37,500 pico-dollars a token exactly; so no price in use today
//! needs rounding, and a bill is rounded once, at its end.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// An amount in billionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NanoUsd(i64);

impl NanoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From billionths of a dollar.
    #[must_use]
    pub const fn new(nano_usd: i64) -> Self {
        Self(nano_usd)
    }

    /// Billionths of a dollar.
    #[must_use]
    pub const fn nano_usd(self) -> i64 {
        self.0
    }

    /// Reads a plain decimal of dollars, such as `12.50`. At most nine digits after the point: more is refused rather than
    /// rounded.
    #[must_use]
    pub fn from_usd(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let fraction: i64 = format!("{fraction:0<9}").parse().ok()?;
        whole.checked_mul(1_000_000_000)?.checked_add(fraction).map(Self)
    }

    /// The shortest decimal of dollars that [`NanoUsd::from_usd`] reads as this, with at least two digits after the point.
    #[must_use]
    pub fn to_usd(self) -> String {
        let text = self.to_string();
        let cents = text.len() - 7;
        let (kept, rest) = text.split_at(cents);
        format!("{kept}{}", rest.trim_end_matches('0'))
    }

    /// Dollars with five digits after the point, rounded half up, as the usage API writes them.
    #[must_use]
    pub fn to_usd_5(self) -> String {
        let hundred_thousandths = (self.0 + 5_000).div_euclid(10_000);
        let sign = if hundred_thousandths < 0 { "-" } else { "" };
        let whole = hundred_thousandths.unsigned_abs();
        format!("{sign}{}.{:05}", whole / 100_000, whole % 100_000)
    }
}

/// Dollars with all nine digits after the point.
impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand, since each answer's headers say a cost: a sign, at most ten digits, a point and nine digits, from the right.
        let mut text = [b'0'; 21];
        let mut rest = self.0.unsigned_abs();
        let mut start = text.len();
        while rest > 0 || start > text.len() - 11 {
            start -= 1;
            if start == text.len() - 10 {
                text[start] = b'.';
            } else {
                text[start] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        if self.0 < 0 {
            start -= 1;
            text[start] = b'-';
        }
        f.write_str(std::str::from_utf8(&text[start..]).unwrap_or_default())
    }
}

impl Add for NanoUsd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for NanoUsd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for NanoUsd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// A price in millionths of a millionth of a dollar for one token, or one of whatever else is charged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PicoUsdPerToken(u64);

impl PicoUsdPerToken {
    /// Free.
    pub const ZERO: Self = Self(0);

    /// From pico-dollars a token.
    #[must_use]
    pub const fn new(pico_usd: u64) -> Self {
        Self(pico_usd)
    }

    /// Pico-dollars a token, as stores keep them.
    #[must_use]
    pub const fn pico_usd(self) -> u64 {
        self.0
    }

    /// Reads a plain decimal of dollars for a million tokens, such as `0.0375`. At most six digits after the point: more is
    /// refused rather than rounded.
    #[must_use]
    pub fn from_usd_per_million(text: &str) -> Option<Self> {
        Self::scaled(text, 6)
    }

    /// The same of dollars for a thousand, with at most nine digits.
    #[must_use]
    pub fn from_usd_per_thousand(text: &str) -> Option<Self> {
        Self::scaled(text, 9)
    }

    /// The same of dollars for one, with at most twelve digits.
    #[must_use]
    pub fn from_usd(text: &str) -> Option<Self> {
        Self::scaled(text, 12)
    }

    fn scaled(text: &str, digits_max: usize) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > digits_max {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let fraction: u64 = format!("{fraction:0<digits_max$}").parse().ok()?;
        let scale = 10u64.checked_pow(u32::try_from(digits_max).ok()?)?;
        whole.checked_mul(scale)?.checked_add(fraction).map(Self)
    }

    /// Pico-dollars for this many tokens.
    #[must_use]
    pub const fn times(self, tokens: u64) -> u128 {
        self.0 as u128 * tokens as u128
    }

    /// Dollars for a million tokens, as price lists write them.
    #[must_use]
    pub fn to_usd_per_million(self) -> String {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Rounds a sum of pico-dollars to nano-dollars, half up.
#[must_use]
pub fn round_pico(pico_usd: u128) -> NanoUsd {
    NanoUsd(i64::try_from((pico_usd + 500) / 1_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_exactly_or_not_at_all() {
        assert_eq!(PicoUsdPerToken::from_usd_per_million("0.0375"), Some(PicoUsdPerToken::new(37_500)));
        assert_eq!(PicoUsdPerToken::from_usd_per_million("15"), Some(PicoUsdPerToken::new(15_000_000)));
        for bad in ["", ".", "1.", "-1", "1e3", "0.0000001", "99999999999999999999"] {
            assert_eq!(PicoUsdPerToken::from_usd_per_million(bad), None, "{bad}");
        }
        assert_eq!(PicoUsdPerToken::new(37_500).to_usd_per_million(), "0.0375");
        assert_eq!(PicoUsdPerToken::from_usd_per_thousand("12"), Some(PicoUsdPerToken::new(12_000_000_000)));
        assert_eq!(PicoUsdPerToken::from_usd("0.00003083"), Some(PicoUsdPerToken::new(30_830_000)));
        assert_eq!(PicoUsdPerToken::from_usd("0.0000000000001"), None);
    }

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        for (text, nano_usd, written) in [
            ("12.5", 12_500_000_000, "12.50"),
            ("0", 0, "0.00"),
            ("0.000000001", 1, "0.000000001"),
            ("7", 7_000_000_000, "7.00"),
        ] {
            assert_eq!(NanoUsd::from_usd(text), Some(NanoUsd::new(nano_usd)), "{text}");
            assert_eq!(NanoUsd::new(nano_usd).to_usd(), written);
        }
        assert_eq!(NanoUsd::new(-1_500_000_000).to_usd(), "-1.50");
        for bad in ["", ".", "1.", "-1", "+1", "1e3", "0.0000000001", "9999999999999"] {
            assert_eq!(NanoUsd::from_usd(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_bill_is_rounded_once() {
        let price = PicoUsdPerToken::new(150);
        assert_eq!(round_pico(price.times(3)), NanoUsd::new(0));
        assert_eq!(round_pico(price.times(10)), NanoUsd::new(2));
        assert_eq!(NanoUsd::new(1_234_567_890).to_usd_5(), "1.23457");
    }

    #[test]
    fn amounts_show_all_their_digits() {
        for (amount, shown) in [
            (0, "0.000000000"),
            (7, "0.000000007"),
            (-7, "-0.000000007"),
            (1_234_567_890, "1.234567890"),
            (i64::MAX, "9223372036.854775807"),
            (i64::MIN, "-9223372036.854775808"),
        ] {
            assert_eq!(NanoUsd::new(amount).to_string(), shown);
        }
    }
}
