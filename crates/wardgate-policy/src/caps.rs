//! What an account allows a request to be in size.

use wardgate_core::gateway_config::GatewayConfig;

/// An account's caps. None: no cap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caps {
    /// The most input tokens of a request, as estimated.
    pub input_tokens_max: Option<u64>,
    /// The most output tokens that a request may ask for.
    pub output_tokens_max: Option<u64>,
}

/// A request whose input is over the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request has about {estimate} input tokens, and this account allows {tokens_max}; shorten it, or raise the cap")]
pub struct InputTooLong {
    /// How many tokens it has, as estimated.
    pub estimate: u64,
    /// How many it may have.
    pub tokens_max: u64,
}

/// What is to be done with a request's own cap on its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputCap {
    /// Nothing: what was asked for is within the account's cap, or there is none.
    Keep,
    /// This number takes its place, or is added where the request has none.
    Set(u64),
}

impl Caps {
    /// Those of an account's settings.
    #[must_use]
    pub const fn of(config: &GatewayConfig) -> Self {
        Self { input_tokens_max: config.input_tokens_max, output_tokens_max: config.output_tokens_max }
    }

    /// Whether a request of about so many input tokens is allowed.
    ///
    /// # Errors
    /// When it is over the cap.
    pub const fn check_input(&self, estimate: u64) -> Result<(), InputTooLong> {
        match self.input_tokens_max {
            Some(tokens_max) if estimate > tokens_max => Err(InputTooLong { estimate, tokens_max }),
            _ => Ok(()),
        }
    }

    /// What becomes of the output cap that a request asks for. `model_max` is the most that the model answers with, where known:
    /// such a model needs no cap that is no lower, and a provider may refuse one that is higher.
    #[must_use]
    pub fn output(&self, asked: Option<u64>, model_max: Option<u64>) -> OutputCap {
        match (self.output_tokens_max, asked) {
            (Some(cap), Some(asked)) if asked > cap => OutputCap::Set(cap),
            (Some(cap), None) if model_max.is_none_or(|model_max| model_max > cap) => OutputCap::Set(cap),
            _ => OutputCap::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_over_the_cap_is_refused() {
        let check = |cap, estimate, is_allowed| {
            let caps = Caps { input_tokens_max: cap, ..Caps::default() };
            assert_eq!(caps.check_input(estimate).is_ok(), is_allowed, "{cap:?} {estimate}");
        };
        check(None, u64::MAX, true);
        check(Some(100), 100, true);
        check(Some(100), 101, false);
        check(Some(0), 1, false);
    }

    #[test]
    fn output_is_capped_where_the_model_would_not_stop_before() {
        let check = |cap, asked, model_max, expected| {
            let caps = Caps { output_tokens_max: cap, ..Caps::default() };
            assert_eq!(caps.output(asked, model_max), expected, "{cap:?} {asked:?} {model_max:?}");
        };
        check(None, Some(9_000), Some(4_000), OutputCap::Keep);
        check(None, None, None, OutputCap::Keep);
        check(Some(100), Some(100), None, OutputCap::Keep);
        check(Some(100), Some(101), None, OutputCap::Set(100));
        check(Some(100), None, None, OutputCap::Set(100));
        check(Some(100), None, Some(101), OutputCap::Set(100));
        check(Some(100), None, Some(100), OutputCap::Keep);
    }
}
