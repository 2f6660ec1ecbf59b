//! Calls that a provider answers itself: what a client of another format is told of them, and what comes back with its next turn.

use crate::search::{before, found};
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Reply, Upstream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_told_to_the_client_and_comes_back_to_its_maker() {
    let upstream = Upstream::always(Reply::json(200, &found())).await;
    let (gateway, key, _dir) = before(&upstream, Dialect::Messages).await;
    let ask = Ask::new(Dialect::Chat, "house:finder").key(&key).field("web_search_options", json!({}));
    let answer = ask.send(&gateway).await;
    let message = answer.json()["choices"][0]["message"].clone();
    assert_eq!((&answer.json()["choices"][0]["finish_reason"], &message["tool_calls"]), (&json!("stop"), &Value::Null));
    let call = &message["server_tool_calls"][0];
    assert_eq!((&call["type"], &call["queries"]), (&json!("web_search"), &json!(["Zürich"])), "{message}");
    assert_eq!(answer.header("x-wardgate-warnings"), "");
    let turns = json!([{"role": "user", "content": "x"}, message, {"role": "user", "content": "y"}]);
    let again = ask.field("messages", turns.clone()).send(&gateway).await;
    assert_eq!((again.status, again.header("x-wardgate-warnings")), (200, ""), "{}", again.text());
    let sent: Value = serde_json::from_str(&upstream.seen()[1].text()).unwrap();
    for block in 0..2 {
        assert_eq!(sent["messages"][1]["content"][block], found()["content"][block], "{sent}");
    }
    // Whoever speaks the client's format gets nothing of it.
    let other = Upstream::always(Reply::says(Dialect::Chat, "Good day")).await;
    let (gateway, key, _dir) = before(&other, Dialect::Chat).await;
    let ask = Ask::new(Dialect::Chat, "house:finder").key(&key).field("messages", turns);
    assert_eq!(ask.send(&gateway).await.status, 200);
    let sent = other.only().text();
    assert!(!sent.contains("server_tool_calls") && !sent.contains("wg1") && sent.contains("Größe"), "{sent}");
}
