//! What all tables have in common: the five ways of a collection, for every kind.
//!
//! A kind says with which texts it is asked and how a row becomes an object; [`texts!`] puts the texts together from the kind's
//! columns and filter. Parameters are numbered alike for all: a row begins with its id, its version and, if it is an account's,
//! the account; a list with where it begins, how long it is and, if it is an account's, the account. One connection writes, so
//! what a write has checked is still true when it commits.

use super::{SqliteStore, SqliteTenant, Statement, audit};
use crate::error::unavailable;
use crate::row::AFTER_ALL_IDS;
use async_trait::async_trait;
use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use wardgate_core::audit::AuditEvent;
use wardgate_core::id::AccountId;
use wardgate_core::stamp::Version;
use wardgate_store::{Change, Collection, Kind, Listed, Page, StoreError};

/// The texts with which a kind is asked.
pub(super) struct Texts {
    pub(super) insert: &'static str,
    pub(super) update: &'static str,
    pub(super) list: &'static str,
    pub(super) count: &'static str,
    pub(super) get: &'static str,
    pub(super) delete: &'static str,
}

/// Puts the texts of a kind together. `fixed` is a column that an update leaves as it is. `live` holds for rows that are there
/// for whoever lists them.
macro_rules! texts {
    (
        $of:ident, $table:literal,
        columns: $columns:literal,
        values: $values:literal,
        $(fixed: $fixed:literal = $value:literal,)?
        live: $live:literal,
        filter: ($($filter:tt)*),
        delete: $delete:literal $(,)?
    ) => {
        $crate::sqlite::table::Texts {
            insert: concat!(
                "INSERT INTO ", $table, " (", $columns, $(", ", $fixed,)? ") VALUES (", $values, $(", ", $value,)? ")",
            ),
            update: concat!(
                "UPDATE ", $table, " SET (", $columns, ") = (", $values, ") WHERE id = ?1 AND version = ?2 - 1",
                texts!(@update $of), " AND ", $live,
            ),
            list: concat!(
                "SELECT ", $columns, $(", ", $fixed,)? " FROM ", $table, " WHERE ", texts!(@list $of), "id < ?1 AND ", $live,
                " AND ", $($filter)*, " ORDER BY id DESC LIMIT ?2",
            ),
            count: concat!("SELECT count(*) FROM ", $table, " WHERE ", texts!(@list $of), $live, " AND ", $($filter)*),
            get: concat!(
                "SELECT ", $columns, $(", ", $fixed,)? " FROM ", $table, " WHERE id = ?1", texts!(@get $of), " AND ", $live,
            ),
            delete: $delete,
        }
    };
    (@update account) => { " AND account_id = ?3" };
    (@update gateway) => { "" };
    (@list account) => { "account_id = ?3 AND " };
    (@list gateway) => { "" };
    (@get account) => { " AND account_id = ?2" };
    (@get gateway) => { "" };
}

/// The condition that a name is exactly the first parameter, and that the second is a pattern of one of the columns. Both hold
/// where they are not given.
macro_rules! name_matches {
    ($name:literal, $search:literal, $first:literal $(, $other:literal)*) => {
        concat!(
            "(", $name, " IS NULL OR ", $first, " = ", $name, ") AND (", $search, " IS NULL OR ",
            $first, " LIKE ", $search, " ESCAPE '\\'", $(" OR ", $other, " LIKE ", $search, " ESCAPE '\\'",)* ")",
        )
    };
}

/// The condition that a column is a parameter, where that is given.
macro_rules! is_if_given {
    ($column:literal, $parameter:literal) => {
        concat!(" AND (", $parameter, " IS NULL OR ", $column, " = ", $parameter, ")")
    };
}

pub(super) use {is_if_given, name_matches, texts};

/// A kind as a table.
#[async_trait]
pub(super) trait Table: Kind {
    const TEXTS: Texts;

    /// What it refers to, for when that is not there.
    const PARENT: &'static str = "the object";

    /// Whether an object is more than one row.
    const HAS_PARTS: bool = false;

    /// The bytes of an id.
    fn bytes(id: &Self::Id) -> &[u8; 16];

    /// Whose it is; none for what belongs to the gateway.
    fn owner(&self) -> Option<AccountId>;

    /// Binds a row.
    fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q>;

    /// Binds a filter.
    fn bind_filter<'q>(filter: &'q Self::Filter, statement: Statement<'q>) -> Statement<'q>;

    fn read(row: &SqliteRow) -> Result<Self, StoreError>;

    /// What is there already when something unique but the id is.
    fn taken(&self) -> String {
        format!("an object with the id {}", self.id())
    }

