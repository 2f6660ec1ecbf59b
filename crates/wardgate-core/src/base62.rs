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

/// The digits of a 16-byte number.
pub const WIDTH_16: usize = 22;

/// The digits of a 32-byte number.
pub const WIDTH_32: usize = 43;

/// Writes 16 bytes, a big-endian number, as 22 digits.
#[must_use]
pub fn encode_16(bytes: &[u8; 16]) -> String {
    ascii(&digits_16(bytes))
}

/// The 22 digits of 16 bytes, a big-endian number. Ids are written several times a request, so this one is made for speed: the
/// number is cut into parts that fit a machine word before its digits are taken.
#[must_use]
pub fn digits_16(bytes: &[u8; 16]) -> [u8; WIDTH_16] {
    /// 62 to the tenth: the largest power whose remainders fit a word with room to spare.
    const TEN_DIGITS: u128 = 839_299_365_868_340_224;
    let number = u128::from_be_bytes(*bytes);
    let (rest, low) = (number / TEN_DIGITS, (number % TEN_DIGITS) as u64);
    let (high, middle) = ((rest / TEN_DIGITS) as u64, (rest % TEN_DIGITS) as u64);
    let mut digits = [b'0'; WIDTH_16];
    for (mut part, place) in [(high, 0..2), (middle, 2..12), (low, 12..22)] {
        for digit in digits[place].iter_mut().rev() {
            *digit = ALPHABET[(part % 62) as usize];
            part /= 62;
        }
    }
    digits
}

/// Reads 22 digits into 16 bytes.
///
/// # Errors
/// When there are not exactly 22 digits, or their value needs more than 16 bytes.
pub fn decode_16(text: &str) -> Result<[u8; 16], NotBase62> {
    if text.len() != WIDTH_16 {
        return Err(NotBase62);
    }
    let mut number = 0u128;
    for character in text.bytes() {
        let digit = digit_value(character).ok_or(NotBase62)?;
        number = number.checked_mul(62).and_then(|number| number.checked_add(u128::from(digit))).ok_or(NotBase62)?;
    }
    Ok(number.to_be_bytes())
}

/// Writes 32 bytes, a big-endian number, as 43 digits.
#[must_use]
pub fn encode_32(bytes: &[u8; 32]) -> String {
    let mut number = *bytes;
    let mut digits = [b'0'; WIDTH_32];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0u32;
        for byte in &mut number {
            let value = (rest << 8) | u32::from(*byte);
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        *digit = ALPHABET[rest as usize];
    }
    ascii(&digits)
}

/// Writes 4 bytes, a big-endian number, as 6 digits.
#[must_use]
pub fn encode_4(number: u32) -> [u8; 6] {
    let mut rest = number;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// Whether a text consists of digits alone.
#[must_use]
pub fn is_digits(text: &str) -> bool {
    text.bytes().all(|character| digit_value(character).is_some())
}

/// The alphabet is ASCII, so this never replaces anything.
fn ascii(digits: &[u8]) -> String {
    String::from_utf8_lossy(digits).into_owned()
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
            prop_assert_eq!(decode_16(&encode_16(&bytes)), Ok(bytes));
        }

        #[test]
        fn text_sorts_as_numbers_do(a in any::<[u8; 16]>(), b in any::<[u8; 16]>()) {
            prop_assert_eq!(encode_16(&a).cmp(&encode_16(&b)), a.cmp(&b));
        }

        #[test]
        fn the_wide_form_agrees_with_the_fast_one(bytes in any::<[u8; 16]>()) {
            let mut wide = [0; 32];
            wide[16..].copy_from_slice(&bytes);
            let text = encode_32(&wide);
            prop_assert_eq!(&text[..WIDTH_32 - WIDTH_16], "0".repeat(WIDTH_32 - WIDTH_16));
            prop_assert_eq!(&text[WIDTH_32 - WIDTH_16..], encode_16(&bytes));
        }
    }

    #[test]
    fn refuses_foreign_characters_wrong_length_and_overflow() {
        assert_eq!(decode_16("00000000000000000000-0"), Err(NotBase62));
        assert_eq!(decode_16("0"), Err(NotBase62));
        assert_eq!(decode_16(&"z".repeat(22)), Err(NotBase62));
        assert_eq!(encode_16(&[255; 16]), "7n42DGM5Tflk9n8mt7Fhc7");
        assert_eq!(encode_4(u32::MAX), *b"4gfFC3");
        assert!(is_digits("09azAZ") && !is_digits("a-b") && !is_digits("\u{e9}"));
    }
}
