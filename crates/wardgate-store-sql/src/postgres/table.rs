//! What all tables have in common: the five ways of a collection, for every kind.
//!
//! A kind says with which texts it is asked and how a row becomes an object; [`texts!`] puts the texts together from the kind's
//! columns and filter. Parameters are numbered alike for all: a row begins with its id, its version and, if it is an account's,
//! the account; a list with where it begins, how long it is and, if it is an account's, the account. Columns are named one by
//! one, since a prepared `SELECT *` fails as soon as a newer version of the program has added a column.

use super::database::Lent;
use super::id::{AFTER_ALL, Id};
use super::writing::{Writing, retried};
use super::{PostgresStore, PostgresTenant, Statement};
use crate::error::unavailable;
use crate::row::Cells;
use async_trait::async_trait;
use sqlx::error::ErrorKind;
use sqlx::postgres::PgRow;
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::AccountId;
use wardgate_core::stamp::Version;
use wardgate_store::{Change, Collection, Kind, Listed, Page, StoreError};

/// A transaction in which all reads are as of one moment.
pub(super) const READ_ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The texts with which a kind is asked.
pub(super) struct Texts {
    pub(super) table: &'static str,
    pub(super) insert: &'static str,
    pub(super) update: &'static str,
    pub(super) list: &'static str,
    pub(super) count: &'static str,
    pub(super) get: &'static str,
    pub(super) delete: &'static str,
}

/// Puts the texts of a kind together. `columns` are all but the one that an update leaves as it is, which is `kept`. `live`
/// holds for rows that are there for whoever lists them.
macro_rules! texts {
    (
        $of:ident, $table:literal,
        columns: $columns:literal,
        values: $values:literal,
        $(kept: $kept:literal = $parameter:literal,)?
        live: $live:literal,
        filter: ($($filter:tt)*),
        delete: $delete:literal $(,)?
    ) => {
        $crate::postgres::table::Texts {
            table: $table,
            insert: concat!(
                "INSERT INTO ", $table, " (", $columns, $(", ", $kept,)? ") VALUES (", $values, $(", ", $parameter,)? ")",
            ),
            update: concat!(
                "UPDATE ", $table, " SET (", $columns, ") = (", $values, ") WHERE id = $1 AND version = $2 - 1",
                texts!(@update $of), " AND ", $live,
            ),
            list: concat!(
                "SELECT ", $columns, $(", ", $kept,)? " FROM ", $table, " WHERE ", texts!(@list $of), "id < $1 AND ", $live,
                " AND ", $($filter)*, " ORDER BY id DESC LIMIT $2",
            ),
            count: concat!(
                "SELECT count(*) AS matching FROM (SELECT FROM ", $table, " WHERE ", texts!(@list $of), "id < $1 AND ", $live,
                " AND ", $($filter)*, " LIMIT $2) AS matching",
            ),
            get: concat!(
                "SELECT ", $columns, $(", ", $kept,)? " FROM ", $table, " WHERE id = $1", texts!(@get $of), " AND ", $live,
            ),
            delete: $delete,
        }
    };
    (@update account) => { " AND account_id = $3" };
    (@update gateway) => { "" };
    (@list account) => { "account_id = $3 AND " };
    (@list gateway) => { "" };
    (@get account) => { " AND account_id = $2" };
    (@get gateway) => { "" };
}

/// The condition that a name is exactly the first parameter, and that the second, in small letters, is a part of one of the
/// columns. Both hold where they are not given.
macro_rules! name_matches {
    ($name:literal, $search:literal, $first:literal $(, $other:literal)*) => {
        concat!(
            "($", $name, "::text IS NULL OR ", $first, " = $", $name, ") AND ($", $search, "::text IS NULL OR strpos(lower(",
            $first, " COLLATE \"C\"), $", $search, ") > 0",
            $(" OR strpos(lower(", $other, " COLLATE \"C\"), $", $search, ") > 0",)* ")",
        )
    };
}

