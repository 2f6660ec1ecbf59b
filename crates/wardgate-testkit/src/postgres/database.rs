//! A database of one test.

use super::Postgres;

/// A database. It is deleted when this is dropped, whoever is still connected.
pub struct Database {
    server: Postgres,
    name: String,
}

impl Database {
    pub(super) const fn new(server: Postgres, name: String) -> Self {
        Self { server, name }
    }

    /// Where it is, with the password of its owner.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The server that it is on.
    #[must_use]
    pub const fn server(&self) -> &Postgres {
        &self.server
    }

    /// Runs commands, apart from whatever else is connected, and gives the output: a line a row, with `|` between cells.
    ///
    /// # Panics
    /// When a command fails.
    pub fn run(&self, sql: &str) -> String {
        self.server.run(&self.name, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server.drop_database(&self.name);
    }
}
