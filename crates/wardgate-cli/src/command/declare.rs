//! `apply`, `diff` and `export`.

mod confirm;
mod prepare;
mod tokens;

use super::arguments;
use crate::apply::{self, Done};
use crate::connection::{Connection, Scope};
use crate::document::{self, Kind, json_schema};
use crate::export as exporting;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format};
use crate::plan::{self, Allowed, Names, Plan};
use crate::session::Session;
use crate::surroundings::Surroundings;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use prepare::Prepared;
use serde_json::Value;
use std::path::PathBuf;
use tokens::Tokens;

pub(super) fn commands() -> [Command; 3] {
    let apply = Command::new("apply")
        .about("Make an account what a document says")
        .long_about(
            "Makes an account what a document says: shows what differs, asks, and does it. What a section leaves out is only \
             deleted with --prune, and sections that are not there are not looked at. A second run finds nothing to do.",
        )
        .after_help(
            "Examples:\n  wardgate apply -f acme.yaml\n  wardgate apply -f documents/ --dry-run\n  \
             wardgate apply -f acme.yaml --prune --yes --tokens-out new-keys.jsonl",
        );
    let apply =
        wanted(apply).arg(flag("dry-run", "Show what would be done, and do nothing")).arg(arguments::yes("Do not ask")).arg(
            Arg::new("tokens-out")
                .long("tokens-out")
                .value_name("PATH")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Where the tokens of new access keys go, a line of JSON each, instead of to standard output"),
        );
    let diff = Command::new("diff").about("Show what `apply` would do").after_help(
        "Examples:\n  wardgate diff -f acme.yaml\n  wardgate diff -f documents/ --prune --exit-code    in CI: 4 if it differs",
    );
    let diff = wanted(diff).arg(flag("exit-code", "End with the status 4 if anything differs"));
    let export = Command::new("export")
        .about("Print what an account has as a document that `apply` takes back")
        .after_help(
            "Examples:\n  wardgate export > acme.yaml\n  wardgate export --account acme --output json\n  \
             wardgate export --gateway > gateway.yaml    tiers and managed keys, with an operator key",
        )
        .arg(flag("gateway", "Print the tiers and managed keys of the gateway instead").conflicts_with("account"))
        .arg(flag("schema", "Print the JSON Schema of documents, for editors, instead").exclusive(true));
    [apply, diff, export]
}

