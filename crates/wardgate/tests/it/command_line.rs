//! The command line as people and scripts use it: the real program against a real gateway.

mod documents;
mod manual;
mod resources;

use serde_json::Value;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use wardgate_testkit::Gateway;

/// A command line, and what it is run with.
struct Line<'a> {
    gateway: &'a Gateway,
    words: Vec<String>,
    variables: Vec<(String, String)>,
    input: String,
}

/// What came of it.
struct Ran {
    status: i32,
    out: String,
    err: String,
}

/// `wardgate` with these words, as someone who works where the gateway keeps its data.
fn wardgate<'a>(gateway: &'a Gateway, words: &str) -> Line<'a> {
    let words = words.split_whitespace().map(str::to_owned).collect();
    Line { gateway, words, variables: Vec::new(), input: String::new() }
}

impl Line<'_> {
    /// One more word, which may have spaces in it.
    fn word(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn input(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    async fn run(self) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardgate"));
        command.args(&self.words).env_clear().envs(self.variables).kill_on_drop(true);
        command.env("WARDGATE_ADMIN_URL", self.gateway.ready()["admin_url"].as_str().unwrap());
        command.env("WARDGATE_DATA_DIR", self.gateway.data().path().join("data"));
        command.current_dir(self.gateway.data().path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut stdin = process.stdin.take().unwrap();
        // A command that reads nothing may be gone already.
        let _ = stdin.write_all(self.input.as_bytes()).await;
        drop(stdin);
        let output = tokio::time::timeout(wardgate_testkit::DEADLINE, process.wait_with_output()).await.unwrap().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs it, which must go well, and gives what it printed.
    async fn ok(self) -> String {
        let words = self.words.join(" ");
        let ran = self.run().await;
        assert_eq!(ran.status, 0, "{words}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// The same, as an object.
    async fn json(self) -> Value {
        let text = self.word("--output").word("json").ok().await;
        serde_json::from_str(&text).unwrap()
    }

    /// Runs it, which must end with this status, and gives what it said of it.
    async fn fails(self, status: i32) -> String {
        let words = self.words.join(" ");
        let ran = self.run().await;
        assert_eq!(ran.status, status, "{words}: {}{}", ran.out, ran.err);
        ran.err
    }
}
