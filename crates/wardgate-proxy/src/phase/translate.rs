//! A request for a provider that speaks another format than the client.

mod traits;

use crate::affinity::mark;
use crate::deps::Deps;
use crate::headers;
use crate::passage::{Keeper, Passage, Ranks, Translation, Vectors};
use crate::phase::ask::{Ask, NoMemory};
use crate::phase::configure::Caller;
use crate::phase::fit::{Changes, Fitted, Occasion, caps, params, wire_changes};
use crate::phase::ingress::Inbound;
use crate::recall::{Recording, identity};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;
pub(crate) use traits::is_gemini_3;
use traits::{efforts, traits};
use wardgate_core::format::Format;
use wardgate_limits::estimate;
use wardgate_model::{HostTool, Quirk};
use wardgate_policy::strategy::{self, Failed};
use wardgate_policy::{Candidate, Caps, OutputCap};
use wardgate_wire::edit::{self, Edit, Edited, Params};
use wardgate_wire::neutral::keepsake::is_wanted_back;
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::neutral::opaque::Origin;
use wardgate_wire::neutral::request::Request;
use wardgate_wire::neutral::server_tool::ServerToolKind;
use wardgate_wire::transcode::embeddings::{self, EmbeddingsForm};
use wardgate_wire::transcode::target::Target;
use wardgate_wire::transcode::{self, Estimate, ReplyOptions, images, ranks};

/// Why a request is not sent to a candidate.
pub(crate) enum Unfit {
    /// The candidate's format cannot say it.
    Untranslatable(Box<Untranslatable>),
    /// There is no memory to say it in.
    NoMemory,
    /// The configuration does not tell what to change: an expression of it cannot be worked out.
    Strategy(Failed),
}

