//! `apply`, `diff` and `export` against a scripted server.

use super::{KEYS, run_line};
use crate::testing::Step;
use expect_test::{Expect, expect};
use std::os::unix::fs::PermissionsExt;

const OWN: &str = r#"{"id": "acct_0000000000000000000001", "name": "acme", "tier": null}"#;
const NO_TEAMS: &str = r#"{"teams": [{"id": "team_0000000000000000000001", "name": "default"}], "nextPageUri": null}"#;
const TEAMS: &str = r#"{"teams": [{"id": "team_0000000000000000000001", "name": "default"},
    {"id": "team_0000000000000000000002", "name": "search", "description": "old"}], "nextPageUri": null}"#;
const SEARCH: &str = r#"{"id": "team_0000000000000000000002", "name": "search", "description": "old"}"#;
const NO_CONFIGURATIONS: &str = r#"{"aiGatewayAccessKeyConfigurations": [], "nextPageUri": null}"#;
const NO_PROVIDER_KEYS: &str = r#"{"aiGatewayProviderKeys": [], "nextPageUri": null}"#;
const NO_ACCESS_KEYS: &str = r#"{"aiGatewayAccessKeys": [], "nextPageUri": null}"#;

const TIERS: &str = r#"{"tiers": [{"id": null, "name": "free", "source": "file"}]}"#;

/// A directory with a document in it.
fn document(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.yaml"), text).unwrap();
    dir
}

async fn check(line: &str, text: &str, steps: Vec<Step>, expected: Expect) -> Vec<String> {
    let dir = document(text);
    let path = dir.path().display().to_string();
    let (printed, seen) = run_line(&line.replace("DIR", &path), &KEYS, "", steps).await;
    expected.assert_eq(&printed.replace(&path, "DIR"));
    seen
}

fn reading_keys() -> Vec<Step> {
    vec![
        Step::new("GET /account", 200, OWN),
        Step::new("GET /teams?limit=100", 200, NO_TEAMS),
        Step::new("GET /provider-keys?limit=100", 200, NO_PROVIDER_KEYS),
        Step::new("GET /access-key-configurations?limit=100", 200, NO_CONFIGURATIONS),
        Step::new("GET /access-keys?limit=100", 200, NO_ACCESS_KEYS),
    ]
}

const TEAM_AND_KEY: &str = "teams:\n- name: search\naccessKeys:\n- {name: ci, team: search}\n";

