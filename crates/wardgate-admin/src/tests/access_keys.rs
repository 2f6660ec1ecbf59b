//! Access keys.

use super::{Gateway, URL};
use serde_json::{Value, json};
use wardgate_core::id::AccessKeyId;
use wardgate_keys::{hash, token};
use wardgate_store::Store as _;

#[tokio::test]
async fn a_made_key_works_and_its_token_is_shown_once() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "ci", "description": "d", "metadata": "m", "accessKeyConfigurationId": null});
    let made = gateway.post("/access-keys", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let mut made = made.json();
    let token_text = made["token"].as_str().unwrap().to_owned();
    let token = token::parse::<AccessKeyId>(&token_text).unwrap();
    let stored = gateway.store.access_key(token.id).await.unwrap().unwrap();
    assert!(hash::verify(token.secret, &stored.secret_hash).unwrap());

    let id = token.id.to_string();
    let actor = made["createdBy"]["id"].as_str().unwrap().to_owned();
    let team = gateway.acme.team_id.to_string();
    let expected = json!({
        "id": id, "uri": format!("{URL}/access-keys/{id}"), "name": "ci", "description": "d", "metadata": "m",
        "teamId": team, "team": {"id": team, "uri": format!("{URL}/teams/{team}"), "name": "default"},
        "accessKeyConfiguration": null, "tags": [],
        "keyRedacted": stored.redacted, "status": "active", "disabled": false, "expiresAt": null,
        "previousTokenExpiresAt": null, "allowedNetworks": [], "lastUsed": null, "createdAt": "2026-11-22T05:30:45.001Z", "updatedAt": "2026-11-22T05:30:45.001Z",
        "createdBy": {"id": actor, "uri": format!("{URL}/api-keys/{actor}")},
        "lastUpdatedBy": {"id": actor, "uri": format!("{URL}/api-keys/{actor}")},
    });
    made.as_object_mut().unwrap().remove("token");
    assert_eq!(made, expected);
    let shown = gateway.get(&format!("/access-keys/{id}")).await;
    assert_eq!(shown.json(), expected);
    let listed = gateway.get("/access-keys").await;
    assert_eq!(
        listed.json(),
        json!({"aiGatewayAccessKeys": [expected], "uri": format!("{URL}/access-keys"), "nextPageUri": null})
    );
    assert!(!shown.text.contains(token.secret) && !listed.text.contains(token.secret));
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let gateway = Gateway::start().await;
    let long = |length: usize| "ü".repeat(length);
    let other_team = gateway.other.team_id.to_string();
    let cases = [
        (json!({"name": long(256)}), "name_too_long", "ERR_NGROK_27603"),
        (json!({"description": long(256)}), "description_too_long", "ERR_NGROK_27004"),
        (json!({"metadata": long(4_097)}), "metadata_too_long", "ERR_NGROK_27604"),
        (json!({"name": ["x"]}), "wrong_type", ""),
        (json!({"teamId": "team_x"}), "unknown_team", ""),
        (json!({"teamId": other_team}), "unknown_team", ""),
        (json!({"accessKeyConfigurationId": "aigac_x"}), "unknown_configuration", ""),
        (json!({"accessKeyConfigurationId": "aigac_0000000000000000000000"}), "unknown_configuration", ""),
        (json!({"tags": ["a", "a"]}), "duplicate_tag", ""),
        (json!({"tags": [""]}), "missing_field", ""),
        (json!({"tags": [long(65)]}), "tags_too_long", ""),
        (json!({"tags": (0..21).map(|tag| tag.to_string()).collect::<Vec<_>>()}), "too_many_items", ""),
        (json!({"expiresAt": "2026-01-01T00:00:00Z"}), "time_is_past", ""),
        (json!({"expiresAt": "tomorrow"}), "bad_time", ""),
        (json!({"disabled": "yes"}), "wrong_type", ""),
        (json!({"allowedNetworks": ["10.0.0.0/33"]}), "bad_network", ""),
        (json!({"name": "a\u{0}b"}), "bad_character", ""),
        (json!({"token": "ng-mine"}), "unknown_field", ""),
    ];
    for (body, code, error_code) in cases {
        let answer = gateway.post("/access-keys", &body).await;
        assert_eq!(answer.verdict(), (400, code.to_owned(), error_code.to_owned()), "{}", answer.text);
    }
    assert_eq!(gateway.get("/access-keys").await.json()["aiGatewayAccessKeys"], json!([]));
    let fits = json!({"name": long(255), "metadata": long(4_096), "teamId": gateway.acme.team_id.to_string()});
    assert_eq!(gateway.post("/access-keys", &fits).await.status, 201);
}

#[tokio::test]
async fn pages_hold_every_key_once_newest_first() {
    let gateway = Gateway::start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, gateway.made("/access-keys", &json!({})).await);
    }
    let pages = gateway.pages("/access-keys?limit=2", "aiGatewayAccessKeys").await;
    assert_eq!(pages, [&ids[0..2], &ids[2..4], &ids[4..5]]);
    let head = gateway.send("HEAD", "/access-keys", &gateway.acme.viewer, None).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
}

