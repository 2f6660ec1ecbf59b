//! Finding what only its maker can read in bytes that nobody takes apart.
//!
//! Signatures and sealed reasoning are worth something to one credential alone, so routing wants to know who made the newest in a
//! conversation. An envelope says so itself. Of a raw piece a number is made, by which it is known again when it comes back. The
//! pieces are searched for by the names they have, which no text can hold unescaped; one that is overlooked costs an attempt at
//! worst.
//!
//! Of Responses the same holds for ids: what a conversation names by its id alone, only who gave the id can find.

use crate::neutral::opaque::Opaque;
use crate::recall;
use crate::wants::hash;
use base64ct::{Base64, Encoding};
use memchr::{memchr3, memmem};
use std::collections::VecDeque;
use wardgate_core::format::Format;

/// The newest such piece of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Minted {
    /// It names its maker: [`crate::neutral::opaque::mark`].
    By(u64),
    /// It is raw, and this is its number.
    Raw(u64),
}

/// How many places are looked at in a conversation, and pieces in each run of an answer.
const PLACES_MAX: usize = 16;

/// What is shorter than this is no such piece, in characters.
const LENGTH_MIN: usize = 16;

/// How much of a piece makes its number, at its beginning, in its middle and at its end, in bytes. A piece may be long.
const SAMPLE_BYTES: usize = 128;

/// How much of an envelope in base64 is opened to see who made it, in characters.
const HEAD_CHARACTERS: usize = 96;

/// The names that pieces have in a format.
const fn names(format: Format) -> &'static [&'static str] {
    match format {
        Format::AnthropicMessages => &["\"signature\""],
        Format::OpenAiResponses => &["\"encrypted_content\""],
        Format::OpenAiChat => &["\"signature\"", "\"thought_signature\""],
        Format::Gemini => &["\"thoughtSignature\"", "\"thought_signature\""],
        _ => &[],
    }
}

/// The newest piece in a conversation: the one that stands last. What is named by its id alone comes before all that is there.
#[must_use]
pub fn newest(format: Format, body: &[u8]) -> Option<Minted> {
    if let Some(id) = named(format, body) {
        return Some(Minted::Raw(number(id)));
    }
    let raw = names(format).iter().flat_map(|name| {
        let places = last_places(body, name.as_bytes());
        places.into_iter().rev().find_map(|at| Some((at, read(value(&body[at + name.len()..])?)?)))
    });
    // An envelope may stand elsewhere too: in what only is sealed.
    let prefix: &[u8] = if format == Format::Gemini { b"\"d2cxL" } else { b"\"wg1." };
    let envelope = || {
        let places = last_places(body, prefix);
        places.into_iter().rev().find_map(|at| Some((at, Minted::By(maker(until_end(&body[at + 1..]))?))))
    };
    let envelope = (!names(format).is_empty()).then(envelope).flatten();
    raw.chain(envelope).max_by_key(|(at, _)| *at).map(|(_, minted)| minted)
}

/// The id of the answer that a conversation goes on behind, else that of the last item that it may name by its id.
fn named(format: Format, body: &[u8]) -> Option<&[u8]> {
    if format != Format::OpenAiResponses {
        return None;
    }
    let last = |name: &[u8]| last_places(body, name).into_iter().rev().find_map(|at| id(&body[at + name.len()..]));
    last(b"\"previous_response_id\"").or_else(|| recall::names_items(body).then(|| last(ID)).flatten())
}

/// The name of an answer's id, and of an item's.
const ID: &[u8] = b"\"id\"";

/// An id behind its name, of those kinds that conversations name.
fn id(rest: &[u8]) -> Option<&[u8]> {
    let id = value(rest).filter(|id| id.len() >= LENGTH_MIN)?;
    [&b"resp_"[..], b"msg_", b"rs_", b"fc_"].iter().any(|kind| id.starts_with(kind)).then_some(id)
}

/// The last places of a name. Searched from the front, since that is many times faster than from the end.
fn last_places(body: &[u8], name: &[u8]) -> VecDeque<usize> {
    let mut places = VecDeque::new();
    for at in memmem::find_iter(body, name) {
        if places.len() == PLACES_MAX {
            places.pop_front();
        }
        places.push_back(at);
    }
    places
}

/// The numbers of the raw pieces in an answer, or in whole events of one, and of the ids in it that a conversation may name.
pub fn each(format: Format, answer: &[u8], mut found: impl FnMut(u64)) {
    if format == Format::OpenAiResponses {
        let ids = memmem::find_iter(answer, ID).filter_map(|at| id(&answer[at + ID.len()..]));
        ids.take(PLACES_MAX).for_each(|id| found(number(id)));
    }
    for name in names(format) {
        for at in memmem::find_iter(answer, *name).take(PLACES_MAX) {
            if let Some(Minted::Raw(number)) = value(&answer[at + name.len()..]).and_then(read) {
                found(number);
            }
        }
    }
}

/// The text behind a member's name.
fn value(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    Some(until_end(rest))
}

/// A text up to its end, or to where base64 ends: some write the padding with escapes.
fn until_end(text: &[u8]) -> &[u8] {
    &text[..memchr3(b'"', b'\\', b'=', text).unwrap_or(text.len())]
}

fn read(value: &[u8]) -> Option<Minted> {
    if value.starts_with(b"wg1.") || value.starts_with(b"d2cxL") {
        return maker(value).map(Minted::By);
    }
    (value.len() >= LENGTH_MIN).then(|| Minted::Raw(number(value)))
}

