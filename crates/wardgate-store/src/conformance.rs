//! What every adapter must do: cases that each run on a fresh store.
//!
//! An adapter writes one function that makes a [`Fresh`] store and one line, `conformance_suite!(that_function)`; every case
//! then is a test of its own with a name. Cases that many kinds of objects pass alike are in `every_kind.rs` and the files
//! named after it below, and know a kind by its [`Subject`]; what is particular to a table is in a file of its own. A new case is a function there
//! and one line in the macro's list; a new kind is a `Subject` and one line.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on has failed")]

pub mod subject;
pub mod sample;
pub mod every_kind;
pub mod isolation;
pub mod names;
pub mod labels;

pub mod access_keys;
pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod budgets;
pub mod changes;
pub mod configurations;
pub mod credits;
pub mod escrow;
pub mod gateway_config;
pub mod grants;
pub mod idempotency;
pub mod overview;
pub mod provider_keys;
pub mod providers;
pub mod routing;
pub mod sealed;
pub mod teams;
pub mod usage;

pub use subject::{Labelled, Named, Owned, Subject};

use crate::{AuditQuery, Store};
use std::any::Any;
use std::sync::Arc;
use wardgate_core::audit::AuditEvent;

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

/// The audit log of the gateway, newest first.
async fn log(store: &dyn Store) -> Vec<AuditEvent> {
    let listed = store.audit_log(&AuditQuery { limit: 100, ..AuditQuery::default() }).await.unwrap();
    assert!(!listed.has_more, "a case that writes more compares less");
    listed.items
}

/// Holds when a call was refused with this variant of [`crate::StoreError`].
macro_rules! refused {
    ($result:expr, $error:ident) => {
        let result = $result;
        assert!(matches!(result, Err($crate::StoreError::$error { .. })), "{result:?}");
    };
}
use refused;