impl From<Failed> for Unfit {
    fn from(failed: Failed) -> Self {
        Self::Strategy(failed)
    }
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

/// Whether the request goes to a candidate through the neutral form.
pub(crate) fn reads_neutral(ask: &Ask, candidate: &Candidate) -> bool {
    let client = ask.surface.format();
    candidate.endpoint.format != client && EmbeddingsForm::of(client).is_none() && !client.is_unread()
}

/// The candidate at another of its provider's endpoints, where only that one runs the tools that are asked for: OpenAI's models
/// search in Responses and not in Chat Completions.
pub(crate) fn moved(deps: &Deps, ask: &Ask, candidate: &Candidate) -> Option<Candidate> {
    if !reads_neutral(ask, candidate) {
        return None;
    }
    let request = ask.neutral(deps).ok()?.as_ref().ok()?;
    let tools: Vec<HostTool> = request.server_tools.iter().map(|tool| host_tool(tool.kind)).collect();
    let target = &candidate.target;
    if tools.iter().all(|tool| target.runs(&candidate.endpoint, *tool)) {
        return None;
    }
    let endpoint = target.endpoint_that_runs(ask.surface, &tools)?;
    Some(Candidate { endpoint: Arc::clone(endpoint), ..candidate.clone() })
}

const fn host_tool(kind: ServerToolKind) -> HostTool {
    match kind {
        ServerToolKind::WebSearch => HostTool::WebSearch,
        ServerToolKind::CodeExecution => HostTool::CodeExecution,
        ServerToolKind::UrlFetch => HostTool::UrlFetch,
    }
}

/// Writes the request for a candidate.
pub(crate) fn translate<'p>(
    deps: &Deps,
    inbound: &Inbound,
    caller: &Caller,
    ask: &Ask,
    candidate: &'p Candidate,
    own: &strategy::Changes<'_>,
    occasion: Occasion,
) -> Result<Fitted<'p>, Unfit> {
    let (client, provider) = (ask.surface.format(), candidate.endpoint.format);
    let is_strict = headers::is_strict(&inbound.headers);
    if let (Some(asked), Some(form)) = (EmbeddingsForm::of(client), EmbeddingsForm::of(provider)) {
        return embed(ask, candidate, asked, form, is_strict);
    }
    if client == Format::OpenAiImages {
        return picture(deps, ask, candidate, own, is_strict);
    }
    if client.is_rerank() {
        return rank(ask, candidate, own, is_strict);
    }
    let changed = changed(ask, candidate, own)?;
    let request = match &changed {
        Some(changed) => &changed.request,
        None => ask.neutral(deps)?.as_ref().map_err(Untranslatable::clone)?,
    };
    let (request, output_cap) = capped(request, caps(caller, own), candidate);
    let constraints = candidate.target.known.as_ref().map(|known| &known.constraints);
    let efforts = constraints.map_or_else(Vec::new, efforts);
    let (mark, is_bare) = (mark(candidate), occasion.is_bare);
    let origin = Origin { format: provider, mark };
    let forgets = client == Format::OpenAiChat && is_wanted_back(provider, true);
    let key_id = caller.key.record.id;
    let request = if forgets { deps.keepsakes.complete(key_id, request, origin) } else { request };
    let is_bared = is_bare && request.holds_reasoning_for(origin);
    let target = Target { model: &candidate.target.model, mark, is_strict, is_bare, traits: traits(candidate, &efforts) };
    let encoded = transcode::encode_request(provider, &request, &target)?;
    let refused = candidate.target.provider.has_quirk(Quirk::NoStreamOptions).then_some("stream_options");
    let edited = edit::retain(encoded.body.into(), params(candidate), refused);
    let (mut removed, named) = changed.as_ref().map_or_else(Default::default, |of| (of.removed.clone(), of.changed.clone()));
    removed.extend(edited.removed);
    if provider.is_token_count() {
        // What is counted has no output that a cap could be for.
        let changes = Changes { removed, changed: named, output_cap: None, warnings: encoded.warnings, is_bared };
        return Ok(Fitted { candidate, body: edited.slices, changes, passage: Passage::Count { client } });
    }
    let is_stored = request.is_stored != Some(false);
    let identity = (client == Format::OpenAiResponses).then(|| identity(deps, inbound, ask, occasion.request_id, is_stored));
    let recording = identity.as_ref().and_then(|identity| Recording::new(deps, caller, ask, identity));
    let options = ReplyOptions {
        request_id: occasion.request_id.to_text().to_string(),
        created: deps.clock.now().unix_micros() / 1_000_000,
        // Answers in these formats do not name their model.
        model: matches!(provider, Format::CohereChat | Format::BedrockConverse).then(|| candidate.target.model.to_string()),
        wants_usage: ask.peek.asks_for_usage,
        is_json_array: ask.is_json_array,
        aliases: encoded.aliases,
        answers: request.answers.map_or(1, |answers| usize::try_from(answers).unwrap_or(usize::MAX)),
        stops: encoded.stops,
        is_json_call: encoded.is_json_call,
        estimate: Some(Estimate { input: estimate::tokens(ask.body.len() as u64), output: estimate::tokens }),
        identity: identity.map(Box::new),
    };
    let changes = Changes { removed, changed: named, output_cap, warnings: encoded.warnings, is_bared };
    // A provider interrupts the turns in which it runs tools of its own.
    let may_pause = provider == Format::AnthropicMessages && !request.server_tools.is_empty();
    let keeper = forgets.then(|| Keeper { keepsakes: deps.keepsakes.clone(), key_id });
    let passage = Passage::Translated(Box::new(Translation {
        provider,
        client,
        mark: target.mark,
        options,
        keeper,
        recording,
        may_pause,
    }));
    Ok(Fitted { candidate, body: edited.slices, changes, passage })
}

/// The same for embeddings, which have a neutral form of their own.
fn embed<'p>(
    ask: &Ask,
    candidate: &'p Candidate,
    client: EmbeddingsForm,
    provider: EmbeddingsForm,
    is_strict: bool,
) -> Result<Fitted<'p>, Unfit> {
    let request = embeddings::decode_request(client, &ask.body)?;
    let target = Target { is_strict, ..Target::new(&candidate.target.model) };
    let (body, warnings) = embeddings::encode_request(provider, &request, &target)?;
    let changes = Changes { warnings, ..Changes::default() };
    let passage = Passage::Vectors(Box::new(Vectors { client, provider, request, model: candidate.target.model.to_string() }));
    Ok(Fitted { candidate, body: vec![body.into()], changes, passage })
}

