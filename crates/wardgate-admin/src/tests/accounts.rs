//! Accounts, for the operator.

use super::{Gateway, URL};
use serde_json::json;
use wardgate_core::account::{Account, Team};
use wardgate_core::id::AccountId;
use wardgate_store::{Collection, Store as _};

#[tokio::test]
async fn an_account_is_made_with_its_team_and_its_key() {
    let gateway = Gateway::start().await;
    let body = json!({"name": "new", "metadata": "m"});
    let made = gateway.operate("POST", "/accounts", Some(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let id: AccountId = made["id"].as_str().unwrap().parse().unwrap();
    let account: Account = gateway.store.get(id).await.unwrap().unwrap();
    assert!(gateway.master_key.open_data_key(id, &account.sealed_data_key).is_ok());
    let team: Team = Collection::get(&*gateway.store.tenant(id), account.default_team_id).await.unwrap().unwrap();
    assert_eq!(team.label.name(), "default");
    let actor = made["createdBy"]["id"].as_str().unwrap();
    assert_eq!(made["createdBy"]["uri"], format!("{URL}/operator-keys/{actor}"));
    assert_eq!(
        (&made["name"], &made["metadata"], &made["tier"], &made["suspended"]),
        (&json!("new"), &json!("m"), &json!(null), &json!(false))
    );
    assert_eq!(made["defaultTeamId"], account.default_team_id.to_string());
    let taken = gateway.operate("POST", "/accounts", Some(&body)).await;
    assert_eq!(taken.verdict(), (409, "already_exists".to_owned(), "ERR_NGROK_27607".to_owned()));
    let found = gateway.operate("GET", "/accounts?name=new", None).await;
    assert_eq!(found.json()["accounts"], json!([made]));

    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"name": ""}), "missing_field"),
        (json!({"name": " x"}), "bad_account_name"),
        (json!({"name": id.to_string()}), "bad_account_name"),
        (json!({"name": "x", "tier": "none"}), "unknown_tier"),
        (json!({"name": "x", "tier": "No Tier"}), "bad_tier_name"),
        (json!({"name": "x", "id": "y"}), "unknown_field"),
    ] {
        let answer = gateway.operate("POST", "/accounts", Some(&body)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{}", answer.text);
    }
}

#[tokio::test]
async fn whoever_holds_a_key_sees_where_it_acts() {
    let gateway = Gateway::start().await;
    let by_key = gateway.send("GET", "/account", &gateway.acme.viewer, None).await;
    assert_eq!((by_key.status.as_u16(), by_key.json()["name"].as_str()), (200, Some("acme")), "{}", by_key.text);
    let path = format!("/accounts/{}", gateway.acme.id);
    assert_eq!(by_key.json(), gateway.operate("GET", &path, None).await.json());
    assert_eq!(gateway.operate("GET", "/account", None).await.code(), "account_header_missing");
    let header = [("x-wardgate-account", "acme")];
    assert_eq!(gateway.send_with("GET", "/account", &gateway.operator, &header, None).await.json(), by_key.json());
}

#[tokio::test]
async fn a_suspended_account_is_served_to_the_operator_only() {
    let gateway = Gateway::start().await;
    let path = format!("/accounts/{}", gateway.acme.id);
    let suspended = gateway.operate("PATCH", &path, Some(&json!({"suspended": true}))).await;
    assert_eq!((suspended.status.as_u16(), &suspended.json()["suspended"]), (200, &json!(true)));
    let refused = gateway.get("/access-keys").await;
    assert_eq!(refused.verdict(), (403, "account_suspended".to_owned(), String::new()));
    let header = [("x-wardgate-account", "acme")];
    assert_eq!(gateway.send_with("GET", "/access-keys", &gateway.operator, &header, None).await.status, 200);
    gateway.operate("PATCH", &path, Some(&json!({"suspended": false}))).await;
    assert_eq!(gateway.get("/access-keys").await.status, 200);
}

#[tokio::test]
async fn deleting_one_takes_its_name() {
    let gateway = Gateway::start().await;
    let path = format!("/accounts/{}", gateway.acme.id);
    for (query, code) in [
        ("", "missing_parameter"),
        ("?confirm=other", "not_confirmed"),
        ("?confirm=ACME", "not_confirmed"),
        ("?confirm=acme&force=1", "unknown_parameter"),
    ] {
        let answer = gateway.operate("DELETE", &format!("{path}{query}"), None).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{query}");
    }
    assert_eq!(gateway.get("/access-keys").await.status, 200);
    assert_eq!(gateway.operate("DELETE", &format!("{path}?confirm=acme"), None).await.status, 204);
    assert_eq!(gateway.get("/access-keys").await.verdict().1, "unknown_key");
    assert_eq!(gateway.operate("GET", &path, None).await.status, 404);
}
