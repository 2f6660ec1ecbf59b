//! What a request asks, whichever format it came in.

use serde::Deserialize;

use crate::refusal::Refusal;
use crate::script::count_tokens;
use crate::tool::Tool;

/// A request, read.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    /// The model's name.
    pub(crate) model: String,
    /// The text of the last user message.
    pub(crate) user_text: String,
    /// The text of the tool's result, when the conversation ends with one.
    pub(crate) tool_result: Option<String>,
    /// The tools that may be called.
    pub(crate) tools: Vec<Tool>,
    /// The most tokens that the text may have.
    pub(crate) tokens_max: Option<usize>,
    /// What the request itself counts.
    pub(crate) prompt_tokens: usize,
    /// Whether the answer is to be streamed.
    pub(crate) stream: bool,
    /// Whether the stream is to end with its usage. Only Chat Completions has to be asked for it.
    pub(crate) stream_usage: bool,
}

impl Ask {
    /// Takes a turn of the conversation into account. Turns come in their order.
    pub(crate) fn add_turn(&mut self, role: &str, content: &Content) {
        let text = content.text();
        self.prompt_tokens += count_tokens(&text);
        let is_tool_result = role == "tool" || content.is_tool_result();
        if role == "user" && !is_tool_result {
            self.user_text.clone_from(&text);
        }
        self.tool_result = is_tool_result.then_some(text);
    }

    /// Takes instructions into account, which count but are not answered.
    pub(crate) fn add_instructions(&mut self, content: &Content) {
        self.prompt_tokens += count_tokens(&content.text());
    }
}

/// Text, or parts some of which hold text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    /// A plain string.
    Text(String),
    /// Parts, in the form of any of the formats.
    Parts(Vec<Part>),
}

/// One part. What is not text counts nothing and is not repeated.
#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
    /// What a tool answered, in Messages.
    #[serde(default)]
    content: Option<Content>,
}

impl Content {
    /// All text in it, in its order.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().map(Part::text).collect(),
        }
    }

    fn is_tool_result(&self) -> bool {
        matches!(self, Self::Parts(parts) if parts.iter().any(|part| part.kind == "tool_result"))
    }
}

impl Part {
    fn text(&self) -> String {
        match (&self.text, &self.content) {
            (Some(text), _) => text.clone(),
            (None, Some(content)) => content.text(),
            (None, None) => String::new(),
        }
    }
}

/// Reads a body as JSON of the expected form.
pub(crate) fn read_json<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::bad_request(format!("The body cannot be read: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(json: &str) -> Content {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn text_is_found_in_every_form_of_content() {
        let cases = [
            (r#""plain""#, "plain"),
            (r#"[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b"}]"#, "ab"),
            (r#"[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"12 °C"}]}]"#, "12 °C"),
        ];
        for (json, text) in cases {
            assert_eq!(content(json).text(), text, "{json}");
        }
    }

    #[test]
    fn the_last_user_message_is_the_one_that_counts() {
        let mut ask = Ask::default();
        ask.add_turn("user", &content(r#""one""#));
        ask.add_turn("assistant", &content(r#""two""#));
        ask.add_turn("user", &content(r#""three four""#));
        assert_eq!((ask.user_text.as_str(), ask.prompt_tokens, ask.tool_result.is_some()), ("three four", 4, false));
        ask.add_turn("tool", &content(r#""five""#));
        assert_eq!((ask.user_text.as_str(), ask.tool_result.as_deref()), ("three four", Some("five")));
    }
}
