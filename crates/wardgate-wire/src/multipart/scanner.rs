//! The parts of a form, found as it arrives.
//!
//! What has been read is not kept, but for the few bytes that may be the beginning of a boundary or of a part's headers. So a
//! form of any size is read in the room of one part's headers, and each byte is looked at once, however it was cut on its way.

use super::disposition;
use crate::peek::PeekError;
use memchr::memmem;
use std::ops::Range;

/// The most parts of a form.
const PARTS_MAX: usize = 1_000;

/// The most bytes of a part's headers.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// How much of a chunk is joined at once to what is left of the chunk before.
const JOIN_BYTES: usize = 4 * 1024;

/// Where the fields stand that routing needs, in bytes from the form's beginning. Those whose ends have come.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value of `model`.
    pub model: Option<Range<usize>>,
    /// The value of `stream`.
    pub stream: Option<Range<usize>>,
    /// The last value of `user`.
    pub end_user: Option<Range<usize>>,
}

/// Reads a form.
#[derive(Debug)]
pub struct Scanner {
    /// A line's end, two dashes, the boundary.
    delimiter: Vec<u8>,
    place: Place,
    /// What was read and decides nothing yet.
    carry: Vec<u8>,
    /// Where the next byte stands that is not decided.
    at: usize,
    /// How much of what is not decided was searched already.
    searched: usize,
    parts: usize,
    found: Found,
}

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the beginning, where the first boundary needs no line before it.
    Beginning,
    /// Before the first boundary.
    Preamble,
    /// Behind a boundary.
    Boundary,
    /// In the headers of a part.
    Head,
    /// In the value of a part, which began there.
    Value(Field, usize),
    /// Behind the last boundary.
    End,
}

/// What a part is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Model,
    Stream,
    EndUser,
    Other,
}

impl Scanner {
    /// Before the first byte.
    #[must_use]
    pub fn new(boundary: &str) -> Self {
        let delimiter = [b"\r\n--".as_slice(), boundary.as_bytes()].concat();
        let (carry, found) = (Vec::new(), Found::default());
        Self { delimiter, place: Place::Beginning, carry, at: 0, searched: 0, parts: 0, found }
    }

    /// What was found so far.
    #[must_use]
    pub const fn found(&self) -> &Found {
        &self.found
    }