    /// Whether there is room for one more.
    async fn check_room(&self, _: &mut SqliteConnection) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether nothing needs it any more.
    async fn check_unused(&self, _: &mut SqliteConnection) -> Result<(), StoreError> {
        Ok(())
    }

    /// What comes along with a new one.
    async fn created(&self, _: &mut SqliteConnection) -> Result<(), StoreError> {
        Ok(())
    }

    /// What comes along with another version.
    async fn updated(&self, _: &mut SqliteConnection) -> Result<(), StoreError> {
        Ok(())
    }

    /// What goes before it goes.
    async fn deleting(&self, _: &mut SqliteConnection) -> Result<(), StoreError> {
        Ok(())
    }

    /// Adds what stands in other rows to objects of one account, of which there is at least one.
    async fn fill(_objects: &mut [Self], _: &mut SqliteConnection) -> Result<(), StoreError> {
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
pub(super) async fn room(
    connection: &mut SqliteConnection,
    counting: Statement<'_>,
    max: usize,
    what: &'static str,
) -> Result<(), StoreError> {
    let there = counting.fetch_one(connection).await.map_err(unavailable)?;
    if number(&there)? < max as u64 { Ok(()) } else { Err(StoreError::Full { what, max }) }
}

/// Refuses to go on when a statement finds anything.
pub(super) async fn unused(
    connection: &mut SqliteConnection,
    finding: Statement<'_>,
    what: &str,
    by: &str,
) -> Result<(), StoreError> {
    match finding.fetch_optional(connection).await.map_err(unavailable)? {
        None => Ok(()),
        Some(_) => Err(StoreError::Referenced { what: what.to_owned(), by: by.to_owned() }),
    }
}

fn number(row: &SqliteRow) -> Result<u64, StoreError> {
    let number: i64 = row.try_get(0).map_err(unavailable)?;
    Ok(u64::try_from(number).unwrap_or(0))
}

fn changed<T: Table>() -> StoreError {
    StoreError::Changed { what: format!("the {}", T::NAME) }
}

fn require_owner<T: Table>(owner: Option<AccountId>, object: &T) -> Result<(), StoreError> {
    if object.owner() == owner { Ok(()) } else { Err(StoreError::NotInAccount { what: "the object" }) }
}

fn refused<T: Table>(object: &T, error: sqlx::Error) -> StoreError {
    match error.as_database_error().map(|error| (error.kind(), error.message())) {
        Some((ErrorKind::ForeignKeyViolation, _)) => StoreError::NotInAccount { what: T::PARENT },
        Some((ErrorKind::UniqueViolation, columns)) if columns.ends_with(".id") => {
            StoreError::Conflict { what: format!("an object with the id {}", object.id()) }
        }
        Some((ErrorKind::UniqueViolation, _)) => StoreError::Conflict { what: object.taken() },
        _ => unavailable(error),
    }
}

async fn create<T: Table>(
    store: &SqliteStore,
    owner: Option<AccountId>,
    object: &T,
    audit: &AuditEvent,
) -> Result<(), StoreError> {
    require_owner(owner, object)?;
    let mut transaction = store.begin().await?;
    object.check_room(&mut transaction).await?;
    insert(&mut transaction, object).await?;
    object.created(&mut transaction).await?;
    audit::append(&mut transaction, audit).await?;
    transaction.commit().await.map_err(unavailable)?;
    store.tell(object.change()).await;
    Ok(())
}

/// Writes the row of a new object.
pub(super) async fn insert<T: Table>(connection: &mut SqliteConnection, object: &T) -> Result<(), StoreError> {
    let insert = object.bind(sqlx::query(T::TEXTS.insert));
    insert.execute(connection).await.map_err(|error| refused(object, error))?;
    Ok(())
}

async fn update<T: Table>(
    store: &SqliteStore,
    owner: Option<AccountId>,
    object: &T,
    audit: &AuditEvent,
) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    update_in(&mut transaction, owner, object, audit).await?;
    transaction.commit().await.map_err(unavailable)?;
    store.tell(object.change()).await;
    Ok(())
}

/// Of use by itself where a purchase is settled together with its credit.
pub(super) async fn update_in<T: Table>(
    connection: &mut SqliteConnection,
    owner: Option<AccountId>,
    object: &T,
    audit: &AuditEvent,
) -> Result<(), StoreError> {
    require_owner(owner, object)?;
    let update = object.bind(sqlx::query(T::TEXTS.update));
    let updated = update.execute(&mut *connection).await.map_err(|error| refused(object, error))?;
    if updated.rows_affected() == 0 {
        return Err(changed::<T>());
    }
    object.updated(connection).await?;
    audit::append(connection, audit).await
}

async fn delete<T: Table>(
    store: &SqliteStore,
    owner: Option<AccountId>,
    id: T::Id,
    version: Option<Version>,
    audit: &AuditEvent,
) -> Result<bool, StoreError> {
    let mut transaction = store.begin().await?;
    let Some(object) = get_in::<T>(&mut transaction, owner, id).await? else { return Ok(false) };
    if version.is_some_and(|version| version != object.stamp().version) {
        return Err(changed::<T>());
    }
    object.check_unused(&mut transaction).await?;
    object.deleting(&mut transaction).await?;
    // Rows that are kept get the time of their end; the texts of others do not have the parameter.
    let delete = sqlx::query(T::TEXTS.delete).bind(T::bytes(&id).as_slice()).bind(audit.at.unix_micros());
    let deleted = delete.execute(&mut *transaction).await.map_err(unavailable)?;
    if deleted.rows_affected() != 1 {
        return Err(changed::<T>());
    }
    audit::append(&mut transaction, audit).await?;
    transaction.commit().await.map_err(unavailable)?;
    store.tell(object.change()).await;
    Ok(true)
}

/// Reads objects with all that belongs to them.
pub(super) async fn read_all<T: Table>(
    connection: &mut SqliteConnection,
    statement: Statement<'_>,
) -> Result<Vec<T>, StoreError> {
    let rows = statement.fetch_all(&mut *connection).await.map_err(unavailable)?;
    let mut objects = rows.iter().map(T::read).collect::<Result<Vec<T>, _>>()?;
    if T::HAS_PARTS && !objects.is_empty() {
        T::fill(&mut objects, connection).await?;
    }
    Ok(objects)
}

async fn get_in<T: Table>(
    connection: &mut SqliteConnection,
    owner: Option<AccountId>,
    id: T::Id,
) -> Result<Option<T>, StoreError> {
    let statement = sqlx::query(T::TEXTS.get).bind(T::bytes(&id).as_slice());
    let statement = match &owner {
        Some(owner) => statement.bind(owner.as_bytes().as_slice()),
        None => statement,
    };
    Ok(read_all(connection, statement).await?.pop())
}

async fn get<T: Table>(store: &SqliteStore, owner: Option<AccountId>, id: T::Id) -> Result<Option<T>, StoreError> {
    get_in(&mut *store.snapshot().await?, owner, id).await
}

async fn list<T: Table>(
    store: &SqliteStore,
    owner: Option<AccountId>,
    filter: &T::Filter,
    page: Page<T::Id>,
) -> Result<Listed<T>, StoreError> {
    let start = page.before.as_ref().map_or(AFTER_ALL_IDS, |id| T::bytes(id).as_slice());
    let statement = filtered::<T>(T::TEXTS.list, owner.as_ref(), filter, start, i64::from(page.limit) + 1);
    Ok(Listed::cut(read_all(&mut *store.snapshot().await?, statement).await?, page.limit))
}

async fn count<T: Table>(store: &SqliteStore, owner: Option<AccountId>, filter: &T::Filter) -> Result<u64, StoreError> {
    let statement = filtered::<T>(T::TEXTS.count, owner.as_ref(), filter, AFTER_ALL_IDS, 0);
    number(&statement.fetch_one(store.readers()).await.map_err(unavailable)?)
}

fn filtered<'q, T: Table>(
    text: &'static str,
    owner: Option<&'q AccountId>,
    filter: &'q T::Filter,
    start: &'q [u8],
    limit: i64,
) -> Statement<'q> {
    let statement = sqlx::query(text).bind(start).bind(limit);
    let statement = match owner {
        Some(owner) => statement.bind(owner.as_bytes().as_slice()),
        None => statement,
    };
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

collection!(SqliteTenant, OfAccount, |handle| &handle.store, Some(handle.account_id));
collection!(SqliteStore, OfGateway, |handle| handle, None);

/// What the impls of all kinds have alike.
macro_rules! kind_of {
    (account) => {
        kind_of!(@bytes);

        fn owner(&self) -> Option<AccountId> {
            Some(self.account_id)
        }
    };
    (gateway) => {
        kind_of!(@bytes);

        fn owner(&self) -> Option<wardgate_core::id::AccountId> {
            None
        }
    };
    (@bytes) => {
        fn bytes(id: &Self::Id) -> &[u8; 16] {
            id.as_bytes()
        }
    };
}

pub(super) use kind_of;
