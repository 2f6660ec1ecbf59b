//! How models at Bedrock are told to think: each maker's in its own words.

use crate::format::anthropic_messages::thinking::{self, Told};
use crate::json::Json;
use crate::neutral::request::Effort;
use crate::transcode::arrange::Message;
use crate::transcode::fit::{Field, Fit};

/// How a model is told to think.
#[derive(Clone, Copy)]
pub(super) struct How {
    maker: Maker,
    /// What Claude is told.
    told: Told,
    /// The effort that is told in the maker's words.
    effort: Option<Effort>,
}

impl How {
    /// Decides, and warns of what the model cannot do.
    pub(super) fn of(fit: &Fit<'_>, messages: &[Message<'_>]) -> Self {
        let maker = Maker::of(fit.target.model);
        let tokens_max = fit.request.output_tokens_max.or(fit.target.traits.output_tokens_max).unwrap_or(u64::MAX);
        let (told, effort) = match maker {
            Maker::Anthropic => {
                let told = thinking::decide(fit, messages, tokens_max);
                (told, told.effort())
            }
            Maker::Amazon | Maker::OpenAi => (Told::Nothing, fit.effort()),
            Maker::Another => {
                fit.drop(fit.effort().is_some_and(|effort| effort != Effort::None), Field::Effort);
                (Told::Nothing, None)
            }
        };
        Self { maker, told, effort }
    }

    /// Whether Claude thinks because it is told to.
    pub(super) const fn is_thinking(self) -> bool {
        self.told.is_thinking()
    }

    /// Whether there is nothing to say.
    pub(super) fn is_silent(self) -> bool {
        self.told == Told::Nothing && self.effort.is_none()
    }

    /// Writes it among the fields that only some models know.
    pub(super) fn write(self, fit: &Fit<'_>, json: &mut Json<'_>) {
        self.told.write(json, fit.request.thinking.shown);
        let Some(effort) = self.effort else { return };
        match self.maker {
            Maker::Amazon => json.put_object("reasoningConfig", |json| reasoning_config(json, effort)),
            Maker::OpenAi => json.put_object("reasoning", |json| json.put("effort", effort.name())),
            Maker::Anthropic | Maker::Another => json.put_object("output_config", |json| json.put("effort", effort.name())),
        }
    }
}

/// Who made a model, as far as it matters for how it is told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    Anthropic,
    Amazon,
    OpenAi,
    /// Somebody whose models cannot be told.
    Another,
}

impl Maker {
    /// By the model's name, such as `eu.anthropic.claude-opus-5-v1`. What names no maker is a profile, and most of those are of
    /// Claude's.
    fn of(model: &str) -> Self {
        let is_of = |makers: &[&str]| makers.iter().any(|maker| model.contains(maker));
        match model {
            _ if is_of(&["claude", "anthropic"]) || !model.contains('.') => Self::Anthropic,
            _ if is_of(&["nova"]) => Self::Amazon,
            _ if is_of(&["openai."]) => Self::OpenAi,
            _ => Self::Another,
        }
    }
}

/// How Nova is told to think: it has three efforts.
fn reasoning_config(json: &mut Json<'_>, effort: Effort) {
    let word = match effort {
        Effort::None => return json.put("type", "disabled"),
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    };
    json.put("type", "enabled");
    json.put("maxReasoningEffort", word);
}
