//! What a candidate needs changed in the body, and what the client is told of it.

use crate::affinity::Noting;
use crate::deps::Deps;
use crate::headers;
use crate::passage::Passage;
use crate::phase::aside::here;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::ingress::Inbound;
use crate::phase::strategies;
use crate::phase::translate::{Unfit, is_gemini_3, translate};
use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use wardgate_core::format::{Format, Surface};
use wardgate_core::id::RequestId;
use wardgate_model::Quirk;
use wardgate_policy::configuration::Change;
use wardgate_policy::{Candidate, Caps, OutputCap, strategy};
use wardgate_wire::edit::{self, Edit, Params, Slices, bare};
use wardgate_wire::envelope;
use wardgate_wire::multipart;
use wardgate_wire::neutral::loss::Warnings;
use wardgate_wire::peek::{self, Peek};

/// A request as one candidate gets it.
pub(crate) struct Fitted<'p> {
    /// The candidate.
    pub(crate) candidate: &'p Candidate,
    /// The body.
    pub(crate) body: Slices,
    /// What is told of its changes.
    pub(crate) changes: Changes,
    /// How the answer comes back.
    pub(crate) passage: Passage,
}

/// What was changed that the client did not ask for.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Parameters that were taken out.
    pub(crate) removed: Vec<String>,
    /// Parameters that the configuration gave another value.
    pub(crate) changed: Vec<String>,
    /// The cap on the answer's tokens that took the place of the client's.
    pub(crate) output_cap: Option<u64>,
    /// What was lost between the formats, or because the provider refused it.
    pub(crate) warnings: Warnings,
    /// Something that the provider may have refused was left out.
    pub(crate) is_bared: bool,
}

/// For which attempt a request is fitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion {
    /// The request.
    pub(crate) request_id: RequestId,
    /// A provider refused reasoning in it, so none goes along that only its maker can read.
    pub(crate) is_bare: bool,
    /// Others could be asked for it too, so that it matters who answers the next turn.
    pub(crate) has_others: bool,
}

impl Changes {
    /// Tells them in headers.
    pub(crate) fn tell(&self, to: &mut HeaderMap) {
        if !self.removed.is_empty() {
            headers::insert_text(to, headers::REMOVED_PARAMS, &self.removed.join(", "));
        }
        if !self.changed.is_empty() {
            headers::insert_text(to, headers::CHANGED_PARAMS, &self.changed.join(", "));
        }
        if let Some(tokens) = self.output_cap {
            to.insert(headers::OUTPUT_CAP, HeaderValue::from(tokens));
        }
        if let Some(warnings) = self.warnings.to_header() {
            headers::insert_text(to, headers::WARNINGS, &warnings);
        }
    }
}

/// Fits the request to a candidate.
pub(crate) fn fit<'p>(
    deps: &Deps,
    inbound: &Inbound,
    caller: &Caller,
    ask: &Ask,
    candidate: &'p Candidate,
    occasion: Occasion,
) -> Result<Fitted<'p>, Unfit> {
    let format = ask.surface.format();
    let own = strategies::changes(deps, caller, ask, candidate)?;
    let mut fitted = if candidate.endpoint.format == format {
        here(ask.body.len(), || pass(deps, caller, ask, candidate, &own, occasion))
    } else {
        here(ask.body.len(), || translate(deps, inbound, caller, ask, candidate, &own, occasion))?
    };
    if candidate.endpoint.format == Format::AnthropicMessages && candidate.target.provider.has_quirk(Quirk::VertexMessages) {
        fitted.body = edit::exchange(fitted.body, &["model", "stream"], &[("anthropic_version", VERTEX_VERSION)]);
    }
    Ok(fitted)
}

/// The version of Messages in the body, as JSON, where the path names the model.
const VERTEX_VERSION: &str = "\"vertex-2023-10-16\"";

/// The body stays as the client wrote it, but for what routing needs and the configuration changes.
fn pass<'p>(
    deps: &Deps,
    caller: &Caller,
    ask: &Ask,
    candidate: &'p Candidate,
    own: &strategy::Changes<'_>,
    occasion: Occasion,
) -> Fitted<'p> {
    let format = ask.surface.format();
    let params = params(candidate);
    let output_cap = output_cap(caps(caller, own), ask, candidate, params);
    let model = &candidate.target.model;
    if ask.form.is_some() {
        let (body, passage) = (
            multipart::apply(&ask.body, &ask.peek, model),
            Passage::Same { format, hides_usage: false, is_json_array: false, noting: None },
        );
        return Fitted { candidate, body, changes: Changes::default(), passage };
    }
    let ask_for_usage = asks_for_usage(ask, candidate);
    let changes = wire_changes(own);
    let edit = Edit { model, ask_for_usage, output_cap, params, changes: &changes };
    let open = without_envelopes(ask);
    let (body, peek) = open.as_ref().map_or((&ask.body, &ask.peek), |(body, peek)| (body, peek));
    let bare = if occasion.is_bare { without_reasoning(ask, body, candidate) } else { None };
    let (body, peek) = bare.as_ref().map_or((body, peek), |(body, peek, _)| (body, peek));
    let edited = edit::apply(body, peek, edit);
    let output_cap = output_cap.map(|cap| cap.tokens);
    let (is_bared, warnings) = (bare.is_some(), bare.map(|(.., warnings)| warnings).unwrap_or_default());
    let changes = Changes { removed: edited.removed, changed: edited.changed, output_cap, warnings, is_bared };
    let noting = occasion.has_others.then(|| Noting::new(deps, caller.tenant.account_id, format, candidate));
    let passage = Passage::Same { format, hides_usage: ask_for_usage, is_json_array: ask.is_json_array, noting };
    Fitted { candidate, body: edited.slices, changes, passage }
}

