//! `create`, `update`, `delete`, `rotate`, `enable` and `disable`.

use super::read::{named, text};
use super::{arguments, body, find};
use crate::client::Query;
use crate::expiry;
use crate::failure::Failure;
use crate::output::{Column, Format};
use crate::resource::{Resource, Verb};
use crate::secret_input;
use crate::session::Session;
use clap::ArgMatches;
use serde_json::{Map, Value, json};

/// What is shown of a new token, the token last so that it is easily copied.
const MINTED: [Column; 3] = [Column::new("ID", "id"), Column::new("NAME", "name"), Column::new("TOKEN", "token")];

pub(super) async fn create(resource: &'static Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let body = body::body(resource, Verb::Create, matches, session).await?;
    let made = session.client.post(resource.path, &body.into()).await?.body;
    show(resource, &made, session);
    Ok(())
}

pub(super) async fn update(resource: &'static Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let body = body::body(resource, Verb::Update, matches, session).await?;
    let path = match named(matches) {
        Some(text) => find::path(resource, text, &session.client).await?,
        None => resource.path.to_owned(),
    };
    let changed = session.client.patch(&path, &body.into(), None).await?.body;
    show(resource, &changed, session);
    Ok(())
}

pub(super) async fn delete(resource: &Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let names: Vec<&String> = matches.get_many("object").into_iter().flatten().collect();
    // Everything of an account goes with it, so it takes more than a slip of the keyboard.
    if resource.command == "account" && !matches.get_flag("yes") {
        let all = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        if !session.surroundings.can_ask {
            return Err(Failure::usage(format!("{all}: nobody is there to confirm the deletion")).hint("pass --yes"));
        }
        let question = format!("Delete {all}, with all keys, configurations and usage of it?");
        if !session.surroundings.ask(&question)? {
            return Err(Failure::error("nothing was deleted"));
        }
    }
    for name in names {
        let id = find::id(resource, name, &session.client).await?;
        let mut path = format!("{}/{id}", resource.path);
        if resource.command == "account" {
            // The API wants the name along, for the same reason.
            let account = session.client.get(&path).await?.body;
            path = format!("{path}?{}", Query::default().with("confirm", text(&account, "name")));
        }
        session.client.delete(&path, None).await?;
        session.done(&id, &format!("{} {name} is deleted", resource.noun));
    }
    Ok(())
}

pub(super) async fn rotate(resource: &Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let name = named(matches).map(String::as_str).unwrap_or_default();
    let mut body = Map::new();
    if arguments::is_minted(resource) {
        if let Some(text) = matches.get_one::<String>("overlap") {
            let seconds = expiry::seconds(text)
                .ok_or_else(|| Failure::usage(format!("--overlap takes a length such as 24h, and is {text:?}")))?;
            body.insert("overlap".to_owned(), format!("{seconds}s").into());
        }
    } else if let Some(source) = secret_input::source(matches) {
        let secret = secret_input::read(&source, &mut session.surroundings)?;
        body.insert("value".to_owned(), secret.expose().into());
    }
    let path = find::path(resource, name, &session.client).await?;
    if !arguments::is_minted(resource) {
        // The API wants the name along with the new value.
        let kept = session.client.get(&path).await?.body;
        body.insert("name".to_owned(), text(&kept, "name").into());
    }
    let rotated = session.client.post(&format!("{path}/rotate"), &body.into()).await?.body;
    show(resource, &rotated, session);
    Ok(())
}

pub(super) async fn set_disabled(
    resource: &Resource,
    matches: &ArgMatches,
    session: &mut Session,
    is_disabled: bool,
) -> Result<(), Failure> {
    let name = named(matches).map(String::as_str).unwrap_or_default();
    let path = find::path(resource, name, &session.client).await?;
    let field = if resource.command == "account" { "suspended" } else { "disabled" };
    let changed = session.client.patch(&path, &json!({ field: is_disabled }), None).await?.body;
    let state = if is_disabled { "disabled" } else { "enabled" };
    match session.format {
        Format::Table => session.done(text(&changed, "id"), &format!("{} {name} is {state}", resource.noun)),
        _ => session.show(&changed, resource.columns),
    }
    Ok(())
}

/// Shows what was made or changed. A token is for whoever asked, and nobody can ask again.
fn show(resource: &Resource, item: &Value, session: &mut Session) {
    let has_token = item.get("token").is_some();
    let is_for_people = session.format == Format::Table && !session.is_quiet;
    if has_token && is_for_people {
        let mut shown = Map::new();
        for column in MINTED {
            shown.insert(column.path.to_owned(), item.get(column.path).cloned().unwrap_or_default());
        }
        session.show(&shown.into(), &MINTED);
    } else {
        session.show(item, resource.columns);
    }
    if has_token && session.is_quiet {
        session.surroundings.note("its token was not printed, and cannot be shown again: rotate it, or leave out --quiet");
    } else if has_token {
        session.surroundings.note("This is the only time the token is shown: keep it now.");
    }
}
