//! Key tokens, how their secrets are hashed, and how provider credentials are sealed.
//!
//! Pure: randomness is an argument, and nothing here waits or remembers. This crate knows nothing of stores, HTTP or caches.
//! Start reading at [`token`], then [`hash`] for access keys and [`seal`] for provider keys.

pub mod hash;
pub mod mint;
pub mod pseudonym;
pub mod seal;
pub mod token;
