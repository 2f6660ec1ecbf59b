//! One run of a command: whom it talks to, and how it prints.

use crate::client::Client;
use crate::connection::{Connection, Scope};
use crate::failure::Failure;
use crate::output::{self, Column, Format};
use crate::surroundings::Surroundings;
use serde_json::Value;
use std::sync::Arc;

/// A client, and someone who reads what it brings.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) surroundings: Surroundings,
    pub(crate) format: Format,
    pub(crate) is_quiet: bool,
}

impl Session {
    pub(crate) fn open(connection: &Connection, surroundings: Surroundings, scope: Scope) -> Result<Self, Failure> {
        let target = connection.target(&surroundings, scope)?;
        let client = Client::new(target, Arc::clone(&surroundings.random));
        Ok(Self { client, surroundings, format: connection.output, is_quiet: connection.quiet })
    }

    /// Prints one object: its id only, or as a program wants it, or these fields first.
    pub(crate) fn show(&mut self, item: &Value, first: &[Column]) {
        let text = match (self.is_quiet, self.format) {
            (true, _) => format!("{}\n", output::id(item)),
            (false, Format::Table) => output::record(item, first, self.surroundings.columns),
            (false, Format::Csv) => output::lines(std::slice::from_ref(item), first),
            (false, format) => output::document(format, item),
        };
        self.surroundings.print(&text);
    }

    /// Prints many of them.
    pub(crate) fn show_all(&mut self, items: Vec<Value>, columns: &[Column]) {
        let text = output::many(self.format, self.is_quiet, items, columns, self.surroundings.columns);
        self.surroundings.print(&text);
    }

    /// Says what was done to an object that is not shown.
    pub(crate) fn done(&mut self, id: &str, what: &str) {
        match (self.is_quiet, self.format) {
            (true, _) => self.surroundings.print(&format!("{id}\n")),
            (false, Format::Table) => self.surroundings.print(&format!("{what}\n")),
            // A program sees the exit status.
            (false, _) => {}
        }
    }
}
