//! Which accounts may use a managed key.

use super::find;
use super::read::{named, text};
use crate::client::Encoded;
use crate::failure::Failure;
use crate::output::Column;
use crate::resource::{ACCOUNT, Resource};
use crate::session::Session;
use clap::ArgMatches;

const COLUMNS: [Column; 2] = [Column::new("ACCOUNT", "id"), Column::new("NAME", "account.name")];

pub(super) async fn grant(resource: &Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    each(resource, matches, session, true).await
}

pub(super) async fn revoke(resource: &Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    each(resource, matches, session, false).await
}

async fn each(resource: &Resource, matches: &ArgMatches, session: &mut Session, is_grant: bool) -> Result<(), Failure> {
    let key = named(matches).map(String::as_str).unwrap_or_default();
    let path = find::path(resource, key, &session.client).await?;
    for name in matches.get_many::<String>("accounts").into_iter().flatten() {
        let account = find::id(&ACCOUNT, name, &session.client).await?;
        let grant = format!("{path}/grants/{}", Encoded(&account));
        if is_grant {
            session.client.put(&grant, None).await?;
            session.done(&account, &format!("account {name} may use {key}"));
        } else {
            session.client.delete(&grant, None).await?;
            session.done(&account, &format!("account {name} may no longer use {key}"));
        }
    }
    Ok(())
}

pub(super) async fn list(resource: &Resource, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let key = named(matches).map(String::as_str).unwrap_or_default();
    let path = find::path(resource, key, &session.client).await?;
    let listed = session.client.list(&format!("{path}/grants"), "grants", &Default::default(), None).await?;
    let mut items = listed.items;
    for item in &mut items {
        if text(item, "id").is_empty()
            && let Some(id) = item.get("accountId").cloned()
            && let Some(fields) = item.as_object_mut()
        {
            fields.insert("id".to_owned(), id);
        }
    }
    session.show_all(items, &COLUMNS);
    Ok(())
}
