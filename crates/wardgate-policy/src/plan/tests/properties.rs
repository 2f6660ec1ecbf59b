//! What holds of every plan.

use crate::configuration::Document;
use crate::plan::credentials::CREDENTIALS_MAX;
use crate::plan::{CANDIDATES_MAX, MODELS_MAX, Plan};
use crate::policy::Policy;
use crate::preferences::{Fields, Wishes, read};
use crate::testing::{Setting, virtual_model};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashSet;
use wardgate_core::format::Surface;
use wardgate_model::resolve;

const PROVIDERS: [&str; 7] = ["openai", "groq", "openrouter", "anthropic", "ollama", "azure-eastus", "*"];

#[rustfmt::skip]
const ENTRIES: [&str; 16] = [
    "openai:*", "groq:*", "ollama:*", "gpt-4o", "OPENAI/gpt-4o", "openai:openai/gpt-4.1", "openai:GPT-4o", "openai/gpt-oss-120b",
    "openrouter:openai/gpt-4o", "ollama:big", "ollama:llama3.2", "azure-eastus:gpt-4o", "claude-opus-5-5", "openai:new-one", "gone",
    "*",
];

#[rustfmt::skip]
const MODELS: [&str; 20] = [
    "gpt-4o", "GPT-4O", "openai:Gpt-4o", "openai/gpt-4.1", "openai:new-one", "openai:NEW-one", "openai/gpt-oss-120b",
    "groq:openai/gpt-oss-120b", "openrouter:openai/gpt-4o", "openrouter:openai/gpt-4o:nitro", "openrouter:OpenAI/gpt-4o:a:b",
    "ollama:big", "ollama:llama3.2:70b", "ollama:llama3.2:1b", "azure-eastus:GPT-4o", "claude-opus-5-5", "fast", "FAST", "nothing",
    "openai: gpt-4o",
];

#[rustfmt::skip]
const WISHED: [&str; 8] = [
    "openai/gpt-oss-120b", "gpt-4o:floor", "openai/gpt-4o", "openai:gpt-4.1:free", "fast", "ollama:big", "gpt-4o", "claude-opus-5.5:nitro",
];

fn list(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(proptest::sample::select(of), 0..5)
}

/// What one dimension allows, if it restricts that, and what it denies.
type Lists = (Option<Vec<&'static str>>, Vec<&'static str>);

#[derive(Debug, Clone)]
struct Access {
    providers: Lists,
    models: Lists,
}

fn access() -> impl Strategy<Value = Access> {
    let providers = (proptest::option::of(list(&PROVIDERS)), list(&PROVIDERS[..6]));
    let models = (proptest::option::of(list(&ENTRIES)), list(&ENTRIES[..15]));
    (providers, models).prop_map(|(providers, models)| Access { providers, models })
}

impl Access {
    fn document(&self) -> Value {
        let scope = |(allow, deny): &Lists| match allow {
            Some(allow) => json!({"allow": allow, "deny": deny}),
            None => json!({"deny": deny}),
        };
        json!({"access": {"providers": scope(&self.providers), "models": scope(&self.models)}})
    }
}

fn setting() -> Setting {
    let keys = [("openai", 1), ("openai", 2), ("groq", 3), ("openrouter", 4), ("anthropic", 5), ("azure-eastus", 6)];
    Setting::new(&keys)
        .managed(&[("openai", 8)])
        .virtual_models(&[virtual_model("Fast", &["openai/gpt-oss-120b", "gpt-4o", "ollama:big", "fast"])])
}

thread_local! {
    /// Made once: the catalog takes a while.
    static SETTING: RefCell<Setting> = setting().into();
}

fn planned(access: &Access, models: &[&str]) -> Plan {
    SETTING.with_borrow_mut(|setting| {
        let document = Document::from_text(&access.document().to_string()).unwrap_or_else(|error| panic!("{error}"));
        setting.policy = Policy::compile(&document, &setting.overlay);
        setting.plan(models, Surface::ChatCompletions).unwrap_or_default()
    })
}

