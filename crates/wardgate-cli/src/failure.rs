//! Why a command did not do what it was asked, and the exit status by which scripts tell the cases apart.

use std::fmt;

/// The exit statuses. Their numbers never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Something went wrong that is none of the others: no connection, a broken answer, a server's error.
    Error = 1,
    /// The command line, a document or a value in them is not usable as it stands.
    Usage = 2,
    /// What was named is not there.
    NotFound = 3,
    /// It exists already, is in use, or was changed by someone else meanwhile.
    Conflict = 4,
    /// The key is missing or wrong, or may not do this.
    Refused = 5,
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// A command that failed. The text is for people and holds no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to end the process with.
    pub exit: Exit,
    /// What happened and why.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into(), hint: None }
    }

    /// Of the general kind.
    pub(crate) fn error(text: impl Into<String>) -> Self {
        Self::new(Exit::Error, text)
    }

    /// The command line cannot be followed.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// With what to do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// A reader that went away is no failure; anything else of input and output is.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::error(error.to_string())
    }
}
