//! What people and programs write on an object.

/// The texts on an object. The gateway shows them and does nothing else with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// A name, at most 255 characters. Some kinds of object always have one.
    pub name: Option<String>,
    /// For people, at most 255 characters.
    pub description: Option<String>,
    /// For programs, at most 4,096 characters.
    pub metadata: Option<String>,
}

impl Label {
    /// A label with this name only.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// The name, or nothing.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}