/// The same for ranking, likewise.
fn rank<'p>(ask: &Ask, candidate: &'p Candidate, own: &strategy::Changes<'_>, is_strict: bool) -> Result<Fitted<'p>, Unfit> {
    let (client, provider) = (ask.surface.format(), candidate.endpoint.format);
    let (body, changes) = as_configured(ask, candidate, own);
    let request = ranks::decode_request(client, &body)?;
    let target = Target { is_strict, ..Target::new(&candidate.target.model) };
    let (body, warnings) = ranks::encode_request(provider, &request, &target)?;
    let changes = Changes { warnings, ..changes };
    let passage = Passage::Ranks(Box::new(Ranks { client, request, model: candidate.target.model.to_string() }));
    Ok(Fitted { candidate, body: vec![body.into()], changes, passage })
}

/// The same for pictures, which Gemini's models make as they answer anything.
fn picture<'p>(
    deps: &Deps,
    ask: &Ask,
    candidate: &'p Candidate,
    own: &strategy::Changes<'_>,
    is_strict: bool,
) -> Result<Fitted<'p>, Unfit> {
    let (body, changes) = as_configured(ask, candidate, own);
    let request = images::decode_request(&body)?;
    let target = Target { is_strict, ..Target::new(&candidate.target.model) };
    let (body, warnings) = images::encode_request(&request, &target)?;
    let passage = Passage::Images { created: deps.clock.now().unix_micros() / 1_000_000 };
    Ok(Fitted { candidate, body: vec![body.into()], changes: Changes { warnings, ..changes }, passage })
}

/// The client's body as the configuration wants it, and what that changed.
fn as_configured(ask: &Ask, candidate: &Candidate, own: &strategy::Changes<'_>) -> (Bytes, Changes) {
    match edited(ask, candidate, own) {
        Some(Edited { slices, removed, changed }) => {
            (slices.concat().into(), Changes { removed, changed, ..Changes::default() })
        }
        None => (ask.body.clone(), Changes::default()),
    }
}

/// A request as the configuration changes it for a candidate, in the client's names of parameters.
struct Changed {
    request: Request,
    /// The names of those that were removed.
    removed: Vec<String>,
    /// The names of those that have another value.
    changed: Vec<String>,
}

/// What the configuration makes of the request; none: it changes nothing.
fn changed(ask: &Ask, candidate: &Candidate, own: &strategy::Changes<'_>) -> Result<Option<Changed>, Untranslatable> {
    let Some(edited) = edited(ask, candidate, own) else { return Ok(None) };
    let request = transcode::decode_request(ask.surface.format(), &edited.slices.concat())?;
    Ok(Some(Changed { request, removed: edited.removed, changed: edited.changed }))
}

/// The client's body as the configuration changes it; none: it changes nothing.
fn edited(ask: &Ask, candidate: &Candidate, own: &strategy::Changes<'_>) -> Option<Edited> {
    if own.parameters.is_empty() {
        return None;
    }
    let (model, changes) = (&candidate.target.model, wire_changes(own));
    let edit = Edit { model, ask_for_usage: false, output_cap: None, params: Params::default(), changes: &changes };
    Some(edit::apply(&ask.body, &ask.peek, edit))
}

