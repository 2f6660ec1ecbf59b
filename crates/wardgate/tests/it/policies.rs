//! `wardgate policy`: what is shipped does what it says, and what is wrong is told with its place.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn policy(arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_wardgate");
    Command::new(binary).arg("policy").args(arguments).current_dir(ROOT).env_clear().output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(ROOT).join("policies/configurations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_shipped_policy_passes_its_cases_without_a_warning() {
    let files = shipped();
    assert!(files.len() >= 6);
    for file in files {
        let output = policy(&["test", file.to_str().unwrap(), "--deny-warnings", "--output", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(output.status.success(), "{report:#}");
        assert!(report["passed"].as_u64().unwrap() >= 2, "{report:#}");
    }
}

const WRONG: &str = "name: wrong
configuration:
  admit:
    - expression: time.hour >= 18 && time.hour < 9
  model_selection:
    strategy:
      - ai.models
      - ai.modles.sortBy('price')
cases: []
";

const FAILING: &str = "name: failing
configuration:
  model_selection: {strategy: [\"ai.models.sortBy('price')\"]}
cases:
  - name: dear first
    given: {models: [gpt-4o-mini, gpt-4o]}
    expect: {models: ['openai:gpt-4o', 'openai:gpt-4o-mini']}
  - name: the other
    given: {models: [gpt-4o-mini]}
    expect: {models: ['openai:gpt-4o']}
";

#[test]
fn mistakes_warnings_and_failures_are_told_with_their_places() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let wrong = file("wrong.yaml", WRONG);
    let output = policy(&["check", &wrong]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let mistake = "wrong.yaml:8:9: error: configuration.model_selection.strategy[1] is wrong at line 1, column 4: ai has no field modles; \
                   did you mean models?";
    assert!(told.contains(mistake), "{told}");

    let warned = file("warned.yaml", &WRONG.replace("modles", "models"));
    let output = policy(&["check", &warned]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for warning in [
        "warned.yaml:4:19: warning: configuration.admit[0].expression is never true, and so refuses everything: time.hour cannot be >= 18 \
         and < 9 at once",
        "warned.yaml:8:9: warning: configuration.model_selection.strategy[1] is never reached",
        "1 policy, 0 errors, 2 warnings",
    ] {
        assert!(told.contains(warning), "{warning}\n{told}");
    }
    assert_eq!(policy(&["check", "--deny-warnings", &warned]).status.code(), Some(1));

    let scoped = "configuration:\n  access: {providers: {allow: [anthropic]}}\n  router:\n    rules:\n    - provider: openai\n      steps: [{type: managed}]\n";
    let output = policy(&["check", "--deny-warnings", &file("scoped.yaml", scoped)]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let warning = "scoped.yaml:5:7: warning: configuration.router.rules[0] is never used: access does not allow openai";
    assert!(told.contains(warning), "{told}");

    let house = "configuration:\n  router:\n    rules:\n    - model: house:llama\n      steps: [{type: managed}]\n  model_selection: {strategy: [\"ai.models.onlyProviders(['house'])\"]}\n\
                 cases:\n- name: at home\n  given: {models: [llama], providerKeys: {}}\n  expect: {refused: credential}\n";
    let house = file("house.yaml", house);
    let unknown = policy(&["check", &house]);
    assert_eq!(unknown.status.code(), Some(1), "{}", text(&unknown.stdout));
    let catalog = "providers: [{id: house, baseUrl: 'http://llm.internal'}]\nmodels: [{provider: house, id: llama}]\n";
    let catalog = file("catalog.yaml", catalog);
    for verb in ["check", "test"] {
        let output = policy(&[verb, "--deny-warnings", "--catalog-file", &catalog, &house]);
        assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    }
    let bad = file("bad.yaml", "providers: [{id: hose}]");
    let output = policy(&["check", "--catalog-file", &bad, &house]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("bad.yaml:1:18: providers[0].id there is no provider"), "{}", text(&output.stderr));

    let failing = file("failing.yaml", FAILING);
    let output = policy(&["test", &failing]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("failing.yaml:5:5: failed: failing: dear first"), "{told}");
    assert!(told.contains("expected in this order: openai:gpt-4o, openai:gpt-4o-mini"), "{told}");
    assert!(told.contains("    - openai:gpt-4o\n    + openai:gpt-4o-mini\n"), "{told}");
    assert!(told.contains("1 policy, 0 errors, 0 warnings; 0 cases passed, 2 failed"), "{told}");
    let output = policy(&["test", "--output", "json", &failing]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["failed"], &report["cases"][0]["passed"]), (&2.into(), &false.into()), "{report:#}");

    let broken = file("broken.yaml", "a: [");
    assert_eq!(policy(&["check", &broken]).status.code(), Some(1));
    assert_eq!(policy(&["check", "nowhere.yaml"]).status.code(), Some(2));
}

/// The commands of the page run as they stand, in the repository.
#[test]
fn the_page_is_true() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/policies.md")).unwrap();
    let commands: Vec<&str> = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!commands.is_empty());
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_wardgate"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binary.parent().unwrap().display());
    for command in commands {
        let output =
            Command::new("sh").args(["-e", "-c", command]).current_dir(ROOT).env_clear().env("PATH", &path).output().unwrap();
        assert!(output.status.success(), "{command}{}{}", text(&output.stdout), text(&output.stderr));
    }
}
