//! A request without reasoning that only its maker can read, for a provider that refused it.
//!
//! What a model signed or sealed is bound to the model, the account and sometimes to every word before it. A provider that cannot
//! verify it refuses the whole conversation, which is fine without. Only that reasoning is taken out; every other byte stays,
//! since prompt caches compare them.

use super::cuts::{Cuts, Item};
use crate::format::gemini::SIGNATURE_SKIPPED;
use crate::neutral::loss::Warnings;
use std::ops::Range;
use wardgate_core::format::Format;

/// A request that became bare.
#[derive(Debug)]
pub struct Bare {
    /// The body.
    pub body: Vec<u8>,
    /// What was left out, and where.
    pub warnings: Warnings,
}

/// Takes such reasoning out of a body. `is_signed`: the model demands signed calls (Gemini 3 and later), so a word stands in the
/// place of the signature that says to go without. None when there is nothing to take out, or the format has no such thing.
#[must_use]
pub fn bare(format: Format, body: &[u8], is_signed: bool) -> Option<Bare> {
    let text = std::str::from_utf8(body).ok()?;
    let mut baring = Baring { cuts: Cuts::new(text), warnings: Warnings::default(), is_signed };
    let start = text.len() - text.trim_start().len();
    let top = start..text.trim_end().len();
    match format {
        Format::AnthropicMessages => baring.messages(&top),
        Format::OpenAiResponses => baring.responses(&top),
        Format::OpenAiChat => baring.chat(&top),
        Format::Gemini => baring.gemini(&top),
        _ => {}
    }
    let Baring { cuts, warnings, .. } = baring;
    (!cuts.is_empty()).then(|| Bare { body: cuts.done().into_bytes(), warnings })
}

struct Baring<'t> {
    cuts: Cuts<'t>,
    warnings: Warnings,
    is_signed: bool,
}

