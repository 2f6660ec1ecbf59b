//! Prepaid money.

use super::{Answer, Gateway};
use serde_json::{Value, json};

async fn balance(gateway: &Gateway) -> Value {
    gateway.get("/credits/balance").await.json()["balanceCents"].clone()
}

async fn purchase(gateway: &Gateway, key: &str, amount: u64) -> Answer {
    gateway.clock.advance(std::time::Duration::from_millis(1));
    let headers = [("idempotency-key", key)];
    gateway.send_with("POST", "/credits/purchases", &gateway.acme.admin, &headers, Some(&json!({"amount": amount}))).await
}

#[tokio::test]
async fn the_operator_adds_and_the_balance_shows_it_until_it_expires() {
    let gateway = Gateway::start().await;
    assert_eq!(balance(&gateway).await, 0);
    let body = json!({"amountCents": 5_000, "category": "promotional", "note": "welcome", "expiresAt": "2026-11-22T06:00:00Z"});
    let added = gateway.operate_acme("POST", "/credits", Some(&body)).await;
    assert_eq!(added.status, 201, "{}", added.text);
    gateway.operate_acme("POST", "/credits", Some(&json!({"amountCents": 1, "category": "purchase"}))).await;
    assert_eq!(balance(&gateway).await, 5_001);
    let pages = gateway.pages("/credits/transactions?limit=1", "items").await;
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[1][0], added.json()["id"].as_str().unwrap());
    let shown = gateway.get("/credits/transactions").await.json()["items"][1].clone();
    assert_eq!(shown, added.json());
    assert_eq!((&shown["type"], &shown["invoiceUrl"]), (&json!("credits"), &Value::Null));
    gateway.clock.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(balance(&gateway).await, 1);
    let other = gateway.send("GET", "/credits/balance", &gateway.other.viewer, None).await.json();
    assert_eq!(other, json!({"balanceCents": 0, "balance": "0.00000", "spent": "0.00000"}));
    for (body, code) in [
        (json!({"amountCents": 0, "category": "purchase"}), "out_of_range"),
        (json!({"amountCents": 1, "category": "gift"}), "unknown_category"),
        (json!({"amountCents": 1, "category": "purchase", "expiresAt": "2026-01-01T00:00:00Z"}), "time_is_past"),
    ] {
        assert_eq!(gateway.operate_acme("POST", "/credits", Some(&body)).await.code(), code);
    }
}

#[tokio::test]
async fn a_purchase_waits_for_the_operator() {
    let gateway = Gateway::start().await;
    let made = purchase(&gateway, "one", 2_500).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let path = format!("/credits/purchases/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["status"], &made["amountCents"], &made["currency"]), (&json!("pending"), &json!(2_500), &json!("usd")));
    assert_eq!((balance(&gateway).await, gateway.get(&path).await.json()), (json!(0), made));
    let approved = gateway.operate_acme("POST", &format!("{path}/approve"), Some(&json!({"note": "paid"}))).await;
    assert_eq!((approved.status.as_u16(), &approved.json()["status"]), (200, &json!("succeeded")), "{}", approved.text);
    assert_eq!(balance(&gateway).await, 2_500);
    for action in ["approve", "decline"] {
        let again = gateway.operate_acme("POST", &format!("{path}/{action}"), Some(&json!({}))).await;
        assert_eq!(again.verdict().1, "purchase_decided");
    }
    assert_eq!(balance(&gateway).await, 2_500);

    let second = purchase(&gateway, "two", 100).await.json();
    let path = format!("/credits/purchases/{}", second["id"].as_str().unwrap());
    let declined = gateway.operate_acme("POST", &format!("{path}/decline"), Some(&json!({"reason": "unpaid"}))).await.json();
    assert_eq!(
        (&declined["status"], &declined["failureCode"], &declined["failureMessage"]),
        (&json!("failed"), &json!("declined"), &json!("unpaid"))
    );
    assert_eq!(balance(&gateway).await, 2_500);
    assert_eq!(gateway.get("/credits/purchases?status=failed").await.json()["purchases"], json!([declined]));
}

#[tokio::test]
async fn a_purchases_key_is_remembered_for_good() {
    let gateway = Gateway::start().await;
    let first = purchase(&gateway, "one", 100).await;
    gateway.clock.advance(std::time::Duration::from_secs(48 * 3_600));
    let second = purchase(&gateway, "one", 100).await;
    assert_eq!((second.status.as_u16(), second.json()["id"].clone()), (201, first.json()["id"].clone()));
    assert!(second.headers.contains_key("idempotency-replayed"));
    let other = purchase(&gateway, "one", 200).await;
    assert_eq!(other.verdict(), (409, "idempotency_key_reuse".to_owned(), String::new()));
    assert_eq!(other.json()["details"]["purchase_id"], first.json()["id"]);
    assert_eq!(purchase(&gateway, &"k".repeat(256), 100).await.code(), "invalid_idempotency_key");
    for amount in [0, 50_001] {
        assert_eq!(purchase(&gateway, "x", amount).await.code(), "out_of_range");
    }
    for number in 0..9 {
        assert_eq!(purchase(&gateway, &format!("more-{number}"), 1).await.status, 201);
    }
    assert_eq!(purchase(&gateway, "too-many", 1).await.code(), "limit_reached");
    assert_eq!(purchase(&gateway, "one", 100).await.status, 201, "who was told before is told again");
}

#[tokio::test]
async fn without_a_page_to_pay_on_there_is_no_checkout() {
    let gateway = Gateway::start().await;
    let answer = gateway.post("/credits/checkout-session", &json!({"amount": 100})).await;
    assert_eq!(answer.verdict(), (501, "no_checkout".to_owned(), "ERR_NGROK_27612".to_owned()));
    assert_eq!(gateway.post("/credits/checkout-session", &json!({"amount": 0})).await.code(), "out_of_range");
}
