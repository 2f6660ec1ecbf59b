//! What an access key may call, and with whose credentials, is what its configuration says: on every path, however it is written,
//! from the next request on.

use crate::dev;
use crate::scene::{asked_models, bilingual, change, configuration, configured_key, create, key_with, listed};
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, DEADLINE, Dialect, Gateway, Key, Reply, Upstream, until};

/// A gateway whose provider `up` declares `good`, `bad`, and `alias`, which is `bad` upstream.
async fn gateway(upstream: &Upstream) -> Gateway {
    let gateway = dev().start().await;
    let models = json!([{"modelId": "good"}, {"modelId": "bad"}, {"modelId": "alias", "providerModelId": "bad"}]);
    let surfaces = json!([{"format": "openai"}, {"format": "anthropic"}]);
    let up = json!({"providerId": "up", "name": "up", "baseUrl": upstream.url(), "supportedApiSurfaces": surfaces, "models": models});
    create(&gateway, "/providers", up).await;
    gateway
}

fn status_and_code(dialect: Dialect, answer: &Answer) -> (u16, String) {
    let code = if answer.status == 200 { String::new() } else { dialect.error_code(&answer.json()) };
    (answer.status, code)
}

/// Asks for a model with a key on both surfaces, and expects of both this status and code.
async fn check(gateway: &Gateway, key: &Key, model: &str, expected: (u16, &str)) {
    for dialect in Dialect::ALL {
        let answer = Ask::new(dialect, model).key(key).send(gateway).await;
        let (status, code) = status_and_code(dialect, &answer);
        assert_eq!((status, code.as_str()), expected, "{dialect:?} {model}: {}", answer.text());
    }
}

const OK: (u16, &str) = (200, "");
const NOT_THE_MODEL: (u16, &str) = (403, "model_not_allowed");
const NOT_THE_PROVIDER: (u16, &str) = (403, "provider_not_allowed");

