//! Cases of purses: what gateways hold of budgets, and what the ledger says was spent.

use super::Subject;
use super::sample::{self, audit};
use crate::escrow::{Ask, HOLD_LASTS, Loan, Purse, Standing};
use crate::{Collection, CreditStanding, Store, Tenant};
use wardgate_core::account::Account;
use wardgate_core::budget::{Budget, BudgetOwner, BudgetWindow, Span};
use wardgate_core::credit::{Credit, PrepaidScope};
use wardgate_core::id::{HolderId, RequestId};
use wardgate_core::money::NanoUsd;
use wardgate_core::random::Counting;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::UsageEvent;

const NOW: Timestamp = sample::START;

const fn usd(amount: i64) -> NanoUsd {
    NanoUsd::new(amount)
}

const fn holder(number: u8) -> HolderId {
    HolderId::from_bytes([number; 16])
}

fn span() -> Span {
    BudgetWindow::Day.span(NOW, NOW)
}

async fn budget(store: &dyn Store, account: &Account, owner: BudgetOwner, hard: Option<i64>) -> Budget {
    let hard = hard.map(NanoUsd::new);
    let budget = Budget { owner, window: BudgetWindow::Day, hard, soft: Some(usd(1)), ..sample::budget(account) };
    sample::stored(store, account, budget).await
}

fn ask(budget: &Budget, call: u64, kept: i64, needed: i64, wanted: i64) -> Ask {
    Ask {
        purse: Purse::Budget(budget.id),
        span: span(),
        call,
        kept: usd(kept),
        needed: usd(needed),
        needed_min: usd(needed),
        wanted: usd(wanted),
    }
}

async fn lend(tenant: &dyn Tenant, number: u8, ask: Ask) -> Loan {
    lend_at(tenant, number, ask, NOW).await
}

async fn lend_at(tenant: &dyn Tenant, number: u8, ask: Ask, now: Timestamp) -> Loan {
    tenant.lend(holder(number), &[ask], now).await.unwrap()[0]
}

const fn lent(granted: i64, left: i64) -> Loan {
    Loan::Lent { granted: usd(granted), left: usd(left), limit: usd(160) }
}

fn event(account: &Account, cost: Option<i64>, began: Timestamp) -> UsageEvent {
    UsageEvent {
        request_id: RequestId::new(began, &Counting::default()),
        cost: cost.map(NanoUsd::new),
        managed_key_id: None,
        ..sample::usage_event(account)
    }
}

async fn standing(tenant: &dyn Tenant, purse: Purse) -> Standing {
    tenant.standings(&[(purse, span())], NOW).await.unwrap()[0]
}

/// What one holds, no other gets; what is given back, others get.
pub async fn nobody_gets_what_another_holds(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let budget = budget(store, &acme, BudgetOwner::Account, Some(160)).await;
    assert_eq!(lend(&*tenant, 1, ask(&budget, 1, 0, 5, 100)).await, lent(10, 150));
    assert_eq!(lend(&*tenant, 2, ask(&budget, 1, 0, 140, 0)).await, lent(140, 10));
    assert_eq!(lend(&*tenant, 1, ask(&budget, 2, 10, 11, 0)).await, lent(0, 10));
    assert_eq!(standing(&*tenant, Purse::Budget(budget.id)).await, Standing { spent: usd(0), held: usd(150) });
    assert_eq!(lend(&*tenant, 2, ask(&budget, 2, 100, 0, 0)).await, lent(0, 50));
    assert_eq!(lend(&*tenant, 1, ask(&budget, 3, 10, 50, 0)).await, lent(50, 0));
    // Several asks of one call see each other.
    let both = [ask(&budget, 4, 0, 0, 0), ask(&budget, 5, 0, 60, 0)];
    assert_eq!(tenant.lend(holder(1), &both, NOW).await.unwrap(), [lent(0, 60), lent(60, 0)]);
}

