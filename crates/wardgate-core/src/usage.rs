//! What an attempt used, and the record of it.

use crate::format::Surface;
use crate::id::{AccessKeyId, AccountId, ManagedKeyId, ProviderKeyId, RequestId, TeamId, UsageEventId};
use crate::money::NanoUsd;
use crate::name::{ModelName, ProviderName};
use crate::time::Timestamp;

/// The most tokens of a class that one attempt is believed to have used: a million times what any model takes.
pub const TOKENS_MAX: u64 = 1_000_000_000_000;

/// Tokens of one attempt, in classes that do not overlap: the input is the sum of the first five. Only `reasoning` is a part
/// of another class, the output. Providers count differently; `wardgate-wire` turns each way of counting into this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input that no cache held.
    pub input_uncached: u64,
    /// Input read from the provider's prompt cache.
    pub cache_read: u64,
    /// Input written to a cache that lasts five minutes.
    pub cache_write_5m: u64,
    /// Input written to a cache that lasts an hour or more.
    pub cache_write_1h: u64,
    /// Input written to a cache of unknown life.
    pub cache_write_other: u64,
    /// All output, reasoning included.
    pub output: u64,
    /// The part of the output that was reasoning.
    pub reasoning: u64,
    /// What is charged in another way than all tokens are. It decides the cost and is not kept.
    pub units: Units,
}

/// What some models charge beside tokens, and which of the tokens have a price of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    /// Of the uncached input, tokens of images.
    pub input_image: u64,
    /// Of the uncached input, tokens of sound.
    pub input_audio: u64,
    /// Of the output, tokens of images.
    pub output_image: u64,
    /// Of the output, tokens of sound.
    pub output_audio: u64,
    /// Sound that was listened to, in milliseconds.
    pub audio_ms: u64,
    /// Characters that were spoken.
    pub characters: u64,
    /// Images that were made.
    pub images: u32,
    /// Searches among documents that came with the request.
    pub queries: u32,
    /// Searches in the web.
    pub web_searches: u32,
    /// Requests: 1 where something was answered.
    pub requests: u32,
}

impl Units {
    /// Nothing but tokens.
    pub const NONE: Self = Self {
        input_image: 0,
        input_audio: 0,
        output_image: 0,
        output_audio: 0,
        audio_ms: 0,
        characters: 0,
        images: 0,
        queries: 0,
        web_searches: 0,
        requests: 0,
    };
}

impl Units {
    const fn plus(self, other: Self) -> Self {
        Self {
            input_image: self.input_image.saturating_add(other.input_image),
            input_audio: self.input_audio.saturating_add(other.input_audio),
            output_image: self.output_image.saturating_add(other.output_image),
            output_audio: self.output_audio.saturating_add(other.output_audio),
            audio_ms: self.audio_ms.saturating_add(other.audio_ms),
            characters: self.characters.saturating_add(other.characters),
            images: self.images.saturating_add(other.images),
            queries: self.queries.saturating_add(other.queries),
            web_searches: self.web_searches.saturating_add(other.web_searches),
            requests: self.requests.saturating_add(other.requests),
        }
    }
}

impl Usage {
    /// All input tokens.
    #[must_use]
    pub const fn input(&self) -> u64 {
        self.input_uncached.saturating_add(self.cache_read).saturating_add(self.cache_write())
    }

    /// All tokens written to caches.
    #[must_use]
    pub const fn cache_write(&self) -> u64 {
        self.cache_write_5m.saturating_add(self.cache_write_1h).saturating_add(self.cache_write_other)
    }

