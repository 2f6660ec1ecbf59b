//! Refusing JSON that is nested absurdly deep, before anyone recurses into it.

use memchr::memchr2_iter;

/// The deepest nesting that a request may have. Tool schemas in use stay below 30.
pub const DEPTH_MAX: usize = 128;

/// Whether a JSON text nests deeper than [`DEPTH_MAX`]. Linear; and where few brackets stand in a long text, as in prompts,
/// little more than a search for them.
#[must_use]
pub fn is_too_deep(json: &[u8]) -> bool {
    // A text with no more brackets than the limit cannot be too deep, whatever they enclose.
    memchr2_iter(b'{', b'[', json).nth(DEPTH_MAX).is_some() && exceeds(json)
}

fn exceeds(json: &[u8]) -> bool {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => at = string_end(json, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    false
}

/// The position of the quote that ends the string whose text starts at `from`.
pub(crate) fn string_end(json: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if json[at] == b'"' {
            return at;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_nesting_and_not_brackets() {
        assert!(!is_too_deep(format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX)).as_bytes()));
        assert!(is_too_deep(format!("{}{}", "[".repeat(DEPTH_MAX + 1), "]".repeat(DEPTH_MAX + 1)).as_bytes()));
        assert!(!is_too_deep("[]".repeat(10_000).as_bytes()));
        assert!(!is_too_deep(format!(r#"{{"a":"{}\"["}}"#, "[".repeat(1_000)).as_bytes()));
    }
}