/// The body without what only models of other formats can read, where it holds such a thing.
fn without_envelopes(ask: &Ask) -> Option<(Bytes, Peek)> {
    if !ask.has_envelopes {
        return None;
    }
    let body = Bytes::from(envelope::strip(&ask.body)?);
    let peek = look(ask, &body)?;
    Some((body, peek))
}

/// The body without what a provider may have refused, where it holds such a thing.
fn without_reasoning(ask: &Ask, body: &Bytes, candidate: &Candidate) -> Option<(Bytes, Peek, Warnings)> {
    let bare::Bare { body, warnings } = bare::bare(ask.surface.format(), body, signs_calls(candidate))?;
    let body = Bytes::from(body);
    let peek = look(ask, &body)?;
    Some((body, peek, warnings))
}

/// Finds in a changed body what was found in the client's.
fn look(ask: &Ask, body: &Bytes) -> Option<Peek> {
    let peek = match ask.peek.models.first() {
        Some(model) if ask.peek.is_model_in_path => peek::peek_gemini(body, ask.surface, model, ask.peek.is_stream),
        _ => peek::peek(body, ask.surface),
    };
    peek.ok()
}

/// Whether the model demands that calls in the history are signed, be it in Google's format or in its layer for Chat.
fn signs_calls(candidate: &Candidate) -> bool {
    let is_googles = candidate.endpoint.format == Format::Gemini || candidate.target.model.contains("gemini-");
    is_googles && is_gemini_3(&candidate.target.model)
}

/// The account's caps, or the configuration's where that one is lower.
pub(crate) fn caps(caller: &Caller, own: &strategy::Changes<'_>) -> Caps {
    let caps = [caller.tenant.caps.output_tokens_max, own.max_output_tokens];
    Caps { output_tokens_max: caps.into_iter().flatten().min(), ..caller.tenant.caps }
}

/// What a configuration changes, as bodies are edited by it.
pub(crate) fn wire_changes<'c>(own: &strategy::Changes<'c>) -> Vec<(&'c str, edit::Change<'c>)> {
    let change = |change: &'c Change| match change {
        Change::Set(value) => edit::Change::Set(value),
        Change::Default(value) => edit::Change::Default(value),
        Change::Cap(most) => edit::Change::Cap(most),
        Change::Remove => edit::Change::Remove,
    };
    own.parameters.iter().map(|(name, of)| (*name, change(of))).collect()
}

/// Whether usage has to be asked for: Messages streams always have it, Chat streams only on request.
fn asks_for_usage(ask: &Ask, candidate: &Candidate) -> bool {
    matches!(ask.surface, Surface::ChatCompletions | Surface::Completions)
        && ask.peek.is_stream
        && !ask.peek.asks_for_usage
        && !candidate.target.provider.has_quirk(Quirk::NoStreamOptions)
        && params(candidate).takes("stream_options")
}

pub(crate) fn params(candidate: &Candidate) -> Params<'_> {
    Params {
        supported: candidate.endpoint.supported_params.as_deref(),
        unsupported: candidate.target.unsupported_params.as_deref(),
        unsupported_there: candidate.endpoint.unsupported_params.as_deref(),
    }
}

/// The cap, where the request asks for more or says nothing. A provider that takes no such parameter gets none.
fn output_cap(caps: Caps, ask: &Ask, candidate: &Candidate, params: Params<'_>) -> Option<edit::OutputCap> {
    let model_max = candidate.target.known.as_ref().and_then(|known| known.output_tokens_max);
    let OutputCap::Set(tokens) = caps.output(ask.peek.output_tokens_max, model_max) else {
        return None;
    };
    let names = match ask.surface {
        Surface::ChatCompletions if candidate.target.provider.has_quirk(Quirk::MaxCompletionTokens) => {
            ["max_completion_tokens", "max_tokens"]
        }
        Surface::ChatCompletions => ["max_tokens", "max_completion_tokens"],
        Surface::Messages | Surface::Completions => ["max_tokens"; 2],
        Surface::Responses => ["max_output_tokens"; 2],
        // Not at the top of the body, but in its `generationConfig`.
        Surface::GenerateContent => return Some(edit::OutputCap { field: "maxOutputTokens", tokens }),
        // Nothing of their output counts.
        _ => return None,
    };
    let field = names.into_iter().find(|name| params.takes(name))?;
    Some(edit::OutputCap { field, tokens })
}