/// A call that was repeated changes nothing twice, and one that comes after a later one changes nothing.
pub async fn late_calls_do_nothing(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let budget = budget(store, &acme, BudgetOwner::Account, Some(160)).await;
    assert_eq!(lend(&*tenant, 1, ask(&budget, 7, 0, 100, 0)).await, lent(100, 60));
    for call in [7, 6, 1] {
        assert_eq!(lend(&*tenant, 1, ask(&budget, call, 0, 50, 0)).await, Loan::TooLate);
    }
    assert_eq!(standing(&*tenant, Purse::Budget(budget.id)).await.held, usd(100));
    // The answer was lost, so what it granted is told as not kept.
    assert_eq!(lend(&*tenant, 1, ask(&budget, 8, 0, 160, 0)).await, lent(160, 0));
}

/// The ledger adds what is spent, once, by the day on which the request began, for each whose budget it may be.
pub async fn spending_is_added_up_once(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let key = sample::stored(store, &acme, sample::access_key(&acme)).await;
    let team = sample::stored(store, &acme, sample::team(&acme)).await;
    let of_account = budget(store, &acme, BudgetOwner::Account, Some(160)).await;
    let of_team = budget(store, &acme, BudgetOwner::Team(team.id), Some(160)).await;
    let of_key = budget(store, &acme, BudgetOwner::AccessKey(key.id), Some(160)).await;
    let yesterday = NOW.minus(std::time::Duration::from_secs(24 * 3_600));
    let events = [
        UsageEvent { access_key_id: key.id, team_id: team.id, ..event(&acme, Some(5), NOW) },
        UsageEvent { team_id: team.id, ..event(&acme, Some(20), NOW) },
        UsageEvent { team_id: sample::team(&acme).id, ..event(&acme, Some(100), NOW) },
        event(&acme, None, NOW),
        event(&acme, Some(1_000), yesterday),
        event(&other, Some(10_000), NOW),
    ];
    for _ in 0..2 {
        store.append_usage(&events).await.unwrap();
        store.append_usage(&events[..2]).await.unwrap();
    }
    for (budget, spent) in [(&of_account, 125), (&of_team, 25), (&of_key, 5)] {
        assert_eq!(standing(&*tenant, Purse::Budget(budget.id)).await.spent, usd(spent));
        assert_eq!(lend(&*tenant, 1, ask(budget, 1, 0, 161 - spent, 0)).await, lent(0, 160 - spent));
        assert_eq!(lend(&*tenant, 1, ask(budget, 2, 0, 160 - spent, 0)).await, lent(160 - spent, 0));
    }
    let in_all = Span { start: yesterday.day_start(), end: None };
    let standings = tenant.standings(&[(Purse::Budget(of_account.id), in_all)], NOW).await.unwrap();
    assert_eq!(standings[0].spent, usd(1_125));
}

