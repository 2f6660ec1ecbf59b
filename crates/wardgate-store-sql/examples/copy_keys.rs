//! Fills a database with access keys that differ in nothing but their ids, account and team: copies of one that is there.
//!
//! Stored through the store, each would be a transaction with its audit entry. For measuring what very many keys cost
//! (`cargo xtask sizes`) they only have to be there, which is a matter of seconds in this way.

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, Connection as _, QueryBuilder, Row as _};
use std::error::Error;
use std::io::Write as _;
use wardgate_core::id::AccessKeyId;
use wardgate_core::random::Counting;
use wardgate_core::time::Timestamp;
use wardgate_store_sql::path_of_url;

/// How many keys one statement stores; SQLite takes up to 32,766 parameters, of which each has three.
const BATCH: usize = 5_000;

/// After how many keys it is said how far it is.
const TELL_EVERY: usize = 100_000;

/// When the keys seem to be made.
const MADE_AT: Timestamp = Timestamp::from_unix_millis(1_795_000_100_000);

/// A key that is to be.
struct New {
    id: [u8; 16],
    account_id: Vec<u8>,
    team_id: Vec<u8>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("usage: copy_keys DATABASE-URL TEMPLATE-ID COUNT");
    let url = argument()?;
    let template: AccessKeyId = argument()?.parse()?;
    let count: usize = argument()?.parse()?;
    match path_of_url(&url) {
        Some(path) => {
            let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
            sqlite(&mut SqliteConnection::connect_with(&options).await?, template, count).await
        }
        None => postgres(&mut PgConnection::connect(&url).await?, template, count).await,
    }
}

async fn sqlite(connection: &mut SqliteConnection, template: AccessKeyId, count: usize) -> Result<(), Box<dyn Error>> {
    let columns = sqlx::query("SELECT name FROM pragma_table_info('access_keys')").fetch_all(&mut *connection).await?;
    let (columns, copied) = texts(columns.iter().map(|row| row.get(0)));
    let teams = sqlx::query("SELECT account_id, id FROM teams ORDER BY id").fetch_all(&mut *connection).await?;
    let teams: Vec<(Vec<u8>, Vec<u8>)> = teams.iter().map(|row| (row.get(0), row.get(1))).collect();
    for batch in batches(&teams, count) {
        let mut text = QueryBuilder::new(format!("INSERT INTO access_keys ({columns}) WITH n (id, account_id, team_id) AS ("));
        text.push_values(&batch, |mut row, key| {
            row.push_bind(key.id.to_vec()).push_bind(&key.account_id).push_bind(&key.team_id);
        });
        text.push(format!(") SELECT {copied} FROM n, access_keys t WHERE t.id = ")).push_bind(template.as_bytes().to_vec());
        text.build().persistent(false).execute(&mut *connection).await?;
    }
    sqlx::query("ANALYZE access_keys").execute(connection).await?;
    Ok(())
}

async fn postgres(connection: &mut PgConnection, template: AccessKeyId, count: usize) -> Result<(), Box<dyn Error>> {
    let columns = sqlx::query("SELECT column_name::text FROM information_schema.columns WHERE table_name = 'access_keys'");
    let columns = columns.fetch_all(&mut *connection).await?;
    let (columns, copied) = texts(columns.iter().map(|row| row.get(0)));
    let text = format!(
        "INSERT INTO access_keys ({columns}) SELECT {copied}
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS n (id, account_id, team_id), access_keys t WHERE t.id = $4"
    );
    let teams = sqlx::query("SELECT account_id, id FROM teams ORDER BY id").fetch_all(&mut *connection).await?;
    let bytes = |id: Uuid| id.as_bytes().to_vec();
    let teams: Vec<_> = teams.iter().map(|row| (bytes(row.get(0)), bytes(row.get(1)))).collect();
    for batch in batches(&teams, count) {
        let column = |of: fn(&New) -> &[u8]| batch.iter().map(|key| Uuid::from_slice(of(key))).collect::<Result<Vec<_>, _>>();
        sqlx::query(AssertSqlSafe(text.as_str()))
            .bind(column(|key| &key.id)?)
            .bind(column(|key| &key.account_id)?)
            .bind(column(|key| &key.team_id)?)
            .bind(Uuid::from_bytes(*template.as_bytes()))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("ANALYZE access_keys").execute(connection).await?;
    Ok(())
}

/// The columns, and what stands for each of them: what is new of a key, else the template's.
fn texts(columns: impl Iterator<Item = String>) -> (String, String) {
    let (mut all, mut copied) = (Vec::new(), Vec::new());
    for column in columns {
        let of = if ["id", "account_id", "team_id"].contains(&column.as_str()) { "n" } else { "t" };
        copied.push(format!("{of}.{column}"));
        all.push(column);
    }
    (all.join(", "), copied.join(", "))
}

/// The keys, evenly among the teams, and a word now and then of how far it is.
fn batches(teams: &[(Vec<u8>, Vec<u8>)], count: usize) -> impl Iterator<Item = Vec<New>> {
    let random = Counting::default();
    (0..count).step_by(BATCH).map(move |first| {
        if first > 0 && first % TELL_EVERY == 0 {
            // Without a stderr there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "sizes: {first} of {count} keys are stored");
        }
        let key = |number: usize| {
            let (account_id, team_id) = teams[number % teams.len()].clone();
            New { id: *AccessKeyId::new(MADE_AT, &random).as_bytes(), account_id, team_id }
        };
        (first..count.min(first + BATCH)).map(key).collect()
    })
}
