//! Probabilities of tokens as legacy Completions tells them: lists side by side.

use crate::json::Json;
use crate::neutral::logprobs::Logprob;

/// Writes the member `logprobs` for tokens that begin at this character of the text: null for none. Says where they end.
pub(super) fn put(json: &mut Json<'_>, tokens: &[Logprob], offset: u64) -> u64 {
    if tokens.is_empty() {
        json.put_null("logprobs");
        return offset;
    }
    let mut end = offset;
    json.put_object("logprobs", |json| {
        json.put_texts("tokens", tokens.iter().map(|token| token.token.as_str()));
        json.put_list("token_logprobs", |json| tokens.iter().for_each(|token| json.raw(token.logprob.literal())));
        match tokens.iter().any(|token| !token.top.is_empty()) {
            true => json.put_list("top_logprobs", |json| tokens.iter().for_each(|token| alternatives(json, token))),
            false => json.put_null("top_logprobs"),
        }
        json.put_list("text_offset", |json| {
            for token in tokens {
                json.number(end);
                end += token.token.chars().count() as u64;
            }
        });
    });
    end
}

/// The alternatives by their text. Of two with the same one the more probable counts, which stands first.
fn alternatives(json: &mut Json<'_>, token: &Logprob) {
    json.object(|json| {
        for (at, other) in token.top.iter().enumerate() {
            if !token.top[..at].iter().any(|earlier| earlier.token == other.token) {
                json.put_member(&other.token, other.logprob.literal());
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::write::object;
    use crate::neutral::request::Number;

    #[test]
    fn lists_stand_side_by_side() {
        let one = |token: &str, number: &str| Number::new(number).map(|number| Logprob::new(token.to_owned(), number));
        let tokens = [one("Hé", "-0.1"), one("!", "-2")].map(|token| {
            let top = token.iter().cloned().chain(one("Hi", "-3")).chain(one("Hi", "-4")).collect();
            token.map(|token| Logprob { top, ..token })
        });
        let tokens: Vec<Logprob> = tokens.into_iter().flatten().collect();
        let mut end = 0;
        let told = object(|json| end = put(json, &tokens, 5));
        assert_eq!(
            String::from_utf8(told).unwrap_or_default(),
            r#"{"logprobs":{"tokens":["Hé","!"],"token_logprobs":[-0.1,-2],"top_logprobs":[{"Hé":-0.1,"Hi":-3},{"!":-2,"Hi":-3}],"text_offset":[5,7]}}"#
        );
        assert_eq!(end, 8);
    }
}
