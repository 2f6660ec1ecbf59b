//! JSON as translation needs it: objects in the order they came, numbers as they were written, and text straight into a buffer.
//!
//! No tree of values is built. A reader sees one level at a time and leaves what is below as it stands, so that schemas and
//! arguments pass byte for byte.

pub(crate) mod count;
pub(crate) mod read;
pub(crate) mod tree;
pub(crate) mod word;
pub(crate) mod write;

pub(crate) use read::{Object, Path, Text, from_bytes, list};
pub(crate) use write::Json;
