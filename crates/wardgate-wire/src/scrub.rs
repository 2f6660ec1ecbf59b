//! Cutting credentials out of text that comes from elsewhere, and what else is none of a client's business: whose account it is,
//! and where inside of a provider something failed.

use std::net::Ipv4Addr;

/// How credentials in use begin. A word that starts so and is long enough is taken for one.
const PREFIXES: [&str; 20] = [
    "sk-",
    "sk_",
    "ng-",
    "nga-",
    "ngo-",
    "gsk_",
    "xai-",
    "nvapi-",
    "hf_",
    "AIza",
    "pplx-",
    "csk-",
    "key-",
    "Bearer",
    "fw_",
    "ya29.",
    "AKIA",
    "ASIA",
    "ABSK",
    "bedrock-api-key-",
];

/// The shortest word that is taken for a credential by its beginning.
const CREDENTIAL_BYTES_MIN: usize = 12;

/// The shortest id of an account behind its beginning.
const ACCOUNT_BYTES_MIN: usize = 8;

/// The longest id of a request at a provider.
const REQUEST_ID_BYTES_MAX: usize = 128;

const CUT: &str = "[redacted]";

/// The text without the credential that was sent, in clear or not, and without any word that looks like another one.
#[must_use]
pub fn scrub(text: &str, credential: Option<&str>) -> String {
    let text = match credential.filter(|credential| credential.len() >= 4) {
        Some(credential) => text.replace(credential, CUT),
        None => text.to_owned(),
    };
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let word_length = rest.find(is_separator).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(word_length);
        clean.push_str(if is_credential(word) || is_account(word) || is_inside(word) { CUT } else { word });
        let separators = behind.find(|character| !is_separator(character)).unwrap_or(behind.len());
        clean.push_str(&behind[..separators]);
        rest = &behind[separators..];
    }
    clean
}

/// Whether this text from a provider is an id of the kind that requests have, and nothing that a client must not see: neither the
/// credential nor a word that begins as one.
#[must_use]
pub fn is_request_id(text: &str, credential: Option<&str>) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'=' | b'/' | b'+');
    let holds = |credential: &str| credential.len() >= 4 && text.contains(credential);
    (1..=REQUEST_ID_BYTES_MAX).contains(&text.len())
        && text.bytes().all(is_plain)
        && !credential.is_some_and(holds)
        && !text.split(is_separator).any(|word| is_named_credential(word) || is_account(word) || is_inside(word))
}

/// What cannot stand in a credential. The asterisks of half-masked keys can.
fn is_separator(character: char) -> bool {
    !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '*' | '+'))
}

/// An organization's or a project's id at OpenAI and those that imitate it.
fn is_account(word: &str) -> bool {
    let id = word.strip_prefix("org-").or_else(|| word.strip_prefix("org_")).or_else(|| word.strip_prefix("proj_"));
    id.is_some_and(|id| id.trim_end_matches('.').len() >= ACCOUNT_BYTES_MIN && id.bytes().any(|byte| byte.is_ascii_digit()))
}

/// A host that only the provider's own network knows.
fn is_inside(word: &str) -> bool {
    let host = word.trim_end_matches('.');
    [".internal", ".local", ".cluster.local", ".svc", ".corp"].iter().any(|ending| host.ends_with(ending))
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_private() || address.is_link_local())
}

fn is_credential(word: &str) -> bool {
    // A long word of mixed digits and letters is no word of any language.
    let is_random = word.len() >= 32
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !word.contains('.');
    is_named_credential(word) || is_random
}

fn is_named_credential(word: &str) -> bool {
    word.len() >= CREDENTIAL_BYTES_MIN && PREFIXES.iter().any(|prefix| word.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_requests_pass_and_credentials_do_not() {
        let passes = |text: &str| is_request_id(text, Some("secret-1"));
        for id in
            ["req_011CSHoEeqs5C35K2UUqRy7R", "req_0123456789abcdef0123456789abcdef", "5c2b1f0e-1d2c-4b5a-9f8e-7d6c5b4a3f2e"]
        {
            assert!(passes(id), "{id}");
        }
        let long = "x".repeat(REQUEST_ID_BYTES_MAX + 1);
        for no_id in ["", "x-secret-1", "sk-proj-abcdefghijklmnop", "a b", "\u{e9}", "pod.prod.svc", &long] {
            assert!(!passes(no_id), "{no_id}");
        }
    }

    #[test]
    fn cuts_credentials_and_leaves_words() {
        assert_eq!(
            scrub(
                "Incorrect API key provided: sk-proj-abcdefghijklmnop. Find it at https://x.example/keys?key=AIzaSyABCDEFGHIJK",
                None
            ),
            "Incorrect API key provided: [redacted] Find it at https://x.example/keys?key=[redacted]"
        );
        assert_eq!(
            scrub(
                "Rate limit reached in organization org-AbC123dEf456 on tokens (pod api-7.prod.svc.cluster.local, 10.2.3.4:80).",
                None
            ),
            "Rate limit reached in organization [redacted] on tokens (pod [redacted], [redacted]:80)."
        );
        assert_eq!(
            scrub("an org-wide limit of 10.5.1 at example.com and 8.8.8.8", None),
            "an org-wide limit of 10.5.1 at example.com and 8.8.8.8"
        );
        assert_eq!(scrub("got secret-1!", Some("secret-1")), "got [redacted]!");
        assert_eq!(scrub("gpt-4o-mini-2024-07-18 is not a chat model", None), "gpt-4o-mini-2024-07-18 is not a chat model");
        assert_eq!(scrub("sk-short stays", None), "sk-short stays");
    }
}