/// Credits pay for what the account's scope says when the ledger gets it; what they paid for stays paid.
pub async fn credits_are_lent_and_spent(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let of_credits = |call: u64, kept: i64, needed: i64, wanted: i64| Ask {
        purse: Purse::Credits,
        span: Span { start: Timestamp::from_unix_micros(0), end: None },
        call,
        kept: usd(kept),
        needed: usd(needed),
        needed_min: usd(needed),
        wanted: usd(wanted),
    };
    let loan = |granted: i64, left: i64, limit: i64| Loan::Lent { granted: usd(granted), left: usd(left), limit: usd(limit) };
    assert_eq!(lend(&*tenant, 1, of_credits(1, 0, 5, 0)).await, loan(0, 0, 0));
    let credit = Credit { amount: usd(160), expires_at: None, created_at: NOW, ..sample::credit(&acme) };
    tenant.add_credit(&credit, &audit(acme.id)).await.unwrap();
    assert_eq!(lend(&*tenant, 1, of_credits(2, 0, 5, 100)).await, loan(10, 150, 160));
    let managed =
        |cost: i64| UsageEvent { managed_key_id: sample::usage_event(&acme).managed_key_id, ..event(&acme, Some(cost), NOW) };
    for _ in 0..2 {
        // Each event has its own id; what is sent twice is counted once.
        let events = [managed(20), event(&acme, Some(100), NOW)];
        store.append_usage(&events).await.unwrap();
        store.append_usage(&events).await.unwrap();
    }
    let stands = async |balance: i64, spent: i64| {
        let expected = CreditStanding { balance: usd(balance), spent: usd(spent) };
        assert_eq!(tenant.credit_standing(NOW).await.unwrap(), expected);
    };
    stands(120, 40).await;
    assert_eq!(lend(&*tenant, 2, of_credits(1, 0, 110, 0)).await, loan(110, 0, 120));
    assert_eq!(lend(&*tenant, 2, of_credits(2, 0, 0, 0)).await, loan(0, 110, 120));
    let everything = Account { prepaid: Some(PrepaidScope::Everything), ..acme.edited() };
    store.update(&everything, &audit(None)).await.unwrap();
    store.append_usage(&[event(&acme, Some(150), NOW)]).await.unwrap();
    stands(-30, 190).await;
    assert_eq!(lend(&*tenant, 2, of_credits(3, 0, 1, 0)).await, loan(0, -40, -30));
    let nothing = Account { prepaid: None, ..everything.edited() };
    store.update(&nothing, &audit(None)).await.unwrap();
    store.append_usage(&[managed(1_000)]).await.unwrap();
    stands(-30, 190).await;
    assert_eq!(lend(&*tenant, 2, of_credits(4, 0, 1, 0)).await, Loan::Unlimited);
}

/// A hold that is not renewed lapses; one that is stays.
pub async fn holds_lapse(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let budget = budget(store, &acme, BudgetOwner::Account, Some(160)).await;
    let (half, whole) = (NOW.plus(HOLD_LASTS / 2), NOW.plus(HOLD_LASTS));
    assert_eq!(lend(&*tenant, 1, ask(&budget, 1, 0, 100, 0)).await, lent(100, 60));
    assert_eq!(lend(&*tenant, 2, ask(&budget, 1, 0, 50, 0)).await, lent(50, 10));
    assert_eq!(lend_at(&*tenant, 2, ask(&budget, 2, 50, 0, 0), half).await, lent(0, 10));
    assert_eq!(lend_at(&*tenant, 3, ask(&budget, 1, 0, 110, 0), whole).await, lent(110, 0));
}

/// What is kept is kept, even if it is more than the limit by now; a limit that is gone limits nothing.
pub async fn limits_change(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let made = budget(store, &acme, BudgetOwner::Account, Some(160)).await;
    assert_eq!(lend(&*tenant, 1, ask(&made, 1, 0, 100, 0)).await, lent(100, 60));
    assert_eq!(lend(&*tenant, 1, ask(&made, 2, 170, 1, 0)).await, lent(0, -10));
    assert_eq!(standing(&*tenant, Purse::Budget(made.id)).await.held, usd(170));
    assert_eq!(lend(&*store.tenant(other.id), 1, ask(&made, 9, 0, 1, 0)).await, Loan::Unlimited);
    let soft = budget(store, &acme, BudgetOwner::Account, None).await;
    assert_eq!(lend(&*tenant, 1, ask(&soft, 1, 0, 1, 0)).await, Loan::Unlimited);
    assert!(Collection::<Budget>::delete(&*tenant, made.id, None, &audit(acme.id)).await.unwrap());
    assert_eq!(lend(&*tenant, 1, ask(&made, 3, 0, 1, 0)).await, Loan::Unlimited);
}

/// One is told that a soft limit was passed, once in a span.
pub async fn soft_limits_are_passed_once(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let budget = budget(store, &acme, BudgetOwner::Account, None).await;
    assert!(tenant.pass_soft_limit(budget.id, span().start).await.unwrap());
    assert!(!tenant.pass_soft_limit(budget.id, span().start).await.unwrap());
    assert!(tenant.pass_soft_limit(budget.id, NOW.plus(HOLD_LASTS)).await.unwrap());
}
