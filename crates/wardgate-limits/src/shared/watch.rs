//! What is told of the shared counters to whoever counts and logs it.

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedEvent<'e> {
    /// The server answers: limits are counted together.
    Together,
    /// The server does not answer: limits are decided here. Told after each attempt to reach it.
    Away {
        /// What is wrong with it.
        why: &'e str,
    },
    /// It is tried again.
    Probing,
    /// A call failed or missed its deadline.
    CallFailed,
    /// A request was admitted or refused by this gateway's own share.
    DecidedAlone,
    /// A request was refused because the server is away.
    RefusedUnseen,
    /// The ends of so many requests did not reach the server: their places lapse, and what they reserved of tokens counts.
    EndsLost(u64),
}

/// Who is told. What it does must be quick: requests wait for it.
pub trait Watch: Send + Sync {
    /// This happened.
    fn tell(&self, event: &SharedEvent<'_>);
}
