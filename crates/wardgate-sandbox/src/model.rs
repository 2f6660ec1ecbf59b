//! What a model's name asks for.

use http::StatusCode;

/// The longest wait before a first byte: beyond every timer that a test may want to see fire.
const WAIT_MS_MAX: u64 = 600_000;
/// The longest stream that is sent before it is cut.
const CUT_CHUNKS_MAX: usize = 100_000;

/// The names that the list of models shows. Any other number is as good as the ones here.
pub const LISTED: [&str; 10] =
    ["echo", "lorem", "tools", "shell", "reason", "slow-250", "fail-500", "flaky-50", "cut-3", "embed"];

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    /// `echo`: repeats the last user message.
    Echo,
    /// `lorem`: says the same paragraph each time.
    Lorem,
    /// `tools`: calls the first tool that it is offered.
    Tools,
    /// `shell`: runs a harmless command with the first tool that runs commands, as coding agents have one.
    Shell,
    /// `reason`: thinks aloud, then answers.
    Reason,
    /// `slow-<ms>`: waits before the first byte, then repeats the last user message.
    Slow {
        /// How long.
        wait_ms: u64,
    },
    /// `fail-<status>`: refuses with this status.
    Fail(StatusCode),
    /// `flaky-<percent>`: fails with 500 this share of the time, else repeats the last user message.
    Flaky {
        /// The share, 0 to 100.
        percent: u8,
    },
    /// `cut-<n>`: breaks the connection off after n pieces of content; unstreamed, in the middle of the body.
    Cut {
        /// How many pieces of content arrive.
        chunks: usize,
    },
    /// `embed`: turns text into vectors.
    Embed,
}

impl Behavior {
    /// The behavior of the model with this name, if there is such a model.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "echo" => return Some(Self::Echo),
            "lorem" => return Some(Self::Lorem),
            "tools" => return Some(Self::Tools),
            "shell" => return Some(Self::Shell),
            "reason" => return Some(Self::Reason),
            "embed" => return Some(Self::Embed),
            _ => {}
        }
        let (kind, number) = name.split_once('-')?;
        // `parse` alone would take a sign, and two names for one model.
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match kind {
            "slow" => number.parse().ok().filter(|&ms| ms <= WAIT_MS_MAX).map(|wait_ms| Self::Slow { wait_ms }),
            "fail" => number
                .parse()
                .ok()
                .filter(|status| (201..=599).contains(status))
                .and_then(|status: u16| StatusCode::from_u16(status).ok().map(Self::Fail)),
            "flaky" => number.parse().ok().filter(|&percent| percent <= 100).map(|percent| Self::Flaky { percent }),
            "cut" => number.parse().ok().filter(|&chunks| chunks <= CUT_CHUNKS_MAX).map(|chunks| Self::Cut { chunks }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_behavior() {
        let cases = [
            ("echo", Some(Behavior::Echo)),
            ("slow-0", Some(Behavior::Slow { wait_ms: 0 })),
            ("fail-503", Some(Behavior::Fail(StatusCode::SERVICE_UNAVAILABLE))),
            ("flaky-50", Some(Behavior::Flaky { percent: 50 })),
            ("cut-3", Some(Behavior::Cut { chunks: 3 })),
            ("fail-200", None),
            ("fail-99", None),
            ("fail-", None),
            ("flaky-101", None),
            ("slow-+5", None),
            ("slow-600001", None),
            ("cut", None),
            ("gpt-5", None),
            ("", None),
        ];
        for (name, behavior) in cases {
            assert_eq!(Behavior::from_name(name), behavior, "{name}");
        }
    }

    #[test]
    fn every_listed_model_exists() {
        for name in LISTED {
            assert!(Behavior::from_name(name).is_some(), "{name}");
        }
    }
}
