//! Patterns with stars: `gpt-4*`.

/// Whether a text is what a pattern says: `*` is any number of characters, `?` is one. Case matters. Takes at most as many steps
/// as the lengths multiplied.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on when it does not fit: behind the last star, one character further.
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p + 1, t));
                p += 1;
            }
            Some(one) if *one == '?' || *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((after, from)) => {
                    back = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        let check = |pattern, text, expected| assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        check("gpt-4*", "gpt-4o-mini", true);
        check("gpt-4*", "gpt-3.5", false);
        check("*mini*", "gpt-4o-mini-2024", true);
        check("*a*b", "aabbab", true);
        check("*a*b", "aabba", false);
        check("claude-?-*", "claude-3-opus", true);
        check("", "", true);
        check("*", "", true);
        check("?", "", false);
    }
}
