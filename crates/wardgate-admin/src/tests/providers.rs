//! Custom providers.

use super::{Gateway, URL};
use serde_json::{Value, json};

/// A body that is accepted, with these fields instead.
fn body(changes: &Value) -> Value {
    let mut body = json!({"providerId": "ollama", "name": "Ollama", "baseUrl": "http://127.0.0.1:11434/v1"});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn what_was_made_is_shown() {
    let gateway = Gateway::start().await;
    let made = gateway
        .post(
            "/providers",
            &body(&json!({
                "metadata": "m",
                "authScheme": "aws-sigv4",
                "headers": [{"name": "X-Team", "value": " search "}],
                "supportedApiSurfaces": [
                    {"format": "anthropic", "surface": "messages", "baseUrl": "https://llm.example.com/anthropic"},
                    {"format": "openai", "supportedParams": [{"name": "temperature"}]},
                    {"format": "bedrock"},
                    {"format": "cohere", "surface": "embeddings"},
                ],
                "models": [{"modelId": "qwen3:8b", "providerModelId": "Qwen/Qwen3-8B"}, {"modelId": "llama", "unsupportedParams": ["top_k"]}],
            })),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["uri"], format!("{URL}/providers/{id}"));
    assert_eq!((&made["providerId"], &made["name"], &made["metadata"]), (&json!("ollama"), &json!("Ollama"), &json!("m")));
    assert_eq!((&made["authScheme"], &made["headers"]), (&json!("aws-sigv4"), &json!([{"name": "x-team", "value": "search"}])));
    assert_eq!(
        made["supportedApiSurfaces"],
        json!([
            {"format": "anthropic", "surface": "messages", "baseUrl": "https://llm.example.com/anthropic", "supportedParams": []},
            {"format": "openai", "surface": "chat-completions", "supportedParams": [{"name": "temperature"}]},
            {"format": "bedrock", "surface": "chat-completions", "supportedParams": []},
            {"format": "cohere", "surface": "embeddings", "supportedParams": []},
        ])
    );
    assert_eq!(
        (&made["models"][0]["modelId"], &made["models"][0]["providerModelId"], &made["models"][1]["unsupportedParams"]),
        (&json!("qwen3:8b"), &json!("Qwen/Qwen3-8B"), &json!(["top_k"]))
    );
    assert!(made["models"][0]["id"].as_str().unwrap().starts_with("aigpm_"));
    assert_eq!(gateway.get(&format!("/providers/{id}")).await.json(), made);
    assert_eq!(
        gateway.get("/providers").await.json(),
        json!({"aiGatewayProviders": [made], "uri": format!("{URL}/providers"), "nextPageUri": null})
    );
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let gateway = Gateway::start().await;
    let surfaces = |surface: Value| json!({"supportedApiSurfaces": [surface]});
    let models = |model: Value| json!({"models": [model]});
    let cases = [
        (json!({"providerId": null}), "providerId", "missing_field", "27704"),
        (json!({"providerId": "x".repeat(256)}), "providerId", "provider_id_too_long", "27706"),
        (json!({"providerId": "Ollama:1"}), "providerId", "bad_provider_id", ""),
        (json!({"providerId": "openai"}), "providerId", "provider_id_reserved", "27705"),
        (json!({"name": ""}), "name", "missing_field", "27704"),
        (json!({"name": "n".repeat(256)}), "name", "name_too_long", "27701"),
        (json!({"metadata": "m".repeat(4_097)}), "metadata", "metadata_too_long", "27702"),
        (json!({"baseUrl": format!("https://x.example/{}", "p".repeat(2_048))}), "baseUrl", "base_url_too_long", "27703"),
        (json!({"baseUrl": "https://user:pw@x.example"}), "baseUrl", "bad_base_url", ""),
        (json!({"baseUrl": "file:///etc/passwd"}), "baseUrl", "bad_base_url", ""),
        (json!({"authScheme": "digest"}), "authScheme", "unsupported_auth_scheme", ""),
        (json!({"headers": [{"name": "a b", "value": ""}]}), "headers[0].name", "bad_header", ""),
        (json!({"headers": [{"name": "Authorization", "value": "x"}]}), "headers[0].name", "bad_header", ""),
        (json!({"headers": [{"name": "x-amz-date", "value": "x"}]}), "headers[0].name", "bad_header", ""),
        (json!({"headers": [{"name": "x-a", "value": "a\r\nb: c"}]}), "headers[0].value", "bad_header", ""),
        (
            json!({"headers": [{"name": "x-a", "value": ""}, {"name": "X-A", "value": ""}]}),
            "headers[1].name",
            "duplicate_header",
            "",
        ),
        (json!({"supportedApiSurfaces": {}}), "supportedApiSurfaces", "wrong_type", ""),
        (surfaces(json!("openai")), "supportedApiSurfaces[0]", "wrong_type", ""),
        (surfaces(json!({})), "supportedApiSurfaces[0].format", "missing_field", "27704"),
        (surfaces(json!({"format": "gemini"})), "supportedApiSurfaces[0].format", "unsupported_format", "27707"),
        (
            surfaces(json!({"format": "openai", "surface": "telepathy"})),
            "supportedApiSurfaces[0].surface",
            "unsupported_surface",
            "27708",
        ),
        (
            surfaces(json!({"format": "openai", "surface": "messages"})),
            "supportedApiSurfaces[0].surface",
            "unsupported_surface",
            "27708",
        ),
        (surfaces(json!({"format": "openai", "baseUrl": "x"})), "supportedApiSurfaces[0].baseUrl", "bad_base_url", ""),
        (
            surfaces(json!({"format": "openai", "supportedParams": [{"name": "top_p"}, {"name": "top_p"}]})),
            "supportedApiSurfaces[0].supportedParams[1]",
            "duplicate_param",
            "",
        ),
        (surfaces(json!({"format": "openai", "path": "/x"})), "supportedApiSurfaces[0].path", "unknown_field", ""),
        (
            json!({"supportedApiSurfaces": [{"format": "openai"}, {"format": "openai", "surface": "chat-completions"}]}),
            "supportedApiSurfaces[1]",
            "duplicate_surface",
            "",
        ),
        (models(json!({"providerModelId": "x"})), "models[0].modelId", "missing_field", "27704"),
        (models(json!({"modelId": "m".repeat(256)})), "models[0].modelId", "model_id_too_long", "27709"),
        (
            models(json!({"modelId": "m", "providerModelId": "p".repeat(256)})),
            "models[0].providerModelId",
            "provider_model_id_too_long",
            "27713",
        ),
        (
            models(json!({"modelId": "m", "unsupportedParams": ["a".repeat(256)]})),
            "models[0].unsupportedParams[0]",
            "unsupported_params_too_long",
            "27714",
        ),
        (
            models(json!({"modelId": "m", "unsupportedParams": ["a", "a"]})),
            "models[0].unsupportedParams[1]",
            "duplicate_param",
            "27715",
        ),
        (
            models(json!({"modelId": "m", "unsupportedParams": (0..101).map(|param| param.to_string()).collect::<Vec<_>>()})),
            "models[0].unsupportedParams",
            "too_many_items",
            "27716",
        ),
        (
            models(json!({"modelId": "m", "unsupportedParams": [""]})),
            "models[0].unsupportedParams[0]",
            "missing_field",
            "27717",
        ),
        (json!({"models": [{"modelId": "m"}, {"modelId": "M"}]}), "models[1].modelId", "duplicate_model", "27711"),
        (json!({"models": vec![json!({"modelId": "m"}); 1_001]}), "models", "too_many_items", ""),
        (json!({"supportedApis": []}), "supportedApis", "unknown_field", ""),
    ];
    for (changes, path, code, number) in cases {
        let answer = gateway.post("/providers", &body(&changes)).await;
        let error_code = if number.is_empty() { String::new() } else { format!("ERR_NGROK_{number}") };
        assert_eq!(answer.verdict(), (400, code.to_owned(), error_code), "{}", answer.text);
        assert!(answer.json()["details"][path].is_string(), "{path}: {}", answer.text);
    }
    assert_eq!(gateway.get("/providers").await.json()["aiGatewayProviders"], json!([]));
}

#[tokio::test]
async fn an_id_is_taken_once_and_freed_when_nothing_refers_to_it() {
    let gateway = Gateway::start().await;
    let path = format!("/providers/{}", gateway.made("/providers", &body(&json!({}))).await);
    let second = gateway.post("/providers", &body(&json!({}))).await;
    assert_eq!(second.verdict(), (409, "already_exists".to_owned(), "ERR_NGROK_27712".to_owned()));

    let key = json!({"providerId": "ollama", "name": "n", "value": "0123456789"});
    let key = format!("/provider-keys/{}", gateway.made("/provider-keys", &key).await);
    let refused = gateway.delete(&path).await;
    assert_eq!(refused.verdict(), (409, "in_use".to_owned(), "ERR_NGROK_27710".to_owned()));
    assert_eq!(gateway.delete(&key).await.status, 204);
    assert_eq!(gateway.delete(&path).await.status, 204);
    assert_eq!(gateway.delete(&path).await.status, 404);
    gateway.made("/providers", &body(&json!({}))).await;
}

#[tokio::test]
async fn lists_are_replaced_as_a_whole() {
    let gateway = Gateway::start().await;
    let models = json!({"models": [{"modelId": "a"}, {"modelId": "b"}]});
    let made = gateway.post("/providers", &body(&models)).await.json();
    let path = format!("/providers/{}", made["id"].as_str().unwrap());
    let cases = [
        (json!({"name": "Local"}), json!(["a", "b"])),
        (json!({"models": [{"modelId": "B", "providerModelId": "b-1"}, {"modelId": "c"}]}), json!(["B", "c"])),
        (json!({"models": []}), json!([])),
        (json!({"models": null}), json!([])),
    ];
    for (change, expected) in cases {
        let changed = gateway.patch(&path, &change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        let changed = changed.json();
        let ids: Vec<_> = changed["models"].as_array().unwrap().iter().map(|model| model["modelId"].clone()).collect();
        assert_eq!(json!(ids), expected, "{change}");
        if ids.len() == 2 && ids[0] == "B" {
            assert_eq!(changed["models"][0]["id"], made["models"][1]["id"], "a model that was there keeps its id");
        }
    }
    let surfaces = json!({"supportedApiSurfaces": [{"format": "anthropic"}]});
    assert_eq!(gateway.patch(&path, &surfaces).await.json()["supportedApiSurfaces"][0]["surface"], "messages");
    assert_eq!(gateway.patch(&path, &json!({"supportedApiSurfaces": null})).await.json()["supportedApiSurfaces"], json!([]));
    for (change, code) in [
        (json!({"providerId": "other"}), "unknown_field"),
        (json!({"name": null}), "missing_field"),
        (json!({"baseUrl": null}), "missing_field"),
        (json!({"baseUrl": "ftp://x"}), "bad_base_url"),
        (json!({"supportedApiSurfaces": [{"format": "openai", "surface": "messages"}]}), "unsupported_surface"),
    ] {
        assert_eq!(gateway.patch(&path, &change).await.code(), code, "{change}");
    }
}