    /// All tokens.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input().saturating_add(self.output)
    }

    /// This and another one together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input_uncached: self.input_uncached.saturating_add(other.input_uncached),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write_5m: self.cache_write_5m.saturating_add(other.cache_write_5m),
            cache_write_1h: self.cache_write_1h.saturating_add(other.cache_write_1h),
            cache_write_other: self.cache_write_other.saturating_add(other.cache_write_other),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            units: self.units.plus(other.units),
        }
    }

    /// The same with no class above [`TOKENS_MAX`]: what providers say is theirs, and sums of it must fit.
    #[must_use]
    pub fn bounded(self) -> Self {
        let bounded = |tokens: u64| tokens.min(TOKENS_MAX);
        let Units { input_image, input_audio, output_image, output_audio, audio_ms, characters, .. } = self.units;
        Self {
            input_uncached: bounded(self.input_uncached),
            cache_read: bounded(self.cache_read),
            cache_write_5m: bounded(self.cache_write_5m),
            cache_write_1h: bounded(self.cache_write_1h),
            cache_write_other: bounded(self.cache_write_other),
            output: bounded(self.output),
            reasoning: bounded(self.reasoning),
            units: Units {
                input_image: bounded(input_image),
                input_audio: bounded(input_audio),
                output_image: bounded(output_image),
                output_audio: bounded(output_audio),
                audio_ms: bounded(audio_ms),
                characters: bounded(characters),
                ..self.units
            },
        }
    }
}

/// Where the numbers of a usage event come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageSource {
    /// The provider said so.
    Provider,
    /// The provider said nothing and something was answered: reckoned from bytes.
    Estimated,
    /// Nothing was answered, so nothing was used.
    None,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Completion {
    /// The whole answer arrived.
    Succeeded,
    /// It failed before the client got any of it.
    Failed,
    /// It took too long before the client got any of it.
    TimedOut,
    /// It broke after the client got a part.
    StreamFailed,
    /// The client went away.
    ClientClosed,
}

impl Completion {
    /// Every way to end.
    pub const ALL: [Self; 5] = [Self::Succeeded, Self::Failed, Self::TimedOut, Self::StreamFailed, Self::ClientClosed];

    /// Its name in the API, in metrics and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::StreamFailed => "stream_failed",
            Self::ClientClosed => "client_closed",
        }
    }

    /// The ending with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|completion| completion.name() == name)
    }
}

/// One attempt at a provider: a row of the ledger. It holds facts about a request and nothing that was said in it.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageEvent {
    /// Its own id, by which a replay is recognized.
    pub id: UsageEventId,
    /// The client's request, shared by its attempts.
    pub request_id: RequestId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The team of the access key.
    pub team_id: TeamId,
    /// The access key.
    pub access_key_id: AccessKeyId,
    /// When the attempt ended.
    pub event_time: Timestamp,
    /// The surface the client used.
    pub surface: Surface,
    /// Who was asked.
    pub provider: ProviderName,
    /// For what, in the provider's spelling.
    pub model: ModelName,
    /// The name that stood for a list of models, where the client asked for one.
    pub virtual_model: Option<ModelName>,
    /// With which of the tenant's credentials; none for a provider that needs none.
    pub provider_key_id: Option<ProviderKeyId>,
    /// With which of the operator's own credentials, if with one of those.
    pub managed_key_id: Option<ManagedKeyId>,
    /// The credential, redacted, as it was then.
    pub provider_key_redacted: Option<String>,
    /// From 1.
    pub attempt_number: u32,
    /// The last attempt of its request.
    pub is_final: bool,
    /// The provider's HTTP status; 0 when there was no answer.
    pub status_code: u16,
    /// How it ended.
    pub completion: Completion,
    /// Whether the answer was asked for as a stream.
    pub is_streaming: bool,
    /// Why the model stopped, in the provider's word.
    pub stop_reason: Option<String>,
    /// What was used.
    pub usage: Usage,
    /// Where these numbers come from.
    pub usage_source: UsageSource,
    /// What it cost; none when the price is not known, which is not the same as nothing.
    pub cost: Option<NanoUsd>,
    /// From the start of the attempt to its end.
    pub duration_us: u64,
    /// From the start of the attempt to the first content.
    pub first_token_us: Option<u64>,
}
