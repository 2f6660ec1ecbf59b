//! What is answered: from the behavior and the ask to words. Each format only spells it.
//!
//! A token is a word here. So the number of pieces that a stream has, the count in its usage and what a limit cuts off are
//! the same number, and a test can work it out in its head.

use crate::ask::Ask;
use crate::model::Behavior;
use crate::tool::{self, Tool};

const LOREM: &str = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore \
                     magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo \
                     consequat. Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur.";
const THOUGHT: &str = "The user said something. Repeating it would be a fair answer.";
const NO_TOOLS: &str = "There is no tool to call: the request offers none.";
/// Its result stands in no request before it was run.
const COMMAND: &str = "echo sandbox-$((6 * 7))";

/// An answer in the order in which it is given: thoughts, words, a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    /// The thoughts, piece by piece; none when the model does not reason.
    pub(crate) reasoning: Vec<String>,
    /// The text, piece by piece.
    pub(crate) text: Vec<String>,
    /// The tool that is called.
    pub(crate) call: Option<Call>,
    /// Why it ends.
    pub(crate) finish: Finish,
    /// What it counts.
    pub(crate) usage: Usage,
    /// Break off before this piece of content.
    pub(crate) cut_at: Option<usize>,
}

/// A call to a tool.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The tool's name.
    pub(crate) name: String,
    /// Its arguments, which are JSON, in fragments.
    pub(crate) fragments: Vec<String>,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Finish {
    /// All is said.
    #[default]
    Stop,
    /// The caller's limit was reached.
    Length,
    /// A tool is to be called.
    Call,
}

/// Tokens in and out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// What the request counts.
    pub(crate) input: usize,
    /// What the answer counts, thoughts included.
    pub(crate) output: usize,
    /// The thoughts in it.
    pub(crate) reasoning: usize,
}

/// The answer of a model to an ask.
pub(crate) fn play(behavior: Behavior, ask: &Ask) -> Script {
    let mut script = Script::default();
    match behavior {
        Behavior::Lorem => script.text = pieces(LOREM),
        Behavior::Tools => {
            use_tool(&mut script, ask, ask.tools.first().map(|tool| (tool, tool::arguments(&tool.schema))));
        }
        Behavior::Shell => {
            let mut commands = ask.tools.iter().filter_map(|tool| Some((tool, tool::command(&tool.schema, COMMAND)?)));
            use_tool(&mut script, ask, commands.next());
        }
        Behavior::Reason => {
            script.reasoning = pieces(THOUGHT);
            script.text = pieces(&ask.user_text);
        }
        Behavior::Cut { chunks } => {
            // One piece more than arrives: the break comes in the middle, however short the request was.
            script.text = pieces(LOREM).into_iter().cycle().take(chunks + 1).collect();
            script.cut_at = Some(chunks);
        }
        Behavior::Echo | Behavior::Slow { .. } | Behavior::Fail(_) | Behavior::Flaky { .. } | Behavior::Embed => {
            script.text = pieces(&ask.user_text);
        }
    }
    finish(script, ask)
}

/// Calls a tool with these arguments until there is a result.
fn use_tool(script: &mut Script, ask: &Ask, call: Option<(&Tool, String)>) {
    match (&ask.tool_result, call) {
        // Whoever runs tools in a loop wants the loop to end.
        (Some(result), _) => script.text = pieces(&format!("The tool answered: {result}")),
        (None, Some((tool, arguments))) => {
            script.call = Some(Call { name: tool.name.clone(), fragments: tool::fragments(&arguments) });
        }
        (None, None) => script.text = pieces(NO_TOOLS),
    }
}

fn finish(mut script: Script, ask: &Ask) -> Script {
    script.finish = match ask.tokens_max {
        Some(tokens_max) if script.text.len() > tokens_max && script.cut_at.is_none() => {
            script.text.truncate(tokens_max);
            Finish::Length
        }
        _ if script.call.is_some() => Finish::Call,
        _ => Finish::Stop,
    };
    let call = script.call.as_ref().map_or(0, |call| call.fragments.len());
    let reasoning = script.reasoning.len();
    script.usage = Usage { input: ask.prompt_tokens, output: reasoning + script.text.len() + call, reasoning };
    script
}