/// The condition that a column is a parameter, where that is given.
macro_rules! is_if_given {
    ($column:literal, $parameter:literal, $type:literal) => {
        concat!(" AND ($", $parameter, "::", $type, " IS NULL OR ", $column, " = $", $parameter, ")")
    };
}

pub(super) use {is_if_given, name_matches, texts};

/// A kind as a table.
#[async_trait]
pub(super) trait Table: Kind<Id: Id> {
    const TEXTS: Texts;

    /// Whether an object is more than one row.
    const HAS_PARTS: bool = false;

    /// Whose it is; none for what belongs to the gateway.
    fn owner(&self) -> Option<AccountId>;

    /// Binds a row.
    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q>;

    /// Binds a filter.
    fn bind_filter<'q>(filter: &'q Self::Filter, statement: Statement<'q>) -> Statement<'q>;

    fn read(row: &PgRow) -> Result<Self, StoreError>;

    /// What it means that this constraint refuses the object.
    fn refused(&self, _constraint: &str) -> Option<StoreError> {
        None
    }

    /// Whether what no constraint knows allows the object, which is written already.
    async fn check(&self, _: &mut Lent) -> Result<(), StoreError> {
        Ok(())
    }

    /// What there is enough of already, when one more may not be stored.
    async fn check_room(&self, _: &mut Lent) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether nothing needs it any more.
    async fn check_unused(&self, _: &mut Lent) -> Result<(), StoreError> {
        Ok(())
    }

    /// What comes along with a new one.
    async fn created(&self, _: &mut Lent) -> Result<(), StoreError> {
        Ok(())
    }

    /// What comes along with another version.
    async fn updated(&self, _: &mut Lent) -> Result<(), StoreError> {
        Ok(())
    }

    /// What goes before it goes.
    async fn deleting(&self, _: &mut Lent) -> Result<(), StoreError> {
        Ok(())
    }

    /// Adds what stands in other rows.
    async fn fill(_objects: &mut [Self], _: &mut Lent) -> Result<(), StoreError> {
        Ok(())
    }

    /// What listeners are told of a write.
    fn change(&self) -> Option<Change>;
}

/// A kind that belongs to accounts.
pub(super) trait OfAccount: Table {}

/// A kind that belongs to the gateway.
pub(super) trait OfGateway: Table {}

/// Counts what a statement counts, and refuses one more than there may be.
pub(super) async fn room(lent: &mut Lent, counting: Statement<'_>, max: usize, what: &'static str) -> Result<(), StoreError> {
    let there: u64 = counted(lent, counting).await?;
    if there < max as u64 { Ok(()) } else { Err(StoreError::Full { what, max }) }
}

/// Refuses to go on when a statement finds anything.
pub(super) async fn unused(lent: &mut Lent, finding: Statement<'_>, what: &str, by: &str) -> Result<(), StoreError> {
    match lent.row(finding).await? {
        None => Ok(()),
        Some(_) => Err(StoreError::Referenced { what: what.to_owned(), by: by.to_owned() }),
    }
}

/// The number that a statement calls `matching`.
pub(super) async fn counted(lent: &mut Lent, counting: Statement<'_>) -> Result<u64, StoreError> {
    match lent.row(counting).await? {
        Some(row) => Cells::new("count", &row).number("matching"),
        None => Ok(0),
    }
}

fn changed<T: Table>() -> StoreError {
    StoreError::Changed { what: format!("the {}", T::NAME) }
}

fn refused<T: Table>(object: &T, error: sqlx::Error) -> StoreError {
    let meaning = error.as_database_error().and_then(|error| {
        let constraint = error.constraint()?;
        if constraint.strip_suffix("_pkey") == Some(T::TEXTS.table) {
            return Some(StoreError::Conflict { what: format!("an object with the id {}", object.id()) });
        }
        let is_rule = matches!(error.kind(), ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation);
        if is_rule { object.refused(constraint) } else { None }
    });
    meaning.unwrap_or_else(|| unavailable(error))
}

