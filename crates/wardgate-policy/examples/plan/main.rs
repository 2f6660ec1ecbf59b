//! What a plan costs: `cargo xtask bench --only plan`.
//!
//! An account with 50 rules, 40 providers and 2,000 models, and one with a tenth of the models, since the cost must not depend on how
//! many there are; and what strategies add to it. Each figure is the median of rounds, so that a slow moment of the machine does not decide.

#![expect(clippy::print_stdout, reason = "it is a program that says figures")]
#![expect(clippy::unwrap_used, reason = "what it works on is made here")]

mod strategies;

use serde_json::{Value, json};
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use wardgate_core::format::{Format, Surface};
use wardgate_core::id::ProviderKeyId;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::name::ProviderName;
use wardgate_model::constraints::Constraints;
use wardgate_model::price::{Prices, Rates};
use wardgate_model::{Abilities, AuthScheme, Catalog, DataPolicy, Endpoint, Model, Origin, Overlay, Provider};
use wardgate_policy::configuration::Document;
use wardgate_policy::preferences::{self, Fields};
use wardgate_policy::{Ask, Credentials, Facts, Policy, VirtualModels, Wishes, plan};

const PROVIDERS: usize = 40;
const RULES: usize = 50;
const ROUNDS: usize = 15;
const TIMES: usize = 20_000;

/// The most that a plan may cost, in nanoseconds.
const NANOS_MAX: u128 = 10_000;

struct Account {
    overlay: Overlay,
    virtual_models: VirtualModels,
    credentials: Credentials,
    policy: Policy,
}

fn provider_name(number: usize) -> ProviderName {
    ProviderName::new(&format!("provider-{number}")).unwrap()
}

fn provider(number: usize) -> Provider {
    let endpoint = Endpoint {
        surface: Surface::ChatCompletions,
        format: Format::OpenAiChat,
        stream_url: None,
        url: format!("https://provider-{number}.example/v1/chat/completions").into(),
        auth: AuthScheme::Bearer,
        supported_params: None,
        unsupported_params: None,
        tools: Vec::new(),
    };
    Provider {
        name: provider_name(number),
        display_name: format!("Provider {number}"),
        origin: Origin::BuiltIn,
        endpoints: vec![Arc::new(endpoint)],
        environment_variable: None,
        key_shape: None,
        headers: Vec::new(),
        data_policy: DataPolicy::default(),
        datacenters: Vec::new(),
        quirks: Vec::new(),
        declared_models: Vec::new(),
    }
}

/// Each provider has the first model; the others are at one each.
fn model(number: usize, provider: usize) -> Model {
    let price = |dollars: &str| PicoUsdPerToken::from_usd_per_million(dollars).unwrap();
    Model {
        provider: provider_name(provider),
        id: format!("model-{number}").into(),
        slug: format!("author/model-{number}"),
        display_name: format!("Model {number}"),
        author: "author".to_owned(),
        context_window: Some(128_000),
        output_tokens_max: Some(16_000),
        formats: Vec::new(),
        is_chat: true,
        is_offered: true,
        abilities: Abilities::default(),
        constraints: Constraints::default(),
        former_prices: Vec::new(),
        prices: Some(Prices {
            base: Rates { input: price(&format!("0.{:02}", 10 + provider)), output: price("1"), ..Rates::default() },
            ..Prices::default()
        }),
    }
}

fn account(models: usize) -> Account {
    account_with(models, json!({}))
}

/// With more in its configuration.
fn account_with(models: usize, more: Value) -> Account {
    let mut catalog = Catalog::default();
    (0..PROVIDERS).for_each(|number| catalog.add_provider(provider(number)));
    (0..PROVIDERS).for_each(|number| catalog.add_model(model(0, number)));
    (1..models - PROVIDERS).for_each(|number| catalog.add_model(model(number, number % PROVIDERS)));
    let overlay = Overlay::new(Arc::new(catalog), &[]);
    let key = |number: usize| ProviderKeyId::from_bytes([u8::try_from(number).unwrap() + 1; 16]);
    let rules: Vec<_> = (0..RULES)
        .map(|number| {
            let at = number % PROVIDERS;
            let steps = json!([{"type": "user", "keys": [{"id": key(at).to_string()}]}]);
            if number < PROVIDERS {
                json!({"provider": provider_name(at).as_str(), "steps": steps})
            } else {
                json!({"model": format!("provider-{at}:author/model-{}", PROVIDERS + at), "steps": steps})
            }
        })
        .collect();
    let denied: Vec<_> = (1..100).map(|number| format!("author/model-{number}")).collect();
    let mut document = more;
    document["access"] = json!({"providers": {"allow": ["*"]}, "models": {"deny": denied}});
    document["router"] = json!({ "rules": rules });
    let policy = Policy::compile(&Document::from_text(&document.to_string()).unwrap(), &overlay);
    let credentials = Credentials::new((0..PROVIDERS).map(|number| (provider_name(number), key(number))));
    Account { overlay, virtual_models: VirtualModels::default(), credentials, policy }
}

/// Nanoseconds of one plan, and its candidates.
fn measure(account: &Account, models: &[&str], wishes: Option<&Wishes>) -> (u128, usize) {
    let models: Vec<String> = models.iter().map(|model| (*model).to_owned()).collect();
    let Account { overlay, virtual_models, credentials, policy } = account;
    let facts = Facts { overlay, virtual_models, credentials, policy, health: None };
    let ask = Ask { surface: Surface::ChatCompletions, models: &models, wishes, is_traced: false };
    let mut candidates = 0;
    let nanos = median(|| candidates = black_box(plan(black_box(ask), facts)).map_or(0, |plan| plan.candidates.len()));
    (nanos, candidates)
}

/// Nanoseconds of something that is done often.
fn median(mut work: impl FnMut()) -> u128 {
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            (0..TIMES).for_each(|_| work());
            started.elapsed().as_nanos() / TIMES as u128
        })
        .collect();
    rounds.sort_unstable();
    rounds[ROUNDS / 2]
}

fn main() -> ExitCode {
    let (full, tenth) = (account(2_000), account(200));
    let wishes = |provider: &str| {
        let preferences = preferences::read(Fields { provider: Some(provider), ..Fields::default() }).unwrap();
        Wishes { preferences, ..Wishes::default() }
    };
    let (balanced, sorted) =
        (wishes("{}"), wishes(r#"{"sort": "price", "ignore": ["provider-7"], "max_price": {"prompt": 1}}"#));
    let fallbacks = ["model-120", "provider-3:model-123", "author/model-130"];
    let cases: [(&str, &[&str], Option<&Wishes>); 4] = [
        ("one model", &["model-120"], None),
        ("a model and two fallbacks", &fallbacks, None),
        ("one model at 40 providers, balanced", &["author/model-0"], Some(&balanced)),
        ("the same, sorted and filtered", &["author/model-0"], Some(&sorted)),
    ];
    println!("a plan with {RULES} rules and {PROVIDERS} providers, in nanoseconds");
    println!("{:<40} {:>10} {:>12} {:>11}", "", "candidates", "2,000 models", "200 models");
    let mut is_kept = true;
    for (what, models, wishes) in cases {
        let ((nanos, candidates), (of_tenth, _)) = (measure(&full, models, wishes), measure(&tenth, models, wishes));
        println!("{what:<40} {candidates:>10} {nanos:>12} {of_tenth:>11}");
        is_kept &= nanos < NANOS_MAX && candidates > 0;
    }
    println!("limit: {NANOS_MAX}");
    is_kept &= strategies::tell();
    if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
