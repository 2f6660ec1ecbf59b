use super::*;
use crate::overlay::Overlay;
use crate::resolve::resolve;
use serde_json::json;
use wardgate_core::usage::Usage;

fn with(additions: &Value) -> Result<Catalog, Vec<String>> {
    let mut catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
    catalog.add(additions).map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Ok(catalog)
}

fn nano_usd(model: &Model) -> Option<i64> {
    let usage = Usage { input_uncached: 1_000, output: 1_000, ..Usage::default() };
    model.prices.as_ref().map(|prices| prices.cost(&usage).nano_usd())
}

#[test]
fn a_price_takes_the_place_of_the_catalogs_and_all_else_stays() {
    let before = with(&Value::Null).unwrap_or_else(|problems| panic!("{problems:?}"));
    let catalog = with(&json!({"models": [{"provider": "openai", "id": "GPT-4o", "pricing": {"input": 1, "output": "2.5"}}]}));
    let catalog = catalog.unwrap_or_else(|problems| panic!("{problems:?}"));
    let (old, new) = (&before.models_named("gpt-4o")[0], &catalog.models_named("openai/gpt-4o")[0]);
    assert_eq!((nano_usd(new), new.former_prices.len()), (Some(3_500_000), 0));
    assert_eq!((new.id.clone(), new.context_window, new.abilities), (old.id.clone(), old.context_window, old.abilities));
    let names = |catalog: &Catalog| {
        let named = catalog.models_named("gpt-4o").iter().chain(catalog.models_named("openai/gpt-4o"));
        named.map(|model| model.provider.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&before), names(&catalog));
    assert_eq!(before.models().len(), catalog.models().len());
}

#[test]
fn a_new_model_is_found_and_hinted_at() {
    let additions = json!({
        "providers": [{"id": "mistral", "datacenters": [{"region": "eu", "countryCode": "FR"}]}],
        "models": [{"provider": "mistral", "id": "house-model-1", "contextWindow": 32_000, "can": ["tools"],
            "pricing": {"input": 1, "output": 2, "tiers": [{"aboveInputTokens": 500, "input": 4}]}}],
    });
    let catalog = Arc::new(with(&additions).unwrap_or_else(|problems| panic!("{problems:?}")));
    let overlay = Overlay::new(catalog, &[]);
    let target = resolve("house-model-1", &overlay).unwrap_or_else(|error| panic!("{error}"));
    let known = target.known.as_ref().unwrap_or_else(|| panic!("it is not known"));
    assert_eq!((target.provider.name.as_str(), known.slug.as_str()), ("mistral", "mistral/house-model-1"));
    assert_eq!(nano_usd(known), Some(6_000_000));
    assert_eq!(target.provider.datacenters[0].region, "eu");
    let error = resolve("hose-model-1", &overlay).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("did you mean \"house-model-1\"?"), "{error}");
}

#[test]
fn everything_that_is_wrong_is_told_with_its_path() {
    let check = |additions: Value, expected: &[&str]| assert_eq!(with(&additions).map(|_| ()).unwrap_err(), expected);
    check(json!([]), &[": must be an object with the fields providers, models"]);
    check(json!({"modles": []}), &["modles: is not known here; known: providers, models"]);
    check(
        json!({"models": [
            {"provider": "opnai", "id": "gpt-4o"},
            {"provider": "openai", "pricing": {"input": -1}},
            {"provider": "openai", "id": "gpt-4o", "slug": "x/y", "contextWindow": 0, "can": ["fly"]},
            {"provider": "openai", "id": "new", "pricing": {"input": 1, "output": 1.0000001, "tiers": [{}]}},
            {"provider": "openai", "id": "GPT-4o-mini", "status": "gone"},
            {"provider": "openai", "id": "gpt-4o-mini"},
        ]}),
        &[
            "models[0].provider: there is no provider \"opnai\" in the catalog; did you mean openai?",
            "models[1]: must have the field id",
            "models[2].slug: may not differ from the catalog's: others know the model by it",
            "models[2].contextWindow: must be a whole number above 0",
            "models[2].can[0]: must be one of images, files, audio, video, tools, json_schema, reasoning",
            "models[3].pricing.output: must be dollars for a million tokens, with at most six digits after the point: 2.5",
            "models[3].pricing.tiers[0]: must have the field aboveInputTokens",
            "models[4].status: must be one of active, retired",
            "models[5].id: openai:gpt-4o-mini stands here twice",
        ],
    );
    check(
        json!({"models": [{"provider": "openai", "id": "new", "can": ["tools"], "cannot": ["tools"], "pricing": {"input": 1}}]}),
        &["models[0].cannot: tools stands in can, too", "models[0].pricing: must have the field output; nothing costs 0"],
    );
}

