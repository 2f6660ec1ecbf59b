//! What a request wants beside its models, where it wants anything: most requests do not, and cost nothing here.

use crate::deps::Deps;
use crate::failure::Failure;
use crate::headers::SESSION_ID;
use crate::phase::aside::here;
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::ingress::Inbound;
use wardgate_limits::estimate;
use wardgate_model::{Ability, AbilitySet};
use wardgate_policy::auto::Router;
use wardgate_policy::preferences::{self, Needs};
use wardgate_policy::{Wishes, variant};
use wardgate_wire::wants::{self, Feature};

/// What is known of a request beside its body.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner<'i> {
    /// Whether it came in on OpenRouter's base, whose clients expect a model to be had from whoever serves it.
    is_openrouter: bool,
    /// The session that it names in a header.
    session: Option<&'i [u8]>,
}

impl<'i> Manner<'i> {
    pub(crate) fn of(inbound: &'i Inbound) -> Self {
        let session = inbound.headers.get(SESSION_ID).map(http::HeaderValue::as_bytes).filter(|session| !session.is_empty());
        Self { is_openrouter: inbound.uri.path().starts_with("/api/"), session }
    }
}

/// Reads them. None: nothing but models is wanted.
pub(crate) fn wishes(deps: &Deps, caller: &Caller, ask: &Ask, manner: Manner<'_>) -> Result<Option<Box<Wishes>>, Failure> {
    let peek = &ask.peek;
    let is_special = |model: &String| variant::has_ending(model) || Router::named(model).is_some();
    if !manner.is_openrouter && !peek.has_preferences && !peek.models.iter().any(is_special) {
        return Ok(None);
    }
    let wants = here(ask.body.len(), || wants::read(&ask.body));
    let fields = preferences::Fields { provider: wants.provider, route: wants.route, plugins: wants.plugins };
    let preferences = preferences::read(fields).map_err(Failure::PreferencesWrong)?;
    let has_session = manner.session.is_some() || wants.has_session;
    let conversation = match manner.session {
        // The body counts more than the header, and either more than the way in which a conversation begins.
        Some(session) if !wants.names_session => Some(wants::hash(session, 1)),
        _ => wants.conversation,
    };
    let needs = Needs {
        abilities: wants.features.iter().map(|feature| ability(*feature)).collect::<AbilitySet>(),
        input_tokens: estimate::tokens(wants.text_bytes),
        // What cannot be read is for the provider to judge.
        output_tokens_max: peek.output_tokens_max.filter(|tokens| *tokens < u64::MAX),
        params: wants.params,
    };
    let draw = match conversation {
        // Two accounts with one prompt go their own ways.
        Some(conversation) => wants::hash(caller.tenant.account_id.as_bytes(), conversation),
        None => {
            let mut bytes = [0; 8];
            deps.random.fill(&mut bytes);
            u64::from_le_bytes(bytes)
        }
    };
    Ok(Some(Box::new(Wishes { preferences, needs, draw, has_session })))
}

const fn ability(feature: Feature) -> Ability {
    match feature {
        Feature::Image => Ability::Images,
        Feature::File => Ability::Files,
        Feature::Audio => Ability::Audio,
        Feature::Video => Ability::Video,
        Feature::Tools => Ability::Tools,
        Feature::JsonSchema => Ability::JsonSchema,
        Feature::Reasoning => Ability::Reasoning,
    }
}