#[tokio::test]
async fn a_deleted_key_is_gone() {
    let gateway = Gateway::start().await;
    let path = format!("/access-keys/{}", gateway.made("/access-keys", &json!({})).await);
    let deleted = gateway.delete(&path).await;
    assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (204, ""));
    assert_eq!(gateway.get(&path).await.status, 404);
    assert_eq!(gateway.delete(&path).await.status, 404);
    assert_eq!(gateway.get("/access-keys").await.json()["aiGatewayAccessKeys"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_key_is_changed_field_by_field() {
    let gateway = Gateway::start().await;
    let team = gateway.made("/teams", &json!({"name": "research"})).await;
    let path = format!("/access-keys/{}", gateway.made("/access-keys", &json!({"name": "a", "tags": ["x"]})).await);
    let cases = [
        (json!({"description": "d"}), "name", json!("a")),
        (json!({"name": null}), "description", json!("d")),
        (json!({"metadata": "m"}), "name", Value::Null),
        (json!({"teamId": team}), "teamId", json!(team)),
        (json!({"tags": ["y", "z"]}), "tags", json!(["y", "z"])),
        (json!({"tags": null}), "tags", json!([])),
        (json!({"disabled": true}), "status", json!("disabled")),
        (json!({"disabled": false}), "status", json!("active")),
        (json!({"expiresAt": "2027-01-01T01:00:00+01:00"}), "expiresAt", json!("2027-01-01T00:00:00Z")),
        (json!({"expiresAt": null}), "expiresAt", Value::Null),
        (json!({"allowedNetworks": ["10.1.2.3/8", "192.0.2.1"]}), "allowedNetworks", json!(["10.0.0.0/8", "192.0.2.1"])),
        (json!({"allowedNetworks": []}), "allowedNetworks", json!([])),
        (json!({"accessKeyConfigurationId": null}), "accessKeyConfiguration", Value::Null),
    ];
    for (change, field, expected) in cases {
        let changed = gateway.patch(&path, &change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(changed.json()[field], expected, "{change}");
        assert_eq!(gateway.get(&path).await.json(), changed.json());
    }
    for (change, code) in [
        (json!({"teamId": null}), "missing_field"),
        (json!({"disabled": null}), "missing_field"),
        (json!({"teamId": gateway.other.team_id.to_string()}), "unknown_team"),
        (json!({"expiresAt": "2026-01-01T00:00:00Z"}), "time_is_past"),
        (json!({"token": "x"}), "unknown_field"),
    ] {
        let answer = gateway.patch(&path, &change).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_rotated_key_has_a_new_token_and_the_old_one_for_a_while() {
    let gateway = Gateway::start().await;
    let made = gateway.post("/access-keys", &json!({})).await.json();
    let old = made["token"].as_str().unwrap();
    let id = token::parse::<AccessKeyId>(old).unwrap().id;
    let path = format!("/access-keys/{id}/rotate");
    let rotated = gateway.post(&path, &json!({"overlap": "24h"})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let rotated = rotated.json();
    let new = token::parse::<AccessKeyId>(rotated["token"].as_str().unwrap()).unwrap();
    let stored = gateway.store.access_key(id).await.unwrap().unwrap();
    let previous = stored.previous_secret.unwrap();
    assert_eq!(new.id, id);
    assert!(hash::verify(new.secret, &stored.secret_hash).unwrap());
    assert!(hash::verify(token::parse::<AccessKeyId>(old).unwrap().secret, &previous.hash).unwrap());
    assert_eq!(rotated["previousTokenExpiresAt"], previous.valid_until.to_string());
    assert_eq!(rotated["keyRedacted"], stored.redacted);

    assert_eq!(gateway.post(&path, &json!({})).await.json()["previousTokenExpiresAt"], Value::Null);
    assert!(gateway.store.access_key(id).await.unwrap().unwrap().previous_secret.is_none());
    for overlap in ["721h", "-1s", "1 day", ""] {
        assert_eq!(gateway.post(&path, &json!({"overlap": overlap})).await.status, 400, "{overlap}");
    }
}

#[tokio::test]
async fn lists_filter() {
    let gateway = Gateway::start().await;
    let team = gateway.made("/teams", &json!({"name": "research"})).await;
    let bodies = [
        json!({"name": "a", "tags": ["x"]}),
        json!({"name": "b & c", "description": "Nightly", "teamId": team}),
        json!({"disabled": true, "tags": ["x", "y"]}),
        json!({"expiresAt": "2026-11-22T06:00:00Z"}),
    ];
    let mut ids = Vec::new();
    for body in &bodies {
        ids.push(gateway.made("/access-keys", body).await);
    }
    gateway.clock.advance(std::time::Duration::from_secs(3_600));
    let cases = [
        (format!("teamId={team}"), vec![1]),
        ("name=b%20%26%20c".to_owned(), vec![1]),
        ("search=night".to_owned(), vec![1]),
        ("tag=x".to_owned(), vec![2, 0]),
        ("tag=x&status=active".to_owned(), vec![0]),
        ("status=disabled".to_owned(), vec![2]),
        ("status=expired".to_owned(), vec![3]),
        ("accessKeyConfigurationId=aigac_0000000000000000000000".to_owned(), vec![]),
    ];
    for (query, expected) in cases {
        let pages = gateway.pages(&format!("/access-keys?{query}&limit=1"), "aiGatewayAccessKeys").await;
        let expected: Vec<_> = expected.iter().map(|at: &usize| ids[*at].clone()).collect();
        assert_eq!(pages.concat(), expected, "{query}");
    }
}
