//! Purses: who holds what of them. Whoever lends holds the lock on the account, so that two who ask see each other's holds.

use super::PostgresTenant;
use super::id::Id;
use super::writing::{Writing, retried};
use crate::error::unavailable;
use crate::row::{Cells, count};
use async_trait::async_trait;
use sqlx::types::Uuid;
use wardgate_core::budget::Span;
use wardgate_core::id::{BudgetId, HolderId};
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;
use wardgate_store::escrow::{Ask, HOLD_LASTS, Loan, Purse, Standing, grant};
use wardgate_store::{Escrow, StoreError};

/// Of a budget with a hard limit: the limit, what was spent, what others hold, and the last call of this holder. The ledger
/// grows without the account's lock; what it has meanwhile is still among what its holder keeps.
const READ: &str = "SELECT hard_nano_usd,
         (SELECT least(coalesce(sum(nano_usd), 0), 9223372036854775807)::bigint FROM spending
          WHERE account_id = $1 AND spender_id = coalesce(team_id, access_key_id, $1) AND day >= $3
              AND ($4::bigint IS NULL OR day < $4)) AS spent,
         (SELECT least(coalesce(sum(held_nano_usd), 0), 9223372036854775807)::bigint FROM holds
          WHERE account_id = $1 AND purse_id = $2 AND start = $3 AND holder_id <> $5) AS held,
         (SELECT call FROM holds WHERE account_id = $1 AND purse_id = $2 AND start = $3 AND holder_id = $5) AS call
     FROM budgets WHERE account_id = $1 AND id = $2 AND hard_nano_usd IS NOT NULL";

/// The same of the credits of a prepaid account: what was spent is taken from them already.
const READ_CREDITS: &str = "SELECT 0::bigint AS spent,
         (SELECT least(coalesce(sum(held_nano_usd), 0), 9223372036854775807)::bigint FROM holds
          WHERE account_id = $1 AND purse_id = $2 AND start = $3 AND holder_id <> $5) AS held,
         (SELECT call FROM holds WHERE account_id = $1 AND purse_id = $2 AND start = $3 AND holder_id = $5) AS call
     FROM accounts WHERE id = $1 AND prepaid_scope IS NOT NULL AND ($4::bigint IS NULL OR TRUE)";

const HOLD: &str = "INSERT INTO holds (account_id, purse_id, start, holder_id, call, held_nano_usd, renewed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (account_id, purse_id, start, holder_id)
     DO UPDATE SET call = excluded.call, held_nano_usd = excluded.held_nano_usd, renewed_at = excluded.renewed_at";

const LET_GO: &str = "DELETE FROM holds WHERE account_id = $1 AND purse_id = $2 AND start = $3 AND holder_id = $4";

#[async_trait]
impl Escrow for PostgresTenant {
    async fn lend(&self, holder: HolderId, asks: &[Ask], now: Timestamp) -> Result<Vec<Loan>, StoreError> {
        retried(|| async {
            let mut writing = match Writing::begin_for(&self.store, Some(self.account_id)).await {
                // Nothing limits an account that is gone; its keys are refused by themselves.
                Err(StoreError::NotInAccount { .. }) => return Ok(vec![Loan::Unlimited; asks.len()]),
                begun => begun?,
            };
            let done = self.lend_all(&mut writing, holder, asks, now).await;
            writing.end(done).await
        })
        .await
    }

    async fn standings(&self, purses: &[(Purse, Span)], now: Timestamp) -> Result<Vec<Standing>, StoreError> {
        let mut standings = Vec::with_capacity(purses.len());
        for (purse, span) in purses {
            standings.push(self.standing(*purse, *span, now).await?);
        }
        Ok(standings)
    }

    async fn pass_soft_limit(&self, id: BudgetId, start: Timestamp) -> Result<bool, StoreError> {
        let noted = sqlx::query(
            "INSERT INTO soft_limits_passed (budget_id, start) SELECT id, $3 FROM budgets WHERE account_id = $1 AND id = $2
             ON CONFLICT DO NOTHING",
        );
        let noted = noted.bind(self.account_id.uuid()).bind(id.uuid()).bind(start.unix_micros());
        Ok(self.store.database().run(noted).await? == 1)
    }
}

