//! Commands by their lines, against a server that answers by script.

mod declare;

use super::*;
use crate::testing::{self, Server, Step};
use expect_test::{Expect, expect};

fn root() -> Command {
    Command::new("wardgate").subcommands(commands())
}

/// What a command line prints on both outputs, or its failure; and the requests that it made.
async fn run_line(line: &str, environment: &[(&str, &str)], input: &str, steps: Vec<Step>) -> (String, Vec<String>) {
    let server = Server::new(steps).await;
    let (mut surroundings, printed) = testing::surroundings(environment);
    surroundings.input = Box::new(std::io::Cursor::new(input.to_owned().into_bytes()));
    let words = line.split_whitespace().chain(["--url", &server.url]);
    let matches = root().try_get_matches_from(words).unwrap_or_else(|error| panic!("{error}"));
    let (name, matches) = matches.subcommand().unwrap();
    let done = run(name, matches, surroundings).await;
    let failed = done.err().map(|failure| format!("exit {}: {failure}\n", failure.exit.code())).unwrap_or_default();
    let printed = format!("{}{}{failed}", printed.out.text(), printed.err.text()).replace(&server.url, "URL");
    (printed, server.seen().await)
}

const KEYS: [(&str, &str); 3] = [("WARDGATE_API_KEY", "nga-1"), ("WARDGATE_OPERATOR_KEY", "ngo-1"), ("OPENAI", "sk-secret")];

async fn check(line: &str, steps: Vec<Step>, expected: Expect) -> Vec<String> {
    let (printed, seen) = run_line(line, &KEYS, "", steps).await;
    expected.assert_eq(&printed);
    seen
}

const TEAM: &str = r#"{"teams": [{"id": "team_0000000000000000000001", "name": "search"}], "nextPageUri": null}"#;
const KEY: &str = r#"{"aiGatewayAccessKeys": [{"id": "aigk_0000000000000000000001", "name": "ci", "keyRedacted": "ng-…",
    "status": "active", "createdAt": "2026-01-01T00:00:00Z"}], "nextPageUri": null}"#;

#[test]
fn the_command_line_is_sound() {
    root().debug_assert();
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let all = commands();
    for resource in resource::ALL {
        let command = all.iter().find(|command| command.get_name() == resource.command).unwrap();
        assert_eq!(about(command), resource.about);
        assert!(command.get_subcommands().all(|verb| !about(verb).is_empty() && verb.get_after_help().is_some()));
    }
}

