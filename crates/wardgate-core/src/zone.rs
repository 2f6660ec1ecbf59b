//! What a clock on a wall shows, somewhere.
//!
//! The rules of the zones are part of this program, so that the same instant reads the same on every machine.

use crate::time::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::fmt;

/// A zone of time, with the changes of its clocks.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A date and a time of day in some zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneTime(DateTime);

/// The days of the week by their names, from the first one on.
pub const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Zone {
    /// The zone with this name of the IANA database: `Europe/Berlin`, `UTC`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// What clocks show there at an instant.
    #[must_use]
    pub fn read(&self, instant: Timestamp) -> ZoneTime {
        ZoneTime(
            jiff::Timestamp::from_microsecond(instant.unix_micros())
                .map_or(DateTime::MIN, |instant| self.0.to_datetime(instant)),
        )
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl ZoneTime {
    /// What clocks show at an instant in UTC.
    #[must_use]
    pub fn utc(instant: Timestamp) -> Self {
        Zone(TimeZone::UTC).read(instant)
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub fn hour(self) -> i8 {
        self.0.hour()
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub fn minute(self) -> i8 {
        self.0.minute()
    }

    /// The day of the week, one of [`WEEKDAYS`].
    #[must_use]
    pub fn weekday(self) -> &'static str {
        let days = usize::try_from(self.0.weekday().to_monday_zero_offset()).unwrap_or(0);
        WEEKDAYS[days % WEEKDAYS.len()]
    }
}

/// The date: `2026-11-22`.
impl fmt::Display for ZoneTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_show_the_time_of_their_zone() {
        let check = |instant: &str, zone: &str, expected: &str| {
            let (instant, zone) = (Timestamp::parse(instant).unwrap(), Zone::named(zone).unwrap());
            let time = zone.read(instant);
            assert_eq!(format!("{} {time} {}:{}", time.weekday(), time.hour(), time.minute()), expected);
        };
        check("2026-11-22T23:30:00Z", "UTC", "sunday 2026-11-22 23:30");
        check("2026-11-22T23:30:00Z", "Europe/Berlin", "monday 2026-11-23 0:30");
        check("2026-07-22T23:30:00Z", "Europe/Berlin", "thursday 2026-07-23 1:30");
        check("2026-11-22T23:30:00Z", "Asia/Kolkata", "monday 2026-11-23 5:0");
        assert!(Zone::named("Europe/Bonn").is_none());
    }
}
