//! A request for a provider that speaks another format than the client.

use crate::deps::Deps;
use crate::headers;
use crate::passage::{Passage, Translation};
use crate::phase::ask::{Ask, NoMemory};
use crate::phase::configure::Caller;
use crate::phase::fit::{Changes, Fitted, params};
use crate::phase::ingress::Inbound;
use std::borrow::Cow;
use wardgate_core::format::Format;
use wardgate_core::id::RequestId;
use wardgate_model::{Ability, Constraints, Quirk, Thinking};
use wardgate_policy::{Candidate, Credential, OutputCap};
use wardgate_wire::edit;
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::neutral::opaque;
use wardgate_wire::neutral::request::{Effort, Request};
use wardgate_wire::transcode::target::{Target, ThinkingWay, Traits};
use wardgate_wire::transcode::{self, ReplyOptions};

/// Why a request is not sent to a candidate.
pub(crate) enum Unfit {
    /// The candidate's format cannot say it.
    Untranslatable(Box<Untranslatable>),
    /// There is no memory to say it in.
    NoMemory,
}

impl From<Untranslatable> for Unfit {
    fn from(refused: Untranslatable) -> Self {
        Self::Untranslatable(Box::new(refused))
    }
}

impl From<NoMemory> for Unfit {
    fn from(NoMemory: NoMemory) -> Self {
        Self::NoMemory
    }
}

/// Writes the request for a candidate.
pub(crate) fn translate<'p>(
    deps: &Deps,
    inbound: &Inbound,
    caller: &Caller,
    ask: &Ask,
    candidate: &'p Candidate,
    request_id: RequestId,
) -> Result<Fitted<'p>, Unfit> {
    let (client, provider) = (ask.surface.format(), candidate.endpoint.format);
    let request = ask.neutral(deps)?.as_ref().map_err(Untranslatable::clone)?;
    let (request, output_cap) = capped(request, caller, candidate);
    let constraints = candidate.target.known.as_ref().map(|known| &known.constraints);
    let efforts = constraints.map_or_else(Vec::new, efforts);
    let target = Target {
        model: &candidate.target.model,
        mark: mark(candidate),
        is_strict: inbound.headers.get(headers::STRICT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")),
        traits: traits(candidate, &efforts),
    };
    let encoded = transcode::encode_request(provider, &request, &target)?;
    let refused = candidate.target.provider.has_quirk(Quirk::NoStreamOptions).then_some("stream_options");
    let edited = edit::retain(encoded.body.into(), params(candidate), refused);
    let options = ReplyOptions {
        request_id: request_id.to_text().to_string(),
        created: deps.clock.now().unix_micros() / 1_000_000,
        // Answers in these formats do not name their model.
        model: matches!(provider, Format::CohereChat | Format::BedrockConverse).then(|| candidate.target.model.to_string()),
        wants_usage: ask.peek.asks_for_usage,
        is_json_array: false,
        aliases: encoded.aliases,
    };
    let changes = Changes { removed: edited.removed, output_cap, warnings: encoded.warnings };
    let passage = Passage::Translated(Box::new(Translation { provider, client, mark: target.mark, options }));
    Ok(Fitted { candidate, body: edited.slices, changes, passage })
}

/// The request with the account's cap, where it asks for more or says nothing.
fn capped<'r>(request: &'r Request, caller: &Caller, candidate: &Candidate) -> (Cow<'r, Request>, Option<u64>) {
    let model_max = candidate.target.known.as_ref().and_then(|known| known.output_tokens_max);
    match caller.tenant.caps.output(request.output_tokens_max, model_max) {
        OutputCap::Keep => (Cow::Borrowed(request), None),
        OutputCap::Set(tokens) => {
            let mut request = request.clone();
            request.output_tokens_max = Some(tokens);
            (Cow::Owned(request), Some(tokens))
        }
    }
}

/// Who reads the request: what one model signed under one key, no other can read.
fn mark(candidate: &Candidate) -> u64 {
    let key = match candidate.credential {
        Credential::User(key) => key.to_string(),
        Credential::Managed(key) => key.to_string(),
        Credential::None => String::new(),
    };
    opaque::mark(&[candidate.target.provider.name.as_str(), &key, &candidate.target.model])
}

fn efforts(constraints: &Constraints) -> Vec<Effort> {
    constraints.efforts.iter().filter_map(|name| Effort::from_name(name)).collect()
}

/// What is known of the model and its host.
fn traits<'t>(candidate: &Candidate, efforts: &'t [Effort]) -> Traits<'t> {
    let has_quirk = |quirk| candidate.target.provider.has_quirk(quirk);
    let known = candidate.target.known.as_ref();
    let constraints = known.map(|known| &known.constraints);
    let thinking = constraints.and_then(|constraints| constraints.thinking);
    let is_early_gemini = ["gemini-1", "gemini-2"].iter().any(|early| candidate.target.model.starts_with(early));
    let host = Traits {
        takes_cache_marks: has_quirk(Quirk::CacheMarks),
        is_openai: has_quirk(Quirk::MaxCompletionTokens),
        needs_reasoning_back: has_quirk(Quirk::NeedsReasoningBack),
        is_gemini_3: !is_early_gemini,
        ..Traits::default()
    };
    let Some(constraints) = constraints else { return host };
    Traits {
        output_tokens_max: known.and_then(|known| known.output_tokens_max),
        thinking: match thinking {
            None | Some(Thinking::Budget | Thinking::Level) => ThinkingWay::Budget,
            Some(Thinking::Adaptive | Thinking::AdaptiveOrBudget) => ThinkingWay::Adaptive,
            Some(Thinking::AdaptiveAlwaysOn) => ThinkingWay::AlwaysOn,
        },
        efforts,
        can_force_tools: constraints.forces_tools,
        takes_sampling: constraints.takes_sampling,
        has_json_schema: known.is_none_or(|known| !known.abilities.cannot.has(Ability::JsonSchema)),
        takes_late_instructions: constraints.takes_late_instructions,
        takes_prefill: constraints.takes_prefill,
        ..host
    }
}
