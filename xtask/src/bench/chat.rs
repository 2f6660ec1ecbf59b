//! The conversation that is measured: what clients ask and what the upstream answers, byte for byte.
//!
//! Both ends know every byte, so the load can tell a lost chunk and a changed byte from a good answer by comparing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The model's name at the upstream.
pub(crate) const MODEL: &str = "bench-model";
/// What the upstream demands as a credential, so that a gateway's own credential must be the one that it stored.
pub(crate) const CREDENTIAL: &str = "sk-bench-Wq7Tn3Xr9Lc5Vy1Zk8Hd4Jm6Pg2Sb0FaWq7Tn3Xr9Lc5";
pub(crate) const PATH: &str = "/v1/chat/completions";
pub(crate) const DONE: &[u8] = b"data: [DONE]\n\n";

const REQUEST_BYTES: usize = 1024;
pub(crate) const PROMPT_BYTES: usize = 1024 * 1024;
/// Mostly plain text, and now and then what makes a parser work: an escape, a quote, a letter beyond ASCII.
const PROSE: &str =
    r#"The quick brown fox \"jumps\" over the lazy dog, a café's cat looks on.\nAnd so the day goes by, word after word. "#;

/// Where a chat request is sent, and what it must carry there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) bearer: String,
    pub(crate) model: String,
}

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// A request of 1 KB, answered in one piece.
    Short,
    /// A request with a prompt of 1 MB, answered in one piece.
    Prompt,
    /// A request of 1 KB, answered as a stream with so many chunks of content.
    Stream { chunks: usize },
}

impl Ask {
    /// The request's body.
    pub(crate) fn request(self, model: &str) -> Bytes {
        match self {
            Self::Short => short_request(model),
            Self::Prompt => request(model, "", PROMPT_BYTES),
            Self::Stream { .. } => request(model, r#""stream":true,"#, REQUEST_BYTES),
        }
    }

    /// The answer's body, to the byte.
    pub(crate) fn answer(self) -> Bytes {
        match self {
            Self::Short | Self::Prompt => answer(),
            Self::Stream { chunks } => Script::new(chunks, false).whole(),
        }
    }
}

pub(crate) fn short_request(model: &str) -> Bytes {
    request(model, "", REQUEST_BYTES)
}

/// A request that has about this many bytes; the prompt fills what the rest leaves.
fn request(model: &str, more: &str, bytes: usize) -> Bytes {
    let head = format!(
        r#"{{"model":"{model}",{more}"temperature":0.7,"max_tokens":1024,"messages":[{{"role":"system","content":"You are terse."}},{{"role":"user","content":""#
    );
    let tail = r#""}]}"#;
    let count = bytes.saturating_sub(head.len() + tail.len()) / PROSE.len();
    let mut text = head + &PROSE.repeat(count);
    // An uncut sentence ends before the size is reached, and spaces make up for the rest.
    text.push_str(&" ".repeat(bytes.saturating_sub(text.len() + tail.len())));
    Bytes::from(text + tail)
}

/// An answer in one piece, of about 600 bytes.
pub(crate) fn answer() -> Bytes {
    Bytes::from(format!(
        r#"{{"id":"chatcmpl-bench00000000000000000000","object":"chat.completion","created":1760000000,"model":"{MODEL}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":230,"completion_tokens":52,"total_tokens":282,"prompt_tokens_details":{{"cached_tokens":0}}}}}}"#,
        "A fox is an animal. ".repeat(11)
    ))
}

/// A streamed answer, chunk by chunk. Every chunk is made beforehand.
pub(crate) struct Script {
    role: Bytes,
    content: Bytes,
    chunks: usize,
    ending: Vec<Bytes>,
}

impl Script {
    /// An answer with so many chunks of content, and one with the usage for those who asked.
    pub(crate) fn new(chunks: usize, include_usage: bool) -> Self {
        let mut ending = vec![chunk(r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#, "")];
        if include_usage {
            ending.push(chunk("[]", r#","usage":{"prompt_tokens":230,"completion_tokens":500,"total_tokens":730}"#));
        }
        ending.push(Bytes::from_static(DONE));
        Self {
            role: chunk(r#"[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#, ""),
            content: chunk(r#"[{"index":0,"delta":{"content":"word "},"logprobs":null,"finish_reason":null}]"#, ""),
            chunks,
            ending,
        }
    }

    /// The event at this place, or nothing behind the last.
    pub(crate) fn event(&self, at: usize) -> Option<Bytes> {
        match at {
            0 => Some(self.role.clone()),
            at if at <= self.chunks => Some(self.content.clone()),
            at => self.ending.get(at - self.chunks - 1).cloned(),
        }
    }

    fn whole(&self) -> Bytes {
        (0..).map_while(|at| self.event(at)).flatten().collect()
    }
}

fn chunk(choices: &str, more: &str) -> Bytes {
    Bytes::from(format!(
        "data: {{\"id\":\"chatcmpl-bench00000000000000000000\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"{MODEL}\",\"choices\":{choices}{more}}}\n\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn requests_have_their_size_and_are_json() {
        let check = |ask: Ask, bytes: usize| {
            let body = ask.request("bench:bench-model");
            assert_eq!(body.len(), bytes, "{ask:?}");
            let value: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(value["model"], "bench:bench-model");
            assert_eq!(value["stream"] == true, matches!(ask, Ask::Stream { .. }));
        };
        check(Ask::Short, 1024);
        check(Ask::Prompt, 1024 * 1024);
        check(Ask::Stream { chunks: 5 }, 1024);
    }

    #[test]
    fn an_answer_has_about_600_bytes() {
        let answer = answer();
        assert!((550..650).contains(&answer.len()), "{}", answer.len());
        assert!(serde_json::from_slice::<Value>(&answer).is_ok());
    }

    #[test]
    fn a_script_in_order() {
        let script = Script::new(2, true);
        let events: Vec<Bytes> = (0..).map_while(|at| script.event(at)).collect();
        let kinds = ["assistant", "word ", "word ", "stop", "usage", "[DONE]"];
        for (event, kind) in events.iter().zip(kinds) {
            let text = std::str::from_utf8(event).unwrap();
            assert!(text.starts_with("data: ") && text.ends_with("\n\n") && text.contains(kind), "{kind}: {text}");
        }
        assert_eq!(events.len(), kinds.len());
        assert!((190..220).contains(&events[1].len()), "{}", events[1].len());
        assert_eq!((0..).map_while(|at| Script::new(2, false).event(at)).count(), 5);
    }
}