fn wished(access: &Access, models: &[&str], wishes: &Wishes) -> Plan {
    SETTING.with_borrow_mut(|setting| {
        let document = Document::from_text(&access.document().to_string()).unwrap_or_else(|error| panic!("{error}"));
        setting.policy = Policy::compile(&document, &setting.overlay);
        setting.wishing(models, wishes).unwrap_or_default()
    })
}

fn names() -> impl Strategy<Value = Vec<&'static str>> {
    list(&["openai", "groq", "OpenRouter", "anthropic", "ollama", "nobody"])
}

/// What a client may prefer, short of what depends on who else is there.
fn wishes() -> impl Strategy<Value = Wishes> {
    let sorts = proptest::option::of(proptest::sample::select(vec!["price", "throughput", "latency", "exacto"]));
    let lists = (names(), proptest::option::of(names()), names());
    (lists, sorts, any::<[bool; 3]>(), any::<u64>(), proptest::option::of(0u8..20)).prop_map(
        |((order, only, ignore), sort, [zdr, is_mixed, requires], draw, price)| {
            let mut provider =
                json!({"order": order, "ignore": ignore, "zdr": zdr && draw % 4 == 0, "require_parameters": requires});
            if let Some(only) = only {
                provider["only"] = json!(only);
            }
            if let Some(sort) = sort {
                provider["sort"] = json!(sort);
            }
            if let Some(price) = price {
                provider["max_price"] = json!({"prompt": price});
            }
            let (provider, route) = (provider.to_string(), is_mixed.then_some("\"sort\""));
            let fields = Fields { provider: Some(&provider), route, plugins: None };
            let preferences = read(fields).unwrap_or_else(|problems| panic!("{problems:?}"));
            Wishes { preferences, draw, ..Wishes::default() }
        },
    )
}

/// Everything in a plan, each as text.
fn all(plan: &Plan) -> Vec<String> {
    let told = |target: &wardgate_model::Target| format!("{}:{}", target.provider.name, target.model);
    plan.candidates.iter().map(|of| format!("{} {:?}", told(&of.target), of.credential)).collect()
}

