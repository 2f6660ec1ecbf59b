//! `wardgate models`: models with their prices and sizes, of the catalog or as an account may call them.

mod row;

use crate::catalog_file;
use crate::connection::{Connection, Scope};
use crate::failure::{Exit, Failure};
use crate::output::{self, Column};
use crate::session::Session;
use crate::surroundings::Surroundings;
use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use row::Row;
use std::path::PathBuf;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_model::{Ability, Catalog};

const COLUMNS: [Column; 6] = [
    Column::new("ID", "id"),
    Column::new("CONTEXT", "contextWindow"),
    Column::new("MAX OUTPUT", "maxOutputTokens"),
    Column::new("USD/M IN", "inputPrice"),
    Column::new("USD/M OUT", "outputPrice"),
    Column::new("CAN", "can"),
];

/// Which models, and from where.
#[derive(Args)]
struct Wanted {
    /// Only models with this in their id, slug or name.
    search: Option<String>,
    /// Only those of this provider; again for each other.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    provider: Vec<String>,
    /// Only those that this one made; again for each other.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    author: Vec<String>,
    /// Only those that are known to take or do this; again for each more.
    #[arg(long, value_name = "ABILITY", value_delimiter = ',', value_parser = abilities())]
    can: Vec<String>,
    /// Short for `--can tools`.
    #[arg(long)]
    tools: bool,
    /// Only those whose context is known to hold so many tokens, as in 200000, 200k or 1M.
    #[arg(long, value_name = "TOKENS", value_parser = tokens)]
    context_min: Option<u64>,
    /// Only those whose input is known to cost at most so many dollars a million tokens.
    #[arg(long, value_name = "USD", value_parser = price)]
    price_max: Option<PicoUsdPerToken>,
    /// The same for their output.
    #[arg(long, value_name = "USD", value_parser = price)]
    output_price_max: Option<PicoUsdPerToken>,
    /// What they are ordered by.
    #[arg(long, value_enum, default_value = "id")]
    sort: Sort,
    /// The catalog of this program, even if a gateway is there to be asked.
    #[arg(long)]
    catalog: bool,
    /// The catalog with the additions of a file, as `wardgate serve --catalog-file` would have it.
    #[arg(long, value_name = "FILE")]
    catalog_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Their ids.
    Id,
    /// What a usual mixture of input and output costs, the cheapest first.
    Price,
    /// Their context, the largest first.
    Context,
}

fn abilities() -> PossibleValuesParser {
    Ability::ALL.map(Ability::name).into()
}

fn price(text: &str) -> Result<PicoUsdPerToken, String> {
    PicoUsdPerToken::from_usd_per_million(text).ok_or_else(|| "write dollars for a million tokens, as in 2.5".to_owned())
}

fn tokens(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix(['m', 'M']).map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    let count = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(factor));
    count.ok_or_else(|| "write a number of tokens, as in 200000, 200k or 1M".to_owned())
}

pub(super) fn command() -> Command {
    Wanted::augment_args(
        Command::new("models")
            .about("Models with their prices and sizes: those that an account may call, or those of the catalog")
            .long_about(
                "Models with their prices and sizes.\n\nWhere a gateway can be asked (see below: an address, a key, or its data directory), \
                 these are the models that the account may call; otherwise, and with --catalog or --catalog-file, they are those of the \
                 catalog.",
            )
            .after_help(
                "Examples:\n  wardgate models --tools --context-min 200k --price-max 1 --sort price\n  \
                 wardgate models gpt-4o --provider openai,azure --output json\n  \
                 wardgate models --catalog-file catalog.yaml --can images,json_schema",
            ),
    )
}

pub(super) async fn run(matches: &ArgMatches, mut surroundings: Surroundings) -> Result<(), Failure> {
    let usage = |error: clap::Error| Failure::usage(error.to_string());
    let wanted = Wanted::from_arg_matches(matches).map_err(usage)?;
    let connection = Connection::from_arg_matches(matches).map_err(usage)?;
    let (format, is_quiet) = (connection.output, connection.quiet);
    let is_offline = wanted.catalog || wanted.catalog_file.is_some() || !connection.has_context(&surroundings);
    let mut rows = if is_offline {
        of_catalog(&wanted)?
    } else {
        let session = Session::open(&connection, surroundings, Scope::Account)?;
        let listed = session.client.whole("/v1/models", "data").await?;
        surroundings = session.surroundings;
        listed.iter().flat_map(Row::of_listed).collect()
    };
    rows.retain(|row| wanted.holds(row));
    wanted.sort.sort(&mut rows);
    let items: Vec<_> = rows.iter().map(Row::shown).collect();
    let text = output::many(format, is_quiet, items, &COLUMNS, surroundings.columns);
    surroundings.print(&text);
    if rows.is_empty() {
        surroundings.note("there is no such model; leave out some of the conditions");
    }
    Ok(())
}

fn of_catalog(wanted: &Wanted) -> Result<Vec<Row>, Failure> {
    let mut catalog = Catalog::built_in().map_err(|error| Failure::error(error.to_string()))?;
    if let Some(file) = &wanted.catalog_file {
        catalog_file::add(file, &mut catalog).map_err(|bad| Failure::new(Exit::Usage, bad.to_string()))?;
    }
    Ok(catalog.models().iter().filter(|model| model.is_offered).map(|model| Row::of(model)).collect())
}

impl Wanted {
    fn holds(&self, row: &Row) -> bool {
        let is_one_of =
            |names: &[String], name: &str| names.is_empty() || names.iter().any(|own| own.eq_ignore_ascii_case(name));
        let is_at_most = |price: Option<PicoUsdPerToken>, max: Option<PicoUsdPerToken>| {
            max.is_none_or(|max| price.is_some_and(|price| price <= max))
        };
        let can = |ability: &str| row.can.iter().any(|own| own == ability);
        is_one_of(&self.provider, &row.provider)
            && is_one_of(&self.author, &row.author)
            && self.search.as_deref().is_none_or(|text| row.is_called(text))
            && self.can.iter().all(|ability| can(ability))
            && (!self.tools || can(Ability::Tools.name()))
            && self.context_min.is_none_or(|min| row.context_window.is_some_and(|window| window >= min))
            && is_at_most(row.input_price, self.price_max)
            && is_at_most(row.output_price, self.output_price_max)
    }
}

impl Sort {
    fn sort(self, rows: &mut [Row]) {
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        match self {
            Self::Id => {}
            // What is not known comes last.
            Self::Price => rows.sort_by_key(|row| row.blended().unwrap_or(u64::MAX)),
            Self::Context => rows.sort_by_key(|row| std::cmp::Reverse(row.context_window)),
        }
    }
}

#[cfg(test)]
mod tests;
