//! The credential that a client presents on the data plane.

use crate::id::{AccessKeyId, AccountId, ConfigurationId, TeamId};
use crate::label::Label;
use crate::stamp::Stamp;
use crate::time::Timestamp;
use ipnet::IpNet;
use std::net::IpAddr;

/// An access key as it is stored. The secret itself is not: only its hash, and a form fit to be shown.
#[derive(Clone)]
pub struct AccessKey {
    /// Its id, part of the token.
    pub id: AccessKeyId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The team it is issued to.
    pub team_id: TeamId,
    /// What it may call and how; none: everything, in the default way.
    pub configuration_id: Option<ConfigurationId>,
    /// Its texts.
    pub label: Label,
    /// Words to find and group keys by; at most [`TAGS_MAX`], each of 1 to 64 characters, none twice.
    pub tags: Vec<String>,
    /// The argon2id hash of its secret, as a PHC string.
    pub secret_hash: String,
    /// The secret it had before it was rotated, while that is still served.
    pub previous_secret: Option<PreviousSecret>,
    /// The token with its middle cut out, for people to recognize.
    pub redacted: String,
    /// From when on it is refused, if ever.
    pub expires_at: Option<Timestamp>,
    /// Since when it is refused, until someone enables it again.
    pub disabled_at: Option<Timestamp>,
    /// From where it may be used; empty: from anywhere. At most [`ALLOWED_NETWORKS_MAX`].
    pub allowed_networks: Vec<IpNet>,
    /// When it was last seen, to within a few minutes.
    pub last_used_at: Option<Timestamp>,
    /// When and by whom.
    pub stamp: Stamp,
    /// When it was revoked. A revoked key is remembered so that its holder learns why it stopped working.
    pub revoked_at: Option<Timestamp>,
}

/// The most tags of one key.
pub const TAGS_MAX: usize = 20;

/// The most networks of one key.
pub const ALLOWED_NETWORKS_MAX: usize = 100;

/// A secret that is on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousSecret {
    /// Its argon2id hash, as a PHC string.
    pub hash: String,
    /// From when on it is refused.
    pub valid_until: Timestamp,
}

/// Whether a key may be used, apart from its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyStatus {
    /// It may.
    Active,
    /// Someone disabled it.
    Disabled,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl KeyStatus {
    /// Every status that a stored key is listed with. A revoked one is not listed.
    pub const LISTED: [Self; 3] = [Self::Active, Self::Disabled, Self::Expired];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl AccessKey {
    /// Whether it may be used at this instant.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.revoked_at.is_some() {
            KeyStatus::Revoked
        } else if self.disabled_at.is_some() {
            KeyStatus::Disabled
        } else if self.expires_at.is_some_and(|end| end <= now) {
            KeyStatus::Expired
        } else {
            KeyStatus::Active
        }
    }

    /// Whether it may be used from this address. An IPv4 address that is written as an IPv6 one counts as itself.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed_networks.is_empty() || self.allowed_networks.iter().any(|network| network.contains(&address))
    }
}
