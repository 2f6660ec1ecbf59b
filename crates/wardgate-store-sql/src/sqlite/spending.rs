//! What was spent, by spender and day: the ledger's money as limits ask for it.

use super::Statement;
use super::rows::Texts;
use crate::error::unavailable;
use crate::row::Cells;
use sqlx::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use wardgate_core::credit::PrepaidScope;
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::UsageEvent;
use wardgate_store::StoreError;

/// Who spends what an account's credits pay for.
pub(super) const CREDITS: [u8; 16] = [0; 16];

/// A sum is held here, so that SQLite can add up a thousand of them. In dollars it is nine million in a day. A batch of one key
/// adds to three rows: its own, its team's and its account's.
static ADDS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::repeating(
        &[48, 12, 3, 1],
        "INSERT INTO spending (account_id, spender_id, day, nano_usd) VALUES",
        "(?, ?, ?, min(?, 9007199254740992))",
        "ON CONFLICT DO UPDATE SET nano_usd = nano_usd + min(excluded.nano_usd, 9007199254740992 - nano_usd)",
    )
});

/// Account, spender and the start of a day, UTC.
type Key = ([u8; 16], [u8; 16], i64);

/// Adds events that this transaction stored.
pub(super) async fn add<'e>(
    transaction: &mut SqliteConnection,
    events: impl IntoIterator<Item = &'e UsageEvent>,
) -> Result<(), StoreError> {
    let mut sums: BTreeMap<Key, NanoUsd> = BTreeMap::new();
    let priced: Vec<_> =
        events.into_iter().filter_map(|event| Some((event, event.cost.filter(|cost| *cost > NanoUsd::ZERO)?))).collect();
    let accounts = priced.iter().map(|(event, _)| *event.account_id.as_bytes()).collect();
    let prepaid = prepaid(transaction, &accounts).await?;
    for (event, cost) in priced {
        let day = event.request_id.made_at().day_start().unix_micros();
        let account = *event.account_id.as_bytes();
        let spenders = [account, *event.team_id.as_bytes(), *event.access_key_id.as_bytes()];
        let scope = prepaid.get(&account).filter(|scope| scope.covers(event.managed_key_id.is_some()));
        for spender in spenders.into_iter().chain(scope.map(|_| CREDITS)) {
            *sums.entry((account, spender, day)).or_default() += cost;
        }
    }
    let sums: Vec<_> = sums.into_iter().collect();
    for (statement, part) in ADDS.cut(&sums) {
        let bind = |statement: Statement<'static>, ((account, spender, day), sum): &(Key, NanoUsd)| {
            statement.bind(account.to_vec()).bind(spender.to_vec()).bind(*day).bind(sum.nano_usd())
        };
        part.iter().fold(sqlx::query(statement), bind).execute(&mut *transaction).await.map_err(unavailable)?;
    }
    Ok(())
}

/// What the credits of each of these accounts pay for, of those that have to pay beforehand.
async fn prepaid(
    transaction: &mut SqliteConnection,
    accounts: &BTreeSet<[u8; 16]>,
) -> Result<BTreeMap<[u8; 16], PrepaidScope>, StoreError> {
    let mut prepaid = BTreeMap::new();
    for account in accounts {
        let row = sqlx::query("SELECT prepaid_scope FROM accounts WHERE id = ?")
            .bind(account.as_slice())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let Some(row) = row else { continue };
        let scope = Cells::new("accounts", &row).optional_word("prepaid_scope", PrepaidScope::from_name)?;
        prepaid.extend(scope.map(|scope| (*account, scope)));
    }
    Ok(prepaid)
}
