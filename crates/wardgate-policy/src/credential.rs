//! The credentials that an account may use.

use foldhash::HashMap;
use wardgate_core::id::{ManagedKeyId, ProviderKeyId};
use wardgate_core::name::ProviderName;

/// With what a provider is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// Nothing: the provider works without.
    None,
    /// A key of the account.
    User(ProviderKeyId),
    /// A key of the operator that the account was granted.
    Managed(ManagedKeyId),
}

impl Credential {
    /// What kind it is, in APIs.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::User(_) => "user",
            Self::Managed(_) => "managed",
        }
    }

    /// The key of the account, if it is one.
    #[must_use]
    pub const fn user(self) -> Option<ProviderKeyId> {
        match self {
            Self::User(id) => Some(id),
            Self::Managed(_) | Self::None => None,
        }
    }

    /// The key of the operator, if it is one.
    #[must_use]
    pub const fn managed(self) -> Option<ManagedKeyId> {
        match self {
            Self::Managed(id) => Some(id),
            Self::User(_) | Self::None => None,
        }
    }
}

/// An account's credentials by provider, oldest first.
#[derive(Debug, Default)]
pub struct Credentials {
    user: HashMap<ProviderName, Vec<ProviderKeyId>>,
    managed: HashMap<ProviderName, Vec<ManagedKeyId>>,
    names: HashMap<ProviderKeyId, Box<str>>,
}

impl Credentials {
    /// Takes the account's own keys in the order of their making.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = (ProviderName, ProviderKeyId)>) -> Self {
        Self { user: by_provider(keys), managed: HashMap::default(), names: HashMap::default() }
    }

    /// With the managed keys that the account was granted, in the order of their making.
    #[must_use]
    pub fn with_managed(self, keys: impl IntoIterator<Item = (ProviderName, ManagedKeyId)>) -> Self {
        Self { managed: by_provider(keys), ..self }
    }

    /// With what the account calls its own keys.
    #[must_use]
    pub fn with_names<'n>(self, names: impl IntoIterator<Item = (ProviderKeyId, &'n str)>) -> Self {
        Self { names: names.into_iter().map(|(id, name)| (id, name.into())).collect(), ..self }
    }

    /// What a credential is called; empty for the operator's.
    #[must_use]
    pub fn name_of(&self, credential: Credential) -> &str {
        credential.user().and_then(|id| self.names.get(&id)).map_or("", |name| name)
    }

    /// The account's own keys of a provider.
    #[must_use]
    pub fn of(&self, provider: &str) -> &[ProviderKeyId] {
        self.user.get(provider).map_or(&[], Vec::as_slice)
    }

    /// The managed keys of a provider.
    #[must_use]
    pub fn managed_of(&self, provider: &str) -> &[ManagedKeyId] {
        self.managed.get(provider).map_or(&[], Vec::as_slice)
    }
}

fn by_provider<K>(keys: impl IntoIterator<Item = (ProviderName, K)>) -> HashMap<ProviderName, Vec<K>> {
    let mut by_provider: HashMap<ProviderName, Vec<K>> = HashMap::default();
    for (provider, key) in keys {
        by_provider.entry(provider).or_default().push(key);
    }
    by_provider
}
