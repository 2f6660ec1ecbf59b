//! The table of resources as a command line.

use crate::connection::Connection;
use crate::resource::{Field, Filter, Resource, Takes, Verb, When};
use crate::secret_input;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command};
use std::path::PathBuf;

/// How many items a list shows when nobody says.
const ITEMS_DEFAULT: &str = "100";

/// The command of a resource, with one below for each verb. What can only be listed needs no word for that.
pub(super) fn command(resource: &'static Resource) -> Command {
    let command = Command::new(resource.command).about(resource.about);
    let command = match resource.verbs {
        [only] => with_verb(command, resource, *only).about(resource.about),
        verbs => command
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommands(verbs.iter().map(|verb| with_verb(Command::new(verb.word()), resource, *verb))),
    };
    with_connection(command)
}

/// With the options of every command.
pub(super) fn with_connection(command: Command) -> Command {
    Connection::augment_args(command)
}

/// Which verb was chosen, and its options.
pub(super) fn chosen<'a>(resource: &Resource, matches: &'a ArgMatches) -> (Verb, &'a ArgMatches) {
    let below = matches.subcommand();
    let verb = resource.verbs.iter().find(|verb| below.is_some_and(|(word, _)| word == verb.word()));
    let only = resource.verbs.first().copied().unwrap_or(Verb::List);
    (verb.copied().unwrap_or(only), below.map_or(matches, |(_, matches)| matches))
}

impl Verb {
    /// Its command.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Rotate => "rotate",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Grants => "grants",
        }
    }

    fn about(self, resource: &Resource) -> String {
        let noun = resource.noun;
        match self {
            Self::List if !resource.is_paged => "List them all".to_owned(),
            Self::List => format!("List them, newest first: at most {ITEMS_DEFAULT} unless told otherwise"),
            Self::Get if resource.is_single() => "Show it".to_owned(),
            Self::Get => "Show one".to_owned(),
            Self::Create if is_minted(resource) => "Make one. Its token is shown this once".to_owned(),
            Self::Create => "Make one".to_owned(),
            Self::Update => "Change what the options name, and nothing else; an empty text clears".to_owned(),
            Self::Delete => "Delete one or more, for good".to_owned(),
            Self::Rotate if is_minted(resource) => "Give it a new token, which is shown this once".to_owned(),
            Self::Rotate => "Give it a new credential; its id stays".to_owned(),
            Self::Enable => format!("Let a disabled {noun} work again"),
            Self::Disable => "Refuse it until it is enabled".to_owned(),
            Self::Grant => format!("Let accounts use a {noun}"),
            Self::Revoke => format!("Let accounts use a {noun} no longer"),
            Self::Grants => format!("List the accounts that may use a {noun}"),
        }
    }
}

/// Whether the gateway makes the secret of such an object, and shows it once.
pub(super) fn is_minted(resource: &Resource) -> bool {
    ["access-key", "api-key", "operator-key"].contains(&resource.command)
}

fn with_verb(command: Command, resource: &'static Resource, verb: Verb) -> Command {
    let examples = resource.examples.iter().filter(|(of, _)| *of == verb).flat_map(|(_, lines)| lines.iter());
    let examples: String = examples.map(|line| format!("\n  {line}")).collect();
    let command = command.about(verb.about(resource)).after_help(format!("Examples:{examples}"));
    match verb {
        Verb::List if !resource.is_paged => command,
        Verb::List => listing(resource.filters.iter().map(filter).fold(command, Command::arg)),
        Verb::Get if resource.is_single() => command,
        Verb::Get | Verb::Enable | Verb::Disable | Verb::Grants => command.arg(object(resource)),
        Verb::Create => {
            let command = fields(command, resource, Verb::Create).arg(from_file());
            named(resource).into_iter().fold(command, Command::arg)
        }
        Verb::Update if resource.is_single() => fields(command, resource, Verb::Update).arg(from_file()),
        Verb::Update => fields(command.arg(object(resource)), resource, Verb::Update).arg(from_file()),
        Verb::Delete => {
            let command = command.arg(object(resource).num_args(1..).action(ArgAction::Append));
            if resource.command == "account" { command.arg(yes("Do not ask")) } else { command }
        }
        Verb::Rotate if is_minted(resource) => command.arg(object(resource)).arg(
            Arg::new("overlap")
                .long("overlap")
                .value_name("TIME")
                .help("For how long the old token works beside the new one, as 24h [default: not at all]"),
        ),
        Verb::Rotate => secret_input::options(command.arg(object(resource)), "The new credential"),
        Verb::Grant | Verb::Revoke => command.arg(object(resource)).arg(
            Arg::new("accounts")
                .value_name("ACCOUNT")
                .required(true)
                .num_args(1..)
                .action(ArgAction::Append)
                .help("Accounts, by name or id"),
        ),
    }
}

