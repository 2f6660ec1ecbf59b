//! `PATCH /budgets/{id}`. Its owner and its window stay: with others it would be another budget.

use super::{Budgets, check_limits, dollars};
use crate::body::{Change, Kept, Nullable, Problems, body};
use crate::context::Context;
use crate::resource::Update;
use crate::text::{DESCRIPTION, METADATA, REQUIRED_NAME, change_label};
use wardgate_core::budget::Budget;
use wardgate_core::money::NanoUsd;

body! {
    /// What changes a budget. What was spent in its window stays spent.
    BudgetUpdate {
        /// Unique within the account.
        name: Option<String> = Kept(REQUIRED_NAME),
        /// For people.
        description: Change<String> = Nullable(DESCRIPTION),
        /// For programs.
        metadata: Change<String> = Nullable(METADATA),
        /// What is never exceeded, in dollars. Null: nothing is refused.
        hard_limit: Change<NanoUsd> = Nullable(dollars()),
        /// From what on someone is told, in dollars. Null: nobody is.
        soft_limit: Change<NanoUsd> = Nullable(dollars()),
    }
    example {"hardLimit": "750.00"}
}

impl Update for Budgets {
    type Body = BudgetUpdate;

    fn apply(_: &Context, budget: &mut Budget, wanted: &BudgetUpdate, problems: &mut Problems) {
        if let Some(name) = &wanted.name {
            budget.label.name = Some(name.clone());
        }
        change_label(&mut budget.label, &wanted.description, &wanted.metadata);
        wanted.hard_limit.apply_to(&mut budget.hard);
        wanted.soft_limit.apply_to(&mut budget.soft);
        check_limits(budget.hard, budget.soft, problems);
    }
}
