//! What a command has around it: time, randomness, the environment, a terminal. Tests bring their own.

use crate::failure::Failure;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::sync::Arc;
use wardgate_core::random::Random;
use wardgate_core::secret::Secret;
use wardgate_core::time::{Clock, Timestamp};

/// Reads a variable of the environment.
pub type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The world outside, as arguments.
pub struct Surroundings {
    /// The time of day, for `--expires 90d`.
    pub clock: Arc<dyn Clock>,
    /// For idempotency keys.
    pub random: Arc<dyn Random>,
    /// Reads a variable of the environment.
    pub variable: Variables,
    /// Standard output: results, and nothing else.
    pub out: Box<dyn Write + Send>,
    /// Standard error: notes, questions, progress.
    pub err: Box<dyn Write + Send>,
    /// Standard input.
    pub input: Box<dyn BufRead + Send>,
    /// How many columns tables may take; none where nobody looks.
    pub columns: Option<u16>,
    /// Whether someone sees what is written to standard error, and when.
    pub shows_progress: bool,
    /// Whether someone is there to answer a question.
    pub can_ask: bool,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let columns = if std::io::stdout().is_terminal() {
            terminal_size::terminal_size().map(|(terminal_size::Width(columns), _)| columns)
        } else {
            None
        };
        Self {
            clock,
            random,
            variable: Box::new(variable_of_process),
            // Styles are taken out where they would not be seen, and where NO_COLOR asks for that.
            out: Box::new(anstream::stdout()),
            err: Box::new(anstream::stderr()),
            input: Box::new(std::io::BufReader::new(std::io::stdin())),
            columns,
            shows_progress: std::io::stderr().is_terminal(),
            can_ask: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        }
    }

    /// A variable of the environment. One that is set to nothing counts as not set.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Prints a result. A reader that went away is no failure.
    pub(crate) fn print(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    /// Tells the person at the terminal something that is no result.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}").and_then(|()| self.err.flush());
    }

    /// Says how far something is, in place of what was said before; nothing clears it.
    pub(crate) fn progress(&mut self, text: &str) {
        // To the start of the line, and nothing behind what is written.
        let _ = write!(self.err, "\r{text}\x1b[K").and_then(|()| self.err.flush());
    }

    /// Asks a question that is answered with yes or no.
    pub(crate) fn ask(&mut self, question: &str) -> Result<bool, Failure> {
        write!(self.err, "{question} [y/N] ").and_then(|()| self.err.flush())?;
        let mut line = String::new();
        (&mut self.input).take(ANSWER_BYTES_MAX).read_line(&mut line)?;
        Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// All of standard input, which holds a secret. What follows the first line is no part of it.
    pub(crate) fn read_secret(&mut self) -> Result<Secret, Failure> {
        let mut text = String::new();
        (&mut self.input).take(SECRET_BYTES_MAX).read_to_string(&mut text)?;
        Ok(Secret::new(text))
    }

    /// All of standard input, up to so many bytes and one more.
    pub(crate) fn read_input(&mut self, bytes_max: u64) -> Result<String, Failure> {
        let mut text = String::new();
        (&mut self.input).take(bytes_max.saturating_add(1)).read_to_string(&mut text)?;
        Ok(text)
    }
}

/// The longest answer to a question that is read.
const ANSWER_BYTES_MAX: u64 = 1_024;

/// The longest secret that is read.
pub(crate) const SECRET_BYTES_MAX: u64 = 64 * 1_024;

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the command line reads the environment, for everything else in it"
)]
fn variable_of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
