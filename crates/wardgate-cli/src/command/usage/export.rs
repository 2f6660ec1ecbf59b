//! `wardgate usage export`: every event of a time, for whoever keeps the books.
//!
//! A page is written before the next one is asked for, so a ledger of any length goes through a few kilobytes of memory, and a
//! reader that goes away ends the export.

use super::EXPORTED;
use crate::client::Query;
use crate::failure::Failure;
use crate::output::{Format, csv};
use crate::session::Session;
use clap::ArgMatches;
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// After how many events a person at the terminal is told how far it is.
const TELL_EVERY: u64 = 1_000;

pub(super) async fn run(query: Query, matches: &ArgMatches, session: &mut Session) -> Result<(), Failure> {
    let is_csv = session.format == Format::Csv;
    let mut file = match matches.get_one::<PathBuf>("file") {
        Some(path) => Some(BufWriter::new(File::create(path).map_err(|error| unwritten(path, &error))?)),
        None => None,
    };
    // Where results go to the terminal, progress would stand between them.
    let tells = session.surroundings.shows_progress && (file.is_some() || session.surroundings.columns.is_none());
    let mut written = 0_u64;
    if is_csv {
        write(file.as_mut(), session, &csv::header(&EXPORTED))?;
    }
    let mut next = session.client.first_page("/usage", &query);
    while let Some(target) = next.take() {
        let page = session.client.page("/usage", "aiGatewayUsage", &target).await?;
        let mut text = String::new();
        for event in &page.items {
            if is_csv {
                text.push_str(&csv::line(event, &EXPORTED));
            } else {
                text.push_str(&event.to_string());
                text.push('\n');
            }
        }
        write(file.as_mut(), session, &text)?;
        let before = written / TELL_EVERY;
        written += page.items.len() as u64;
        if tells && written / TELL_EVERY > before {
            let back_to =
                page.items.last().and_then(|event| event.get("eventTime")).and_then(Value::as_str).unwrap_or_default();
            session.surroundings.progress(&format!("{written} events, back to {back_to}"));
        }
        next = page.next;
    }
    if let Some(mut file) = file {
        file.flush()?;
    }
    if tells {
        session.surroundings.progress("");
    }
    session.surroundings.note(&format!("{written} events"));
    Ok(())
}

fn write(file: Option<&mut BufWriter<File>>, session: &mut Session, text: &str) -> Result<(), Failure> {
    match file {
        Some(file) => file.write_all(text.as_bytes())?,
        None => session.surroundings.out.write_all(text.as_bytes())?,
    }
    Ok(())
}

fn unwritten(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::error(format!("{} cannot be written: {error}", path.display()))
}