async fn create<T: Table>(
    store: &PostgresStore,
    owner: Option<AccountId>,
    object: &T,
    audit: &AuditEvent,
) -> Result<(), StoreError> {
    require_owner(owner, object)?;
    retried(|| async {
        let mut writing = Writing::begin_for(store, owner).await?;
        let done = create_in(&mut writing, object, audit).await;
        writing.end(done).await
    })
    .await
}

async fn create_in<T: Table>(writing: &mut Writing, object: &T, audit: &AuditEvent) -> Result<(), StoreError> {
    let lent = writing.lent();
    object.check_room(lent).await?;
    lent.run(object.bind(sqlx::query(T::TEXTS.insert))).await.map_err(|error| refused(object, error))?;
    object.check(lent).await?;
    object.created(lent).await?;
    writing.record(object.change(), audit).await
}

fn require_owner<T: Table>(owner: Option<AccountId>, object: &T) -> Result<(), StoreError> {
    if object.owner() == owner { Ok(()) } else { Err(StoreError::NotInAccount { what: "the object" }) }
}

async fn update<T: Table>(
    store: &PostgresStore,
    owner: Option<AccountId>,
    object: &T,
    audit: &AuditEvent,
) -> Result<(), StoreError> {
    require_owner(owner, object)?;
    retried(|| async {
        let mut writing = Writing::begin_for(store, owner).await?;
        let done = update_in(&mut writing, object, audit).await;
        writing.end(done).await
    })
    .await
}

/// Of use by itself where a purchase is settled together with its credit.
pub(super) async fn update_in<T: Table>(writing: &mut Writing, object: &T, audit: &AuditEvent) -> Result<(), StoreError> {
    let lent = writing.lent();
    let updated = lent.run(object.bind(sqlx::query(T::TEXTS.update))).await.map_err(|error| refused(object, error))?;
    if updated == 0 {
        return Err(changed::<T>());
    }
    object.check(lent).await?;
    object.updated(lent).await?;
    writing.record(object.change(), audit).await
}

async fn delete<T: Table>(
    store: &PostgresStore,
    owner: Option<AccountId>,
    id: T::Id,
    version: Option<Version>,
    audit: &AuditEvent,
) -> Result<bool, StoreError> {
    retried(|| async {
        let mut writing = match Writing::begin_for(store, owner).await {
            // Nothing is there of an account that is not.
            Err(StoreError::NotInAccount { .. }) => return Ok(false),
            begun => begun?,
        };
        let done = delete_in::<T>(&mut writing, owner, id, version, audit).await;
        writing.end(done).await
    })
    .await
}

async fn delete_in<T: Table>(
    writing: &mut Writing,
    owner: Option<AccountId>,
    id: T::Id,
    version: Option<Version>,
    audit: &AuditEvent,
) -> Result<bool, StoreError> {
    let lent = writing.lent();
    let Some(object) = get_in::<T>(lent, owner, id).await? else { return Ok(false) };
    if version.is_some_and(|version| version != object.stamp().version) {
        return Err(changed::<T>());
    }
    object.check_unused(lent).await?;
    object.deleting(lent).await?;
    // Rows that are kept get the time of their end; the texts of others have no use for it.
    lent.run(sqlx::query(T::TEXTS.delete).bind(id.uuid()).bind(audit.at.unix_micros())).await.map_err(unavailable)?;
    writing.record(object.change(), audit).await?;
    Ok(true)
}

async fn get_in<T: Table>(lent: &mut Lent, owner: Option<AccountId>, id: T::Id) -> Result<Option<T>, StoreError> {
    let statement = sqlx::query(T::TEXTS.get).bind(id.uuid());
    let statement = if let Some(owner) = owner { statement.bind(owner.uuid()) } else { statement };
    Ok(read_all(lent, statement).await?.pop())
}

