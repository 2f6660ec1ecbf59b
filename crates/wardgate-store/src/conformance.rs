//! What every adapter must do: cases that each run on a fresh store.
//!
//! An adapter writes one function that makes a [`Fresh`] store and one line, `conformance_suite!(that_function)`; every case
//! then is a test of its own with a name. A new case is a function in the file of its table and one line in the macro's list.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on has failed")]

pub mod access_keys;
pub mod accounts;
pub mod changes;
pub mod keys;
pub mod provider_keys;
pub mod providers;
pub mod routing;
pub mod sample;
pub mod usage;

use crate::Store;
use std::any::Any;
use std::sync::Arc;

/// An empty store, and whatever must live as long as it does, such as a temporary directory.
pub struct Fresh {
    /// The store.
    pub store: Arc<dyn Store>,
    _keep: Box<dyn Any + Send>,
}

impl Fresh {
    /// A store that needs nothing else.
    pub fn new(store: impl Store + 'static) -> Self {
        Self::keeping(store, ())
    }

    /// A store, and something to hold on to until the case is over.
    pub fn keeping(store: impl Store + 'static, keep: impl Any + Send) -> Self {
        Self { store: Arc::new(store), _keep: Box::new(keep) }
    }
}

/// Expands to one test per case. Takes the name of an async function without arguments that gives a [`Fresh`].
#[macro_export]
macro_rules! conformance_suite {
    ($fresh:path) => {
        $crate::conformance_cases! { $fresh;
            accounts: found_by_id_and_name, name_is_unique, first_team_is_of_the_account;
            access_keys: every_field_round_trips, pages_descend, revoked_is_gone_for_the_tenant_only, another_accounts_is_not_found,
                another_accounts_is_refused, team_must_be_of_the_account, touch_never_moves_back, id_is_unique;
            keys: api_key_round_trips, operator_key_round_trips, api_key_of_another_account_is_refused;
            provider_keys: every_field_round_trips, pages_descend_and_filter, another_accounts_is_not_found,
                another_accounts_is_refused, delete_is_once, capped_per_provider;
            providers: every_field_round_trips, pages_descend, another_accounts_is_not_found, another_accounts_is_refused,
                name_is_unique_within_the_account, not_deleted_while_a_key_names_it, capped;
            usage: every_field_round_trips, replay_inserts_nothing, range_is_inclusive, filters_apply,
                cursor_passes_equal_times, another_accounts_is_not_listed;
            routing: gives_all_of_one_account_oldest_first, gone_account_is_none;
            changes: told_after_the_commit, failures_are_not_told;
        }
    };
}

/// The inner part of [`conformance_suite!`]: a module per table, a test per case.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($fresh:path; $($table:ident: $($case:ident),* $(,)?;)*) => {
        mod conformance {
            $(mod $table {
                use super::super::*;
                $(#[tokio::test]
                async fn $case() {
                    let fresh = $fresh().await;
                    $crate::conformance::$table::$case(&*fresh.store).await;
                })*
            })*
        }
    };
}