/// The request with the cap, where it asks for more or says nothing.
fn capped<'r>(request: &'r Request, caps: Caps, candidate: &Candidate) -> (Cow<'r, Request>, Option<u64>) {
    let model_max = candidate.target.known.as_ref().and_then(|known| known.output_tokens_max);
    match caps.output(request.output_tokens_max, model_max) {
        OutputCap::Keep => (Cow::Borrowed(request), None),
        OutputCap::Set(tokens) => {
            let mut request = request.clone();
            request.output_tokens_max = Some(tokens);
            (Cow::Owned(request), Some(tokens))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use wardgate_core::format::Surface;
    use wardgate_core::name::ProviderName;
    use wardgate_limits::memory::MemoryBudget;
    use wardgate_model::{AuthScheme, DataPolicy, Endpoint, Provider, Target as Called};
    use wardgate_policy::Credential;

    fn ask(body: &'static str) -> Ask {
        let read =
            crate::phase::ask::of(Bytes::from_static(body.as_bytes()), Surface::Embeddings, MemoryBudget::new(1_000).open());
        read.unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    fn candidate(format: Format) -> Candidate {
        let url = "https://h/v1/x".into();
        let endpoint = Arc::new(Endpoint {
            surface: Surface::Embeddings,
            format,
            url,
            stream_url: None,
            auth: AuthScheme::Bearer,
            supported_params: None,
            unsupported_params: None,
            tools: Vec::new(),
        });
        let provider = Provider {
            name: ProviderName::new("up").unwrap_or_else(|error| panic!("{error}")),
            display_name: String::new(),
            origin: wardgate_model::Origin::Operator,
            endpoints: vec![Arc::clone(&endpoint)],
            environment_variable: None,
            key_shape: None,
            headers: Vec::new(),
            data_policy: DataPolicy::default(),
            datacenters: Vec::new(),
            quirks: Vec::new(),
            declared_models: Vec::new(),
        };
        let target = Called { provider: Arc::new(provider), model: "m".into(), known: None, unsupported_params: None };
        Candidate {
            model_index: 0,
            target: Arc::new(target),
            endpoint,
            credential: Credential::None,
            virtual_model: None,
            is_fallback: false,
        }
    }

    /// What a provider is sent, and what the client gets for its answer.
    fn check(format: Format, sent: &str, answer: &'static str, told: &str) {
        let (ask, candidate) = (ask(r#"{"model":"up:m","input":["a"],"dimensions":1}"#), candidate(format));
        let provider = EmbeddingsForm::of(format).unwrap_or(EmbeddingsForm::OpenAi);
        let Ok(fitted) = embed(&ask, &candidate, EmbeddingsForm::OpenAi, provider, false) else { panic!("it cannot be said") };
        assert_eq!(fitted.body.concat(), sent.as_bytes());
        let whole =
            fitted.passage.whole(Bytes::from_static(answer.as_bytes()), None, None).unwrap_or_else(|fault| panic!("{fault:?}"));
        assert_eq!(String::from_utf8_lossy(&whole.body), told);
    }

    #[test]
    fn embeddings_go_to_other_formats_and_come_back() {
        check(
            Format::GeminiBatchEmbedding,
            r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"outputDimensionality":1}]}"#,
            r#"{"embeddings":[{"values":[0.5]}]}"#,
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"m","usage":{"prompt_tokens":0,"total_tokens":0}}"#,
        );
        check(
            Format::CohereEmbedding,
            r#"{"model":"m","texts":["a"],"input_type":"search_document","embedding_types":["float"],"output_dimension":1}"#,
            r#"{"embeddings":{"float":[[0.5]]},"meta":{"billed_units":{"input_tokens":3}}}"#,
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#,
        );
    }

    #[test]
    fn what_cannot_be_embedded_is_refused() {
        let refused = |body, is_strict| match embed(
            &ask(body),
            &candidate(Format::CohereEmbedding),
            EmbeddingsForm::OpenAi,
            EmbeddingsForm::Cohere,
            is_strict,
        ) {
            Err(Unfit::Untranslatable(refused)) => refused.code,
            _ => "",
        };
        assert_eq!(refused(r#"{"model":"m","input":[[1,2]]}"#, false), "unsupported_input");
        assert_eq!(refused(r#"{"model":"m","input":"a","odd":1}"#, true), "unknown_field");
        assert_eq!(refused(r#"{"model":"m","input":"a","odd":1}"#, false), "");
    }
}
