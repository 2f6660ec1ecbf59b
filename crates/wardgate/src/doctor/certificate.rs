//! From when to when a certificate is valid.
//!
//! Nothing else of it matters here, so this reads just as far as it must (RFC 5280, 4.1): each element is a tag, a length and a
//! content, and the validity is the fifth of the part that is signed, or the fourth where there is no version.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;
use wardgate_core::time::Timestamp;

const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Begin and end of the first certificate in a PEM file; none where it cannot be read.
pub(super) fn validity(path: &Path) -> Option<(Timestamp, Timestamp)> {
    let certificate = CertificateDer::pem_file_iter(path).ok()?.next()?.ok()?;
    of(&certificate)
}

fn of(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (_, certificate, _) = element(der)?;
    let (_, signed, _) = element(certificate)?;
    let (tag, _, mut rest) = element(signed)?;
    if tag == VERSION {
        // The serial number.
        (_, _, rest) = element(rest)?;
    }
    // The algorithm and the issuer.
    for _ in 0..2 {
        (_, _, rest) = element(rest)?;
    }
    let (_, validity, _) = element(rest)?;
    let (begin_tag, begin, rest) = element(validity)?;
    let (end_tag, end, _) = element(rest)?;
    Some((time(begin_tag, begin)?, time(end_tag, end)?))
}

/// Tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, short], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        // So many bytes of length. Four are more than any certificate has.
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn time(tag: u8, content: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(content).ok()?;
    let full = match tag {
        // Of two digits, 50 and more are of the last century.
        UTC_TIME if text.len() == 13 => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        GENERALIZED_TIME if text.len() == 15 => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to);
    let (date, clock) = ((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(8, 10)?, part(10, 12)?, part(12, 14)?));
    Timestamp::parse(&format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_standard_says() {
        let check = |tag: u8, text: &str, expected: Option<&str>| {
            assert_eq!(time(tag, text.as_bytes()), expected.and_then(Timestamp::parse), "{text}");
        };
        check(UTC_TIME, "261122103000Z", Some("2026-11-22T10:30:00Z"));
        check(UTC_TIME, "750101000000Z", Some("1975-01-01T00:00:00Z"));
        check(GENERALIZED_TIME, "20500102030405Z", Some("2050-01-02T03:04:05Z"));
        for (tag, text) in
            [(UTC_TIME, "2611221030Z"), (GENERALIZED_TIME, "261122103000Z"), (0x02, "261122103000Z"), (UTC_TIME, "")]
        {
            check(tag, text, None);
        }
    }

    #[test]
    fn what_is_no_certificate_is_nothing() {
        for der in
            [&[][..], &[0x30], &[0x30, 0x85, 1, 1, 1, 1, 1], &[0x30, 0x10, 0x30, 0x0e], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]]
        {
            assert_eq!(of(der), None);
        }
    }
}
