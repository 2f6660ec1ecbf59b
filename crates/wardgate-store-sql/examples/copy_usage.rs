//! Fills a database with usage events: copies of those of one day, for the days that follow it, and more than once for each day.
//!
//! Stored through the store, a hundred million events would take hours. For measuring what a large ledger costs (`cargo xtask
//! usage-sizes`) they only have to be there: each with ids and a time of its own, and counted in the sums of its hour and day.

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use std::error::Error;
use std::io::Write as _;
use std::time::Instant;
use wardgate_store_sql::path_of_url;

const DAY_MICROS: u64 = 86_400_000_000;

/// What a copy differs by from those of its hour, so that each has ids of its own: they begin with the time in milliseconds.
const COPY_MICROS: u64 = 1_000;

/// A database, with what its language says in a way of its own.
enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    async fn open(url: &str) -> Result<Self, sqlx::Error> {
        match path_of_url(url) {
            Some(path) => {
                // Nobody needs these events after a power cut.
                let options =
                    SqliteConnectOptions::new().filename(path).pragma("synchronous", "OFF").pragma("cache_size", "-262144");
                SqliteConnection::connect_with(&options).await.map(Self::Sqlite)
            }
            None => PgConnection::connect(url).await.map(Self::Postgres),
        }
    }

    async fn run(&mut self, text: String) -> Result<(), sqlx::Error> {
        let statement = AssertSqlSafe(text);
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(statement).execute(connection).await.map(drop),
            Self::Postgres(connection) => sqlx::raw_sql(statement).execute(connection).await.map(drop),
        }
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<String>, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query("SELECT name FROM pragma_table_info($1)").bind(table).fetch_all(connection).await?;
                rows.iter().map(|row| row.try_get(0)).collect()
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query("SELECT column_name::text FROM information_schema.columns WHERE table_name = $1");
                rows.bind(table).fetch_all(connection).await?.iter().map(|row| row.try_get(0)).collect()
            }
        }
    }

    /// An id whose time is so much later, with the rest as it is.
    fn later_id(&self, id: &str, shift: u64) -> String {
        let millis = format!("(t.event_time + {shift}) / 1000");
        match self {
            Self::Sqlite(_) => format!("CAST(unhex(printf('%012x', {millis})) || substr(t.{id}, 7) AS BLOB)"),
            Self::Postgres(_) => {
                let digits = format!("lpad(to_hex({millis}), 12, '0')");
                format!("(left({digits}, 8) || '-' || right({digits}, 4) || right(t.{id}::text, 23))::uuid")
            }
        }
    }

    /// What the database does by itself, sooner or later.
    const fn looked_after(&self) -> &'static [&'static str] {
        match self {
            Self::Sqlite(_) => &["ANALYZE"],
            Self::Postgres(_) => {
                &["VACUUM (ANALYZE) usage_sums", "VACUUM (ANALYZE) usage_team_sums", "ANALYZE usage_events", "CHECKPOINT"]
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("usage: copy_usage DATABASE-URL DAYS TIMES");
    let mut database = Database::open(&argument()?).await?;
    let (days, times): (u64, u64) = (argument()?.parse()?, argument()?.parse()?);
    let events = database.columns("usage_events").await?;
    let sums = database.columns("usage_sums").await?;
    database.run("CREATE TABLE first_day AS SELECT * FROM usage_events".to_owned()).await?;
    let begun = Instant::now();
    for day in 0..days {
        for copy in u64::from(day == 0)..times {
            let text = copied_events(&database, &events, day * DAY_MICROS + copy * COPY_MICROS);
            database.run(text).await?;
        }
        // Without a stderr there is nobody to tell.
        let _ =
            writeln!(std::io::stderr(), "usage-sizes: {} of {days} days after {:.0} s", day + 1, begun.elapsed().as_secs_f64());
    }
    for day in 1..days {
        database.run(copied_sums(&sums, day * DAY_MICROS, times)).await?;
    }
    let multiplied: Vec<_> =
        sums.iter().filter(|column| is_sum(column)).map(|sum| format!("{sum} = {sum} * {times}")).collect();
    database
        .run(format!(
            "UPDATE usage_sums SET {} WHERE start < {DAY_MICROS} + (SELECT min(start) FROM usage_sums)",
            multiplied.join(", ")
        ))
        .await?;
    database.run("DROP TABLE first_day".to_owned()).await?;
    for text in database.looked_after() {
        database.run((*text).to_owned()).await?;
    }
    Ok(())
}

fn copied_events(database: &Database, columns: &[String], shift: u64) -> String {
    let copied = columns.iter().map(|column| match column.as_str() {
        "id" | "request_id" => database.later_id(column, shift),
        "event_time" => format!("t.event_time + {shift}"),
        _ => format!("t.{column}"),
    });
    let copied: Vec<String> = copied.collect();
    format!("INSERT INTO usage_events ({}) SELECT {} FROM first_day t", columns.join(", "), copied.join(", "))
}

fn copied_sums(columns: &[String], shift: u64, times: u64) -> String {
    let copied = columns.iter().map(|column| match column.as_str() {
        "start" => format!("start + {shift}"),
        sum if is_sum(sum) => format!("{sum} * {times}"),
        _ => column.clone(),
    });
    let copied: Vec<String> = copied.collect();
    format!(
        "INSERT INTO usage_sums ({}) SELECT {} FROM usage_sums WHERE start < {DAY_MICROS} + (SELECT min(start) FROM usage_sums)",
        columns.join(", "),
        copied.join(", ")
    )
}

/// Whether it is a number that grows with each event.
fn is_sum(column: &str) -> bool {
    column.ends_with("_tokens") || ["cost_nano_usd", "attempts", "unpriced", "requests", "errors"].contains(&column)
}
