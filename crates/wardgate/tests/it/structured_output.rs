//! An answer that follows a schema, of a model that has no mode for it: it is made to call a tool that the client never sees.

use crate::dev;
use serde_json::{Value, json};
use wardgate_testkit::{Ask, Dialect, Gateway, Reply, Upstream};

const CLIENTS: [Dialect; 3] = [Dialect::Messages, Dialect::Responses, Dialect::Gemini];

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false})
}

/// A gateway that knows by its catalog that the model of one upstream calls tools and has no mode for schemas.
async fn before(upstream: &Upstream) -> Gateway {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.yaml");
    let model = "{provider: house, id: llama, can: [tools], cannot: [json_schema], pricing: {input: 1, output: 1}}";
    let text = format!("providers:\n- {{id: house, baseUrl: '{}'}}\nmodels:\n- {model}\n", upstream.url());
    std::fs::write(&path, text).unwrap();
    dev().with("--catalog-file", &path).start().await
}

/// A question of which nothing may be lost.
fn ask(client: Dialect) -> Ask {
    let ask = Ask::new(client, "house:llama").header("x-wardgate-strict", "true");
    match client {
        Dialect::Messages => ask.field("output_config", json!({"format": {"type": "json_schema", "schema": schema()}})),
        Dialect::Responses => {
            ask.field("text", json!({"format": {"type": "json_schema", "name": "place", "schema": schema(), "strict": true}}))
        }
        _ => {
            let form = json!({"responseMimeType": "application/json", "responseJsonSchema": schema(), "maxOutputTokens": 100});
            ask.field("generationConfig", form)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_arguments_of_the_hidden_tool_are_the_text() {
    for client in CLIENTS {
        for is_stream in [false, true] {
            let provider = Dialect::Chat;
            let reply = if is_stream {
                Reply::events(&provider.call_stream("structured_output", &["{\"city\":", " \"Rome\"}"]))
            } else {
                Reply::json(200, &provider.whole_call("structured_output", r#"{"city": "Rome"}"#))
            };
            let upstream = Upstream::always(reply).await;
            let gateway = before(&upstream).await;
            let key = gateway.create_key("app").await;
            let answer = ask(client).key(&key).stream(is_stream).send(&gateway).await;
            assert_eq!((answer.status, answer.header("x-wardgate-warnings")), (200, ""), "{client:?}: {}", answer.text());
            let said = if is_stream { client.read_stream(&answer.text()) } else { client.read_whole(&answer.json()) };
            assert_eq!(said.text, r#"{"city": "Rome"}"#, "{client:?}, stream {is_stream}");
            assert!(said.calls.is_empty() && !said.is_for_tools, "{}", answer.text());
            assert!(!answer.text().contains("structured_output"), "{}", answer.text());
            let sent: Value = serde_json::from_str(&upstream.only().text()).unwrap();
            let tool = &sent["tools"][0]["function"];
            assert_eq!((&tool["name"], &tool["parameters"]), (&"structured_output".into(), &schema()), "{sent}");
            assert_eq!((&sent["tool_choice"], sent.get("response_format")), (&"required".into(), None), "{sent}");
            assert_eq!(gateway.usage(1).await[0]["stopReason"], "end");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tools_of_its_own_the_client_hears_that_the_schema_does_not_hold() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "{}")).await;
    let gateway = before(&upstream).await;
    let key = gateway.create_key("app").await;
    let asked = ask(Dialect::Messages).key(&key).tool("weather", &schema());
    let refused = asked.send(&gateway).await;
    assert_eq!((refused.status, Dialect::Messages.error_code(&refused.json()).as_str()), (400, "json_schema_dropped"));
    assert!(upstream.seen().is_empty());
}