/// Bodies that ask for `up:bad` in one way or another, and what becomes of them.
const DOORS: [(&str, u16, &str); 16] = [
    (r#"{"model":"up:bad"}"#, 403, "model_not_allowed"),
    (r#"{"model":"up:BAD"}"#, 403, "model_not_allowed"),
    (r#"{"model":"up:alias"}"#, 403, "model_not_allowed"),
    (r#"{"model":"up:b\u0061d"}"#, 403, "model_not_allowed"),
    (r#"{"mod\u0065l":"up:bad"}"#, 403, "model_not_allowed"),
    (r#"{"models":["up:bad"]}"#, 403, "model_not_allowed"),
    (r#"{"model":"up:bad","models":["up:alias","up:Bad"]}"#, 403, "model_not_allowed"),
    (r#"{"model":"both-bad"}"#, 403, "model_not_allowed"),
    (r#"{"model":" up:bad"}"#, 400, "malformed_model"),
    (r#"{"model":"up: bad"}"#, 400, "malformed_model"),
    (r#"{"model":"up:bad\t"}"#, 400, "malformed_model"),
    (r#"{"model":"UP:bad"}"#, 400, "unknown_provider"),
    (r#"{"model":"up:good","model":"up:bad"}"#, 400, "duplicate_field"),
    (r#"{"model":"up:good","mod\u0065l":"up:bad"}"#, 400, "duplicate_field"),
    (r#"{"model":"up:good","Model":"up:bad"}"#, 400, "field_in_other_case"),
    (r#"{"model":"up:good","MODEL":"up:bad","stream":true}"#, 400, "field_in_other_case"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_door_leads_around_the_scope() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    create(&gateway, "/virtual-models", json!({"name": "both-bad", "models": ["up:bad", "up:alias"]})).await;
    let key = configured_key(&gateway, json!({"access": {"models": {"allow": ["up:good"]}}})).await;
    for dialect in Dialect::ALL {
        for path in [dialect.path().to_owned(), format!("/api{}", dialect.path())] {
            for (body, status, code) in DOORS {
                let answer = Ask::new(dialect, "").body(body).target(&path).key(&key).send(&gateway).await;
                let told = status_and_code(dialect, &answer);
                assert_eq!(told, (status, code.to_owned()), "{path} {body}: {}", answer.text());
            }
        }
    }
    assert_eq!(asked_models(&upstream), Vec::<String>::new());
    check(&gateway, &key, "up:GOOD", OK).await;
    assert_eq!(asked_models(&upstream), ["good"; 2]);
    assert_eq!(listed(&gateway, &key).await, ["up:good"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_out_of_scope_is_passed_over_and_named() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    create(&gateway, "/virtual-models", json!({"name": "mixed", "models": ["up:bad", "up:good"]})).await;
    let key = configured_key(&gateway, json!({"access": {"models": {"allow": ["up:good"]}}})).await;
    for (model, fallbacks, skipped) in [
        ("up:good", &["up:bad", "up:alias"][..], "up:bad, up:alias"),
        ("up:bad", &["up:good"], "up:bad"),
        ("mixed", &[], "up:bad"),
    ] {
        for dialect in Dialect::ALL {
            for is_stream in [false, true] {
                let answer = Ask::new(dialect, model).or(fallbacks).stream(is_stream).key(&key).send(&gateway).await;
                let told = (answer.status, answer.header("x-wardgate-model"), answer.header("x-wardgate-skipped-models"));
                assert_eq!(told, (200, "good", skipped), "{model}: {}", answer.text());
            }
        }
    }
    assert!(asked_models(&upstream).iter().all(|model| model == "good"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_in_the_clients_format() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let key = configured_key(&gateway, json!({"access": {"providers": {"allow": []}}})).await;
    let message = "this access key may not use the provider up; its configuration does not allow it";
    let expected = json!({
        "message": message, "type": "permission_error", "param": "model", "code": "provider_not_allowed", "origin": "gateway",
    });
    let told = Ask::new(Dialect::Chat, "up:good").key(&key).send(&gateway).await.json();
    assert_eq!(told["error"], expected);
    let told = Ask::new(Dialect::Messages, "up:good").key(&key).send(&gateway).await.json();
    assert_eq!((&told["error"]["type"], &told["error"]["message"]), (&json!("permission_error"), &json!(message)), "{told}");
    // The line is written when the answer has gone.
    until("the refusal in the log", DEADLINE, async || gateway.log_text().contains(r#""error_code":"provider_not_allowed""#))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_dimensions_must_allow_and_what_is_denied_is_denied() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    gateway.add_provider("other", upstream.url()).await;
    let providers = |providers: Value| json!({"access": {"providers": providers}});
    let models = |models: Value| json!({"access": {"models": models}});
    for (access, model, expected) in [
        (json!({}), "up:bad", OK),
        (providers(json!({"allow": ["up"]})), "up:bad", OK),
        (providers(json!({"allow": ["up"]})), "other:bad", NOT_THE_PROVIDER),
        (providers(json!({"allow": []})), "up:good", NOT_THE_PROVIDER),
        (providers(json!({"allow": ["up", "other"], "deny": ["other"]})), "other:good", NOT_THE_PROVIDER),
        (providers(json!({"deny": ["up"]})), "up:good", NOT_THE_PROVIDER),
        (providers(json!({"deny": ["up"]})), "other:good", OK),
        (models(json!({"allow": []})), "up:good", NOT_THE_MODEL),
        (models(json!({"allow": ["up:*"]})), "up:anything", OK),
        (models(json!({"allow": ["up:*"]})), "other:anything", NOT_THE_MODEL),
        (models(json!({"allow": ["up:*"], "deny": ["up:bad"]})), "up:alias", NOT_THE_MODEL),
        (models(json!({"allow": ["up:bad"], "deny": ["up:bad"]})), "up:bad", NOT_THE_MODEL),
        (models(json!({"deny": ["up:bad"]})), "up:bad", NOT_THE_MODEL),
        (models(json!({"deny": ["up:bad"]})), "other:bad", OK),
        (json!({"access": {"providers": {"allow": ["up"]}, "models": {"allow": ["other:x"]}}}), "other:x", NOT_THE_PROVIDER),
        (json!({"access": {"providers": {"allow": ["up"]}, "models": {"allow": ["other:x"]}}}), "up:x", NOT_THE_MODEL),
    ] {
        let key = configured_key(&gateway, access).await;
        check(&gateway, &key, model, expected).await;
    }
}

fn keys_used(upstream: &Upstream) -> Vec<String> {
    let used = |seen: &wardgate_testkit::Seen| seen.header("authorization").first().map(|value| value.replace("Bearer ", ""));
    upstream.seen().iter().filter_map(used).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_says_which_keys_are_tried_in_which_order() {
    let upstream = Upstream::always(Reply::json(401, &Dialect::Chat.error("no"))).await;
    let gateway = gateway(&upstream).await;
    let mut ids = Vec::new();
    for value in ["pk-first", "pk-second", "pk-third"] {
        ids.push(gateway.add_provider_key("up", value).await);
    }
    let user = |numbers: &[usize]| {
        let keys: Vec<_> = numbers.iter().map(|number| json!({"id": ids[*number]})).collect();
        json!({"type": "user", "keys": keys})
    };
    let rules = json!([
        {"provider": "up", "steps": [user(&[2]), user(&[0])]},
        {"model": "up:bad", "steps": [user(&[1])]},
    ]);
    let ruled = configured_key(&gateway, json!({"router": {"rules": rules}})).await;
    let plain = gateway.create_key("plain").await;
    for (key, model, expected) in [
        (&plain, "up:good", &["pk-first", "pk-second", "pk-third"][..]),
        (&ruled, "up:good", &["pk-third", "pk-first"]),
        (&ruled, "up:BAD", &["pk-second"]),
        (&ruled, "up:alias", &["pk-second"]),
    ] {
        let before = keys_used(&upstream).len();
        let answer = Ask::new(Dialect::Chat, model).key(key).send(&gateway).await;
        assert_eq!(status_and_code(Dialect::Chat, &answer), (502, "upstream_auth_failed".to_owned()));
        assert_eq!(&keys_used(&upstream)[before..], expected, "{model}");
    }
    // The key of a rule is not deleted under it.
    let answer = gateway.manage("DELETE".parse().unwrap(), &format!("/provider-keys/{}", ids[1]), None).await;
    assert_eq!(answer.status, 409, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_in_force_on_the_next_request() {
    let upstream = bilingual().await;
    let gateway = gateway(&upstream).await;
    let id = configuration(&gateway, json!({})).await;
    let path = format!("/access-key-configurations/{id}");
    let key = key_with(&gateway, &id).await;
    let own = format!("/access-keys/{}", key.id);
    for _ in 0..3 {
        check(&gateway, &key, "up:bad", OK).await;
        change(&gateway, &path, json!({"access": {"models": {"deny": ["up:bad"]}}})).await;
        check(&gateway, &key, "up:bad", NOT_THE_MODEL).await;
        change(&gateway, &own, json!({"accessKeyConfigurationId": null})).await;
        check(&gateway, &key, "up:bad", OK).await;
        change(&gateway, &own, json!({"accessKeyConfigurationId": id})).await;
        check(&gateway, &key, "up:bad", NOT_THE_MODEL).await;
        let refused = gateway.manage("DELETE".parse().unwrap(), &path, None).await;
        assert_eq!(refused.status, 409, "{}", refused.text());
        check(&gateway, &key, "up:bad", NOT_THE_MODEL).await;
        // Whoever has a stricter one in hand links it, and the old one may go.
        let closed = configuration(&gateway, json!({"access": {"providers": {"allow": []}}})).await;
        change(&gateway, &own, json!({"accessKeyConfigurationId": closed})).await;
        check(&gateway, &key, "up:good", NOT_THE_PROVIDER).await;
        change(&gateway, &own, json!({"accessKeyConfigurationId": id})).await;
        change(&gateway, &path, json!({"access": null})).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_is_read_again_after_a_start() {
    let upstream = bilingual().await;
    let first = gateway(&upstream).await;
    let key = configured_key(&first, json!({"access": {"models": {"allow": ["up:good"]}}})).await;
    let data = first.data();
    first.terminate().await;
    first.ended().await;
    let second = dev().on_data(data, 0).start().await;
    check(&second, &key, "up:bad", NOT_THE_MODEL).await;
    check(&second, &key, "up:good", OK).await;
}
