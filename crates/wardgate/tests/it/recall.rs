//! Clients of Responses that come back to an answer by its id alone, where the provider speaks something else.
//!
//! What is expected is simple to say: the provider is asked the same, byte for byte, as if the client had kept the conversation.

use crate::scene::{configured_key, forget_health};
use crate::{ask, dev};
use serde_json::{Value, json};
use wardgate_testkit::{Answer, Ask, Dialect, Gateway, Key, Reply, Upstream};

const PROVIDERS: [Dialect; 5] = [Dialect::Chat, Dialect::Messages, Dialect::Gemini, Dialect::Cohere, Dialect::Converse];

/// What stands for a signature.
const SEALED: &str = "c2VhbGVkLWJpdHMtb2YtcmVhc29uaW5nLXg=";

async fn before(upstream: &Upstream, provider: Dialect) -> Gateway {
    let gateway = dev().start().await;
    gateway.add_speaker("up", upstream.url(), provider).await;
    gateway
}

/// The answer's body, be it whole or what the end of the stream told.
fn response(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let Some((_, last)) = text.rsplit_once("\ndata: ") else { return answer.json() };
    serde_json::from_str::<Value>(last).unwrap()["response"].clone()
}

fn question() -> Ask {
    ask(Dialect::Responses).tool("f", &json!({"type": "object", "properties": {}}))
}

/// What the client adds behind an answer: the results of its calls, and a word.
fn goes_on(output: &Value) -> Vec<Value> {
    let calls = output.as_array().unwrap().iter().filter(|item| item["type"] == "function_call");
    let results =
        calls.map(|call| json!({"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"})).collect();
    [results, vec![json!({"role": "user", "content": "And then?"})]].concat()
}

/// The same turn in three ways: with the whole conversation, with its items by reference, and by the answer's id.
fn next_turns(first: &Value) -> [Ask; 3] {
    let output = &first["output"];
    let said = [json!({"type": "message", "role": "user", "content": "Hello"})];
    let references: Vec<Value> =
        output.as_array().unwrap().iter().map(|item| json!({"type": "item_reference", "id": item["id"]})).collect();
    let with = |items: &[Value]| json!([&said[..], items, &goes_on(output)].concat());
    [
        question().field("input", with(output.as_array().unwrap())),
        question().field("input", with(&references)),
        question().field("previous_response_id", first["id"].clone()).field("input", json!(goes_on(output))),
    ]
}

