use super::*;
use crate::failure::Exit;
use crate::testing::{Server, Step};
use wardgate_core::random::Counting;
use wardgate_core::secret::Secret;

fn client(server: &Server) -> Client {
    let target = Target {
        url: server.url.clone(),
        key: Secret::from("ngo-1"),
        key_source: "the key of this test".to_owned(),
        account: Some("acme".to_owned()),
    };
    Client::new(target, Arc::new(Counting::default()))
}

#[tokio::test]
async fn a_call_carries_key_account_and_version() {
    let mut answer = Step::new("PATCH /access-keys/1", 200, r#"{"id": "1"}"#);
    answer.headers = "etag: \"8\"\r\n";
    let server = Server::new(vec![answer]).await;
    let answer = client(&server).patch("/access-keys/1", &serde_json::json!({"name": "é"}), Some("\"7\"")).await.unwrap();
    assert_eq!((answer.body["id"].as_str(), answer.etag.as_deref()), (Some("1"), Some("\"8\"")));
    let seen = server.seen().await.remove(0);
    for line in ["authorization: Bearer ngo-1", "x-wardgate-account: acme", "if-match: \"7\"", "content-type: application/json"]
    {
        assert!(seen.contains(line), "{line} is missing in {seen}");
    }
    assert!(seen.ends_with("{\"name\":\"é\"}"), "{seen}");
}

#[tokio::test]
async fn pages_are_followed_to_the_end_by_what_they_ask_for() {
    let next = r#"{"items": [1, 2], "nextPageUri": "https://elsewhere/base/things?beforeId=b&limit=100"}"#;
    let steps = || {
        vec![
            Step::new("GET /things?tag=x&limit=100", 200, next),
            Step::new("GET /things?beforeId=b&limit=100", 200, r#"{"items": [3], "nextPageUri": null}"#),
        ]
    };
    let query = Query::default().with("tag", "x");
    let server = Server::new(steps()).await;
    let all = client(&server).list("/things", "items", &query, None).await.unwrap();
    assert_eq!((all.items.len(), all.has_more), (3, false));
    server.seen().await;

    let server = Server::new(vec![Step::new("GET /things?tag=x&limit=1", 200, next)]).await;
    let one = client(&server).list("/things", "items", &query, Some(1)).await.unwrap();
    assert_eq!((one.items.len(), one.has_more), (1, true));
    let server = Server::new(vec![Step::new("GET /things?limit=100", 200, "{}")]).await;
    let strange = client(&server).list("/things", "items", &Query::default(), None).await;
    assert!(strange.is_err_and(|failure| failure.text.contains("is this a gateway")));
}

#[tokio::test]
async fn a_gateway_that_asks_for_a_pause_is_asked_again_with_the_same_idempotency_key() {
    let busy = || Step { headers: "retry-after: 0\r\n", ..Step::new("POST /teams", 503, "{}") };
    let server = Server::new(vec![busy(), busy(), Step::new("POST /teams", 201, r#"{"id": "1"}"#)]).await;
    assert!(client(&server).post("/teams", &Value::Null).await.is_ok());
    let seen = server.seen().await;
    let key = |request: &str| request.lines().find(|line| line.starts_with("idempotency-key")).map(str::to_owned);
    assert!(key(&seen[0]).is_some() && key(&seen[0]) == key(&seen[2]), "{seen:?}");

    let server = Server::new(vec![busy(), busy(), busy(), busy()]).await;
    let failure = client(&server).post("/teams", &Value::Null).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Error);
    server.seen().await;
    // Without a word of when to come back, there is no second try.
    let server = Server::new(vec![Step::new("GET /teams", 503, "{}")]).await;
    assert!(client(&server).get("/teams").await.is_err());
}

async fn fails(status: u16, body: &'static str, exit: Exit, expected: expect_test::Expect) {
    let server = Server::new(vec![Step::new("GET /teams/1", status, body)]).await;
    let failure = client(&server).get("/teams/1").await.err().unwrap();
    assert_eq!(failure.exit, exit);
    expected.assert_eq(&failure.to_string());
}

#[tokio::test]
async fn a_failure_says_what_happened_and_what_to_do() {
    let body = r#"{"errorCode": "ERR_NGROK_27603", "statusCode": 400, "msg": "name: has 300 characters. The body has 1 more problem; see details.",
        "details": {"code": "name_too_long", "name": "has 300 characters", "tags": "must be a list"}}"#;
    let expected = expect_test::expect![[r#"
        name: has 300 characters. The body has 1 more problem; see details (400, name_too_long, ERR_NGROK_27603)
          tags: must be a list"#]];
    fails(400, body, Exit::Usage, expected).await;
    let body = r#"{"statusCode": 401, "msg": "This key is not known here.", "details": {"code": "unknown_key"}}"#;
    let expected = expect_test::expect![[r#"
        This key is not known here (401, unknown_key)
        hint: the key of this test was sent; is it of this gateway?"#]];
    fails(401, body, Exit::Refused, expected).await;
    let expected = expect_test::expect![[r#"
        the answer gives no reason (412)
        hint: look at it again, and repeat the command"#]];
    fails(412, "<html>", Exit::Conflict, expected).await;
    fails(404, "{}", Exit::NotFound, expect_test::expect!["the answer gives no reason (404)"]).await;
    let steering = "{\"msg\": \"a\\u001b[31mb\", \"details\": {}}";
    fails(500, steering, Exit::Error, expect_test::expect!["a[31mb (500)"]).await;
}

#[tokio::test]
async fn nobody_there_and_somebody_else() {
    let server = Server::new(vec![Step::new("GET /x", 200, "<html>")]).await;
    let client = client(&server);
    let failure = client.get("/x").await.err().unwrap();
    assert!(failure.to_string().contains("not JSON") && failure.to_string().contains("8081"), "{failure}");
    server.seen().await;
    let failure = client.get("/x").await.err().unwrap();
    assert!(failure.text.contains("does not answer") && failure.exit == Exit::Error, "{failure}");
}
