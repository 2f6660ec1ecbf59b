//! `wardgate credits`: an account's prepaid money.

use super::{arguments, find, open, read};
use crate::connection::Scope;
use crate::failure::Failure;
use crate::output::{self, Column, Format};
use crate::resource::PURCHASE;
use crate::session::Session;
use crate::surroundings::Surroundings;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

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
        .about("An account's prepaid money")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("balance").about("What is left").after_help("Examples:\n  wardgate credits balance --account acme"),
        )
        .subcommand(
            Command::new("transactions")
                .about("What was added and billed, newest first")
                .after_help("Examples:\n  wardgate credits transactions --output json"),
        )
        .subcommand(
            Command::new("top-up")
                .about("Ask the operator for credits")
                .after_help("Examples:\n  wardgate credits top-up 25.00")
                .arg(Arg::new("amount").value_name("USD").required(true).help("How much, in US dollars, as 25.00")),
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
                .after_help("Examples:\n  wardgate credits approve aigcp_… --account acme"),
        )
        .subcommand(
            purchase("decline", "Say that a purchase will not be (with an operator key)")
                .after_help("Examples:\n  wardgate credits decline aigcp_… --account acme --reason \"no order number\"")
                .arg(Arg::new("reason").long("reason").value_name("TEXT").action(ArgAction::Set).help("Why, for the account")),
        )
}

pub(super) async fn run(matches: &ArgMatches, surroundings: Surroundings) -> Result<(), Failure> {
    let Some((verb, matches)) = matches.subcommand() else { return Err(Failure::usage("say what to do")) };
    let mut session = open(matches, surroundings, Scope::Account)?;
    match verb {
        "balance" => balance(&mut session).await,
        "transactions" => transactions(&mut session).await,
        "top-up" => top_up(matches, &mut session).await,
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

async fn transactions(session: &mut Session) -> Result<(), Failure> {
    let mut answer = session.client.get("/credits/transactions").await?.body;
    let items = match answer.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => return Err(Failure::error("the answer holds no transactions")),
    };
    session.show_all(items, &TRANSACTIONS);
    Ok(())
}

async fn top_up(matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let text = matches.get_one::<String>("amount").map(String::as_str).unwrap_or_default();
    let cents = cents(text).ok_or_else(|| Failure::usage(format!("{text:?} is no amount of dollars, such as 25 or 25.00")))?;
    let made = session.client.post("/credits/purchases", &json!({ "amount": cents })).await?.body;
    session.show(&made, PURCHASE.columns);
    if read::text(&made, "status") == "pending" {
        session.surroundings.note("The operator decides on it: `wardgate credits purchases` shows how far it is.");
    }
    Ok(())
}

async fn settle(verb: &str, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let id = read::named(matches).map(String::as_str).unwrap_or_default();
    let path = find::path(&PURCHASE, id, &session.client).await?;
    let body = match matches.try_get_one::<String>("reason").ok().flatten() {
        Some(reason) => json!({ "reason": reason }),
        None => json!({}),
    };
    let settled = session.client.post(&format!("{path}/{verb}"), &body).await?.body;
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