impl Baring<'_> {
    /// The turns of a conversation, with what they are called in warnings.
    fn turns(&self, top: &Range<usize>, name: &str) -> Vec<(String, Range<usize>)> {
        let Some(turns) = self.cuts.member(top, name) else { return Vec::new() };
        let named = |(index, item): (usize, Item)| (format!("{name}[{index}]"), item.value);
        self.cuts.items(&turns).into_iter().enumerate().map(named).collect()
    }

    /// Takes the items of a container out that are meant, and says so.
    fn take(&mut self, path: &str, items: &[Item], is_meant: impl Fn(&Cuts<'_>, &Item) -> bool, instead: &str) {
        let is_removed: Vec<bool> = items.iter().map(|item| is_meant(&self.cuts, item)).collect();
        if is_removed.contains(&true) {
            self.cuts.remove(items, &is_removed, instead);
            self.warnings.add("reasoning_dropped", path);
        }
    }

    fn messages(&mut self, top: &Range<usize>) {
        let turns = self.turns(top, "messages");
        for (path, turn) in &turns {
            if self.cuts.text_of(turn, "role") == "assistant"
                && let Some(content) = self.cuts.member(turn, "content")
            {
                let is_thought = |cuts: &Cuts<'_>, block: &Item| {
                    matches!(cuts.text_of(&block.value, "type"), "thinking" | "redacted_thinking")
                };
                let blocks = self.cuts.items(&content);
                self.take(path, &blocks, is_thought, r#"{"type":"text","text":"(empty)"}"#);
            }
        }
        // In the middle of a tool's use such models think only behind the thoughts that they had before it.
        let waits = turns.last().is_some_and(|(_, turn)| self.holds_result(turn));
        if waits
            && let Some(thinking) = self.cuts.member(top, "thinking")
            && self.cuts.text_of(&thinking, "type") == "enabled"
        {
            self.cuts.replace(thinking, r#"{"type":"disabled"}"#);
            self.warnings.add("thinking_off", "thinking");
        }
    }

    fn holds_result(&self, turn: &Range<usize>) -> bool {
        let blocks = self.cuts.member(turn, "content").map_or_else(Vec::new, |content| self.cuts.items(&content));
        blocks.iter().any(|block| self.cuts.text_of(&block.value, "type") == "tool_result")
    }

    fn responses(&mut self, top: &Range<usize>) {
        let turns = self.turns(top, "input");
        let Some(input) = self.cuts.member(top, "input") else { return };
        let is_sealed = |cuts: &Cuts<'_>, item: &Item| {
            cuts.text_of(&item.value, "type") == "reasoning"
                && !matches!(cuts.text_of(&item.value, "encrypted_content"), "" | "null")
        };
        let items = self.cuts.items(&input);
        let is_removed: Vec<bool> = items.iter().map(|item| is_sealed(&self.cuts, item)).collect();
        for ((path, _), _) in turns.iter().zip(&is_removed).filter(|(_, removed)| **removed) {
            self.warnings.add("reasoning_dropped", path.as_str());
        }
        if is_removed.contains(&true) {
            self.cuts.remove(&items, &is_removed, "");
        }
    }

    fn chat(&mut self, top: &Range<usize>) {
        for (path, turn) in self.turns(top, "messages") {
            if self.cuts.text_of(&turn, "role") != "assistant" {
                continue;
            }
            let members = self.cuts.items(&turn);
            self.take(&path, &members, |_, member| member.name == "reasoning_details", "");
            let calls = members.iter().find(|member| member.name == "tool_calls");
            let calls = calls.map_or_else(Vec::new, |calls| self.cuts.items(&calls.value));
            for (index, call) in calls.iter().enumerate() {
                let skipped = format!(r#"{{"google":{{"thought_signature":"{SIGNATURE_SKIPPED}"}}}}"#);
                self.sign(&path, &call.value, &["extra_content"], &skipped, index == 0);
            }
        }
    }

    fn gemini(&mut self, top: &Range<usize>) {
        for (path, turn) in self.turns(top, "contents") {
            if self.cuts.text_of(&turn, "role") != "model" {
                continue;
            }
            let parts = self.cuts.member(&turn, "parts").map_or_else(Vec::new, |parts| self.cuts.items(&parts));
            let is_call = |part: &Item| {
                ["functionCall", "function_call"].iter().any(|name| self.cuts.member(&part.value, name).is_some())
            };
            let first = parts.iter().position(is_call);
            for (index, part) in parts.iter().enumerate() {
                let skipped = format!("\"{SIGNATURE_SKIPPED}\"");
                self.sign(&path, &part.value, &["thoughtSignature", "thought_signature"], &skipped, first == Some(index));
            }
        }
    }

    /// Takes a signature off an object. Where one is demanded, the word that stands for it is put there.
    fn sign(&mut self, path: &str, object: &Range<usize>, names: &[&str], skipped: &str, is_first: bool) {
        let members = self.cuts.items(object);
        let is_signature = |member: &Item| names.contains(&member.name.as_str());
        let signature = members.iter().find(|member| is_signature(member)).map(|member| member.value.clone());
        match (signature, members.last()) {
            (Some(value), _) if is_first && self.is_signed => {
                if &self.cuts.text[value.clone()] != skipped {
                    self.cuts.replace(value, skipped);
                    self.warnings.add("reasoning_dropped", path);
                }
            }
            (Some(_), _) => self.take(path, &members, |_, member| is_signature(member), ""),
            (None, Some(last)) if is_first && self.is_signed => {
                let end = last.whole.end;
                self.cuts.replace(end..end, &format!(",\"{}\":{skipped}", names[0]));
                self.warnings.add("signature_missing", path);
            }
            (None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What stands between `‹` and `›` is taken out, and what stands between `«` and `»` is put in.
    fn check(format: Format, is_signed: bool, marked: &str, warnings: &str) {
        let (mut before, mut after) = (String::new(), String::new());
        let (mut is_out, mut is_in) = (false, false);
        for character in marked.chars() {
            match character {
                '‹' => is_out = true,
                '›' => is_out = false,
                '«' => is_in = true,
                '»' => is_in = false,
                character => {
                    before.extend((!is_in).then_some(character));
                    after.extend((!is_out).then_some(character));
                }
            }
        }
        let found = bare(format, before.as_bytes(), is_signed);
        let body = found.as_ref().map_or(before.as_str(), |bare| std::str::from_utf8(&bare.body).unwrap_or_default());
        assert_eq!(body, after);
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{body}");
        assert_eq!(found.and_then(|bare| bare.warnings.to_header()).unwrap_or_default(), warnings);
    }

    #[test]
    fn thoughts_go_and_every_other_byte_stays() {
        check(
            Format::AnthropicMessages,
            false,
            r#" { "model" : "c", "n": 1.50,
                "messages": [ {"role":"user","content":"thinking"},
                  {"role":"assistant","content":[ ‹{"type":"thinking","thinking":"t","signature":"s"} , ›{"type":"text","text":"é"}‹ ,{"type":"redacted_thinking","data":"d"}› , {"type":"tool_use","id":"i","name":"f","input":{"type":"thinking"}} ]},
                  {"role":"user","content":"x"},
                  {"role":"assistant","content":[‹{"type":"thinking","thinking":"","signature":"s"}›«{"type":"text","text":"(empty)"}»]},
                  {"role":"user","content":[{"type":"text","text":"x"}]} ], "thinking": {"type":"enabled","budget_tokens":2048} } "#,
            "reasoning_dropped;messages[1], reasoning_dropped;messages[3]",
        );
    }

    #[test]
    fn thinking_is_off_where_no_thought_is_left_before_a_result() {
        let history = r#"{"messages":[{"role":"assistant","content":[‹{"type":"thinking","thinking":"t","signature":"s"},›{"type":"tool_use"}]},{"role":"user","content":[{"type":"tool_result"}]}]"#;
        let dropped = "reasoning_dropped;messages[0]";
        check(
            Format::AnthropicMessages,
            false,
            &format!(r#"{history},"thinking":‹{{"budget_tokens":2048,"type":"enabled"}}›«{{"type":"disabled"}}»}}"#),
            &format!("{dropped}, thinking_off;thinking"),
        );
        check(Format::AnthropicMessages, false, &format!(r#"{history},"thinking":{{"type":"adaptive"}}}}"#), dropped);
    }

    #[test]
    fn sealed_items_go_and_open_ones_stay() {
        check(
            Format::OpenAiResponses,
            false,
            r#"{"input":[‹{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"x"}, ›{"type":"message","role":"assistant","content":[]},{"type":"reasoning","summary":[],"encrypted_content":null}‹,{"type":"reasoning","summary":[],"encrypted_content":"y"}›,{"type":"compaction","encrypted_content":"z"}]}"#,
            "reasoning_dropped;input[0], reasoning_dropped;input[3]",
        );
        check(Format::OpenAiResponses, false, r#"{"input":"reasoning"}"#, "");
    }

    #[test]
    fn calls_of_gemini_say_that_they_go_unsigned() {
        let body = r#"{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"text":"t","thought":true‹,"thoughtSignature":"a"›},{‹"thoughtSignature":"b",›"text":"u"},{"functionCall":{"name":"f"},"thoughtSignature":‹"c"›«"skip_thought_signature_validator"»},{"functionCall":{"name":"g"}‹,"thoughtSignature":"d"›}]},{"role":"model","parts":[{"functionCall":{"name":"h"}«,"thoughtSignature":"skip_thought_signature_validator"»}]}]}"#;
        check(Format::Gemini, true, body, "reasoning_dropped;contents[1], signature_missing;contents[2]");
        check(
            Format::Gemini,
            false,
            r#"{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}‹, "thoughtSignature" : "c"›}]}]}"#,
            "reasoning_dropped;contents[0]",
        );
        check(Format::Gemini, true, r#"{"contents":[{"role":"user","parts":[{"functionCall":{}}]}]}"#, "");
    }

    #[test]
    fn details_of_chat_go() {
        check(
            Format::OpenAiChat,
            true,
            r#"{"messages":[{"role":"assistant"‹,"reasoning_details":[{"type":"reasoning.text","signature":"s"}]›,"tool_calls":[{"id":"a","extra_content":‹{"google":{"thought_signature":"x"}}›«{"google":{"thought_signature":"skip_thought_signature_validator"}}»},{"id":"b"‹,"extra_content":{"google":{"thought_signature":"x"}}›}]}]}"#,
            "reasoning_dropped;messages[0]",
        );
        check(Format::OpenAiChat, false, r#"{"messages":[{"role":"assistant","content":"x","reasoning":"r"}]}"#, "");
    }

    proptest! {
        #[test]
        fn no_body_panics_and_json_stays_json(
            body in r#"\{"(messages|input|contents)": ?\[(\{("role":"(model|assistant)",?)?("(parts|content|type)":(\[\{"(thoughtSignature|type)":"(thinking|x)"\},?\]|"reasoning"),?)?\},?){0,3}\]\}"#,
        ) {
            for format in [Format::AnthropicMessages, Format::OpenAiResponses, Format::OpenAiChat, Format::Gemini] {
                let is_json = serde_json::from_str::<serde_json::Value>(&body).is_ok();
                if let Some(bare) = bare(format, body.as_bytes(), true) {
                    prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&bare.body).is_ok(), is_json);
                }
            }
        }
    }
}
