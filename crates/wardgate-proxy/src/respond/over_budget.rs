//! What a client reads when there is too little money.

use wardgate_core::budget::{BudgetOwner, BudgetWindow};
use wardgate_core::money::NanoUsd;
use wardgate_limits::escrow::Shortage;
use wardgate_store::escrow::Purse;
use wardgate_wire::budget_body::{self, BudgetBody};

pub(super) const fn code(shortage: &Shortage) -> &'static str {
    match shortage.facts.purse {
        Purse::Budget(_) => "budget_exceeded",
        Purse::Credits => "insufficient_credits",
    }
}

/// In words, with what was too dear.
pub(super) fn message(shortage: &Shortage, too_dear: &str) -> String {
    let named = if too_dear.is_empty() { String::new() } else { format!(" (too dear: {too_dear})") };
    cause(shortage) + &named
}

fn cause(shortage: &Shortage) -> String {
    let (left, needed) = (shortage.left.to_usd(), shortage.needed.to_usd());
    let Purse::Budget(_) = shortage.facts.purse else {
        return format!(
            "insufficient credits: {left} dollars are left, and this request may cost up to {needed}; add credits, ask for less \
             (max_tokens), or use a cheaper model"
        );
    };
    let owner = match shortage.facts.owner {
        BudgetOwner::Account => "account",
        BudgetOwner::Team(_) => "team",
        BudgetOwner::AccessKey(_) => "access key",
    };
    let window = match shortage.facts.window {
        BudgetWindow::Day => " a day",
        BudgetWindow::Week => " a week",
        BudgetWindow::Month => " a month",
        BudgetWindow::Total => " in all",
    };
    let reset = shortage.resets_at.map(|at| format!("; it begins anew at {at}")).unwrap_or_default();
    format!(
        "the budget {:?} of this {owner}, which is {} dollars{window}, has {left} left, and this request may cost up to \
         {needed}{reset}; ask for less (max_tokens), use a cheaper model, or have the budget raised",
        shortage.facts.name.as_deref().unwrap_or_default(),
        shortage.limit.to_usd(),
    )
}

/// The same for programs.
pub(super) fn add(body: Vec<u8>, shortage: &Shortage) -> Vec<u8> {
    let facts = &shortage.facts;
    let id = match facts.purse {
        Purse::Budget(id) => Some(id.to_string()),
        Purse::Credits => None,
    };
    let owner_id = match facts.owner {
        BudgetOwner::Account => None,
        BudgetOwner::Team(id) => Some(id.to_string()),
        BudgetOwner::AccessKey(id) => Some(id.to_string()),
    };
    let resets_at = shortage.resets_at.map(|at| at.to_string());
    let [limit, remaining, needed] = [shortage.limit, shortage.left, shortage.needed].map(NanoUsd::to_usd);
    let body_of = BudgetBody {
        id: id.as_deref(),
        name: facts.name.as_deref(),
        owner: facts.owner.name(),
        owner_id: owner_id.as_deref(),
        window: facts.window.name(),
        limit: &limit,
        remaining: &remaining,
        needed: &needed,
        resets_at: resets_at.as_deref(),
    };
    budget_body::add(body, &body_of)
}
