//! What the client wants, as far as routing cares.

use crate::preferences::Wishes;
use wardgate_core::format::Surface;

/// A request for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'r> {
    /// The surface it came in on.
    pub surface: Surface,
    /// Model strings in the client's order, each once. The first is the one it wants; the others are fallbacks.
    pub models: &'r [String],
    /// What it wants beside them; none: nothing.
    pub wishes: Option<&'r Wishes>,
    /// Whether the plan is to tell all that was considered, and not only what the client is told anyway.
    pub is_traced: bool,
}