/// Expands to one test per case. Takes the name of an async function without arguments that gives a [`Fresh`].
#[macro_export]
macro_rules! conformance_suite {
    ($fresh:path) => {
        mod conformance {
            use super::*;

            $crate::conformance_kinds! { $fresh; every_kind: every_field_round_trips, pages_descend, id_is_unique,
                update_replaces_the_version_before, delete_is_once_and_of_the_version, writes_are_logged, writes_are_told;
                access_keys = AccessKey, accounts = Account, api_keys = ApiKey, budgets = Budget, configurations = Configuration,
                custom_providers = CustomProvider, managed_keys = ManagedKey, operator_keys = OperatorKey,
                provider_keys = ProviderKey, purchases = Purchase, teams = Team, tiers = Tier, virtual_models = VirtualModel
            }
            $crate::conformance_kinds! { $fresh; isolation: another_accounts_is_out_of_reach, another_accounts_is_refused;
                access_keys = AccessKey, api_keys = ApiKey, budgets = Budget, configurations = Configuration,
                custom_providers = CustomProvider, provider_keys = ProviderKey, purchases = Purchase, teams = Team,
                virtual_models = VirtualModel
            }
            $crate::conformance_kinds! { $fresh; names: found_by_text;
                access_keys = AccessKey, accounts = Account, api_keys = ApiKey, budgets = Budget, configurations = Configuration,
                custom_providers = CustomProvider, managed_keys = ManagedKey, operator_keys = OperatorKey,
                provider_keys = ProviderKey, teams = Team, tiers = Tier, virtual_models = VirtualModel
            }
            $crate::conformance_kinds! { $fresh; labels: found_by_description;
                access_keys = AccessKey, api_keys = ApiKey, budgets = Budget, configurations = Configuration, managed_keys = ManagedKey,
                operator_keys = OperatorKey, provider_keys = ProviderKey, teams = Team, virtual_models = VirtualModel
            }
            $crate::conformance_cases! { $fresh;
                access_keys: found_by_id_alone, revoked_is_gone_for_the_tenant_only,
                    team_and_configuration_are_of_the_account, filters_apply, touch_never_moves_back;
                accounts: found_by_name, made_with_its_default_team, name_is_unique, filtered_by_tier,
                    update_leaves_the_sealed_data_key, deleting_leaves_usage_and_log;
                api_keys: deleted_is_found_by_id_alone, deleted_operator_key_is_found_by_id_alone, filtered_by_role, capped,
                    operator_keys_are_capped;
                audit: every_field_round_trips, queries_apply, accounts_see_their_own;
                budgets: owner_is_of_the_account, name_is_unique_within_the_account, filtered_by_owner, gone_with_their_owner;
                changes: what_caches_do_not_hold_is_not_told, all_listeners_hear;
                configurations: provider_keys_are_of_the_account, not_deleted_while_a_key_is_linked, capped,
                    virtual_model_name_is_unique_in_any_case, virtual_models_are_capped;
                credits: credits_round_trip, balance_leaves_out_what_is_expired, credit_is_refused, settling_is_whole,
                    purchase_key_is_unique_within_the_account, purchases_are_filtered, pending_purchases_are_capped;
                escrow: nobody_gets_what_another_holds, late_calls_do_nothing, spending_is_added_up_once, credits_are_lent_and_spent, holds_lapse,
                    limits_change, soft_limits_are_passed_once;
                gateway_config: unwritten_until_written, each_version_replaces_the_one_before,
                    another_accounts_is_refused, told;
                grants: made_and_ended_once, ends_must_be_there, listed_by_either_end, gone_with_either_end;
                idempotency: runs_once, what_never_ended_runs_again, abandoned_is_forgotten, accounts_do_not_collide,
                    purge_deletes_what_is_over;
                overview: request_finds_its_attempts, request_is_found_unfinished, sums_by_day_and_group,
                    any_time_is_summed_to_the_hour, replay_adds_nothing_to_sums, deleted_events_leave_their_sums,
                    counts_requests_and_errors_of_final_attempts, too_many_buckets_are_refused;
                provider_keys: filtered_by_provider, not_deleted_while_a_configuration_names_it, capped_per_provider,
                    managed_are_capped_per_provider;
                providers: parts_stay_with_their_provider, filtered_by_the_name_clients_write,
                    name_is_unique_within_the_account, not_deleted_while_named, capped;
                routing: gives_all_of_one_account_oldest_first, gone_account_is_none;
                sealed: proof_is_replaced_by_who_knows_it, data_keys_are_replaced, managed_keys_are_replaced;
                teams: name_is_unique_within_the_account, not_deleted_while_needed, filtered_by_tier, tier_name_is_unique,
                    tier_not_deleted_while_needed, tiers_are_capped;
                usage: every_field_round_trips, replay_inserts_nothing, range_is_inclusive, filters_apply,
                    cursor_passes_equal_times, another_accounts_is_not_listed;
            }
        }
    };
}

/// A part of [`conformance_suite!`]: a module per table, a test per case.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($fresh:path; $($table:ident: $($case:ident),*;)*) => {
        $(mod $table {
            use super::*;
            $(#[tokio::test]
            async fn $case() {
                let fresh = $fresh().await;
                $crate::conformance::$table::$case(&*fresh.store).await;
            })*
        })*
    };
}

/// A part of [`conformance_suite!`]: a module per kind, a test per case.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_kinds {
    ($fresh:path; $set:ident: $($case:ident),*; $($module:ident = $kind:ident),*) => {
        mod $set {
            use super::*;
            $crate::conformance_kinds! { @modules $fresh; $set; ($($case),*); $($module = $kind),* }
        }
    };
    (@modules $fresh:path; $set:ident; $cases:tt; $($module:ident = $kind:ident),*) => {
        $(mod $module {
            use super::*;
            $crate::conformance_kinds! { @cases $fresh; $set; $cases; $kind }
        })*
    };
    (@cases $fresh:path; $set:ident; ($($case:ident),*); $kind:ident) => {
        $(#[tokio::test]
        async fn $case() {
            let fresh = $fresh().await;
            $crate::conformance::$set::$case::<$crate::conformance::subject::$kind>(&*fresh.store).await;
        })*
    };
}