#[tokio::test]
async fn what_is_missing_is_made_in_order() {
    let mut steps = reading_keys();
    steps.extend([
        Step::new("POST /teams", 201, SEARCH),
        Step::new("POST /access-keys", 201, r#"{"id": "aigk_0000000000000000000001", "name": "ci", "token": "ng-new"}"#),
    ]);
    let expected = expect![[r#"
        account acme
          + team search
          + access key ci
              team: search
          2 to make
        access key ci: ng-new
        [1/2] + team search
        [2/2] + access key ci
        2 operations were done.
        This is the only time new tokens are shown: keep them now.
    "#]];
    let seen = check("wardgate apply -f DIR --yes", TEAM_AND_KEY, steps, expected).await;
    // The key's team has its id from the answer before.
    assert!(seen[6].ends_with(r#"{"name":"ci","teamId":"team_0000000000000000000002"}"#), "{}", seen[6]);
    assert!(seen[5].contains("idempotency-key: "), "{}", seen[5]);
}

#[tokio::test]
async fn tokens_go_into_a_file_that_is_its_owners_alone() {
    let dir = document(TEAM_AND_KEY);
    let out = dir.path().join("tokens.jsonl");
    let line = format!("wardgate apply -f {}/a.yaml -y -q --tokens-out {}", dir.path().display(), out.display());
    let mut steps = reading_keys();
    steps.extend([
        Step::new("POST /teams", 201, SEARCH),
        Step::new("POST /access-keys", 201, r#"{"id": "aigk_1", "name": "ci", "token": "ng-new"}"#),
    ]);
    let (printed, _) = run_line(&line, &KEYS, "", steps).await;
    assert!(!printed.contains("ng-new"), "{printed}");
    let expected = "{\"accessKey\":\"ci\",\"account\":\"acme\",\"id\":\"aigk_1\",\"token\":\"ng-new\"}\n";
    assert_eq!(std::fs::read_to_string(&out).unwrap(), expected);
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    // A file that others can read gets nothing, and nothing is made.
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (printed, _) = run_line(&line, &KEYS, "", reading_keys()).await;
    assert!(printed.contains("exit 2") && printed.contains("can be read by others"), "{printed}");
}

#[tokio::test]
async fn a_change_is_made_on_the_version_that_was_read() {
    let mut read = Step::new("GET /teams/team_0000000000000000000002", 200, SEARCH);
    read.headers = "etag: \"7\"\r\n";
    let steps = vec![
        Step::new("GET /account", 200, OWN),
        Step::new("GET /teams?limit=100", 200, TEAMS),
        read,
        Step::new("PATCH /teams/team_0000000000000000000002", 200, SEARCH),
    ];
    let expected = expect![[r#"
        account acme
          ~ team search
              description: old → new
          1 to change
        [1/1] ~ team search
        1 operation was done.
    "#]];
    let seen = check("wardgate apply -f DIR -y", "teams: [{name: search, description: new}]", steps, expected).await;
    assert!(seen[3].contains("if-match: \"7\"") && seen[3].ends_with(r#"{"description":"new"}"#), "{}", seen[3]);
}

#[tokio::test]
async fn what_someone_else_changed_stops_it_and_is_said_with_what_is_left() {
    let other = r#"{"id": "team_0000000000000000000002", "name": "search", "description": "theirs"}"#;
    let steps = vec![
        Step::new("GET /account", 200, OWN),
        Step::new("GET /teams?limit=100", 200, TEAMS),
        Step::new("POST /teams", 201, r#"{"id": "team_0000000000000000000003"}"#),
        Step::new("GET /teams/team_0000000000000000000002", 200, other),
    ];
    let expected = expect![[r#"
        account acme
          + team first
          ~ team search
              description: old → new
          + team third
          2 to make, 1 to change
        [1/3] + team first
        exit 4: changing team search of account acme: someone changed it since the plan was made
        1 of 3 operations were done; not done:
          [33m~[0m team search
          [32m+[0m team third
        hint: run the command again for a new plan
    "#]];
    let text = "teams: [{name: first}, {name: search, description: new}, {name: third}]";
    check("wardgate apply -f DIR -y", text, steps, expected).await;
}

#[tokio::test]
async fn nothing_is_done_without_a_word_of_consent() {
    let reading = || vec![Step::new("GET /account", 200, OWN), Step::new("GET /teams?limit=100", 200, TEAMS)];
    let text = "teams: [{name: search}]";
    let expected = expect![[r#"
        account acme
          ~ team search
              description: old → -
          1 to change
        exit 2: nobody is there to confirm it, so nothing was done
        hint: pass --yes
    "#]];
    check("wardgate apply -f DIR", text, reading(), expected).await;
    let expected = expect![[r#"
        account acme
          ~ team search
              description: old → -
          1 to change
        Nothing was done: this was a dry run.
    "#]];
    check("wardgate apply -f DIR --dry-run", text, reading(), expected).await;
    let expected = expect![[r#"
        account acme
          ~ team search
              description: old → -
          1 to change
        exit 4: what there is differs from the documents
    "#]];
    check("wardgate diff -f DIR --exit-code", text, reading(), expected).await;
    let expected = expect![[r#"
        account acme
          no changes; 1 as they shall be
    "#]];
    check("wardgate apply -f DIR", "teams: [{name: search, description: old}]", reading(), expected).await;
}

#[tokio::test]
async fn a_missing_credential_stops_it_before_anything_is_done() {
    let steps = || vec![Step::new("GET /account", 200, OWN), Step::new("GET /provider-keys?limit=100", 200, NO_PROVIDER_KEYS)];
    let expected = expect![[r#"
        account acme
          + provider key openai/main
              value: (the variable NOT_SET)
          1 to make
        exit 2: the value of provider key openai/main: the variable NOT_SET is not set
    "#]];
    let text = "providerKeys: [{provider: openai, name: main, value: {env: NOT_SET}}]";
    check("wardgate apply -f DIR -y", text, steps(), expected).await;
    let mut all = steps();
    all.push(Step::new("POST /provider-keys", 201, r#"{"id": "aigpk_1"}"#));
    let dir = document(&text.replace("NOT_SET", "OPENAI"));
    let line = format!("wardgate apply -f {} -y --output json", dir.path().display());
    let (printed, seen) = run_line(&line, &KEYS, "", all).await;
    assert!(seen[2].ends_with(r#"{"name":"main","providerId":"openai","value":"sk-secret"}"#), "{}", seen[2]);
    assert!(printed.contains("\"done\": true") && !printed.contains("sk-secret"), "{printed}");
}

#[tokio::test]
async fn a_document_for_another_account_is_not_applied_with_this_ones_key() {
    let only_api_key = [KEYS[0]];
    let dir = document("account: {name: other}\nteams: []\n");
    let line = format!("wardgate diff -f {}", dir.path().display());
    let (printed, _) = run_line(&line, &only_api_key, "", vec![Step::new("GET /account", 200, OWN)]).await;
    assert!(printed.contains("exit 2: the documents are for the account other, and the API key is of acme"), "{printed}");
    let dir = document("account: {name: acme}\ntier: free\n");
    let line = format!("wardgate apply -y -f {}", dir.path().display());
    let steps = vec![Step::new("GET /tiers", 200, TIERS), Step::new("GET /account", 200, OWN)];
    let (printed, _) = run_line(&line, &only_api_key, "", steps).await;
    assert!(printed.contains("exit 5: the documents change the account itself"), "{printed}");
}

#[tokio::test]
async fn an_operator_makes_the_account_and_goes_on_in_it() {
    let steps = vec![
        Step::new("GET /tiers", 200, TIERS),
        Step::new("GET /accounts?name=acme&limit=2", 200, r#"{"accounts": [], "nextPageUri": null}"#),
        Step::new("POST /accounts", 201, OWN),
        Step::new("POST /teams", 201, SEARCH),
    ];
    let expected = expect![[r#"
        account acme
          + account acme
              tier: free
          + team search
          2 to make
        [1/2] + account acme
        [2/2] + team search
        2 operations were done.
    "#]];
    let text = "account: {name: acme}\ntier: free\nteams: [{name: search}]\n";
    let seen = check("wardgate apply -f DIR -y", text, steps, expected).await;
    assert!(seen[2].ends_with(r#"{"name":"acme","tier":"free"}"#) && !seen[2].contains("x-wardgate-account"), "{}", seen[2]);
    assert!(seen[3].contains("x-wardgate-account: acct_0000000000000000000001"), "{}", seen[3]);
}

#[tokio::test]
async fn an_export_is_a_document() {
    let keys = r#"{"aiGatewayAccessKeys": [{"id": "aigk_0000000000000000000002", "name": "ci", "teamId": "team_0000000000000000000002",
        "accessKeyConfiguration": null, "tags": [], "status": "active", "disabled": true, "keyRedacted": "ng-…"},
        {"id": "aigk_0000000000000000000001", "teamId": "team_0000000000000000000001"}], "nextPageUri": null}"#;
    let provider_keys = r#"{"aiGatewayProviderKeys": [{"id": "aigpk_0000000000000000000001", "name": "main", "providerId": "openai",
        "keyRedacted": "sk-…"}], "nextPageUri": null}"#;
    let budgets = r#"{"budgets": [{"id": "aigb_0000000000000000000001", "name": "ci, daily", "teamId": null,
        "accessKeyId": "aigk_0000000000000000000002", "window": "day", "hardLimit": "2.50", "softLimit": null}], "nextPageUri": null}"#;
    let steps = vec![
        Step::new("GET /account", 200, OWN),
        Step::new("GET /teams?limit=100", 200, TEAMS),
        Step::new("GET /providers?limit=100", 200, r#"{"aiGatewayProviders": [], "nextPageUri": null}"#),
        Step::new("GET /provider-keys?limit=100", 200, provider_keys),
        Step::new("GET /virtual-models?limit=100", 200, r#"{"aiGatewayVirtualModels": [], "nextPageUri": null}"#),
        Step::new("GET /access-key-configurations?limit=100", 200, NO_CONFIGURATIONS),
        Step::new("GET /access-keys?limit=100", 200, keys),
        Step::new("GET /budgets?limit=100", 200, budgets),
        Step::new("GET /gateway-config", 200, r#"{"accountId": "x", "totalTimeout": "120s", "perRequestTimeout": "60s"}"#),
    ];
    let (printed, _) = run_line("wardgate export", &KEYS, "", steps).await;
    let expected = expect![[r#"
        # What this account has; `wardgate apply -f` takes it back.
        # Credentials are not in it: to make keys of providers elsewhere, add `value: {env: NAME}` to them.
        # 1 of the access keys have no name and are left out
        account:
          name: acme
        tier: null
        gatewayConfig:
          totalTimeout: 120s
          perRequestTimeout: 60s
          maxInputTokens: null
          maxOutputTokens: null
          unknownPrice: null
          metadata: null
        teams:
        - name: default
        - name: search
          description: old
        providers: []
        providerKeys:
        - provider: openai
          name: main
        virtualModels: []
        configurations: []
        accessKeys:
        - name: ci
          team: search
          disabled: true
        budgets:
        - name: ci, daily
          accessKey: ci
          window: day
          hardLimit: '2.50'
        1 of the access keys have no name and are left out
    "#]];
    expected.assert_eq(&printed);
}
