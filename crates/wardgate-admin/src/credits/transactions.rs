//! `GET /credits/transactions`: what was added to the balance, newest first.

use super::TAG;
use crate::actor::ActorBody;
use crate::context::Context;
use crate::error::ApiError;
use crate::page::{LIMIT, Parameters, before_id};
use crate::resource::list::envelope;
use crate::route::{Access, Route};
use crate::schema;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;
use wardgate_core::api_key::Role;
use wardgate_core::credit::Credit;
use wardgate_core::id::CreditId;
use wardgate_core::money::NanoUsd;
use wardgate_core::time::Timestamp;

const PATH: &str = "/credits/transactions";
const ENVELOPE: &str = "items";

/// Billionths of a dollar in a cent.
const NANO_USD_PER_CENT: i64 = 10_000_000;

/// An amount that was added to a balance.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CreditTransaction")]
pub(super) struct TransactionBody {
    /// What kind of transaction it is: `credits`.
    #[serde(rename = "type")]
    kind: &'static str,
    #[schemars(with = "schema::Id<CreditId>")]
    id: CreditId,
    amount_cents: i64,
    /// `purchase` if it was paid for, `promotional` if it was given.
    category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// From when on what is left of it is void. Null: never.
    #[schemars(with = "Option<schema::Time>")]
    expires_at: Option<Timestamp>,
    #[schemars(with = "schema::Time")]
    created_at: Timestamp,
    created_by: ActorBody,
    /// Always null: this gateway writes no invoices.
    invoice_url: Option<String>,
}

impl TransactionBody {
    pub(super) fn new(context: &Context, credit: Credit) -> Self {
        Self {
            kind: "credits",
            id: credit.id,
            amount_cents: credit.amount.nano_usd().div_euclid(NANO_USD_PER_CENT),
            category: credit.category.name(),
            note: credit.note,
            expires_at: credit.expires_at,
            created_at: credit.created_at,
            created_by: ActorBody::new(&context.app, credit.created_by),
            invoice_url: None,
        }
    }
}

/// An amount of cents.
pub(super) fn of_cents(cents: u64) -> NanoUsd {
    NanoUsd::new(i64::try_from(cents).unwrap_or(i64::MAX).saturating_mul(NANO_USD_PER_CENT))
}

pub(super) fn route() -> Route {
    Route::get(PATH, Access::Account(Role::Viewer), handle)
        .named("listCreditTransactions", TAG, "Lists what was added to the balance, newest first.")
        .parameters([&before_id::<CreditId>(), &LIMIT])
        .answers_page::<TransactionBody>(ENVELOPE)
}

async fn handle(context: Context, mut parameters: Parameters) -> Result<impl IntoResponse, ApiError> {
    let page = parameters.page()?;
    parameters.finish()?;
    let listed = context.tenant()?.list_credits(page).await?;
    let uri = context.app.uri(PATH);
    let last = listed.items.last().filter(|_| listed.has_more).map(|credit| credit.id);
    let next = last.map(|last| format!("{uri}?beforeId={last}&limit={}", page.limit));
    let shown: Vec<_> = listed.items.into_iter().map(|credit| TransactionBody::new(&context, credit)).collect();
    envelope(ENVELOPE, &shown, uri, next)
}