#[tokio::test]
async fn a_list_is_filtered_by_names() {
    let steps = vec![
        Step::new("GET /teams?name=search&limit=10", 200, TEAM),
        Step::new("GET /access-keys?teamId=team_0000000000000000000001&status=active&limit=100", 200, KEY),
    ];
    let expected = expect![[r#"
        ID                           NAME  TEAM  STATUS  CONFIGURATION  KEY   EXPIRES  LAST USED  CREATED
        aigk_0000000000000000000001  ci    -     active  -              ng-…  -        -          2026-01-01 00:00:00
    "#]];
    check("wardgate access-key list --team search --status active", steps, expected).await;
    let steps = vec![Step::new("GET /access-keys?limit=100", 200, KEY)];
    check("wardgate access-key list --quiet", steps, expect!["aigk_0000000000000000000001\n"]).await;
}

#[tokio::test]
async fn an_object_is_made_from_options_and_its_token_is_shown_once() {
    let made = r#"{"id": "aigk_0000000000000000000002", "name": "ci", "token": "ng-x-g1-y", "keyRedacted": "ng-…"}"#;
    let steps = vec![Step::new("GET /teams?name=search&limit=10", 200, TEAM), Step::new("POST /access-keys", 201, made)];
    let expected = expect![[r#"
        ID     aigk_0000000000000000000002
        NAME   ci
        TOKEN  ng-x-g1-y
        This is the only time the token is shown: keep it now.
    "#]];
    let line = "wardgate access-key create --name ci --team search --tag a --tag b --expires 90d";
    let seen = check(line, steps, expected).await;
    let body = r#"{"expiresAt":"2026-04-01T00:00:00Z","name":"ci","tags":["a","b"],"teamId":"team_0000000000000000000001"}"#;
    assert!(seen[1].ends_with(body), "{}", seen[1]);
}

#[tokio::test]
async fn an_update_clears_what_is_set_to_nothing() {
    let id = "aigk_0000000000000000000001";
    let steps = vec![Step::new("PATCH /access-keys/aigk_0000000000000000000001", 200, r#"{"id": "x"}"#)];
    let mut line = format!("wardgate access-key update {id} --expires never --configuration none --tag= --description=");
    line.push_str(" --quiet");
    let seen = check(&line, steps, expect!["x\n"]).await;
    let body = r#"{"accessKeyConfigurationId":null,"description":null,"expiresAt":null,"tags":[]}"#;
    assert!(seen[0].ends_with(body), "{}", seen[0]);
    let expected = expect![[r#"
        exit 2: there is nothing to change
        hint: name what is to change; --help lists the options
    "#]];
    check(&format!("wardgate access-key update {id}"), vec![], expected).await;
}

#[tokio::test]
async fn a_credential_goes_from_the_environment_into_the_body_and_nowhere_else() {
    let steps = vec![Step::new("POST /provider-keys", 201, r#"{"id": "aigpk_1", "name": "main", "keyRedacted": "***"}"#)];
    let expected = expect![[r#"
         ID    aigpk_1
         NAME  main
         KEY   ***
    "#]];
    let seen = check("wardgate provider-key create --provider openai --name main --value-env OPENAI", steps, expected).await;
    assert!(seen[0].ends_with(r#"{"name":"main","providerId":"openai","value":"sk-secret"}"#), "{}", seen[0]);
    let bare = root().try_get_matches_from("wardgate provider-key create --provider openai --name main".split(' '));
    assert!(bare.is_err());
}

#[tokio::test]
async fn a_provider_key_is_named_with_its_provider() {
    let found = r#"{"aiGatewayProviderKeys": [{"id": "aigpk_0000000000000000000001", "name": "main", "providerId": "openai"},
        {"id": "aigpk_0000000000000000000002", "name": "main", "providerId": "groq"}], "nextPageUri": null}"#;
    let item = r#"{"id": "aigpk_0000000000000000000001", "name": "main"}"#;
    let path = "POST /provider-keys/aigpk_0000000000000000000001/rotate";
    let steps = vec![
        Step::new("GET /provider-keys?name=main&provider=openai&limit=10", 200, found),
        Step::new("GET /provider-keys/aigpk_0000000000000000000001", 200, item),
        Step::new(path, 200, item),
    ];
    let (printed, seen) = run_line("wardgate provider-key rotate openai/main --value-stdin -q", &KEYS, "sk-new\n", steps).await;
    assert_eq!(printed, "aigpk_0000000000000000000001\n");
    assert!(seen[2].ends_with(r#"{"name":"main","value":"sk-new"}"#), "{}", seen[2]);
    let expected = expect![[r#"
        exit 4: there is more than one provider key named "main"
        hint: use an id: aigpk_0000000000000000000001, aigpk_0000000000000000000002
    "#]];
    let steps = vec![Step::new("GET /provider-keys?name=main&limit=10", 200, found)];
    check("wardgate provider-key get main", steps, expected).await;
}

#[tokio::test]
async fn what_is_not_there_has_its_own_exit_status() {
    let none = r#"{"aiGatewayAccessKeys": [], "nextPageUri": null}"#;
    let expected = expect![[r#"
        exit 3: there is no access key named "gone"
        hint: `wardgate access-key list` shows which there are
    "#]];
    check("wardgate access-key delete gone", vec![Step::new("GET /access-keys?name=gone&limit=10", 200, none)], expected).await;
}

#[tokio::test]
async fn an_account_is_not_deleted_by_a_slip() {
    let expected = expect![[r#"
        exit 2: acme: nobody is there to confirm the deletion
        hint: pass --yes
    "#]];
    check("wardgate account delete acme", vec![], expected).await;
    let accounts = r#"{"accounts": [{"id": "acct_0000000000000000000001", "name": "acme"}], "nextPageUri": null}"#;
    let steps = vec![
        Step::new("GET /accounts?name=acme&limit=10", 200, accounts),
        Step::new("GET /accounts/acct_0000000000000000000001", 200, r#"{"name": "acme"}"#),
        Step::new("DELETE /accounts/acct_0000000000000000000001?confirm=acme", 204, ""),
    ];
    let seen = check("wardgate account delete acme --yes", steps, expect!["account acme is deleted\n"]).await;
    assert!(seen[2].contains("authorization: Bearer ngo-1"), "{}", seen[2]);
}

#[tokio::test]
async fn usage_has_its_totals_below() {
    let answer = r#"{"buckets": [{"bucketStart": "2025-12-31T00:00:00Z", "groupKey": "openai", "cost": "0.00100", "requests": 3,
        "errors": 1}], "totals": {"cost": "0.00100", "requests": 3, "errors": 1}}"#;
    let steps = vec![Step::new("GET /usage/overview?startTime=2025-12-25T00%3A00%3A00Z&groupBy=provider", 200, answer)];
    let expected = expect![[r#"
        DAY                  GROUP   REQUESTS  ERRORS  IN  OUT  USD
        2025-12-31 00:00:00  openai  3         1       -   -    0.00100
        total                -       3         1       -   -    0.00100
    "#]];
    check("wardgate usage overview --since 7d", steps, expected).await;
}

#[tokio::test]
async fn credits_are_asked_for_in_dollars() {
    let made = r#"{"id": "aigcp_1", "status": "pending", "amountCents": 2550}"#;
    let seen = check(
        "wardgate credits top-up 25.5 --quiet",
        vec![Step::new("POST /credits/purchases", 201, made)],
        expect![[r#"
            aigcp_1
            The operator decides on it: `wardgate credits purchases` shows how far it is.
        "#]],
    )
    .await;
    assert!(seen[0].ends_with(r#"{"amount":2550}"#));
    let steps = vec![Step::new("GET /credits/balance", 200, r#"{"balanceCents": -5}"#)];
    check("wardgate credits balance", steps, expect!["-0.05 USD\n"]).await;
}

#[tokio::test]
async fn a_route_is_explained() {
    let answer = r#"{"surface": "chat-completions", "summary": "2 candidates: 1 to try, 1 out of scope", "refusal": null,
        "candidates": [{"asked": "gpt-4o", "virtualModel": null, "provider": "openai", "model": "gpt-4o", "credential": "user",
            "providerKeyId": "aigpk_0000000000000000000001", "inputPrice": "2.5", "outputPrice": "10"}],
        "dropped": [{"asked": "fast", "virtualModel": "fast", "provider": "groq", "model": "x", "filter": "scope",
            "why": "not allowed"}]}"#;
    let steps = vec![Step::new("GET /access-keys?name=ci&limit=10", 200, KEY), Step::new("POST /explain", 200, answer)];
    let expected = expect![[r#"
        TRY  PROVIDER  MODEL   CREDENTIAL  KEY                           USD/M IN  USD/M OUT  HEALTH
        1    openai    gpt-4o  user        aigpk_0000000000000000000001  2.5       10         -
        LEFT OUT  ASKED  FILTER  WHY
        groq:x    fast   scope   not allowed
        2 candidates: 1 to try, 1 out of scope
    "#]];
    let seen = check("wardgate explain --access-key ci --model gpt-4o --model fast", steps, expected).await;
    let wanted = serde_json::json!({"accessKeyId": "aigk_0000000000000000000001", "surface": "chat-completions",
        "request": {"model": "gpt-4o", "models": ["fast"], "messages": [{"role": "user", "content": "Hello"}]}});
    assert!(seen[1].contains(&wanted.to_string()), "{seen:?}");
}

const SUMS: &str = r#"{"buckets": [
    {"bucketStart": "2025-12-25T00:00:00Z", "groupKey": "team_0000000000000000000001", "cost": "1.50000", "requests": 3, "errors": 1,
     "attempts": 4, "costUnknown": 2, "inputTokens": 100, "outputTokens": 20, "cacheReadTokens": 5, "cacheWriteTokens": 0,
     "reasoningTokens": 0},
    {"bucketStart": "2025-12-25T00:00:00Z", "groupKey": "team_gone", "cost": "0.00000", "requests": 1, "errors": 0, "attempts": 1,
     "costUnknown": 0, "inputTokens": 1, "outputTokens": 2, "cacheReadTokens": 0, "cacheWriteTokens": 0, "reasoningTokens": 0}],
    "totals": {"cost": "1.50000", "requests": 4, "errors": 1, "attempts": 5, "costUnknown": 2, "inputTokens": 101,
     "outputTokens": 22, "cacheReadTokens": 5, "cacheWriteTokens": 0, "reasoningTokens": 0}}"#;

#[tokio::test]
async fn usage_is_summed_by_what_is_asked_for() {
    let overview = "GET /usage/overview?startTime=2025-12-25T00%3A00%3A00Z&groupBy=team&interval=all";
    let steps = || vec![Step::new(overview, 200, SUMS), Step::new("GET /teams?limit=100", 200, TEAM)];
    check(
        "wardgate usage --since 7d --by team",
        steps(),
        expect![[r#"
        GROUP      REQUESTS  ERRORS  ATTEMPTS  IN   CACHED  OUT  USD      UNPRICED
        search     3         1       4         100  5       20   1.50000  2
        team_gone  1         0       1         1    0       2    0.00000  0
        total      4         1       5         101  5       22   1.50000  2
        2 attempts have no known price and are in no sum of money
    "#]],
    )
    .await;
    check(
        "wardgate usage --since 7d --by team --output csv",
        steps(),
        expect![[r#"
        group,requests,errors,attempts,inputTokens,cacheReadTokens,outputTokens,cost,costUnknown
        search,3,1,4,100,5,20,1.50000,2
        team_gone,1,0,1,1,0,2,0.00000,0
        2 attempts have no known price and are in no sum of money
    "#]],
    )
    .await;
    let by_day = "GET /usage/overview?startTime=2025-12-25T00%3A00%3A00Z&groupBy=none&interval=day";
    let steps = vec![Step::new(by_day, 200, SUMS)];
    check(
        "wardgate usage --since 7d --by day",
        steps,
        expect![[r#"
        GROUP       REQUESTS  ERRORS  ATTEMPTS  IN   CACHED  OUT  USD      UNPRICED
        2025-12-25  3         1       4         100  5       20   1.50000  2
        2025-12-25  1         0       1         1    0       2    0.00000  0
        total       4         1       5         101  5       22   1.50000  2
        2 attempts have no known price and are in no sum of money
    "#]],
    )
    .await;
}

#[tokio::test]
async fn usage_is_exported_page_by_page() {
    let pages = || {
        vec![
            Step::new(
                "GET /usage?startTime=2025-12-31T23%3A00%3A00Z&limit=100",
                200,
                r#"{"aiGatewayUsage": [{"id": "ue_2", "model": "=a,b", "inputTokens": 2}], "nextPageUri": "http://x/usage?cursor=c"}"#,
            ),
            Step::new(
                "GET /usage?cursor=c",
                200,
                r#"{"aiGatewayUsage": [{"id": "ue_1", "model": "m", "costUnknown": true}], "nextPageUri": null}"#,
            ),
        ]
    };
    check(
        "wardgate usage export --since 1h",
        pages(),
        expect![[r#"
        {"id":"ue_2","inputTokens":2,"model":"=a,b"}
        {"costUnknown":true,"id":"ue_1","model":"m"}
        2 events
    "#]],
    )
    .await;
    check("wardgate usage export --since 1h --output csv", pages(), expect![[r#"
        id,eventTime,requestId,attemptNumber,isFinalAttempt,teamId,accessKeyId,provider,model,virtualModel,keySource,providerKeyId,statusCode,completion,isError,isStreaming,stopReason,inputTokens,cacheReadTokens,cacheWriteTokens,cacheWrite5mTokens,cacheWrite1hTokens,outputTokens,reasoningTokens,inputTokensEstimate,outputTokensEstimate,totalCost,costUnknown,durationMs,timeToFirstTokenMs
        ue_2,,,,,,,,"'=a,b",,,,,,,,,2,,,,,,,,,,,,
        ue_1,,,,,,,,m,,,,,,,,,,,,,,,,,,,true,,
        2 events
    "#]]).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let line = format!("wardgate usage export --since 1h --output csv --file {}", file.path().display());
    check(
        &line,
        pages(),
        expect![[r#"
        2 events
    "#]],
    )
    .await;
    assert_eq!(std::fs::read_to_string(file.path()).unwrap().lines().count(), 3);
}
