//! Percent-encoding as RFC 3986 has it: everything but letters, digits and `-._~` is written as `%` and two digits.

use std::fmt::Write;

/// Writes a text into a URL. `kept` is one more character that stays as it is.
pub(crate) fn encode(text: &[u8], kept: Option<u8>, into: &mut String) {
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || Some(byte) == kept {
            into.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// Reads a text from a URL. What is no escape stands for itself.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (*first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (plain, written) in [
            ("us.anthropic.claude-v1:0", "us.anthropic.claude-v1%3A0"),
            ("arn:aws:bedrock:eu-west-1:1:p/x", "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ap%2Fx"),
            ("é%", "%C3%A9%25"),
        ] {
            let mut text = String::new();
            encode(plain.as_bytes(), None, &mut text);
            assert_eq!(text, written);
            assert_eq!(decode(written), plain.as_bytes());
        }
        assert_eq!(decode("a%zz%4"), b"a%zz%4");
    }
}
