//! Access tokens that stand for a credential for a while.
//!
//! A token is renewed when most of its life is over, by one call while the others go on with the one that is there. Without
//! one that still holds, all wait for the call that fetches it.

use super::AuthError;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wardgate_core::secret::Secret;
use wardgate_core::time::Timestamp;

/// The most credentials whose tokens are kept.
const TOKENS_MAX: usize = 10_000;

/// How long before its end a token is no longer used: a call takes its time until it is checked.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a refusal is believed.
const REFUSAL: Duration = Duration::from_secs(5);

/// Tokens by the hash of the credential they stand for.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Arc<Mutex<HashMap<[u8; 32], Arc<Slot>>>>);

/// The token of one credential.
#[derive(Default)]
struct Slot {
    known: Mutex<Known>,
    /// Held while one is fetched.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
enum Known {
    #[default]
    Nothing,
    Token {
        token: Arc<Secret>,
        renew_at: Timestamp,
        until: Timestamp,
    },
    Refused {
        error: AuthError,
        until: Timestamp,
    },
}

/// A token as it was handed out.
pub(crate) struct Fetched {
    /// The token.
    pub(crate) token: Secret,
    /// How long it holds from now.
    pub(crate) life: Duration,
}

impl Tokens {
    /// The token of a credential. `fetch` is called when a new one is needed.
    pub(crate) async fn get(
        &self,
        credential: &Secret,
        now: Timestamp,
        fetch: impl AsyncFnOnce() -> Result<Fetched, AuthError>,
    ) -> Result<Arc<Secret>, AuthError> {
        let slot = self.slot(credential, now);
        let held = match slot.known() {
            Known::Token { token, renew_at, .. } if now < renew_at => return Ok(token),
            Known::Refused { error, until } if now < until => return Err(error),
            Known::Token { token, until, .. } if now < until => Some(token),
            _ => None,
        };
        let _fetching = match (slot.fetching.try_lock(), held) {
            (Ok(guard), _) => guard,
            (Err(_), Some(token)) => return Ok(token),
            (Err(_), None) => {
                let guard = slot.fetching.lock().await;
                match slot.known() {
                    Known::Token { token, until, .. } if now < until => return Ok(token),
                    Known::Refused { error, until } if now < until => return Err(error),
                    _ => guard,
                }
            }
        };
        let fetched = fetch().await;
        let mut known = slot.known.lock().unwrap_or_else(PoisonError::into_inner);
        match (fetched, &*known) {
            (Ok(fetched), _) => {
                let token = Arc::new(fetched.token);
                let until = now.plus(fetched.life.saturating_sub(MARGIN));
                *known =
                    Known::Token { token: Arc::clone(&token), renew_at: now.plus(fetched.life.mul_f64(0.8)).min(until), until };
                Ok(token)
            }
            // One that could not be renewed holds until its end.
            (Err(_), Known::Token { token, until, .. }) if now < *until => Ok(Arc::clone(token)),
            (Err(error), _) => {
                *known = Known::Refused { error: error.clone(), until: now.plus(REFUSAL) };
                Err(error)
            }
        }
    }

    fn slot(&self, credential: &Secret, now: Timestamp) -> Arc<Slot> {
        let hash = digest(&SHA256, credential.expose().as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(hash.as_ref());
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= TOKENS_MAX && !slots.contains_key(&key) {
            slots.retain(|_, slot| matches!(slot.known(), Known::Token { until, .. } if now < until));
            if slots.len() >= TOKENS_MAX {
                // They are fetched again. Whoever waits for one keeps its own hold of it.
                slots.clear();
            }
        }
        Arc::clone(slots.entry(key).or_default())
    }
}

impl Slot {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_millis(seconds * 1_000)
    }

    /// Asks for a token, which names how many were fetched before it.
    async fn ask(tokens: &Tokens, fetched: &AtomicU32, seconds: i64, is_refused: bool) -> Option<String> {
        let fetch = async || {
            let number = fetched.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            if is_refused {
                Err(AuthError::TokenRefused(400))
            } else {
                Ok(Fetched { token: Secret::new(number.to_string()), life: HOUR })
            }
        };
        tokens.get(&Secret::from("c"), at(seconds), fetch).await.ok().map(|token| token.expose().to_owned())
    }

    #[tokio::test]
    async fn a_token_is_kept_until_most_of_its_life_is_over() {
        let (tokens, fetched) = (Tokens::default(), AtomicU32::new(0));
        for (seconds, is_refused, expected) in [
            (0, false, Some("0")),
            (2_879, false, Some("0")),
            (2_880, false, Some("1")),
            // A failed renewal changes nothing while the old one holds.
            (6_000, true, Some("1")),
            (6_419, true, Some("1")),
            (6_420, true, None),
            // A refusal is believed for a moment.
            (6_424, false, None),
            (6_425, false, Some("5")),
        ] {
            assert_eq!(ask(&tokens, &fetched, seconds, is_refused).await.as_deref(), expected, "{seconds}");
        }
    }

    #[tokio::test]
    async fn many_that_ask_at_once_share_one_fetch() {
        let (tokens, fetched) = (Tokens::default(), AtomicU32::new(0));
        let (a, b, c) =
            tokio::join!(ask(&tokens, &fetched, 0, false), ask(&tokens, &fetched, 0, false), ask(&tokens, &fetched, 0, false));
        assert_eq!((a.as_deref(), b.as_deref(), c.as_deref()), (Some("0"), Some("0"), Some("0")));
        // While it is renewed, whoever finds it under way goes on with the old one.
        let (a, b) = tokio::join!(ask(&tokens, &fetched, 3_000, false), ask(&tokens, &fetched, 3_000, false));
        assert_eq!((a.as_deref(), b.as_deref()), (Some("1"), Some("0")));
    }
}
