//! Reading one level of JSON at a time, with the place of what is wrong.

use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::request::Number;
use crate::peek::Key;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Where something stands in a body. Rendered only when somebody has to be told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub(crate) const fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    pub(crate) const fn at(&'p self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// An error about what stands here.
    pub(crate) fn wrong(&self, why: impl Into<String>) -> Untranslatable {
        Untranslatable::new("invalid_value", self.to_string(), why)
    }

    /// An error with a code of its own about what stands here.
    pub(crate) fn refuse(&self, code: &'static str, why: impl Into<String>) -> Untranslatable {
        Untranslatable::new(code, self.to_string(), why)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Path::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Text, borrowed where it has no escapes. (`Option<Cow<str>>` on its own never borrows.)
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct Text<'b>(#[serde(borrow)] pub(crate) Cow<'b, str>);

impl Text<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads a value of bytes that are text in all likelihood. That is quicker checked once than string by string.
pub(crate) fn from_bytes<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, serde_json::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    }
}

/// The members of an object in their order, each taken at most once, so that what nobody took is known.
#[derive(Debug, Default)]
pub(crate) struct Object<'b> {
    members: Vec<Member<'b>>,
}

#[derive(Debug)]
struct Member<'b> {
    key: Cow<'b, str>,
    value: &'b RawValue,
    is_taken: bool,
}

impl<'b> Object<'b> {
    /// Reads a value that must be an object.
    pub(crate) fn read(value: &'b RawValue, path: &Path<'_>) -> Result<Self, Untranslatable> {
        if !value.get().starts_with('{') {
            return Err(path.wrong("must be an object"));
        }
        serde_json::from_str(value.get()).map_err(|_| path.wrong("must be an object"))
    }

    /// The value of a member. `null` counts as absent. Of several with one name the last counts.
    pub(crate) fn take(&mut self, key: &str) -> Option<&'b RawValue> {
        let mut found = None;
        for member in self.members.iter_mut().filter(|member| member.key == key) {
            member.is_taken = true;
            found = Some(member.value);
        }
        found.filter(|value| value.get() != "null")
    }

    /// The same under either of two names, of which the first counts more.
    pub(crate) fn take_either(&mut self, key: &str, other: &str) -> Option<&'b RawValue> {
        let found = self.take(key);
        let second = self.take(other);
        found.or(second)
    }

    pub(crate) fn text(&mut self, key: &str, path: &Path<'_>) -> Result<Option<String>, Untranslatable> {
        self.take(key).map(|value| text(value, &path.key(key))).transpose()
    }

    pub(crate) fn need_text(&mut self, key: &str, path: &Path<'_>) -> Result<String, Untranslatable> {
        self.text(key, path)?.ok_or_else(|| path.key(key).wrong("is missing"))
    }

    pub(crate) fn flag(&mut self, key: &str, path: &Path<'_>) -> Result<Option<bool>, Untranslatable> {
        match self.take(key).map(RawValue::get) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(path.key(key).wrong("must be true or false")),
        }
    }

    pub(crate) fn count(&mut self, key: &str, path: &Path<'_>) -> Result<Option<u64>, Untranslatable> {
        let Some(number) = self.number(key, path)? else { return Ok(None) };
        number.count().map(Some).ok_or_else(|| path.key(key).wrong("must be a whole number that is not negative"))
    }

    pub(crate) fn number(&mut self, key: &str, path: &Path<'_>) -> Result<Option<Number>, Untranslatable> {
        let Some(value) = self.take(key) else { return Ok(None) };
        Number::new(value.get()).map(Some).ok_or_else(|| path.key(key).wrong("must be a number"))
    }

    pub(crate) fn list(&mut self, key: &str, path: &Path<'_>) -> Result<Vec<&'b RawValue>, Untranslatable> {
        self.take(key).map_or(Ok(Vec::new()), |value| list(value, &path.key(key)))
    }

    pub(crate) fn texts(&mut self, key: &str, path: &Path<'_>) -> Result<Vec<String>, Untranslatable> {
        let path = path.key(key);
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        list(value, &path)?.into_iter().enumerate().map(|(index, value)| text(value, &path.at(index))).collect()
    }

    pub(crate) fn object(&mut self, key: &str, path: &Path<'_>) -> Result<Option<Self>, Untranslatable> {
        self.take(key).map(|value| Self::read(value, &path.key(key))).transpose()
    }

    pub(crate) fn raw(&mut self, key: &str) -> Option<Box<RawValue>> {
        self.take(key).map(ToOwned::to_owned)
    }

    /// The names of members that nobody took and that are not null.
    pub(crate) fn rest(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter(|member| !member.is_taken && member.value.get() != "null").map(|member| &*member.key)
    }

    /// Notes members that nobody took as lost.
    pub(crate) fn warn_rest(&self, path: &Path<'_>, warnings: &mut Warnings) {
        for key in self.rest() {
            warnings.add("unknown_field", path.key(key).to_string());
        }
    }

    /// All members, taken or not.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'b RawValue)> {
        self.members.iter().map(|member| (&*member.key, member.value))
    }
}

pub(crate) fn text(value: &RawValue, path: &Path<'_>) -> Result<String, Untranslatable> {
    serde_json::from_str(value.get()).map_err(|_| path.wrong("must be a string"))
}

/// Reads a value that must be an array.
pub(crate) fn list<'b>(value: &'b RawValue, path: &Path<'_>) -> Result<Vec<&'b RawValue>, Untranslatable> {
    serde_json::from_str(value.get()).map_err(|_| path.wrong("must be an array"))
}

/// The same, where a single value may stand without its list, as in Google's JSON.
pub(crate) fn list_or_one<'b>(value: &'b RawValue, path: &Path<'_>) -> Result<Vec<&'b RawValue>, Untranslatable> {
    if value.get().starts_with('[') { list(value, path) } else { Ok(vec![value]) }
}

/// Whether a value is a string.
pub(crate) fn is_text(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push(Member { key, value, is_taken: false });
                }
                Ok(Object { members })
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}