/// Reads objects with all that belongs to them.
pub(super) async fn read_all<T: Table>(lent: &mut Lent, statement: Statement<'_>) -> Result<Vec<T>, StoreError> {
    let rows = lent.rows(statement).await?;
    let mut objects = rows.iter().map(T::read).collect::<Result<Vec<T>, _>>()?;
    if T::HAS_PARTS && !objects.is_empty() {
        T::fill(&mut objects, lent).await?;
    }
    Ok(objects)
}

/// Reads objects as of one moment.
async fn read_moment<T: Table>(store: &PostgresStore, statement: Statement<'_>) -> Result<Vec<T>, StoreError> {
    let mut lent = store.database().lend().await?;
    if !T::HAS_PARTS {
        return read_all(&mut lent, statement).await;
    }
    lent.begin(READ_ONE_MOMENT).await?;
    let objects = read_all(&mut lent, statement).await?;
    lent.end("COMMIT").await?;
    Ok(objects)
}

async fn get<T: Table>(store: &PostgresStore, owner: Option<AccountId>, id: T::Id) -> Result<Option<T>, StoreError> {
    let statement = sqlx::query(T::TEXTS.get).bind(id.uuid());
    let statement = if let Some(owner) = owner { statement.bind(owner.uuid()) } else { statement };
    Ok(read_moment(store, statement).await?.pop())
}

async fn list<T: Table>(
    store: &PostgresStore,
    owner: Option<AccountId>,
    filter: &T::Filter,
    page: Page<T::Id>,
) -> Result<Listed<T>, StoreError> {
    let start = page.before.map_or(AFTER_ALL, Id::uuid);
    let statement = filtered::<T>(T::TEXTS.list, owner, filter, start, Some(i64::from(page.limit) + 1));
    Ok(Listed::cut(read_moment(store, statement).await?, page.limit))
}

async fn count<T: Table>(store: &PostgresStore, owner: Option<AccountId>, filter: &T::Filter) -> Result<u64, StoreError> {
    let statement = filtered::<T>(T::TEXTS.count, owner, filter, AFTER_ALL, None);
    counted(&mut store.database().lend().await?, statement).await
}

pub(super) fn filtered<'q, T: Table>(
    text: &'static str,
    owner: Option<AccountId>,
    filter: &'q T::Filter,
    start: sqlx::types::Uuid,
    limit: Option<i64>,
) -> Statement<'q> {
    let statement = sqlx::query(text).bind(start).bind(limit);
    let statement = if let Some(owner) = owner { statement.bind(owner.uuid()) } else { statement };
    T::bind_filter(filter, statement)
}

macro_rules! collection {
    ($handle:ty, $table:ident, |$self:ident| $store:expr, $owner:expr) => {
        #[async_trait]
        impl<T: $table> Collection<T> for $handle {
            async fn create(&self, object: &T, audit: &AuditEvent) -> Result<(), StoreError> {
                let $self = self;
                create($store, $owner, object, audit).await
            }

            async fn list(&self, filter: &T::Filter, page: Page<T::Id>) -> Result<Listed<T>, StoreError> {
                let $self = self;
                list($store, $owner, filter, page).await
            }

            async fn get(&self, id: T::Id) -> Result<Option<T>, StoreError> {
                let $self = self;
                get($store, $owner, id).await
            }

            async fn update(&self, object: &T, audit: &AuditEvent) -> Result<(), StoreError> {
                let $self = self;
                update($store, $owner, object, audit).await
            }

            async fn delete(&self, id: T::Id, version: Option<Version>, audit: &AuditEvent) -> Result<bool, StoreError> {
                let $self = self;
                delete::<T>($store, $owner, id, version, audit).await
            }

            async fn count(&self, filter: &T::Filter) -> Result<u64, StoreError> {
                let $self = self;
                count::<T>($store, $owner, filter).await
            }
        }
    };
}

collection!(PostgresTenant, OfAccount, |handle| &handle.store, Some(handle.account_id));
collection!(PostgresStore, OfGateway, |handle| handle, None);
