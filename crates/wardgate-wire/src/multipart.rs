//! The few fields of a form that routing needs, and where they stand.
//!
//! Forms with files are not rebuilt: the parts are found by their boundary in one pass, and only the value of `model` is
//! replaced. A form that two readers could read differently is refused, since the other reader is the provider.

mod disposition;
mod scanner;

pub use scanner::{Found, Scanner};

use crate::edit::Slices;
use crate::peek::{Peek, PeekError};
use bytes::Bytes;

/// The most bytes of a model's name.
const MODEL_BYTES_MAX: usize = 1_024;

/// The boundary that a `Content-Type` names; none when it is not that of a form.
#[must_use]
pub fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut boundaries = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim())
    });
    // With two of them, two readers could see two forms.
    let (boundary, None) = (boundaries.next()?, boundaries.next()) else { return None };
    let boundary = boundary.strip_prefix('"').and_then(|boundary| boundary.strip_suffix('"')).unwrap_or(boundary);
    let is_plain = !boundary.contains(['"', '\\']);
    (is_plain && (1..=70).contains(&boundary.len())).then_some(boundary)
}

/// Reads a form that is all there.
///
/// # Errors
/// When it is none, or has no model, or could be read in two ways.
pub fn peek(body: &[u8], boundary: &str) -> Result<Peek, PeekError> {
    let mut scanner = Scanner::new(boundary);
    scanner.push(body)?;
    scanner.finish()?;
    of(body, scanner.found())
}

/// What routing needs of a form of which this much has come, and this was found in it.
///
/// # Errors
/// When there is no model in it, or a field that routing needs is of the wrong kind.
pub fn of(held: &[u8], found: &Found) -> Result<Peek, PeekError> {
    let span = found.model.clone().ok_or(PeekError::ModelMissing)?;
    let name = std::str::from_utf8(&held[span.clone()]).ok().filter(|name| name.len() <= MODEL_BYTES_MAX);
    let name = name.filter(|name| !name.contains(char::is_control)).ok_or(PeekError::ModelNotAString)?;
    if name.is_empty() {
        return Err(PeekError::ModelEmpty);
    }
    let stream = found.stream.clone().map(|span| held[span].to_ascii_lowercase());
    let is_stream = match stream.as_deref() {
        None | Some(b"" | b"false" | b"0") => false,
        Some(b"true" | b"1") => true,
        Some(_) => return Err(PeekError::StreamNotABoolean),
    };
    Ok(Peek {
        models: vec![name.to_owned()],
        model_span: Some(span),
        is_model_in_path: false,
        is_stream,
        is_background: false,
        stream_options_span: None,
        asks_for_usage: false,
        asks_for_cost: false,
        has_gateway_only_fields: false,
        has_preferences: false,
        output_tokens_max: None,
        answers: 1,
        output_tokens_span: None,
        has_several_output_caps: false,
        end_user_span: found.end_user.clone(),
        request_model_spans: Vec::new(),
        output_caps: &[],
    })
}

/// The form with another model's name in it.
#[must_use]
pub fn apply(body: &Bytes, peek: &Peek, model: &str) -> Slices {
    match &peek.model_span {
        Some(span) if body[span.clone()] != *model.as_bytes() => {
            vec![body.slice(..span.start), Bytes::from(model.to_owned()), body.slice(span.end..)]
        }
        _ => vec![body.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(disposition: &str, value: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
    }

    fn check(parts: &[String], expected: Result<(&str, bool), &str>) {
        let body = format!("{}--b--\r\n", parts.concat());
        let found = peek(body.as_bytes(), "b").map(|peek| (peek.models[0].clone(), peek.is_stream));
        let found = found.map_err(|error| error.to_string());
        match (&found, expected) {
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (Ok((model, is_stream)), Ok(expected)) => assert_eq!((model.as_str(), *is_stream), expected),
            (found, expected) => panic!("{found:?} {expected:?} {body}"),
        }
    }

    #[test]
    fn the_model_is_found_wherever_it_stands() {
        let file = || part("name=\"file\"; filename=\"a;name=model.mp3\"", "\r\n--x\r\nname=\"model\"\r\n\r\n");
        check(&[part("name=\"model\"", "whisper-1"), file()], Ok(("whisper-1", false)));
        check(&[file(), part("name=model", "up:m"), part("name=\"stream\"", "True")], Ok(("up:m", true)));
        check(&[part("NAME=\"model\"", "m"), part("name=\"stream\"", "false")], Ok(("m", false)));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let model = || part("name=\"model\"", "m");
        check(&[model(), model()], Err("stands in the body more than once"));
        check(&[part("name=\"Model\"", "m")], Err("in another case than the format has it"));
        check(&[part("name*=UTF-8''model", "m"), model()], Err("encoded"));
        check(&[part("name=\"x\"; name=\"model\"", "m")], Err("two names"));
        check(&[part("name=\"mo\\del\"", "m")], Err("escaped"));
        check(&[part("filename=\"x\"", "m")], Err("no name"));
        check(&[part("name=\"file\"; filename=\"a\\\"; name=model\"", "m")], Err("an escaped quote"));
        check(&[part("name=\"file\"", "m")], Err("\"model\" is missing"));
        check(&[part("name=\"model\"", "")], Err("empty"));
        check(&[part("name=\"model\"", "a\nb")], Err("must be a string"));
        check(&[model(), part("name=\"stream\"", "maybe")], Err("true or false"));
        check(&[model(), "--b\r\nno end".to_owned()], Err("have no end"));
        check(&["--b\r\n\r\nx\r\n".to_owned(), model()], Err("in the headers"));
        for body in ["", "--c--", "--b", "--b--x", "--b\r\n\r\n"] {
            assert!(peek(body.as_bytes(), "b").is_err(), "{body}");
        }
    }

    #[test]
    fn boundaries() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data; charset=x; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=a; boundary=b", None),
            ("multipart/form-data; boundary=\"a;boundary=b\"", None),
            ("multipart/form-data; boundary=\"a\\b\"", None),
            ("application/json; boundary=abc", None),
        ] {
            assert_eq!(boundary(content_type), expected, "{content_type}");
        }
    }

    proptest! {
        #[test]
        fn only_the_model_changes(before in "[a-z\r\n-]{0,40}", after in "[a-z\r\n-]{0,40}", model in "[a-z]{1,8}") {
            let form = |model: &str| {
                format!("{}{}{}--b--", part("name=\"p\"", &before), part("name=\"model\"", model), part("name=\"q\"", &after))
            };
            let body = Bytes::from(form(&model));
            if let Ok(peek) = peek(&body, "b") {
                prop_assert_eq!(&peek.models[0], &model);
                let applied = apply(&body, &peek, "other").concat();
                prop_assert_eq!(String::from_utf8_lossy(&applied), form("other"));
            }
        }

        #[test]
        fn no_bytes_panic(bytes in "(--b|\r\n|name=|\"|;|:|content-disposition|model|[ -~\\xff]){0,30}", cut in 0usize..4) {
            let bytes = &bytes.as_bytes()[..bytes.len().saturating_sub(cut)];
            let _ = peek(bytes, "b");
        }
    }
}
