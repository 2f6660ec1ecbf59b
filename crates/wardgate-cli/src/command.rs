//! The commands: what the table of resources says, and a few that are no list of objects.

mod arguments;
mod body;
mod change;
mod credits;
mod declare;
mod explain;
mod find;
mod grants;
mod models;
mod read;
mod usage;

use crate::connection::{Connection, Scope};
use crate::failure::Failure;
use crate::resource::{self, Resource, Verb};
use crate::session::Session;
use crate::surroundings::Surroundings;
use clap::{ArgMatches, Command, FromArgMatches};

/// Every command of this crate, for the command line to have beside its own.
#[must_use]
pub fn commands() -> Vec<Command> {
    let resources = resource::ALL.iter().map(|resource| arguments::command(resource));
    let others =
        [usage::command(), credits::command(), explain::command(), models::command()].into_iter().chain(declare::commands());
    resources.chain(others.map(arguments::with_connection)).collect()
}

/// Runs the command with this name.
///
/// # Errors
/// When it could not be done; the failure says why.
pub async fn run(name: &str, matches: &ArgMatches, surroundings: Surroundings) -> Result<(), Failure> {
    if let Some(resource) = resource::ALL.iter().find(|resource| resource.command == name) {
        let (verb, matches) = arguments::chosen(resource, matches);
        let mut session = open(matches, surroundings, resource.scope)?;
        return on(resource, verb, matches, &mut session).await;
    }
    match name {
        "usage" => usage::run(matches, surroundings).await,
        "credits" => credits::run(matches, surroundings).await,
        "models" => models::run(matches, surroundings).await,
        "explain" => explain::run(matches, surroundings).await,
        "apply" => declare::apply(matches, surroundings).await,
        "diff" => declare::diff(matches, surroundings).await,
        "export" => declare::export(matches, surroundings).await,
        other => Err(Failure::usage(format!("there is no command {other:?}"))),
    }
}

/// A session with the connection that the options describe.
fn open(matches: &ArgMatches, surroundings: Surroundings, scope: Scope) -> Result<Session, Failure> {
    let connection = Connection::from_arg_matches(matches).map_err(|error| Failure::usage(error.to_string()))?;
    Session::open(&connection, surroundings, scope)
}

async fn on(resource: &'static Resource, verb: Verb, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    match verb {
        Verb::List => read::list(resource, matches, session).await,
        Verb::Get => read::get(resource, matches, session).await,
        Verb::Create => change::create(resource, matches, session).await,
        Verb::Update => change::update(resource, matches, session).await,
        Verb::Delete => change::delete(resource, matches, session).await,
        Verb::Rotate => change::rotate(resource, matches, session).await,
        Verb::Enable => change::set_disabled(resource, matches, session, false).await,
        Verb::Disable => change::set_disabled(resource, matches, session, true).await,
        Verb::Grant => grants::grant(resource, matches, session).await,
        Verb::Revoke => grants::revoke(resource, matches, session).await,
        Verb::Grants => grants::list(resource, matches, session).await,
    }
}

#[cfg(test)]
mod tests;
