//! Purses: who holds what of them.

use super::{SqliteTenant, spending};
use crate::error::unavailable;
use crate::row::{Cells, count};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use wardgate_core::budget::Span;
use wardgate_core::id::{BudgetId, HolderId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::escrow::{Ask, HOLD_LASTS, Loan, Purse, Standing, grant};
use wardgate_store::{Escrow, StoreError};

/// Of a budget with a hard limit: the limit, what was spent, what others hold, and the last call of this holder. Parameters:
/// account, budget, start, end, holder.
const READ: &str = "SELECT hard_nano_usd,
         (SELECT coalesce(sum(nano_usd), 0) FROM spending
          WHERE account_id = ?1 AND spender_id = coalesce(team_id, access_key_id, ?1) AND day >= ?3
              AND (?4 IS NULL OR day < ?4)) AS spent,
         (SELECT coalesce(sum(held_nano_usd), 0) FROM holds
          WHERE account_id = ?1 AND purse_id = ?2 AND start = ?3 AND holder_id <> ?5) AS held,
         (SELECT call FROM holds WHERE account_id = ?1 AND purse_id = ?2 AND start = ?3 AND holder_id = ?5) AS call
     FROM budgets WHERE account_id = ?1 AND id = ?2 AND hard_nano_usd IS NOT NULL";

/// The same of the credits of a prepaid account: what was spent is taken from them already.
const READ_CREDITS: &str = "SELECT 0 AS spent,
         (SELECT coalesce(sum(held_nano_usd), 0) FROM holds
          WHERE account_id = ?1 AND purse_id = ?2 AND start = ?3 AND holder_id <> ?5) AS held,
         (SELECT call FROM holds WHERE account_id = ?1 AND purse_id = ?2 AND start = ?3 AND holder_id = ?5) AS call
     FROM accounts WHERE id = ?1 AND prepaid_scope IS NOT NULL AND (?4 IS NULL OR TRUE)";

const HOLD: &str = "INSERT INTO holds (account_id, purse_id, start, holder_id, call, held_nano_usd, renewed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET call = excluded.call, held_nano_usd = excluded.held_nano_usd, renewed_at = excluded.renewed_at";

const LET_GO: &str = "DELETE FROM holds WHERE account_id = ? AND purse_id = ? AND start = ? AND holder_id = ?";

#[async_trait]
impl Escrow for SqliteTenant {
    async fn lend(&self, holder: HolderId, asks: &[Ask], now: Timestamp) -> Result<Vec<Loan>, StoreError> {
        let mut transaction = self.store.begin().await?;
        sqlx::query("DELETE FROM holds WHERE account_id = ? AND renewed_at <= ?")
            .bind(self.account())
            .bind(now.minus(HOLD_LASTS).unix_micros())
            .execute(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let mut loans = Vec::with_capacity(asks.len());
        for ask in asks {
            loans.push(self.lend_one(&mut transaction, holder, ask, now).await?);
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(loans)
    }

    async fn standings(&self, purses: &[(Purse, Span)], now: Timestamp) -> Result<Vec<Standing>, StoreError> {
        let connection = &mut *self.store.snapshot().await?;
        let mut standings = Vec::with_capacity(purses.len());
        for (purse, span) in purses {
            standings.push(self.standing(connection, *purse, *span, now).await?);
        }
        Ok(standings)
    }

    async fn pass_soft_limit(&self, id: BudgetId, start: Timestamp) -> Result<bool, StoreError> {
        let noted = sqlx::query(
            "INSERT INTO soft_limits_passed (budget_id, start) SELECT id, ?3 FROM budgets WHERE account_id = ?1 AND id = ?2
             ON CONFLICT DO NOTHING",
        );
        let noted = noted
            .bind(self.account())
            .bind(id.as_bytes().as_slice())
            .bind(start.unix_micros())
            .execute(self.store.writer())
            .await
            .map_err(unavailable)?;
        Ok(noted.rows_affected() == 1)
    }
}

impl SqliteTenant {
    fn purse_id(&self, purse: Purse) -> Vec<u8> {
        match purse {
            Purse::Budget(id) => id.as_bytes().to_vec(),
            Purse::Credits => self.account_id.as_bytes().to_vec(),
        }
    }

    async fn lend_one(
        &self,
        connection: &mut SqliteConnection,
        holder: HolderId,
        ask: &Ask,
        now: Timestamp,
    ) -> Result<Loan, StoreError> {
        let purse_id = self.purse_id(ask.purse);
        let row = sqlx::query(if ask.purse == Purse::Credits { READ_CREDITS } else { READ })
            .bind(self.account())
            .bind(&purse_id)
            .bind(ask.span.start.unix_micros())
            .bind(ask.span.end.map(Timestamp::unix_micros))
            .bind(holder.as_bytes().as_slice())
            .fetch_optional(&mut *connection)
            .await
            .map_err(unavailable)?;
        let Some(row) = row else { return Ok(Loan::Unlimited) };
        let cells = Cells::new("holds", &row);
        if cells.get::<Option<i64>>("call")?.is_some_and(|last| last >= count(ask.call)) {
            return Ok(Loan::TooLate);
        }
        let money = |column| cells.get(column).map(NanoUsd::new);
        let limit = match ask.purse {
            Purse::Budget(_) => money("hard_nano_usd")?,
            Purse::Credits => self.credits_now(connection, now).await?.balance,
        };
        let left = limit - money("spent")? - money("held")? - ask.kept;
        let granted = grant(left, ask);
        let held = ask.kept + granted;
        let statement = sqlx::query(if held > NanoUsd::ZERO { HOLD } else { LET_GO })
            .bind(self.account())
            .bind(&purse_id)
            .bind(ask.span.start.unix_micros())
            .bind(holder.as_bytes().as_slice());
        let statement = if held > NanoUsd::ZERO {
            statement.bind(count(ask.call)).bind(held.nano_usd()).bind(now.unix_micros())
        } else {
            statement
        };
        statement.execute(&mut *connection).await.map_err(unavailable)?;
        Ok(Loan::Lent { granted, left: left - granted, limit })
    }

    async fn standing(
        &self,
        connection: &mut SqliteConnection,
        purse: Purse,
        span: Span,
        now: Timestamp,
    ) -> Result<Standing, StoreError> {
        let row = sqlx::query(
            "SELECT
                 (SELECT coalesce(sum(nano_usd), 0) FROM spending
                  WHERE account_id = ?1 AND day >= ?3 AND (?4 IS NULL OR day < ?4) AND spender_id = CASE WHEN ?2 = ?1 THEN ?6
                      ELSE (SELECT coalesce(team_id, access_key_id, ?1) FROM budgets WHERE account_id = ?1 AND id = ?2) END
                 ) AS spent,
                 (SELECT coalesce(sum(held_nano_usd), 0) FROM holds
                  WHERE account_id = ?1 AND purse_id = ?2 AND start = ?3 AND renewed_at > ?5) AS held",
        )
        .bind(self.account())
        .bind(self.purse_id(purse))
        .bind(span.start.unix_micros())
        .bind(span.end.map(Timestamp::unix_micros))
        .bind(now.minus(HOLD_LASTS).unix_micros())
        .bind(spending::CREDITS.as_slice())
        .fetch_one(connection)
        .await
        .map_err(unavailable)?;
        let cells = Cells::new("holds", &row);
        Ok(Standing { spent: NanoUsd::new(cells.get("spent")?), held: NanoUsd::new(cells.get("held")?) })
    }
}