fn maker(envelope: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(envelope).ok()?;
    if text.starts_with("wg1.") {
        return Opaque::from_envelope(text).map(|opaque| opaque.origin.mark);
    }
    let head = &text[..text.floor_char_boundary(HEAD_CHARACTERS.min(text.len() / 4 * 4))];
    let head = String::from_utf8_lossy(&Base64::decode_vec(head).ok()?).into_owned();
    Opaque::from_envelope(&head).map(|opaque| opaque.origin.mark)
}

fn number(piece: &[u8]) -> u64 {
    let sample = SAMPLE_BYTES.min(piece.len());
    let middle = (piece.len() - sample) / 2;
    let starts = [0, middle, piece.len() - sample];
    starts.iter().fold(piece.len() as u64, |seed, start| hash(&piece[*start..start + sample], seed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::opaque::{OpaqueKind, Origin};
    use proptest::prelude::*;

    fn raw(piece: &str) -> Option<Minted> {
        Some(Minted::Raw(number(piece.as_bytes())))
    }

    #[test]
    fn the_last_piece_counts_and_text_does_not() {
        let check = |format, body: &str, expected| assert_eq!(newest(format, body.as_bytes()), expected, "{body}");
        let (one, two) = ("A".repeat(20), "B".repeat(500));
        check(
            Format::AnthropicMessages,
            &format!(
                r#"[{{"signature":"{one}"}},{{"signature" : "{two}==","x":"\"signature\":\"{one}\""}},{{"signature":""}}]"#
            ),
            raw(&two),
        );
        check(Format::OpenAiResponses, &format!(r#"{{"encrypted_content":"{one}\u003d"}}"#), raw(&one));
        check(Format::OpenAiResponses, r#"{"encrypted_content":null,"encrypted_content":"short"}"#, None);
        check(Format::CohereChat, &format!(r#"{{"signature":"{one}"}}"#), None);
    }

    #[test]
    fn an_envelope_says_who_made_it() {
        let origin = Origin { format: Format::Gemini, mark: 0xabc };
        let opaque = Opaque { origin, kind: OpaqueKind::Encrypted, data: "x.y".to_owned() };
        for client in [Format::AnthropicMessages, Format::OpenAiResponses, Format::OpenAiChat] {
            let body = format!(r#"{{"type":"x","data":"{}"}},{{"data":"wg1.unsigned"}}"#, opaque.shown_to(client));
            assert_eq!(newest(client, body.as_bytes()), Some(Minted::By(0xabc)), "{client:?}");
        }
        let origin = Origin { format: Format::AnthropicMessages, ..origin };
        let shown = Opaque { origin, data: "x".repeat(1_000), ..opaque }.shown_to(Format::Gemini);
        let body = format!(r#"{{"thoughtSignature":"{}"}}"#, Base64::encode_string(shown.as_bytes()));
        assert_eq!(newest(Format::Gemini, body.as_bytes()), Some(Minted::By(0xabc)));
    }

    #[test]
    fn a_piece_is_known_again() {
        let piece = "gAAAAA".repeat(200);
        let event =
            format!("data: {{\"item\":{{\"encrypted_content\":\"{piece}==\"}}}}\n\ndata: {{\"encrypted_content\":\"\"}}\n\n");
        let mut found = Vec::new();
        each(Format::OpenAiResponses, event.as_bytes(), |number| found.push(number));
        let body = format!(r#"{{"input":[{{"encrypted_content": "{piece}=="}}]}}"#);
        assert_eq!(newest(Format::OpenAiResponses, body.as_bytes()), found.first().copied().map(Minted::Raw));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn what_is_named_by_its_id_leads_to_who_gave_the_id() {
        let (answer, item, sealed) = ("resp_0123456789abcdef", "msg_0123456789abcdef", "A".repeat(40));
        let event = format!(
            r#"data: {{"response":{{"id": "{answer}","output":[{{"id":"{item}"}},{{"id":"call_0123456789abcdef"}}]}}}}"#
        );
        let mut found = Vec::new();
        each(Format::OpenAiResponses, event.as_bytes(), |number| found.push(number));
        assert_eq!(found, [number(answer.as_bytes()), number(item.as_bytes())]);
        each(Format::OpenAiChat, event.as_bytes(), |_| panic!("Chat has no such ids"));
        let check = |body: &str, expected| assert_eq!(newest(Format::OpenAiResponses, body.as_bytes()), expected, "{body}");
        let reference = format!(r#"{{"id":"{item}","type":"item_reference"}}"#);
        check(
            &format!(r#"{{"input":[{reference},{{"encrypted_content":"{sealed}"}},{{"id":"call_0123456789abcdef"}}]}}"#),
            raw(item),
        );
        check(&format!(r#"{{"previous_response_id":"{answer}","input":[{reference}]}}"#), raw(answer));
        check(
            &format!(r#"{{"previous_response_id":null,"input":[{{"id":"{item}","encrypted_content":"{sealed}"}}]}}"#),
            raw(&sealed),
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in r#"("(signature|id|item_reference|previous_response_id|wg1\.|d2cxL)"?[:"\\= a-z]{0,20}){0,6}"#) {
            for format in Format::ALL {
                let _ = newest(format, body.as_bytes());
                each(format, body.as_bytes(), |_| {});
            }
        }
    }
}