fn wanted(command: Command) -> Command {
    command
        .arg(
            Arg::new("file")
                .long("file")
                .short('f')
                .value_name("PATH")
                .value_parser(clap::value_parser!(PathBuf))
                .action(ArgAction::Append)
                .required(true)
                .help("A document, a directory of them, or - for standard input; give it again for more"),
        )
        .arg(flag("prune", "Delete what the documents' sections leave out"))
        .arg(flag("rotate-secrets", "Send the values of provider keys that are there already, too"))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

pub(super) async fn diff(matches: &ArgMatches, surroundings: Surroundings) -> Result<(), Failure> {
    let (mut session, all) = planned(matches, surroundings).await?;
    let plans: Vec<&Plan> = all.iter().map(|prepared| &prepared.plan).collect();
    show(&plans, &mut session);
    let differs = plans.iter().any(|plan| !plan.operations.is_empty());
    if differs && matches.get_flag("exit-code") {
        return Err(Failure::new(Exit::Conflict, "what there is differs from the documents"));
    }
    Ok(())
}

pub(super) async fn apply(matches: &ArgMatches, surroundings: Surroundings) -> Result<(), Failure> {
    let (mut session, mut all) = planned(matches, surroundings).await?;
    let is_for_people = session.format == Format::Table;
    let total: usize = all.iter().map(|prepared| prepared.plan.operations.len()).sum();
    let is_dry = matches.get_flag("dry-run");
    if is_for_people || is_dry {
        show(&all.iter().map(|prepared| &prepared.plan).collect::<Vec<_>>(), &mut session);
    }
    if is_dry {
        session.surroundings.note("Nothing was done: this was a dry run.");
        return Ok(());
    }
    for prepared in &mut all {
        prepared.secrets = apply::secrets(&prepared.plan, &mut session.surroundings)?;
    }
    if total > 0 {
        confirm::confirm(&all, matches.get_flag("yes"), &mut session.surroundings)?;
    }
    let path = matches.get_one::<PathBuf>("tokens-out");
    let mut tokens = Tokens::open(path.map(PathBuf::as_path), is_for_people)?;
    let mut result = Ok(());
    let mut results = Vec::new();
    let mut known = Names::default();
    for prepared in &mut all {
        prepared.names.join(&known);
        let (done, failure) = run(prepared, &mut tokens, &mut session).await;
        if prepared.plan.is_gateways {
            known = prepared.names.clone();
        }
        results.push(plan::as_json(&prepared.plan, done));
        if let Some(failure) = failure {
            result = Err(apply::stopped(&failure, &prepared.plan, done));
            break;
        }
    }
    if is_for_people {
        if result.is_ok() && total > 0 {
            let noun = if total == 1 { "operation was" } else { "operations were" };
            session.surroundings.note(&format!("{total} {noun} done."));
        }
    } else {
        tokens.add_to(&mut results);
        let text = output::document(session.format, &Value::Array(results));
        session.surroundings.print(&text);
    }
    tokens.tell(&mut session.surroundings);
    result
}

/// Does the operations of one account, until one fails. Gives how many were done.
async fn run(prepared: &mut Prepared, tokens: &mut Tokens, session: &mut Session) -> (usize, Option<Failure>) {
    session.client.in_account(prepared.account_id.clone());
    let plan = &prepared.plan;
    let count = plan.operations.len();
    for (number, operation) in plan.operations.iter().enumerate() {
        let secret = prepared.secrets.get(&number);
        match apply::perform(operation, secret, &mut prepared.names, &session.client).await {
            Ok(Done::Nothing) => {}
            Ok(Done::Account(id)) => session.client.in_account(Some(id)),
            Ok(Done::Key(minted)) => {
                if let Err(failure) = tokens.take(plan.account.as_deref(), &minted, &mut session.surroundings) {
                    return (number + 1, Some(failure));
                }
            }
            Err(failure) => return (number, Some(failure)),
        }
        if !session.is_quiet {
            session.surroundings.note(&format!("[{}/{count}] {}", number + 1, plan::line(operation)));
        }
    }
    (count, None)
}

pub(super) async fn export(matches: &ArgMatches, mut surroundings: Surroundings) -> Result<(), Failure> {
    if matches.get_flag("schema") {
        surroundings.print(&format!("{:#}\n", json_schema()));
        return Ok(());
    }
    let is_gateways = matches.get_flag("gateway");
    let scope = if is_gateways { Scope::Operator } else { Scope::Account };
    let mut session = super::open(matches, surroundings, scope)?;
    let export = if is_gateways {
        exporting::export_gateway(&prepare::everything_of_gateway(&mut session).await?)
    } else {
        exporting::export(&prepare::everything(&mut session).await?)
    };
    let text = match session.format {
        Format::Json => format!("{:#}\n", Value::Object(export.document.clone())),
        Format::Table | Format::Yaml | Format::Csv => exporting::as_yaml(&export),
    };
    session.surroundings.print(&text);
    for note in &export.notes {
        session.surroundings.note(note);
    }
    Ok(())
}

/// The plans for the gateway and all accounts that the documents are for. All of them, before anything is done.
async fn planned(matches: &ArgMatches, mut surroundings: Surroundings) -> Result<(Session, Vec<Prepared>), Failure> {
    let paths = matches.get_many::<PathBuf>("file").into_iter().flatten();
    let files = document::read_all(paths, &mut surroundings)?;
    let documents = document::documents_of(files)?;
    let desired = &documents.accounts;
    if desired.is_empty() && documents.gateway.is_empty() {
        return Err(Failure::usage("the documents are empty"));
    }
    let allowed = Allowed { prune: matches.get_flag("prune"), rotate_secrets: matches.get_flag("rotate-secrets") };
    let connection = Connection::from_arg_matches(matches).map_err(|error| Failure::usage(error.to_string()))?;
    // Whoever names accounts means to act in several, which takes an operator key.
    let is_operators = |desired: &document::Desired| desired.account.is_some() || desired.sections.contains_key(&Kind::Grant);
    let takes_operator = !documents.gateway.is_empty() || desired.iter().any(is_operators);
    let scope = if takes_operator { Scope::Operator } else { Scope::Account };
    if let Some(chosen) = &connection.account
        && let Some(name) = desired.iter().filter_map(|desired| desired.account.as_ref()).find(|name| *name != chosen)
    {
        return Err(Failure::usage(format!("--account says {chosen}, and the documents say {name}: leave out one of them")));
    }
    let mut session = Session::open(&connection, surroundings, scope)?;
    let gateway = prepare::gateway(&documents, allowed, &mut session).await?;
    let mut all = Vec::new();
    for desired in documents.accounts {
        all.push(prepare::prepare(desired, &gateway, allowed, &mut session).await?);
    }
    let prepare::Gateway { before, after, .. } = gateway;
    if !documents.gateway.is_empty() {
        all.insert(0, before);
    }
    if !after.plan.operations.is_empty() || !after.plan.notes.is_empty() {
        all.push(after);
    }
    Ok((session, all))
}

fn show(plans: &[&Plan], session: &mut Session) {
    let text = match session.format {
        Format::Table if session.is_quiet => return,
        Format::Table => plans.iter().map(|plan| plan::as_text(plan)).collect(),
        format => output::document(format, &plans.iter().map(|plan| plan::as_json(plan, 0)).collect()),
    };
    session.surroundings.print(&text);
}
