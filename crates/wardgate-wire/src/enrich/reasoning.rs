//! Reasoning under the names by which OpenRouter's clients look for it.
//!
//! Providers of Chat Completions call it `reasoning_content` or `reasoning`. OpenRouter's clients read `reasoning` and
//! `reasoning_details`, and send the latter back.

use super::finds;
use crate::edit::{for_each_member, push_member};

/// The names that a message may have its reasoning under.
const NAMES: [&str; 3] = ["reasoning_content", "reasoning", "reasoning_details"];

/// A message or a delta with its reasoning under all of these names. None: it has none that can be read, or lacks no name.
pub(super) fn under_all_names(message: &str) -> Option<String> {
    if !finds(message.as_bytes(), b"\"reasoning") {
        return None;
    }
    let mut said: Option<String> = None;
    let mut has = [false; 3];
    let mut text = String::from("{");
    for_each_member(message.as_bytes(), |key, value| {
        let name = NAMES.iter().position(|name| *name == key);
        // Where a name stands for nothing, its place is free.
        if name.is_some() && ["null", "\"\"", "[]"].contains(&value) {
            return;
        }
        if let Some(name) = name {
            has[name] = true;
            if value.starts_with('"') {
                said.get_or_insert_with(|| value.to_owned());
            }
        }
        push_member(&mut text, key, value);
    })
    .ok()?;
    let said = said?;
    if has == [true; 3] {
        return None;
    }
    for (name, _) in NAMES.into_iter().zip(has).filter(|(_, is_there)| !is_there) {
        if name == "reasoning_details" {
            let detail = format!(r#"[{{"type":"reasoning.text","text":{said},"format":"unknown","index":0}}]"#);
            push_member(&mut text, name, &detail);
        } else {
            push_member(&mut text, name, &said);
        }
    }
    text.push('}');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_under_one_name_is_said_under_all() {
        let details = r#""reasoning_details":[{"type":"reasoning.text","text":"a\n","format":"unknown","index":0}]"#;
        let check =
            |message: &str, expected: Option<&str>| assert_eq!(under_all_names(message).as_deref(), expected, "{message}");
        check(r#"{"reasoning_content":"a\n"}"#, Some(&format!(r#"{{"reasoning_content":"a\n","reasoning":"a\n",{details}}}"#)));
        check(
            r#"{"role":"assistant","reasoning":"a\n","reasoning_content":null}"#,
            Some(&format!(r#"{{"role":"assistant","reasoning":"a\n","reasoning_content":"a\n",{details}}}"#)),
        );
        check(
            r#"{"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","signature":"s"}]}"#,
            Some(
                r#"{"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","signature":"s"}],"reasoning_content":"b"}"#,
            ),
        );
        check(r#"{"content":"\"reasoning\""}"#, None);
        check(r#"{"reasoning_content":null,"content":"a"}"#, None);
        check(r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}"#, None);
        check(r#"{"reasoning":{"effort":"high"}}"#, None);
        check(r#"{"reasoning":"a","reasoning_content":"a","reasoning_details":[{}]}"#, None);
    }
}
