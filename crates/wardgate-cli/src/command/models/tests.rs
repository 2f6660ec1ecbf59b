use super::*;
use crate::command::{commands, run};
use crate::testing::{self, Server, Step};
use expect_test::{Expect, expect};

/// What a command line prints, or its failure.
async fn printed(line: &str, environment: &[(&str, &str)]) -> String {
    let (surroundings, printed) = testing::surroundings(environment);
    let matches = Command::new("wardgate").subcommands(commands()).try_get_matches_from(line.split_whitespace());
    let matches = match matches {
        Ok(matches) => matches,
        Err(error) => return format!("{}\n", error.to_string().lines().next().unwrap_or_default()),
    };
    let (name, matches) = matches.subcommand().unwrap();
    let done = run(name, matches, surroundings).await;
    let failed = done.err().map(|failure| format!("exit {}: {failure}\n", failure.exit.code())).unwrap_or_default();
    format!("{}{}{failed}", printed.out.text(), printed.err.text())
}

const ADDITIONS: &str = "models:
- {provider: mistral, id: house-1, contextWindow: 32000, can: [tools], pricing: {input: 1, output: 3}}
- {provider: mistral, id: house-2, name: A large one, contextWindow: 1000000, maxOutputTokens: 8000, pricing: {input: 0.5, output: 1.5, cacheRead: 0.05}}
- {provider: mistral, id: house-3, can: [tools, images]}
";

#[tokio::test]
async fn the_catalog_is_listed_without_a_gateway() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.yaml");
    std::fs::write(&path, ADDITIONS).unwrap();
    let check = async |options: &str, expected: Expect| {
        let nowhere = dir.path().join("no-data").display().to_string();
        let line = format!("wardgate models house- --data-dir {nowhere} --catalog-file {} {options}", path.display());
        expected.assert_eq(&printed(&line, &[]).await);
    };
    check(
        "",
        expect![[r#"
            ID               CONTEXT  MAX OUTPUT  USD/M IN  USD/M OUT  CAN
            mistral:house-1  32000    -           1         3          tools
            mistral:house-2  1000000  8000        0.5       1.5        -
            mistral:house-3  -        -           -         -          images, tools
        "#]],
    )
    .await;
    check("--quiet --tools", expect!["mistral:house-1\nmistral:house-3\n"]).await;
    check("--quiet --can tools,images", expect!["mistral:house-3\n"]).await;
    check("--quiet --context-min 32k", expect!["mistral:house-1\nmistral:house-2\n"]).await;
    check("--quiet --context-min 1M", expect!["mistral:house-2\n"]).await;
    check("--quiet --price-max 0.5", expect!["mistral:house-2\n"]).await;
    check("--quiet --output-price-max 3 --sort price", expect!["mistral:house-2\nmistral:house-1\n"]).await;
    check("--quiet --author openai", expect!["there is no such model; leave out some of the conditions\n"]).await;
    check("--quiet --provider openai,mistral --sort context", expect!["mistral:house-2\nmistral:house-1\nmistral:house-3\n"])
        .await;
    check("--can fly", expect!["error: invalid value 'fly' for '--can <ABILITY>'\n"]).await;
    check(
        "--price-max cheap",
        expect!["error: invalid value 'cheap' for '--price-max <USD>': write dollars for a million tokens, as in 2.5\n"],
    )
    .await;
    check(
        "--price-max 0.5 --output json",
        expect![[r#"
            [
              {
                "author": "mistral",
                "cacheReadPrice": "0.05",
                "can": [],
                "contextWindow": 1000000,
                "id": "mistral:house-2",
                "inputPrice": "0.5",
                "maxOutputTokens": 8000,
                "name": "A large one",
                "outputPrice": "1.5",
                "provider": "mistral",
                "slug": "mistral/house-2"
              }
            ]
        "#]],
    )
    .await;
    std::fs::write(&path, "models: [{provider: mistral}]").unwrap();
    let told = printed(&format!("wardgate models --catalog-file {}", path.display()), &[]).await;
    assert!(told.starts_with("exit 2: ") && told.contains("catalog.yaml:1:10: models[0] must have the field id"), "{told}");
}

#[tokio::test]
async fn a_gateway_is_asked_where_there_is_one() {
    let listed = r#"{"object": "list", "data": [{"id": "openai/gpt-4o", "name": "GPT-4o", "providers": [
        {"model_id": "openai:gpt-4o", "id": "openai", "context_length": 128000, "supported_features": ["tools"], "pricing": {"rates": [
            {"type": "prompt", "price": "0.000005", "conditions": {"min_input_tokens": 9}}, {"type": "prompt", "price": "0.0000025"},
            {"type": "completion", "price": "0.00001"}]}},
        {"model_id": "azure:gpt-4o", "id": "azure", "context_length": 0, "pricing": {"rates": []}}]}]}"#;
    let expected = expect![[r#"
         ID             CONTEXT  MAX OUTPUT  USD/M IN  USD/M OUT  CAN
         azure:gpt-4o   -        -           -         -          -
         openai:gpt-4o  128000   -           2.5       10         tools
    "#]];
    for options in ["--key nga-1", ""] {
        let server = Server::new(vec![Step::new("GET /v1/models", 200, listed)]).await;
        let key = [("WARDGATE_API_KEY", "nga-1"), ("WARDGATE_ADMIN_URL", server.url.as_str())];
        expected.assert_eq(&printed(&format!("wardgate models {options}"), &key).await);
        assert_eq!(server.seen().await.len(), 1);
    }
    let key = [("WARDGATE_API_KEY", "nga-1"), ("WARDGATE_ADMIN_URL", "http://127.0.0.1:1")];
    assert_eq!(
        printed("wardgate models openai:gpt-4o-mini --catalog --quiet", &key).await.lines().next(),
        Some("openai:gpt-4o-mini")
    );
}