/// What providers that think and call a tool answer.
fn thinks(provider: Dialect) -> Option<Value> {
    match provider {
        Dialect::Messages => Some(json!({
            "id": "m_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "tool_use",
            "usage": {"input_tokens": 1, "output_tokens": 1},
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": SEALED},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "weather"}},
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
                {"type": "text", "text": "I will \"look\"."},
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
            ],
        })),
        Dialect::Gemini => Some(json!({
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1},
            "candidates": [{"finishReason": "STOP", "content": {"role": "model", "parts": [
                {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": SEALED},
            ]}}],
        })),
        Dialect::Chat => Some(json!({
            "id": "the-same-each-time", "object": "chat.completion", "created": 5, "model": "m", "choices": [{"index": 0,
                "finish_reason": "stop", "message": {"role": "assistant", "reasoning_content": "Hm.", "content": "Well."}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        })),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_is_asked_the_same_whoever_keeps_the_conversation() {
    for (provider, is_stream) in PROVIDERS.into_iter().flat_map(|provider| [(provider, false), (provider, true)]) {
        let streams = |pieces: &[&str]| Reply::streams(provider, pieces);
        let mut firsts = vec![
            if is_stream { streams(&["Good ", "day"]) } else { Reply::says(provider, "Good day") },
            Reply::json(200, &provider.whole_call("f", "{\"a\":1}")),
        ];
        firsts.extend(thinks(provider).map(|thought| Reply::json(200, &thought)));
        let count = firsts.len();
        let fine = || if is_stream { streams(&["fine"]) } else { Reply::says(provider, "fine") };
        let replies = firsts.into_iter().flat_map(|first| [first, fine(), fine(), fine()]);
        let upstream = Upstream::queue(replies.collect::<Vec<_>>()).await;
        let gateway = before(&upstream, provider).await;
        for round in 0..count {
            let what = format!("{provider:?}, stream {is_stream}, answer {round}");
            let first = response(&question().stream(is_stream).send(&gateway).await);
            assert_eq!((&first["store"], &first["status"]), (&true.into(), &"completed".into()), "{what}: {first}");
            for (way, turn) in next_turns(&first).into_iter().enumerate() {
                let next = response(&turn.stream(is_stream).send(&gateway).await);
                let named = if way == 2 { &first["id"] } else { &Value::Null };
                assert_eq!(&next["previous_response_id"], named, "{what}");
            }
            let seen = upstream.seen();
            let asked: Vec<String> = seen[round * 4 + 1..].iter().map(|seen| seen.text()).collect();
            assert!(asked[0].contains("And then?") && asked[0].contains("Hello"), "{what}: {}", asked[0]);
            let is_told = |text: &str| asked[0].contains(text);
            match round {
                0 => assert!(is_told("Good day"), "{what}: {}", asked[0]),
                1 => assert!(is_told("sunny"), "{what}: {}", asked[0]),
                _ => assert!(is_told(if provider == Dialect::Chat { "Well." } else { SEALED }), "{what}: {}", asked[0]),
            }
            assert_eq!(asked[1], asked[0], "{what}, by reference");
            assert_eq!(asked[2], asked[0], "{what}, by the answer before");
        }
        gateway.usage(count * 4).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_follow_each_other_and_instructions_do_not_come_along() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "Yes.")).await;
    let gateway = before(&upstream, Dialect::Chat).await;
    let mut previous = Value::Null;
    for (index, word) in ["one", "two", "three"].into_iter().enumerate() {
        let asked = ask(Dialect::Responses)
            .field("previous_response_id", previous)
            .field("instructions", format!("rule {index}"))
            .field("input", word);
        previous = response(&asked.send(&gateway).await)["id"].clone();
    }
    let asked: Value = serde_json::from_str(&upstream.seen()[2].text()).unwrap();
    let said: Vec<&str> = asked["messages"].as_array().unwrap().iter().filter_map(|turn| turn["content"].as_str()).collect();
    assert_eq!(said, ["rule 2", "one", "Yes.", "two", "Yes.", "three"]);
    gateway.usage(3).await;
}

/// That a request is refused because of what it names, and no provider is asked.
async fn is_not_found(asked: Ask, gateway: &Gateway, upstream: &Upstream, what: &str) {
    let before = upstream.seen().len();
    let answer = asked.send(gateway).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &"previous_response_not_found".into()), "{what}");
    assert_eq!(upstream.seen().len(), before, "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_its_keys_alone_and_kept_only_if_it_may_be() {
    let upstream = Upstream::always(Reply::says(Dialect::Messages, "Yes.")).await;
    let gateway = before(&upstream, Dialect::Messages).await;
    let mine = response(&question().send(&gateway).await);
    let [_, by_reference, by_answer] = next_turns(&mine);
    let other = gateway.create_key("another").await;
    is_not_found(by_reference.clone().key(&other), &gateway, &upstream, "another's item").await;
    is_not_found(by_answer.clone().key(&other), &gateway, &upstream, "another's answer").await;
    let fleeting = response(&question().field("store", false).send(&gateway).await);
    assert_eq!(fleeting["store"], false);
    let [_, fleeting_item, fleeting_answer] = next_turns(&fleeting);
    is_not_found(fleeting_item, &gateway, &upstream, "an item that is not stored").await;
    is_not_found(fleeting_answer, &gateway, &upstream, "an answer that is not stored").await;
    is_not_found(by_answer.clone().field("previous_response_id", "resp_of_openai"), &gateway, &upstream, "another's").await;
    // Nobody took away what is there.
    response(&by_reference.send(&gateway).await);
    response(&by_answer.send(&gateway).await);
    gateway.usage(upstream.seen().len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_speaks_responses_is_sent_the_conversation_and_its_own_ids() {
    let native = Upstream::always(Reply::says(Dialect::Responses, "Yes.")).await;
    let [sealed, unsealed] =
        [Dialect::Messages, Dialect::Chat].map(|provider| Upstream::always(Reply::json(200, &thinks(provider).unwrap())));
    let (sealed, unsealed) = (sealed.await, unsealed.await);
    let gateway = before(&sealed, Dialect::Messages).await;
    gateway.add_speaker("unsealed", unsealed.url(), Dialect::Chat).await;
    gateway.add_speaker("native", native.url(), Dialect::Responses).await;
    // Items of ours go without their ids where we put them in, and reasoning that the other cannot read does not go.
    let mut ours = String::new();
    for (model, expected) in [
        ("up:m", &["message", "message", "function_call", "function_call_output", ""][..]),
        ("unsealed:m", &["message", "message", ""]),
    ] {
        let first = response(&question().field("model", model).send(&gateway).await);
        for (way, turn) in next_turns(&first).into_iter().enumerate() {
            response(&turn.field("model", "native:m").send(&gateway).await);
            let asked: Value = serde_json::from_str(&native.seen().last().unwrap().text()).unwrap();
            let items = asked["input"].as_array().unwrap();
            let kinds: Vec<&str> = items.iter().map(|item| item["type"].as_str().unwrap_or("")).collect();
            assert_eq!(kinds, expected, "{model}, {way}: {asked}");
            assert!(way == 0 || items.iter().all(|item| item.get("id").is_none()), "{asked}");
            assert!(asked.get("previous_response_id").is_none(), "{asked}");
        }
        ours = first["id"].as_str().unwrap().to_owned();
    }
    // What it made itself is asked of it alone, as it stands.
    let theirs = question().field("previous_response_id", "resp_1").or(&["up:m", "native:m"]).field("model", "up:m");
    let answer = theirs.send(&gateway).await;
    assert_eq!((answer.status, answer.header("x-wardgate-provider")), (200, "native"), "{}", answer.text());
    assert!(native.seen().last().unwrap().text().contains(r#""previous_response_id":"resp_1""#));
    // What only we can have made is not asked of it.
    let lost = format!("{}00", &ours[..ours.len() - 2]);
    let asked = question().field("previous_response_id", lost).field("model", "native:m");
    is_not_found(asked, &gateway, &native, "an answer of ours that is gone").await;
    gateway.usage([&sealed, &unsealed, &native].iter().map(|upstream| upstream.seen().len()).sum()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_kept_from_its_last_event_on_and_a_broken_one_is_not() {
    let whole = Dialect::Chat.stream(&["Good ", "day"]).concat();
    let cut = whole.replace(r#""finish_reason":"stop""#, r#""finish_reason":"length""#);
    assert_ne!(whole, cut);
    let broken = format!("{}{}", Dialect::Chat.content("Good"), Dialect::Chat.error_event("it broke"));
    let upstream = Upstream::queue([
        Reply::begin_stream().chunk(&whole).hang(),
        Reply::says(Dialect::Chat, "Yes."),
        Reply::begin_stream().chunk(&cut).end(),
        Reply::says(Dialect::Chat, "Yes."),
        Reply::begin_stream().chunk(&broken).end(),
    ])
    .await;
    let gateway = before(&upstream, Dialect::Chat).await;
    // The client goes as soon as it has the answer, though the provider is still there.
    let mut open = question().stream(true).open(&gateway).await;
    let told = open.read_until("event: response.completed").await;
    drop(open);
    let id = |text: &str| text.split(r#""id":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let next = |id: &str| question().field("previous_response_id", id).field("input", "And then?");
    assert_eq!(next(&id(&told)).send(&gateway).await.status, 200);
    // One that was cut off at its limit is an answer all the same.
    let cut = response(&question().stream(true).send(&gateway).await);
    assert_eq!(cut["status"], "incomplete");
    assert_eq!(next(cut["id"].as_str().unwrap()).send(&gateway).await.status, 200);
    let broken = question().stream(true).send(&gateway).await.text();
    assert!(broken.contains("event: response.failed"), "{broken}");
    is_not_found(next(&id(&broken)), &gateway, &upstream, "a broken answer").await;
    gateway.usage(5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_long_is_not_kept() {
    let long = "x".repeat(5 * 1024 * 1024);
    let replies = [long.as_str(), "short", "fine"].map(|text| Reply::says(Dialect::Chat, text));
    let upstream = Upstream::queue(replies).await;
    let gateway = before(&upstream, Dialect::Chat).await;
    let [_, by_reference, by_answer] = next_turns(&response(&question().send(&gateway).await));
    is_not_found(by_reference, &gateway, &upstream, "an item of a long answer").await;
    is_not_found(by_answer, &gateway, &upstream, "a long answer").await;
    // Of a long question the answer is kept.
    let [_, by_reference, by_answer] = next_turns(&response(&question().field("input", long).send(&gateway).await));
    is_not_found(by_answer, &gateway, &upstream, "the answer to a long question").await;
    response(&by_reference.send(&gateway).await);
    gateway.usage(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openrouters_base_tells_another_id_which_is_found_too() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "Yes.")).await;
    let gateway = before(&upstream, Dialect::Chat).await;
    for is_stream in [false, true] {
        let asked = question().target("/api/v1/responses").stream(is_stream);
        let first = response(&asked.send(&gateway).await);
        assert!(first["id"].as_str().unwrap().starts_with("gen-"), "{first}");
        let [_, by_reference, by_answer] = next_turns(&first);
        response(&by_reference.send(&gateway).await);
        response(&by_answer.send(&gateway).await);
    }
    gateway.usage(6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_can_be_asked_for_and_forgotten() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "Yes.")).await;
    let gateway = before(&upstream, Dialect::Chat).await;
    let other = gateway.create_key("another").await;
    for is_stream in [false, true] {
        let first = response(&question().stream(is_stream).send(&gateway).await);
        let send = |method: &'static str, key: &Key, query: &str| {
            let (client, target) = (gateway.client(), format!("/v1/responses/{}{query}", first["id"].as_str().unwrap()));
            let authorization = format!("Bearer {}", key.token);
            async move { client.send(method.parse().unwrap(), &target, &[("authorization", &authorization)], "").await }
        };
        let unknown =
            |answer: Answer| assert_eq!((answer.status, &answer.json()["error"]["code"]), (404, &"unknown_response".into()));
        unknown(send("GET", &other, "").await);
        unknown(send("DELETE", &other, "").await);
        let told = send("GET", gateway.key(), "").await;
        assert_eq!((told.status, told.json()), (200, first.clone()));
        assert_eq!(send("GET", gateway.key(), "?include=a&stream=true").await.status, 400);
        assert_eq!(send("POST", gateway.key(), "").await.status, 405);
        let deleted = send("DELETE", gateway.key(), "").await;
        assert_eq!(deleted.json(), json!({"id": first["id"], "object": "response", "deleted": true}));
        unknown(send("GET", gateway.key(), "").await);
        let [_, by_reference, by_answer] = next_turns(&first);
        is_not_found(by_reference, &gateway, &upstream, "an item that was forgotten").await;
        is_not_found(by_answer, &gateway, &upstream, "an answer that was forgotten").await;
    }
    gateway.usage(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_keeps_is_asked_of_the_credential_that_made_it() {
    const ANSWER: &str = "resp_0123456789abcdef0123456789abcdef";
    const ITEM: &str = "msg_0123456789abcdef0123456789abcdef";
    for is_stream in [false, true] {
        let upstream = Upstream::scripted(move |seen| {
            let is_first = seen.headers.iter().any(|(_, value)| value.contains("key-one"));
            let named = |text: String| text.replace("resp_1", ANSWER).replace("msg_1", ITEM);
            match (seen.number, is_stream) {
                (0, _) if is_first => Reply::with_headers(429, &[("retry-after", "30")], "{}"),
                (_, false) => Reply::whole(200, "application/json", named(Dialect::Responses.whole("Yes.").to_string())),
                (_, true) => Reply::events(&Dialect::Responses.stream(&["Yes."]).into_iter().map(named).collect::<Vec<_>>()),
            }
        })
        .await;
        let gateway = before(&upstream, Dialect::Responses).await;
        for key in ["key-one", "key-two"] {
            gateway.add_provider_key("up", key).await;
        }
        let first = question().stream(is_stream).send(&gateway).await;
        assert_eq!((first.status, first.header("x-wardgate-attempts")), (200, "2"));
        forget_health(&gateway).await;
        let by = |fields: Value| question().field("input", json!([fields, {"role": "user", "content": "And then?"}]));
        let reference = by(json!({"type": "item_reference", "id": ITEM}));
        for (turn, key) in [
            (question().field("previous_response_id", ANSWER), "key-two"),
            (reference, "key-two"),
            (by(json!({"type": "item_reference", "id": "msg_of_somebody_else"})), "key-one"),
        ] {
            assert_eq!(turn.stream(is_stream).send(&gateway).await.status, 200);
            let seen = upstream.seen();
            assert_eq!(seen.last().unwrap().header("authorization"), [format!("Bearer {key}")], "stream {is_stream}");
        }
        gateway.usage(5).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_and_the_operator_may_keep_nothing() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "Yes.")).await;
    let gateway = before(&upstream, Dialect::Chat).await;
    let key = configured_key(&gateway, json!({"transform": [{"set": {"store": false}}]})).await;
    let none = dev().with("--recall-bytes-max", "0").start().await;
    none.add_speaker("up", upstream.url(), Dialect::Chat).await;
    for (gateway, key) in [(&gateway, &key), (&none, none.key())] {
        let first = response(&question().key(key).send(gateway).await);
        assert_eq!(first["store"], false);
        let [_, by_reference, by_answer] = next_turns(&first).map(|turn| turn.key(key));
        is_not_found(by_reference, gateway, &upstream, "an item").await;
        is_not_found(by_answer, gateway, &upstream, "an answer").await;
        gateway.usage(1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_named_by_its_id_is_counted() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, &"many words ".repeat(1_000))).await;
    let gateway = before(&upstream, Dialect::Chat).await;
    let first = response(&question().send(&gateway).await);
    let mut counts = Vec::new();
    for turn in next_turns(&first) {
        let counted = turn.target("/v1/responses/input_tokens").send(&gateway).await;
        assert_eq!(counted.status, 200, "{}", counted.text());
        counts.push(counted.json()["input_tokens"].as_u64().unwrap());
    }
    assert!(counts[0] > 2_000 && counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    gateway.usage(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_is_no_longer_than_a_body_may_be() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, &"x".repeat(20_000))).await;
    let gateway = dev().with("--body-bytes-max", "64KiB").start().await;
    gateway.add_speaker("up", upstream.url(), Dialect::Chat).await;
    let mut previous = Value::Null;
    for _ in 0..3 {
        let asked = question().field("previous_response_id", previous);
        previous = response(&asked.send(&gateway).await)["id"].clone();
    }
    // Three answers are still within the bound, a fourth is not; nor is one that is named again and again.
    let item = response(&question().field("previous_response_id", previous.clone()).send(&gateway).await);
    let references = vec![json!({"type": "item_reference", "id": item["output"][0]["id"]}); 4];
    for asked in [
        question().field("previous_response_id", item["id"].clone()),
        question().field("previous_response_id", previous).field("input", json!([references[0], references[0]])),
        question().field("input", json!(references)),
    ] {
        let answer = asked.send(&gateway).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (413, &"body_too_large".into()), "{}", answer.text());
        assert!(answer.text().contains("earlier turns"), "{}", answer.text());
    }
    assert_eq!(upstream.seen().len(), 4);
    gateway.usage(4).await;
}
