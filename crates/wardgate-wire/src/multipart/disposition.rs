//! How the headers of a part name it.

use crate::peek::PeekError;
use memchr::memmem;

/// The name that the headers of a part give it.
pub(super) fn name(head: &[u8]) -> Result<&[u8], PeekError> {
    let mut found = None;
    for line in head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        if line[..colon].trim_ascii().eq_ignore_ascii_case(b"content-disposition")
            && found.replace(&line[colon + 1..]).is_some()
        {
            return Err(PeekError::NotAForm("a part has two dispositions"));
        }
    }
    let disposition = found.ok_or(PeekError::NotAForm("a part has no name"))?;
    // Readers do not agree on where a text with such a quote in it ends.
    if memmem::find(disposition, b"\\\"").is_some() {
        return Err(PeekError::NotAForm("a part's name or file name holds an escaped quote"));
    }
    let mut name = None;
    for parameter in parameters(disposition) {
        let Some(equals) = parameter.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) = (parameter[..equals].trim_ascii(), parameter[equals + 1..].trim_ascii());
        // Another way to write a name, which some readers follow and some do not.
        if key.eq_ignore_ascii_case(b"name*") {
            return Err(PeekError::NotAForm("a part's name is encoded"));
        }
        if key.eq_ignore_ascii_case(b"name") && name.replace(value).is_some() {
            return Err(PeekError::NotAForm("a part has two names"));
        }
    }
    let name = name.ok_or(PeekError::NotAForm("a part has no name"))?;
    let plain = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
    if plain.contains(&b'\\') || plain.contains(&b'"') {
        return Err(PeekError::NotAForm("a part's name is escaped"));
    }
    Ok(plain)
}

/// The parameters of a header, at semicolons that no quotes hold.
fn parameters(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    header.split(move |byte| {
        is_quoted ^= *byte == b'"';
        *byte == b';' && !is_quoted
    })
}