/// Whether an entry stands for a model, said in another way than the code says it.
fn stands_for(entry: &str, provider: &str, id: &str, slug: Option<&str>) -> bool {
    let (entry, id, slug) = (entry.to_lowercase(), id.to_lowercase(), slug.map(str::to_lowercase));
    let upstream =
        |model: &str| if provider == "ollama" && model == "big" { "llama3.2:70b".to_owned() } else { model.to_owned() };
    match entry.strip_prefix(&format!("{provider}:")) {
        Some(model) => model == "*" || upstream(model) == id || slug.as_deref() == Some(model),
        None => entry == "*" || slug.is_some_and(|slug| slug == entry || id == entry),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_candidate_is_out_of_scope(access in access(), models in list(&MODELS)) {
        for candidate in planned(&access, &models).candidates {
            let (provider, id) = (candidate.target.provider.name.as_str(), &*candidate.target.model);
            let slug = candidate.target.known.as_ref().map(|known| known.slug.as_str());
            let holds = |list: &Vec<&str>| list.contains(&"*") || list.contains(&provider);
            prop_assert!(access.providers.0.as_ref().is_none_or(holds));
            prop_assert!(!holds(&access.providers.1));
            let holds = |list: &Vec<&str>| list.iter().any(|entry| stands_for(entry, provider, id, slug));
            prop_assert!(access.models.0.as_ref().is_none_or(holds));
            prop_assert!(!holds(&access.models.1));
        }
    }

    #[test]
    fn a_wider_scope_keeps_every_candidate(
        access in access(),
        models in list(&MODELS),
        more in (list(&PROVIDERS), list(&ENTRIES)),
        opens in any::<[bool; 4]>(),
    ) {
        let mut wider = access.clone();
        if let Some(allow) = &mut wider.providers.0 {
            allow.extend(more.0);
        }
        if let Some(allow) = &mut wider.models.0 {
            allow.extend(more.1);
        }
        wider.providers.0 = wider.providers.0.filter(|_| !opens[0]);
        wider.models.0 = wider.models.0.filter(|_| !opens[1]);
        wider.providers.1.truncate(if opens[2] { 1 } else { usize::MAX });
        wider.models.1.truncate(if opens[3] { 1 } else { usize::MAX });
        let all = |plan: Plan| -> HashSet<String> {
            let told = |target: &wardgate_model::Target| format!("{}:{}", target.provider.name, target.model);
            plan.candidates.iter().map(|of| format!("{} {:?}", told(&of.target), of.credential)).collect()
        };
        let (narrow, wide) = (all(planned(&access, &models)), all(planned(&wider, &models)));
        prop_assert!(narrow.is_subset(&wide), "{narrow:?} {wide:?}");
    }

    #[test]
    fn nothing_is_in_a_plan_twice_and_a_plan_is_bounded(
        access in access(),
        models in proptest::collection::vec(proptest::sample::select(&MODELS[..]), 0..80),
    ) {
        let plan = planned(&access, &models);
        prop_assert!(plan.candidates.len() <= MODELS_MAX * CREDENTIALS_MAX && plan.dropped.len() <= 3 * MODELS_MAX + 1);
        let mut seen = HashSet::new();
        for candidate in &plan.candidates {
            let is_new = seen.insert((&candidate.target.provider.name, &candidate.target.model, candidate.credential));
            prop_assert!(is_new, "{candidate:?}");
        }
    }

    #[test]
    fn preferences_never_lead_out_of_the_scope_and_never_in_twice(
        access in access(),
        models in list(&WISHED),
        wishes in wishes(),
        more in list(&PROVIDERS),
    ) {
        let plan = wished(&access, &models, &wishes);
        prop_assert!(plan.candidates.len() <= CANDIDATES_MAX);
        let narrow = all(&plan);
        prop_assert_eq!(narrow.iter().collect::<HashSet<_>>().len(), narrow.len());
        SETTING.with_borrow(|setting| {
            for candidate in &plan.candidates {
                let (provider, preferences) = (&candidate.target.provider, &wishes.preferences);
                prop_assert!(setting.policy.allows(provider, &candidate.target.model).is_ok());
                prop_assert!(preferences.only.as_ref().is_none_or(|only| only.iter().any(|named| named.is(provider))));
                prop_assert!(!preferences.ignore.iter().any(|named| named.is(provider)));
            }
            Ok(())
        })?;
        let mut wider = access;
        wider.providers.0 = wider.providers.0.map(|allow| [allow, more].concat());
        wider.models.0 = None;
        let wide: HashSet<String> = all(&wished(&wider, &models, &wishes)).into_iter().collect();
        prop_assert!(narrow.iter().all(|candidate| wide.contains(candidate)), "{narrow:?} {wide:?}");
    }

    #[test]
    fn what_is_not_in_a_plan_is_named_with_its_cause(access in access(), models in list(&MODELS)) {
        let plan = planned(&access, &models);
        if plan.candidates.is_empty() {
            return Ok(());
        }
        for model in models.iter().filter(|model| !model.eq_ignore_ascii_case("fast")) {
            let target = SETTING.with_borrow(|setting| resolve(model, &setting.overlay).ok());
            let is_tried = target.is_some_and(|target| plan.candidates.iter().any(|candidate| {
                candidate.target.provider.name == target.provider.name && candidate.target.model == target.model
            }));
            let is_told = plan.dropped.iter().any(|dropped| dropped.is_whole && dropped.model == *model);
            prop_assert!(is_tried != is_told, "{model}");
        }
    }
}
