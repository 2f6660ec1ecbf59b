//! Base 62 of fixed width: digits, upper case, lower case, in that order, so that text sorts as the numbers do.

use std::fmt;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A text that is not base 62 of the expected width, or whose value does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBase62;

impl fmt::Display for NotBase62 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not base 62 of the expected length")
    }
}

impl std::error::Error for NotBase62 {}

/// Writes a big-endian number as exactly `width` digits. Digits that do not fit are cut from the left, so callers choose a
/// width that holds every value: 6 for 4 bytes, 22 for 16 bytes, 43 for 32 bytes.
#[must_use]
pub fn encode(bytes: &[u8], width: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0u32;
        for byte in &mut number {
            let value = (rest << 8) | u32::from(*byte);
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        *digit = ALPHABET[rest as usize];
    }
    // The alphabet is ASCII, so this never replaces anything.
    String::from_utf8_lossy(&digits).into_owned()
}

/// Reads digits into a big-endian number of `N` bytes.
///
/// # Errors
/// When a character is no digit, or the value needs more than `N` bytes.
pub fn decode<const N: usize>(text: &str) -> Result<[u8; N], NotBase62> {
    let mut number = [0u8; N];
    for character in text.bytes() {
        let mut carry = u32::from(digit_value(character).ok_or(NotBase62)?);
        for byte in number.iter_mut().rev() {
            let value = u32::from(*byte) * 62 + carry;
            *byte = (value & 0xff) as u8;
            carry = value >> 8;
        }
        if carry != 0 {
            return Err(NotBase62);
        }
    }
    Ok(number)
}

const fn digit_value(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'A'..=b'Z' => Some(character - b'A' + 10),
        b'a'..=b'z' => Some(character - b'a' + 36),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_wrote(bytes in any::<[u8; 16]>()) {
            let text = encode(&bytes, 22);
            prop_assert_eq!(text.len(), 22);
            prop_assert_eq!(decode::<16>(&text), Ok(bytes));
        }

        #[test]
        fn text_sorts_as_numbers_do(a in any::<[u8; 16]>(), b in any::<[u8; 16]>()) {
            prop_assert_eq!(encode(&a, 22).cmp(&encode(&b, 22)), a.cmp(&b));
        }
    }

    #[test]
    fn refuses_foreign_characters_and_overflow() {
        assert_eq!(decode::<4>("00-000"), Err(NotBase62));
        assert_eq!(decode::<4>("zzzzzz"), Err(NotBase62));
        assert_eq!(decode::<4>("000001"), Ok([0, 0, 0, 1]));
    }
}
