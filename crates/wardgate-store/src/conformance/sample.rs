//! Things to put into a store. Each call gives another id.

use crate::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, ApiKey, DEFAULT_TEAM, OperatorKey, Role, Team};
use wardgate_core::format::Surface;
use wardgate_core::id::{
    AccessKeyId, AccountId, ApiKeyId, CustomModelId, CustomProviderId, OperatorKeyId, ProviderKeyId, RequestId, TeamId,
    UsageEventId,
};
use wardgate_core::money::NanoUsd;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{CustomModel, CustomProvider, CustomSurface};
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::random::Counting;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage, UsageEvent, UsageSource};

/// The instant at which samples begin, with microseconds, so that a store that keeps only milliseconds is found out.
pub const START: Timestamp = Timestamp::from_unix_micros(1_795_325_445_250_123);

/// An account and its first team, as [`tenant`] stored them.
pub struct Owner {
    /// The account.
    pub account: Account,
    /// Its team.
    pub team: Team,
}

/// A later instant at each call, so that ids and times grow in the order of making.
#[must_use]
pub fn next_instant() -> Timestamp {
    static STEPS: AtomicI64 = AtomicI64::new(0);
    Timestamp::from_unix_micros(START.unix_micros() + 1_001 * STEPS.fetch_add(1, Ordering::Relaxed))
}

/// Stores an account of this name with its first team.
pub async fn tenant(store: &dyn Store, name: &str) -> Owner {
    let owner = owner(name);
    store.create_account(&owner.account, &owner.team).await.unwrap();
    owner
}

/// An account of this name with its first team, not stored.
#[must_use]
pub fn owner(name: &str) -> Owner {
    let now = next_instant();
    let random = Counting::default();
    let account = Account {
        id: AccountId::new(now, &random),
        name: name.to_owned(),
        sealed_data_key: vec![0, 1, 254, 255],
        created_at: now,
    };
    let team = Team {
        id: TeamId::new(now, &random),
        account_id: account.id,
        name: DEFAULT_TEAM.to_owned(),
        created_at: next_instant(),
    };
    Owner { account, team }
}

/// An access key with every field set.
#[must_use]
pub fn access_key(owner: &Owner) -> AccessKey {
    let now = next_instant();
    AccessKey {
        id: AccessKeyId::new(now, &Counting::default()),
        account_id: owner.account.id,
        team_id: owner.team.id,
        name: Some("name ✓".to_owned()),
        description: Some(String::new()),
        metadata: None,
        secret_hash: "$argon2id$…".to_owned(),
        redacted: "ng-abc***xyz".to_owned(),
        created_at: now,
        updated_at: next_instant(),
        created_by: "maker".to_owned(),
        updated_by: "changer".to_owned(),
        last_used_at: None,
        revoked_at: None,
    }
}

/// An API key.
#[must_use]
pub fn api_key(owner: &Owner) -> ApiKey {
    let now = next_instant();
    ApiKey {
        id: ApiKeyId::new(now, &Counting::default()),
        account_id: owner.account.id,
        role: Role::Editor,
        name: Some("ci".to_owned()),
        secret_hash: "$argon2id$…".to_owned(),
        created_at: now,
        deleted_at: None,
    }
}

/// An operator key.
#[must_use]
pub fn operator_key() -> OperatorKey {
    let now = next_instant();
    let id = OperatorKeyId::new(now, &Counting::default());
    OperatorKey { id, secret_hash: "$argon2id$…".to_owned(), created_at: now, deleted_at: None }
}

/// A provider key for a provider of this name.
#[must_use]
pub fn provider_key(owner: &Owner, provider: &str) -> ProviderKey {
    let now = next_instant();
    ProviderKey {
        id: ProviderKeyId::new(now, &Counting::default()),
        account_id: owner.account.id,
        provider_name: ProviderName::new(provider).unwrap(),
        name: "production".to_owned(),
        description: None,
        metadata: Some("{}".to_owned()),
        sealed_value: vec![1, 0, 255],
        redacted: "sk-proj-01***ghij".to_owned(),
        created_at: now,
        updated_at: next_instant(),
        created_by: "maker".to_owned(),
        updated_by: "changer".to_owned(),
    }
}

/// A custom provider of this name with two surfaces and two models, neither in alphabetical order.
#[must_use]
pub fn provider(owner: &Owner, name: &str) -> CustomProvider {
    let now = next_instant();
    let model = |model_id: &str, provider_model_id: Option<&str>| CustomModel {
        id: CustomModelId::new(next_instant(), &Counting::default()),
        model_id: model_id.to_owned(),
        provider_model_id: provider_model_id.map(str::to_owned),
    };
    CustomProvider {
        id: CustomProviderId::new(now, &Counting::default()),
        account_id: owner.account.id,
        provider_name: ProviderName::new(name).unwrap(),
        display_name: "Ollama".to_owned(),
        base_url: "http://127.0.0.1:11434/v1".to_owned(),
        metadata: None,
        surfaces: vec![
            CustomSurface { surface: Surface::Messages, base_url: Some("http://127.0.0.1:1/anthropic".to_owned()) },
            CustomSurface { surface: Surface::ChatCompletions, base_url: None },
        ],
        models: vec![model("qwen3:8b", Some("Qwen/Qwen3-8B")), model("llama", None)],
        created_at: now,
        updated_at: next_instant(),
        created_by: "maker".to_owned(),
        updated_by: "changer".to_owned(),
    }
}

/// A usage event with every field set.
#[must_use]
pub fn usage_event(owner: &Owner) -> UsageEvent {
    let now = next_instant();
    let random = Counting::default();
    UsageEvent {
        id: UsageEventId::new(now, &random),
        request_id: RequestId::new(now, &random),
        account_id: owner.account.id,
        team_id: owner.team.id,
        access_key_id: AccessKeyId::new(now, &random),
        event_time: now,
        surface: Surface::Messages,
        provider: ProviderName::new("anthropic").unwrap(),
        model: Arc::from("Claude-Opus"),
        provider_key_id: Some(ProviderKeyId::new(now, &random)),
        provider_key_redacted: Some("sk-ant-api***wxyz".to_owned()),
        attempt_number: 2,
        is_final: true,
        status_code: 529,
        completion: Completion::StreamFailed,
        is_streaming: true,
        stop_reason: Some("end_turn".to_owned()),
        usage: Usage {
            input_uncached: 1,
            cache_read: 2,
            cache_write_5m: 3,
            cache_write_1h: 4,
            cache_write_other: 5,
            output: 6,
            reasoning: 7,
        },
        usage_source: UsageSource::Estimated,
        cost: Some(NanoUsd::new(123_456_789)),
        duration_us: 1_500_000,
        first_token_us: Some(250_000),
    }
}
