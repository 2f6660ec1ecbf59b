//! `wardgate credits`: an account's prepaid money.

use super::{arguments, find, open, read};
use crate::client::Query;
use crate::connection::Scope;
use crate::expiry;
use crate::failure::Failure;
use crate::output::{self, Column, Format};
use crate::resource::PURCHASE;
use crate::session::Session;
use crate::surroundings::Surroundings;
use clap::{Arg, ArgMatches, Command};
use serde_json::{Map, Value, json};

const TRANSACTIONS: [Column; 6] = [
    Column::new("CREATED", "createdAt"),
    Column::new("TYPE", "type"),
    Column::new("CATEGORY", "category"),
    Column::new("CENTS", "amountCents"),
    Column::new("EXPIRES", "expiresAt"),
    Column::new("NOTE", "note"),
];

pub(super) fn command() -> Command {
    let purchase = |verb: &'static str, about: &'static str| {
        Command::new(verb)
            .about(about)
            .arg(Arg::new("object").value_name("PURCHASE").required(true).help("The purchase, by id"))
    };
    let status = &PURCHASE.filters[0];
    Command::new("credits")
        .about("An account's prepaid money; without a command below, what is left")
        .after_help("Examples:\n  wardgate credits\n  wardgate credits top-up 25.00\n  wardgate credits add 50 --account acme --note welcome")
        .subcommand(
            Command::new("balance").about("What is left").after_help("Examples:\n  wardgate credits balance --account acme"),
        )
        .subcommand(arguments::listing(
            Command::new("transactions")
                .about("What was added, newest first")
                .after_help("Examples:\n  wardgate credits transactions --output json"),
        ))
        .subcommand(
            Command::new("top-up")
                .about("Ask the operator for credits")
                .after_help("Examples:\n  wardgate credits top-up 25.00")
                .arg(amount()),
        )
        .subcommand(arguments::listing(
            Command::new("purchases")
                .about(PURCHASE.about)
                .after_help("Examples:\n  wardgate credits purchases --status pending --account acme")
                .arg(Arg::new(status.flag).long(status.flag).help(status.help).value_parser([
                    "pending",
                    "succeeded",
                    "failed",
                ])),
        ))
        .subcommand(
            purchase("approve", "Say that a purchase is paid, which adds its credits (with an operator key)")
                .after_help("Examples:\n  wardgate credits approve aigcp_… --account acme --note \"invoice 2026-117\"")
                .arg(text("note", "What stands beside the credits")),
        )
        .subcommand(
            purchase("decline", "Say that a purchase will not be (with an operator key)")
                .after_help("Examples:\n  wardgate credits decline aigcp_… --account acme --reason \"no order number\"")
                .arg(text("reason", "Why, for the account")),
        )
        .subcommand(
            Command::new("add")
                .about("Add to an account's balance (with an operator key)")
                .after_help(
                    "Examples:\n  wardgate credits add 50 --account acme --category promotional --note welcome --expires 365d",
                )
                .arg(amount())
                .arg(
                    Arg::new("category")
                        .long("category")
                        .value_parser(["purchase", "promotional"])
                        .default_value("purchase")
                        .help("Whether it was paid for or is given"),
                )
                .arg(text("note", "What stands beside the credits"))
                .arg(text("expires", "When what is left of it is void: 365d or an instant [default: never]")),
        )
}

fn text(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("TEXT").help(help)
}

fn amount() -> Arg {
    Arg::new("amount").value_name("USD").required(true).help("How much, in US dollars, as 25.00")
}

pub(super) async fn run(matches: &ArgMatches, surroundings: Surroundings) -> Result<(), Failure> {
    let (verb, matches) = matches.subcommand().unwrap_or(("balance", matches));
    let scope = if ["approve", "decline", "add"].contains(&verb) { Scope::OperatorInAccount } else { Scope::Account };
    let mut session = open(matches, surroundings, scope)?;
    match verb {
        "balance" => balance(&mut session).await,
        "transactions" => transactions(matches, &mut session).await,
        "top-up" => top_up(matches, &mut session).await,
        "add" => add(matches, &mut session).await,
        "purchases" => read::list(&PURCHASE, matches, &mut session).await,
        verb => settle(verb, matches, &mut session).await,
    }
}

async fn balance(session: &mut Session) -> Result<(), Failure> {
    let answer = session.client.get("/credits/balance").await?.body;
    let text = match session.format {
        Format::Table => {
            let cents = answer.get("balanceCents").and_then(Value::as_i64).unwrap_or_default();
            let sign = if cents < 0 { "-" } else { "" };
            let cents = cents.unsigned_abs();
            format!("{sign}{}.{:02} USD\n", cents / 100, cents % 100)
        }
        format => output::document(format, &answer),
    };
    session.surroundings.print(&text);
    Ok(())
}

async fn transactions(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let max = arguments::items_max(matches);
    let listed = session.client.list("/credits/transactions", "items", &Query::default(), max).await?;
    session.show_all(listed.items, &TRANSACTIONS);
    if listed.has_more {
        session.surroundings.note("older ones are left out; --all shows all");
    }
    Ok(())
}

async fn add(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let mut body = json!({"amountCents": wanted_cents(matches)?, "category": matches.get_one::<String>("category")});
    if let Some(note) = matches.get_one::<String>("note") {
        body["note"] = note.as_str().into();
    }
    if let Some(text) = matches.get_one::<String>("expires") {
        body["expiresAt"] = expiry::future(text, session.surroundings.now())?.to_string().into();
    }
    let added = session.client.post("/credits", &body).await?.body;
    session.show(&added, &TRANSACTIONS);
    Ok(())
}

fn wanted_cents(matches: &ArgMatches) -> Result<u64, Failure> {
    let text = matches.get_one::<String>("amount").map(String::as_str).unwrap_or_default();
    cents(text).ok_or_else(|| Failure::usage(format!("{text:?} is no amount of dollars, such as 25 or 25.00")))
}

async fn top_up(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let made = session.client.post("/credits/purchases", &json!({ "amount": wanted_cents(matches)? })).await?.body;
    session.show(&made, PURCHASE.columns);
    if read::text(&made, "status") == "pending" {
        session.surroundings.note("The operator decides on it: `wardgate credits purchases` shows how far it is.");
    }
    Ok(())
}

async fn settle(verb: &str, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let id = read::named(matches).map(String::as_str).unwrap_or_default();
    let path = find::path(&PURCHASE, id, &session.client).await?;
    let mut body = Map::new();
    for field in ["note", "reason"] {
        if let Some(text) = matches.try_get_one::<String>(field).ok().flatten() {
            body.insert(field.to_owned(), text.as_str().into());
        }
    }
    let settled = session.client.post(&format!("{path}/{verb}"), &body.into()).await?.body;
    session.show(&settled, PURCHASE.columns);
    Ok(())
}

/// Dollars as cents. More than two digits after the point are refused rather than rounded.
fn cents(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) || fraction.len() > 2 {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<2}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::cents;

    #[test]
    fn dollars_are_counted_in_cents() {
        for (text, expected) in [("25", Some(2_500)), ("25.5", Some(2_550)), ("0.01", Some(1)), ("1.005", None), ("-1", None)] {
            assert_eq!(cents(text), expected, "{text}");
        }
    }
}