/// How much of a list is wanted.
pub(super) fn listing(command: Command) -> Command {
    command
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("COUNT")
                .value_parser(clap::value_parser!(u32).range(1..))
                .default_value(ITEMS_DEFAULT)
                .help("At most so many"),
        )
        .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).conflicts_with("limit").help("All there are"))
}

/// The number of items that is wanted; none: all.
pub(super) fn items_max(matches: &ArgMatches) -> Option<usize> {
    if matches.get_flag("all") {
        return None;
    }
    matches.get_one::<u32>("limit").map(|count| usize::try_from(*count).unwrap_or(usize::MAX))
}

pub(super) fn yes(help: &'static str) -> Arg {
    Arg::new("yes").long("yes").short('y').action(ArgAction::SetTrue).help(help)
}

fn object(resource: &Resource) -> Arg {
    let noun = resource.noun;
    let help = match resource.naming.qualifier {
        Some(_) => format!("The {noun}, by id, by name, or as PROVIDER/NAME"),
        None if resource.naming.field == "providerId" => format!("The {noun}, by what clients write, or by id"),
        None => format!("The {noun}, by name or id"),
    };
    Arg::new("object").value_name(resource.command.to_uppercase().replace('-', "_")).required(true).help(help)
}

/// What a new one is to be called, for those who write it as other commands take it.
pub(super) const NEW_NAME: &str = "new-name";

fn named(resource: &Resource) -> Option<Arg> {
    let field = resource.fields.iter().find(|field| field.path == resource.naming.field)?;
    let value_name = if field.path == "providerId" { "PROVIDER" } else { "NAME" };
    Some(Arg::new(NEW_NAME).value_name(value_name).conflicts_with(field.flag).help(format!("The same as --{}", field.flag)))
}

fn from_file() -> Arg {
    Arg::new("from-file")
        .long("from-file")
        .short('f')
        .value_name("PATH")
        .value_parser(clap::value_parser!(PathBuf))
        .help("Fields in YAML or JSON, as the API takes them; - reads standard input. Options go over it")
}

fn fields(command: Command, resource: &'static Resource, verb: Verb) -> Command {
    resource.fields.iter().filter(|field| field.is_set_by(verb)).fold(command, |command, field| {
        if matches!(field.takes, Takes::Secret) {
            return secret_input::options(command, field.help);
        }
        command.arg(option(field.flag, field.takes, field.help))
    })
}

fn filter(filter: &Filter) -> Arg {
    option(filter.flag, filter.takes, filter.help)
}

fn option(flag: &'static str, takes: Takes, help: &'static str) -> Arg {
    let option = Arg::new(flag).long(flag).help(help);
    match takes {
        Takes::Text | Takes::Secret => option.value_name("TEXT"),
        Takes::Number => option.value_name("NUMBER"),
        Takes::OneOf(words) => option.value_name("WORD").value_parser(PossibleValuesParser::new(words)),
        Takes::List => option.value_name("TEXT").action(ArgAction::Append),
        Takes::Expiry | Takes::Past => option.value_name("TIME"),
        Takes::Ref(_) => option.value_name("NAME"),
    }
}

impl Field {
    /// Whether the option is there for this verb.
    pub(crate) fn is_set_by(&self, verb: Verb) -> bool {
        match self.when {
            When::CreateRequired | When::Create => verb == Verb::Create,
            When::Required | When::Always => true,
            When::Update => verb == Verb::Update,
        }
    }
}