#[test]
fn a_new_provider_is_called_as_the_file_says() {
    let additions = json!({
        "providers": [
            {"id": "house", "baseUrl": "http://llm.internal:8000", "dataPolicy": {"trains": false, "retains": false}},
            {"id": "claude-proxy", "name": "Ours", "baseUrl": "https://llm.internal/v1", "authScheme": "x-api-key", "surfaces": [
                "messages",
                {"surface": "chat-completions", "baseUrl": "https://chat.internal/v4", "supportedParams": ["stop"]},
                {"surface": "chat-completions", "format": "bedrock", "baseUrl": "https://vpce.internal"},
                {"surface": "embeddings", "format": "cohere"},
            ]},
            {"id": "openai", "dataPolicy": {"retains": false}},
        ],
        "models": [{"provider": "house", "id": "llama"}],
    });
    let overlay = Overlay::new(Arc::new(with(&additions).unwrap_or_else(|problems| panic!("{problems:?}"))), &[]);
    let told = |name: &str| {
        let provider = overlay.provider(name).unwrap_or_else(|| panic!("{name}"));
        let endpoints = provider.endpoints.iter();
        let endpoints =
            endpoints.map(|endpoint| format!("{} {} {}", endpoint.surface.name(), endpoint.url, endpoint.auth.name()));
        (provider.display_name.clone(), endpoints.collect::<Vec<_>>())
    };
    let (name, endpoints) = told("house");
    assert_eq!(name, "house");
    assert_eq!(endpoints[0], "chat-completions http://llm.internal:8000/v1/chat/completions bearer");
    assert_eq!(endpoints.len(), 3);
    let expected = [
        "messages https://llm.internal/v1/messages x-api-key",
        "chat-completions https://chat.internal/v4/chat/completions x-api-key",
        "chat-completions https://vpce.internal/model/{model}/converse x-api-key",
        "embeddings https://llm.internal/v1/embed x-api-key",
    ];
    assert_eq!(told("claude-proxy"), ("Ours".to_owned(), expected.map(str::to_owned).to_vec()));
    let target = resolve("house/llama", &overlay).unwrap_or_else(|error| panic!("{error}"));
    assert!(target.provider.works_without_key() && target.provider.data_policy.collects_nothing());
    // What it costs is the operator's own matter.
    assert_eq!(target.rates(0).map(|rates| rates.blended()), Some(0));
    let openai = overlay.provider("openai").unwrap_or_else(|| panic!("openai"));
    assert!(openai.data_policy.keeps_nothing() && openai.origin == crate::Origin::BuiltIn);
}

#[test]
fn a_provider_that_cannot_be_called_is_refused() {
    let check = |provider: Value, expected: &[&str]| {
        assert_eq!(with(&json!({"providers": [provider]})).map(|_| ()).unwrap_err(), expected);
    };
    check(
        json!({"id": "opnai", "datacenters": []}),
        &[
            "providers[0].id: there is no provider \"opnai\" in the catalog, and a new one needs a baseUrl; did you mean openai?",
        ],
    );
    check(
        json!({"id": "openai", "baseUrl": "https://eu.api.openai.com"}),
        &["providers[0].baseUrl: is for new providers only, and openai is described already: choose another id"],
    );
    check(json!({"id": "house", "baseUrl": "llm.internal"}), &["providers[0].baseUrl: must start with https:// or http://"]);
    check(
        json!({"id": "My House", "baseUrl": "http://h", "authScheme": "none", "dataPolicy": {"trains": "no"}, "models": []}),
        &[
            "providers[0].models: is not known here; known: id, datacenters, dataPolicy, name, baseUrl, authScheme, surfaces",
            "providers[0].id: cannot be: a provider's id consists of lower-case letters, digits, '-', '_' and '.', and starts with a letter or digit",
            "providers[0].authScheme: must be one of bearer, x-api-key, bearer-and-x-api-key, x-goog-api-key, api-key, aws-sigv4, google-service-account",
        ],
    );
    check(
        json!({"id": "h", "baseUrl": "http://h", "dataPolicy": {"trains": "no"}, "surfaces": ["messages", "messages", {"baseUrl": 1}, 2]}),
        &[
            "providers[0].surfaces[1]: messages stands here twice",
            "providers[0].surfaces[2]: must have the field surface",
            "providers[0].surfaces[3]: must be an object with the fields surface, format, baseUrl, supportedParams",
            "providers[0].dataPolicy.trains: must be true or false, or left out when it is not known",
        ],
    );
    let twice = json!({"providers": [{"id": "h", "baseUrl": "http://h"}, {"id": "h", "baseUrl": "http://i"}]});
    assert_eq!(
        with(&twice).map(|_| ()).unwrap_err(),
        [
            "providers[1].baseUrl: is for new providers only, and h is described already: choose another id",
            "providers[1].id: h stands here twice",
        ],
    );
}
