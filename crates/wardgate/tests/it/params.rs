//! Parameters that a custom provider or one of its models does not take stay here, and the client is told.

use crate::dev;
use crate::scene::{bilingual, create};
use serde_json::json;
use wardgate_testkit::{Ask, Dialect};

const BODY: &str = r#""messages":[{"role":"user","content":"seed"}],"temperature":0.70,"seed":1,"top_p":1.0,"stream":true"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_taken_is_taken_out() {
    let upstream = bilingual().await;
    let gateway = dev().start().await;
    let supported = json!([{"name": "seed"}, {"name": "temperature"}]);
    let provider = json!({
        "providerId": "up", "name": "up", "baseUrl": upstream.url(),
        "supportedApiSurfaces": [{"format": "openai", "supportedParams": supported}, {"format": "anthropic"}],
        "models": [{"modelId": "plain"}, {"modelId": "odd", "unsupportedParams": ["seed", "top_p", "model", "stream", "messages"]}],
    });
    create(&gateway, "/providers", provider).await;
    let messages = r#""messages":[{"role":"user","content":"seed"}]"#;
    let both = r#""temperature":0.70,"seed":1"#;
    for (number, (dialect, model, expected, told)) in [
        (Dialect::Chat, "plain", format!(r#"{messages},{both},"stream":true"#), "top_p"),
        (Dialect::Chat, "undeclared", format!(r#"{messages},{both},"stream":true"#), "top_p"),
        (Dialect::Chat, "ODD", format!(r#"{messages},"temperature":0.70,"stream":true"#), "seed, top_p"),
        (Dialect::Messages, "odd", format!(r#"{messages},"temperature":0.70,"stream":true"#), "seed, top_p"),
        (Dialect::Messages, "plain", BODY.to_owned(), ""),
    ]
    .into_iter()
    .enumerate()
    {
        let body = format!(r#"{{"model":"up:{model}",{BODY}}}"#);
        let answer = Ask::new(dialect, "").body(body).send(&gateway).await;
        let told_so = (answer.status, answer.header("x-wardgate-removed-params"));
        assert_eq!(told_so, (200, told), "{dialect:?} {model}: {}", answer.text());
        // What it is called upstream is as it was declared.
        let model = model.to_lowercase();
        assert_eq!(upstream.seen()[number].text(), format!(r#"{{"model":"{model}",{expected}}}"#), "{dialect:?} {model}");
    }
}
