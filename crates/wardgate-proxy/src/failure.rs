//! Everything that can keep a request from its answer.
//!
//! A variant exists because it is told differently. What each becomes for the client stands in one table, in `respond.rs`.

use std::net::IpAddr;
use wardgate_core::fault::Fault;
use wardgate_core::tier::TierName;
use wardgate_keys::token::BadToken;
use wardgate_limits::escrow::Shortage;
use wardgate_limits::rate::Refusal;
use wardgate_policy::configuration::Problem;
use wardgate_policy::{Dropped, InputTooLong, Verdict};
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::peek::PeekError;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No access key in any of its places.
    KeyMissing,
    /// Something in its place that is no access key.
    KeyMalformed(BadToken),
    /// A well-formed key that was never issued, or whose secret is wrong.
    KeyUnknown,
    /// A key that was revoked.
    KeyRevoked,
    /// A key that someone disabled.
    KeyDisabled,
    /// A key whose time is over.
    KeyExpired,
    /// A key that may not be used from this address.
    AddressNotAllowed(IpAddr),
    /// A key of an account that the operator suspended.
    AccountSuspended,
    /// The key or its account is not in memory and the store does not answer.
    StoreAway,
    /// The account's secrets do not open; only the operator can help.
    Misconfigured,
    /// The key's configuration is not there, as far as is known.
    ConfigurationUnknown,
    /// The document of the key's configuration cannot be understood.
    ConfigurationUnreadable,
    /// Too much is going on in this process.
    Busy(&'static str),
    /// A limit on the caller is used up.
    RateLimited(Box<Refusal>),
    /// The shared counters are away, and the operator wants requests with limits refused then.
    LimitsAway,
    /// A budget or the credits have too little left for what the request might have been answered by, which is named.
    OverBudget(Box<Shortage>, String),
    /// The money that this process holds is used up, and the store does not answer.
    BudgetAway,
    /// A budget or credits must hold, and nobody knows what the model costs.
    PriceUnknown(String),
    /// This process ends, and the provider has not answered yet.
    Stopping,
    /// No such path.
    PathUnknown(String),
    /// The path does not take this method.
    MethodWrong {
        /// What it takes.
        allowed: &'static str,
    },
    /// A web socket was asked for.
    NoWebSocket,
    /// No model of this id in the list.
    ModelNotListed(String),
    /// No answer of this id in the account.
    GenerationUnknown(String),
    /// No answer in Responses of this id is kept for the key.
    ResponseUnknown(String),
    /// The call came back to the gateway that made it.
    Loop,
    /// The body is compressed.
    BodyEncoded(String),
    /// The body is larger than allowed.
    BodyTooLarge {
        /// The limit in bytes.
        bytes_max: usize,
    },
    /// The body is larger than a tier of the caller allows.
    BodyAboveTier {
        /// The limit in bytes.
        bytes_max: usize,
        /// The tier.
        tier: TierName,
    },
    /// The body is larger than allowed together with the earlier turns that it names.
    ConversationTooLong {
        /// The limit in bytes.
        bytes_max: usize,
    },
    /// The body arrives too slowly.
    BodyTooSlow,
    /// The client stopped sending in the middle of the body.
    BodyBroken,
    /// The body is no request.
    BodyWrong(PeekError),
    /// No candidate speaks the client's format, and theirs cannot say this.
    Untranslatable(Box<Untranslatable>),
    /// The request is longer than its account allows.
    InputTooLong(InputTooLong),
    /// What the client prefers cannot be understood.
    PreferencesWrong(Vec<Problem>),
    /// Nothing to try.
    NothingToTry(Vec<Dropped>),
    /// Everything that could be tried failed.
    Exhausted(Box<Exhausted>),
}

/// The end of a request whose attempts all failed.
#[derive(Debug)]
pub(crate) struct Exhausted {
    /// What it comes down to.
    pub(crate) verdict: Verdict,
    /// The last attempt's fault.
    pub(crate) fault: Fault,
    /// The last provider's HTTP status; 0 without an answer.
    pub(crate) status: u16,
    /// What the last provider calls the request.
    pub(crate) their_id: Option<String>,
    /// The last provider.
    pub(crate) provider: String,
    /// The last model, in the provider's spelling.
    pub(crate) model: String,
    /// How many attempts were made.
    pub(crate) attempts: u32,
}