/// How many tokens a text counts.
pub(crate) fn count_tokens(text: &str) -> usize {
    pieces(text).len()
}

/// A text in words, each with the space that follows it; space at the start is part of the first.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word_start = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let word_end = rest[word_start..].find(char::is_whitespace).map_or(rest.len(), |at| word_start + at);
        let end = rest[word_end..].find(|c: char| !c.is_whitespace()).map_or(rest.len(), |at| word_end + at);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece.to_owned());
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(user_text: &str) -> Ask {
        Ask { user_text: user_text.to_owned(), prompt_tokens: 7, ..Ask::default() }
    }

    #[test]
    fn pieces_join_to_the_whole() {
        for (text, count) in
            [("", 0), ("one", 1), ("one two", 2), ("  one\n\ntwo ", 2), ("   ", 1), ("zwölf Boxkämpfer 🥊 jagen", 4)]
        {
            assert_eq!(pieces(text).concat(), text);
            assert_eq!(pieces(text).len(), count, "{text:?}");
        }
    }

    #[test]
    fn echo_counts_what_it_says() {
        let script = play(Behavior::Echo, &ask("one two three"));
        assert_eq!(script.text.concat(), "one two three");
        assert_eq!(script.usage, Usage { input: 7, output: 3, reasoning: 0 });
        assert_eq!(script.finish, Finish::Stop);
    }

    #[test]
    fn a_limit_cuts_the_text_and_is_named() {
        let script = play(Behavior::Lorem, &Ask { tokens_max: Some(2), ..ask("") });
        assert_eq!((script.text.concat().as_str(), script.finish, script.usage.output), ("Lorem ipsum ", Finish::Length, 2));
    }

    #[test]
    fn tools_calls_the_first_tool_until_it_has_an_answer() {
        let tool = || Tool { name: "weather".to_owned(), schema: json!({"required": ["city"]}) };
        let script = play(Behavior::Tools, &Ask { tools: vec![tool()], ..ask("go") });
        assert_eq!(script.finish, Finish::Call);
        assert_eq!(script.call.map(|call| call.fragments.concat()).as_deref(), Some(r#"{"city":"sandbox"}"#));

        let answered = Ask { tools: vec![tool()], tool_result: Some("sunny".to_owned()), ..ask("go") };
        assert_eq!(play(Behavior::Tools, &answered).text.concat(), "The tool answered: sunny");
        assert_eq!(play(Behavior::Tools, &ask("go")).text.concat(), NO_TOOLS);
    }

    #[test]
    fn shell_runs_a_command_with_the_first_tool_that_does() {
        let tool = |name: &str, field: &str, kind: &str| {
            let schema = json!({"properties": {field: {"type": kind}}, "required": [field]});
            Tool { name: name.to_owned(), schema }
        };
        let cases = [
            (tool("Bash", "command", "string"), r#"Bash {"command":"echo sandbox-$((6 * 7))"}"#),
            (tool("exec_command", "cmd", "string"), r#"exec_command {"cmd":"echo sandbox-$((6 * 7))"}"#),
            (tool("shell", "command", "array"), r#"shell {"command":["sh","-c","echo sandbox-$((6 * 7))"]}"#),
        ];
        for (shell, expected) in cases {
            let tools = vec![tool("Read", "file_path", "string"), shell];
            let call = play(Behavior::Shell, &Ask { tools, ..ask("go") }).call;
            let call = call.map(|call| format!("{} {}", call.name, call.fragments.concat()));
            assert_eq!(call.as_deref(), Some(expected));
        }
        assert_eq!(play(Behavior::Shell, &Ask { tools: vec![tool("Read", "file_path", "string")], ..ask("go") }).call, None);
    }

    #[test]
    fn reason_thinks_first() {
        let script = play(Behavior::Reason, &ask("so"));
        assert_eq!(script.reasoning.concat(), THOUGHT);
        assert_eq!(script.usage.output, script.usage.reasoning + 1);
    }

    #[test]
    fn a_cut_has_a_piece_beyond_it() {
        let script = play(Behavior::Cut { chunks: 200 }, &Ask { tokens_max: Some(1), ..ask("") });
        assert_eq!((script.text.len(), script.cut_at), (201, Some(200)));
    }
}