impl PostgresTenant {
    fn purse_id(&self, purse: Purse) -> Uuid {
        match purse {
            Purse::Budget(id) => id.uuid(),
            Purse::Credits => self.account_id.uuid(),
        }
    }

    async fn lend_all(
        &self,
        writing: &mut Writing,
        holder: HolderId,
        asks: &[Ask],
        now: Timestamp,
    ) -> Result<Vec<Loan>, StoreError> {
        let lapsed = sqlx::query("DELETE FROM holds WHERE account_id = $1 AND renewed_at <= $2");
        let lapsed = lapsed.bind(self.account_id.uuid()).bind(now.minus(HOLD_LASTS).unix_micros());
        writing.lent().run(lapsed).await.map_err(unavailable)?;
        let mut loans = Vec::with_capacity(asks.len());
        for ask in asks {
            loans.push(self.lend_one(writing, holder, ask, now).await?);
        }
        Ok(loans)
    }

    async fn lend_one(&self, writing: &mut Writing, holder: HolderId, ask: &Ask, now: Timestamp) -> Result<Loan, StoreError> {
        let purse_id = self.purse_id(ask.purse);
        let read = sqlx::query(if ask.purse == Purse::Credits { READ_CREDITS } else { READ })
            .bind(self.account_id.uuid())
            .bind(purse_id)
            .bind(ask.span.start.unix_micros())
            .bind(ask.span.end.map(Timestamp::unix_micros))
            .bind(holder.uuid());
        let Some(row) = writing.lent().row(read).await? else { return Ok(Loan::Unlimited) };
        let cells = Cells::new("holds", &row);
        if cells.get::<Option<i64>>("call")?.is_some_and(|last| last >= count(ask.call)) {
            return Ok(Loan::TooLate);
        }
        let money = |column| cells.get(column).map(NanoUsd::new);
        let limit = match ask.purse {
            Purse::Budget(_) => money("hard_nano_usd")?,
            Purse::Credits => self.credits_now(writing.lent(), now).await?.balance,
        };
        let left = limit - money("spent")? - money("held")? - ask.kept;
        let granted = grant(left, ask);
        let held = ask.kept + granted;
        let statement = sqlx::query(if held > NanoUsd::ZERO { HOLD } else { LET_GO })
            .bind(self.account_id.uuid())
            .bind(purse_id)
            .bind(ask.span.start.unix_micros())
            .bind(holder.uuid());
        let statement = if held > NanoUsd::ZERO {
            statement.bind(count(ask.call)).bind(held.nano_usd()).bind(now.unix_micros())
        } else {
            statement
        };
        writing.lent().run(statement).await.map_err(unavailable)?;
        Ok(Loan::Lent { granted, left: left - granted, limit })
    }

    async fn standing(&self, purse: Purse, span: Span, now: Timestamp) -> Result<Standing, StoreError> {
        let statement = sqlx::query(
            "SELECT
                 (SELECT least(coalesce(sum(nano_usd), 0), 9223372036854775807)::bigint FROM spending
                  WHERE account_id = $1 AND day >= $3 AND ($4::bigint IS NULL OR day < $4) AND spender_id = CASE WHEN $2 = $1
                      THEN $6 ELSE (SELECT coalesce(team_id, access_key_id, $1) FROM budgets WHERE account_id = $1 AND id = $2)
                  END) AS spent,
                 (SELECT least(coalesce(sum(held_nano_usd), 0), 9223372036854775807)::bigint FROM holds
                  WHERE account_id = $1 AND purse_id = $2 AND start = $3 AND renewed_at > $5) AS held",
        )
        .bind(self.account_id.uuid())
        .bind(self.purse_id(purse))
        .bind(span.start.unix_micros())
        .bind(span.end.map(Timestamp::unix_micros))
        .bind(now.minus(HOLD_LASTS).unix_micros())
        .bind(Uuid::nil());
        let Some(row) = self.store.database().row(statement).await? else { return Ok(Standing::default()) };
        let cells = Cells::new("holds", &row);
        Ok(Standing { spent: NanoUsd::new(cells.get("spent")?), held: NanoUsd::new(cells.get("held")?) })
    }
}