    /// Reads on.
    ///
    /// # Errors
    /// When it is no form, or could be read in two ways. What follows is not to be read.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), PeekError> {
        let mut rest = chunk;
        while !self.carry.is_empty() && !rest.is_empty() {
            let carried = self.carry.len();
            let (more, after) = rest.split_at(rest.len().min(JOIN_BYTES));
            let mut joined = std::mem::take(&mut self.carry);
            joined.extend_from_slice(more);
            let read = self.read(&joined)?;
            if read >= carried {
                rest = &rest[read - carried..];
            } else {
                joined.drain(..read);
                (self.carry, rest) = (joined, after);
            }
        }
        if !rest.is_empty() {
            let read = self.read(rest)?;
            self.carry.extend_from_slice(&rest[read..]);
        }
        Ok(())
    }

    /// Says that the form is over.
    ///
    /// # Errors
    /// When it is not.
    pub fn finish(&self) -> Result<(), PeekError> {
        Err(PeekError::NotAForm(match self.place {
            Place::End => return Ok(()),
            Place::Beginning | Place::Preamble => "its boundary is not in it",
            Place::Boundary => "a boundary is not followed by a line's end",
            Place::Head => "the headers of a part have no end",
            Place::Value(..) => "its last boundary is missing",
        }))
    }

    /// Reads what can be decided, and returns how much that is. The rest is to come again, with more behind it.
    fn read(&mut self, input: &[u8]) -> Result<usize, PeekError> {
        let mut read = 0;
        while let Some(step) = self.step(&input[read..])? {
            read += step;
            self.at += step;
            self.searched = 0;
        }
        Ok(read)
    }

    /// How many bytes are decided next; none when more are needed.
    fn step(&mut self, input: &[u8]) -> Result<Option<usize>, PeekError> {
        match self.place {
            Place::Beginning => {
                let first = &self.delimiter[2..];
                if input.len() < first.len() && first.starts_with(input) {
                    return Ok(None);
                }
                let is_first = input.starts_with(first);
                let step = if is_first { first.len() } else { 0 };
                self.place = if is_first { Place::Boundary } else { Place::Preamble };
                Ok(Some(step))
            }
            Place::Preamble => Ok(self.to_delimiter(input).map(|(step, is_found)| {
                if is_found {
                    self.place = Place::Boundary;
                }
                step
            })),
            Place::Boundary => match input {
                [b'-', b'-', ..] => {
                    self.place = Place::End;
                    Ok(Some(2))
                }
                [b'\r', b'\n', ..] if self.parts == PARTS_MAX => Err(PeekError::NotAForm("it has more than 1000 parts")),
                [b'\r', b'\n', ..] => {
                    self.parts += 1;
                    self.place = Place::Head;
                    Ok(Some(2))
                }
                [] | [b'-' | b'\r'] => Ok(None),
                _ => Err(PeekError::NotAForm("a boundary is not followed by a line's end")),
            },
            Place::Head => self.head(input),
            Place::Value(field, began) => {
                let Some((step, is_found)) = self.to_delimiter(input) else { return Ok(None) };
                if is_found {
                    self.keep(field, began..self.at + step - self.delimiter.len());
                    self.place = Place::Boundary;
                }
                Ok(Some(step))
            }
            Place::End => Ok(Some(input.len()).filter(|length| *length > 0)),
        }
    }

    /// Reads the headers of a part, once they are all there.
    fn head(&mut self, input: &[u8]) -> Result<Option<usize>, PeekError> {
        const END: &[u8] = b"\r\n\r\n";
        let within = &input[..input.len().min(HEAD_BYTES_MAX)];
        let from = self.searched.saturating_sub(END.len() - 1);
        let Some(found) = memmem::find(&within[from..], END) else {
            self.searched = within.len();
            if within.len() == HEAD_BYTES_MAX {
                return Err(PeekError::NotAForm("the headers of a part have no end"));
            }
            return Ok(None);
        };
        let head = &input[..from + found];
        if memmem::find(head, &self.delimiter).is_some() {
            return Err(PeekError::NotAForm("a boundary stands in the headers of a part"));
        }
        let step = head.len() + END.len();
        self.place = Place::Value(self.field(disposition::name(head)?)?, self.at + step);
        Ok(Some(step))
    }

    /// What a part of this name is, which must be the only one where a second one could be read in its place.
    fn field(&self, name: &[u8]) -> Result<Field, PeekError> {
        let only = |is_taken: bool, field| {
            if is_taken { Err(PeekError::Duplicate(String::from_utf8_lossy(name).into_owned())) } else { Ok(field) }
        };
        match name {
            b"model" => only(self.found.model.is_some(), Field::Model),
            b"stream" => only(self.found.stream.is_some(), Field::Stream),
            b"user" => Ok(Field::EndUser),
            name if [b"model".as_slice(), b"stream"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
                Err(PeekError::OtherCase(String::from_utf8_lossy(name).into_owned()))
            }
            _ => Ok(Field::Other),
        }
    }

    fn keep(&mut self, field: Field, value: Range<usize>) {
        match field {
            Field::Model => self.found.model = Some(value),
            Field::Stream => self.found.stream = Some(value),
            Field::EndUser => self.found.end_user = Some(value),
            Field::Other => {}
        }
    }

    /// How far it is behind the next boundary, or to where one may begin that has not come whole; and which of the two. None when
    /// that is here.
    fn to_delimiter(&self, input: &[u8]) -> Option<(usize, bool)> {
        if let Some(at) = memmem::find(input, &self.delimiter) {
            return Some((at + self.delimiter.len(), true));
        }
        let step = (input.len() + 1).saturating_sub(self.delimiter.len());
        (step > 0).then_some((step, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan<'b>(chunks: impl Iterator<Item = &'b [u8]>) -> Result<Found, String> {
        let mut scanner = Scanner::new("b");
        for chunk in chunks {
            scanner.push(chunk).map_err(|error| error.to_string())?;
        }
        scanner.finish().map_err(|error| error.to_string())?;
        Ok(scanner.found)
    }

    proptest! {
        #[test]
        fn any_split_finds_the_same(
            bytes in "(--b|--b--|\r\n--b|\r\n|\r\n\r\n|content-disposition:|form-data;name=model|;name=user|-|x){0,40}",
            size in 1usize..20,
        ) {
            let whole = scan(std::iter::once(bytes.as_bytes()));
            let split = scan(bytes.as_bytes().chunks(size));
            // Where two things are wrong, whoever gets all at once may see the other one first.
            prop_assert_eq!(split.is_ok(), whole.is_ok());
            prop_assert_eq!(split.ok(), whole.ok());
        }
    }

    #[test]
    fn a_large_value_is_read_in_little_room() {
        let form = |file: &str| {
            format!(
                "--b\r\ncontent-disposition: form-data; name=f\r\n\r\n{file}\r\n--b\r\ncontent-disposition: form-data; name=model\r\n\r\nm\r\n--b--"
            )
        };
        let form = form(&"\r\n--".repeat(100_000));
        let mut scanner = Scanner::new("b");
        for chunk in form.as_bytes().chunks(1_000) {
            scanner.push(chunk).unwrap();
            assert!(scanner.carry.capacity() <= HEAD_BYTES_MAX, "{} bytes", scanner.carry.capacity());
        }
        scanner.finish().unwrap();
        assert_eq!(&form[scanner.found.model.unwrap()], "m");
    }
}
