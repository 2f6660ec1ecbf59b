//! What is wrong with a body, all of it at once.

use crate::error::ApiError;

/// The most problems that one answer names.
const PROBLEMS_MAX: usize = 50;

/// What is wrong with a body.
#[derive(Default)]
pub(crate) struct Problems(Vec<Problem>);

struct Problem {
    path: String,
    code: String,
    error_code: Option<&'static str>,
    why: String,
}

impl Problems {
    /// Adds one: our word, the code of the API we are compatible with, and the reason with what to do about it.
    pub(crate) fn add(
        &mut self,
        path: impl Into<String>,
        code: impl Into<String>,
        error_code: Option<&'static str>,
        why: impl Into<String>,
    ) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(Problem { path: path.into(), code: code.into(), error_code, why: why.into() });
        }
    }

    /// What was read, if nothing is wrong with it.
    pub(crate) fn settle<T>(self, read: Option<T>) -> Result<T, ApiError> {
        self.check()?;
        // Reading gives nothing only where it adds a problem.
        read.ok_or_else(|| ApiError::bad_request("bad_body", "The body could not be read."))
    }

    /// An error that tells them all, if there are any. The first one gives the codes.
    pub(crate) fn check(self) -> Result<(), ApiError> {
        let Some(first) = self.0.first() else { return Ok(()) };
        let msg = match self.0.len() {
            1 => format!("{}: {}.", first.path, first.why),
            count => format!("{}: {}. The body has {} more; see details.", first.path, first.why, problems(count - 1)),
        };
        let mut error = ApiError::bad_request(first.code.clone(), msg).known_as(first.error_code);
        for problem in self.0 {
            // `code` is taken.
            let key = if problem.path == "code" { "body.code".to_owned() } else { problem.path };
            error = error.detail(key, problem.why);
        }
        Err(error)
    }
}

fn problems(count: usize) -> String {
    if count == 1 { "one problem".to_owned() } else { format!("{count} problems") }
}
