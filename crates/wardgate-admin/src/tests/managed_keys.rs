//! Managed keys and who may use them.

use super::{Gateway, URL};
use serde_json::json;
use wardgate_core::id::ManagedKeyId;
use wardgate_core::provider_key::ManagedKey;
use wardgate_store::Collection as _;

const CANARY: &str = "sk-proj-CANARYcanaryCANARYcanary-wxyz";

#[tokio::test]
async fn a_value_goes_in_sealed_and_never_comes_out() {
    let gateway = Gateway::start().await;
    let body = json!({"providerId": "openai", "name": "shared", "value": CANARY});
    let made = gateway.operate("POST", "/managed-keys", Some(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id: ManagedKeyId = made.json()["id"].as_str().unwrap().parse().unwrap();
    let path = format!("/managed-keys/{id}");
    let opened = async || {
        let stored: ManagedKey = gateway.store.get(id).await.unwrap().unwrap();
        gateway.master_key.open_managed(id, &stored.sealed_value).unwrap().expose().to_owned()
    };
    assert_eq!(opened().await, CANARY);
    let changed = gateway.operate("PATCH", &path, Some(&json!({"name": "all", "description": "d"}))).await;
    assert_eq!((&changed.json()["name"], &changed.json()["description"]), (&json!("all"), &json!("d")));
    let body = json!({"name": "new", "value": "sk-proj-another-value-0123"});
    let rotated = gateway.operate("POST", &format!("{path}/rotate"), Some(&body)).await;
    assert_eq!((rotated.status.as_u16(), &rotated.json()["keyRedacted"]), (200, &json!("sk-proj-an***0123")));
    assert_eq!(opened().await, "sk-proj-another-value-0123");
    for (body, code) in [
        (json!({"providerId": "ollama", "name": "n", "value": "v"}), "unknown_provider"),
        (json!({"providerId": "Open AI", "name": "n", "value": "v"}), "unknown_provider"),
        (json!({"providerId": "openai", "name": "n"}), "missing_field"),
    ] {
        assert_eq!(gateway.operate("POST", "/managed-keys", Some(&body)).await.code(), code);
    }
    for answer in [made, changed, rotated, gateway.operate("GET", "/managed-keys?provider=openai", None).await] {
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
    assert_eq!(gateway.operate("DELETE", &path, None).await.status, 204);
}

#[tokio::test]
async fn accounts_are_granted_it() {
    let gateway = Gateway::start().await;
    let body = json!({"providerId": "openai", "name": "shared", "value": CANARY});
    let made = gateway.operate("POST", "/managed-keys", Some(&body)).await.json();
    let grants = format!("/managed-keys/{}/grants", made["id"].as_str().unwrap());
    let mut ids = [gateway.acme.id, gateway.other.id];
    ids.sort_unstable();
    for _ in 0..2 {
        for id in ids {
            assert_eq!(gateway.operate("PUT", &format!("{grants}/{id}"), None).await.status, 204);
        }
    }
    let first = gateway.operate("GET", &format!("{grants}?limit=1"), None).await.json();
    assert_eq!(first["grants"][0]["accountId"], ids[0].to_string());
    let next = first["nextPageUri"].as_str().unwrap().strip_prefix(URL).unwrap();
    let second = gateway.operate("GET", next, None).await.json();
    assert_eq!((&second["grants"][0]["accountId"], &second["nextPageUri"]), (&json!(ids[1].to_string()), &json!(null)));

    let of_account = format!("/accounts/{}/managed-keys", ids[0]);
    let listed = gateway.operate("GET", &of_account, None).await.json();
    assert_eq!((&listed["managedKeys"][0]["id"], &listed["nextPageUri"]), (&made["id"], &json!(null)));

    let one = format!("{grants}/{}", ids[0]);
    assert_eq!(gateway.operate("DELETE", &one, None).await.status, 204);
    assert_eq!(gateway.operate("DELETE", &one, None).await.status, 404);
    assert_eq!(gateway.operate("GET", &of_account, None).await.json()["managedKeys"], json!([]));
    assert_eq!(gateway.operate("GET", "/accounts/acct_0000000000000000000000/managed-keys", None).await.status, 404);
    let nobody = format!("{grants}/acct_0000000000000000000000");
    assert_eq!(gateway.operate("PUT", &nobody, None).await.verdict().1, "not_found");
    let no_key = "/managed-keys/aigmk_0000000000000000000000/grants";
    assert_eq!(gateway.operate("GET", no_key, None).await.status, 404);
    assert_eq!(gateway.operate("PUT", &format!("{no_key}/{}", ids[0]), None).await.status, 404);
}
