//! A JSON tree whose members keep their order and whose scalars keep their spelling: for schemas that must be changed.

use super::read::{Object, Path, list};
use super::write::string;
use crate::neutral::loss::Untranslatable;
use serde_json::value::RawValue;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tree {
    Object(Vec<(String, Tree)>),
    Array(Vec<Tree>),
    /// Text, a number, true, false or null, as written.
    Scalar(String),
}

impl Tree {
    /// Reads a value. Its depth was bounded when the body came in.
    pub(crate) fn read(value: &RawValue, path: &Path<'_>) -> Result<Self, Untranslatable> {
        match value.get().as_bytes().first() {
            Some(b'{') => {
                let object = Object::read(value, path)?;
                let members = object.members().map(|(key, value)| Ok((key.to_owned(), Self::read(value, &path.key(key))?)));
                members.collect::<Result<_, _>>().map(Self::Object)
            }
            Some(b'[') => {
                let values = list(value, path)?.into_iter().enumerate();
                values.map(|(index, value)| Self::read(value, &path.at(index))).collect::<Result<_, _>>().map(Self::Array)
            }
            _ => Ok(Self::Scalar(value.get().to_owned())),
        }
    }

    pub(crate) fn text(text: &str) -> Self {
        let mut out = Vec::new();
        string(&mut out, text);
        Self::Scalar(String::from_utf8(out).unwrap_or_default())
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<String> {
        match self {
            Self::Scalar(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Object(members) => {
                out.push(b'{');
                for (number, (key, value)) in members.iter().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    string(out, key);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
            Self::Array(values) => {
                out.push(b'[');
                for (number, value) in values.iter().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    value.write(out);
                }
                out.push(b']');
            }
            Self::Scalar(text) => out.extend_from_slice(text.as_bytes()),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}
