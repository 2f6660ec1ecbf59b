//! What strategies add to the plan of a request.

use crate::{Account, account_with, median};
use serde_json::{Value, json};
use std::hint::black_box;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_policy::configuration::Strategies;
use wardgate_policy::expression::world::{CallerFacts, RequestFacts};
use wardgate_policy::strategy::{self, Situation};
use wardgate_policy::{Ask, Facts, Plan, plan};

/// The most that a strategy may add, in nanoseconds.
const NANOS_MAX: u128 = 5_000;

const MODELS: [&str; 3] = ["model-120", "provider-3:model-123", "author/model-130"];

fn cases() -> Vec<(&'static str, Value)> {
    let select = |strategy: &str| json!({"model_selection": {"strategy": [strategy]}});
    vec![
        ("models of a provider", select("ai.models.filter(m, m.provider_id == 'provider-3')")),
        ("the cheapest that fits", select("ai.models.filter(m, m.fits).sortBy(m, m.estimated_cost)")),
        ("a twentieth goes elsewhere", select("random < 0.05 ? ai.models.reverse() : ai.models")),
        (
            "admission by tag, team and size",
            json!({"admit": [{"expression": "'batch' in tags && team.name == 'research' && request.estimated_tokens < 100000"}]}),
        ),
        (
            "business hours",
            json!({"admit": [{"expression": "time.zone('Europe/Berlin').hour >= 8 && time.zone('Europe/Berlin').hour < 18"}]}),
        ),
        (
            "keys by their names",
            json!({"key_selection": {"strategy": ["ai.keys.filter(k, k.name.startsWith('eu-'))", "ai.keys"]}}),
        ),
        (
            "a change",
            json!({"transform": [{"when": "!('long' in tags)", "max_output_tokens": 1000, "default": {"temperature": 0.2}}]}),
        ),
    ]
}

/// Tells what each adds. Whether all are within the limit.
pub(crate) fn tell() -> bool {
    println!("\nwhat a strategy adds to a plan of {} models, in nanoseconds", MODELS.len());
    let mut is_kept = true;
    for (what, document) in cases() {
        let account = account_with(2_000, document);
        let (with, without) = (measure(&account, true), measure(&account, false));
        let added = with.saturating_sub(without);
        println!("{what:<40} {added:>10}");
        is_kept &= added < NANOS_MAX;
    }
    println!("limit: {NANOS_MAX}");
    is_kept
}

/// Nanoseconds of a plan, put through the strategies or not.
fn measure(account: &Account, applies: bool) -> u128 {
    let Account { overlay, virtual_models, credentials, policy } = account;
    let facts = Facts { overlay, virtual_models, credentials, policy, health: None };
    let models = MODELS.map(str::to_owned);
    let ask = Ask { surface: Surface::ChatCompletions, models: &models, wishes: None, is_traced: false };
    let tags = ["batch".to_owned()];
    let request = RequestFacts {
        surface: Surface::ChatCompletions,
        models: &models,
        is_stream: false,
        output_tokens_max: Some(500),
        input_tokens: 2_000,
        // Noon of a Wednesday.
        now: Timestamp::from_unix_millis(1_795_608_000_000),
        random: 7,
    };
    let caller = CallerFacts {
        key_id: AccessKeyId::from_bytes([2; 16]),
        key_name: "ci",
        key_metadata: "",
        tags: &tags,
        team_id: TeamId::from_bytes([3; 16]),
        team_name: "research",
        account_id: AccountId::from_bytes([4; 16]),
        account_name: "acme",
    };
    let situation = Situation { request: &request, caller: &caller, credentials, health: None };
    let strategies = policy.strategies().filter(|_| applies);
    median(|| {
        let planned = plan(black_box(ask), facts).unwrap();
        if let Some(strategies) = strategies {
            put_through(strategies, planned, situation);
        } else {
            black_box(planned);
        }
    })
}

fn put_through(strategies: &Strategies, planned: Plan, situation: Situation<'_>) {
    let planned = strategy::apply(strategies, planned, situation).unwrap();
    let changes = strategy::changes(strategies, &planned.candidates[0], situation);
    black_box(changes.unwrap());
    black_box(planned);
}
