//! Things to put into a store, with every field set. Each call gives another id.

use crate::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use wardgate_core::access_key::{AccessKey, PreviousSecret};
use wardgate_core::account::{Account, Team};
use wardgate_core::api_key::{ApiKey, OperatorKey, Role};
use wardgate_core::audit::AuditEvent;
use wardgate_core::budget::{Budget, BudgetOwner, BudgetWindow};
use wardgate_core::configuration::{Configuration, References, VirtualModel};
use wardgate_core::credit::{Credit, CreditCategory, PrepaidScope, Purchase, PurchaseStatus};
use wardgate_core::format::{Format, Surface};
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::id::{
    AccessKeyId, AccountId, ApiKeyId, AuditEventId, BudgetId, ConfigurationId, CreditId, CustomModelId, CustomProviderId,
    ManagedKeyId, OperatorKeyId, ProviderKeyId, PurchaseId, RequestId, TeamId, TierId, UsageEventId, VirtualModelId,
};
use wardgate_core::label::Label;
use wardgate_core::money::{NanoUsd, PicoUsdPerToken};
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{AuthScheme, CustomHeader, CustomModel, CustomProvider, CustomSurface, DeclaredPrices};
use wardgate_core::provider_key::{ManagedKey, ProviderKey};
use wardgate_core::random::Counting;
use wardgate_core::stamp::{Stamp, Version};
use wardgate_core::tier::{Tier, TierName};
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage, UsageEvent, UsageSource};

/// The instant at which samples begin, with microseconds, so that a store that keeps only milliseconds is found out.
pub const START: Timestamp = Timestamp::from_unix_micros(1_795_325_445_250_123);

/// A later instant at each call, so that ids and times grow in the order of making.
#[must_use]
pub fn next_instant() -> Timestamp {
    static STEPS: AtomicI64 = AtomicI64::new(0);
    Timestamp::from_unix_micros(START.unix_micros() + 1_001 * STEPS.fetch_add(1, Ordering::Relaxed))
}

/// A name that was not given before, fit for a provider and a tier.
#[must_use]
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", next_instant().since(START).as_micros())
}

/// A provider's name.
#[must_use]
pub fn provider_name(name: &str) -> ProviderName {
    ProviderName::new(name).unwrap()
}

/// A tier's name.
#[must_use]
pub fn tier_name(name: &str) -> TierName {
    TierName::new(name).unwrap()
}

/// Stores an account of this name.
pub async fn tenant(store: &dyn Store, name: &str) -> Account {
    let account = account(name);
    store.create(&account, &audit(None)).await.unwrap();
    account
}

/// Stores something that belongs to an account.
pub async fn stored<T: super::Owned>(store: &dyn Store, owner: &Account, object: T) -> T {
    let tenant = store.tenant(owner.id);
    T::collection(store, &*tenant).create(&object, &audit(owner.id)).await.unwrap();
    object
}

/// An account of this name.
#[must_use]
pub fn account(name: &str) -> Account {
    let now = next_instant();
    Account {
        id: AccountId::new(now, &Counting::default()),
        name: name.to_owned(),
        metadata: Some("m".repeat(4_096)),
        tier: Some(tier_name("pay-as-you-go")),
        suspended_at: Some(next_instant()),
        prepaid: Some(PrepaidScope::Managed),
        // Not of the account's own bytes: who spends is told apart by them.
        default_team_id: TeamId::new(next_instant(), &Counting::default()),
        sealed_data_key: vec![0, 1, 254, 255],
        stamp: stamp(now),
    }
}

/// A team.
#[must_use]
pub fn team(owner: &Account) -> Team {
    let now = next_instant();
    Team {
        id: TeamId::new(now, &Counting::default()),
        account_id: owner.id,
        label: label("team"),
        tier: Some(tier_name("free")),
        stamp: stamp(now),
    }
}

/// A budget of the whole account.
#[must_use]
pub fn budget(owner: &Account) -> Budget {
    let now = next_instant();
    Budget {
        id: BudgetId::new(now, &Counting::default()),
        account_id: owner.id,
        label: label(&unique("budget")),
        owner: BudgetOwner::Account,
        window: BudgetWindow::Month,
        hard: Some(NanoUsd::new(10_000_000_001)),
        soft: Some(NanoUsd::new(8_000_000_001)),
        stamp: stamp(now),
    }
}

/// A tier.
#[must_use]
pub fn tier() -> Tier {
    let now = next_instant();
    Tier {
        id: TierId::new(now, &Counting::default()),
        name: tier_name(&unique("tier")),
        document: "{\"requests_per_minute\": 1}".to_owned(),
        stamp: stamp(now),
    }
}

/// An access key of the default team, with no configuration.
#[must_use]
pub fn access_key(owner: &Account) -> AccessKey {
    let now = next_instant();
    AccessKey {
        id: AccessKeyId::new(now, &Counting::default()),
        account_id: owner.id,
        team_id: owner.default_team_id,
        configuration_id: None,
        label: label("access-key"),
        tags: vec!["prod".to_owned(), "a \"b\", c ✓".to_owned()],
        secret_hash: "$argon2id$…".to_owned(),
        previous_secret: Some(PreviousSecret { hash: "$argon2id$old".to_owned(), valid_until: next_instant() }),
        redacted: "ng-abc***xyz".to_owned(),
        expires_at: Some(next_instant()),
        disabled_at: Some(next_instant()),
        allowed_networks: vec!["2001:db8::/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
        last_used_at: Some(next_instant()),
        stamp: stamp(now),
        revoked_at: None,
    }
}

/// An API key.
#[must_use]
pub fn api_key(owner: &Account) -> ApiKey {
    let now = next_instant();
    ApiKey {
        id: ApiKeyId::new(now, &Counting::default()),
        account_id: owner.id,
        role: Role::Editor,
        label: label("api-key"),
        secret_hash: "$argon2id$…".to_owned(),
        redacted: "ng-api***xyz".to_owned(),
        expires_at: Some(next_instant()),
        last_used_at: Some(next_instant()),
        stamp: stamp(now),
        deleted_at: None,
    }
}

/// An operator key.
#[must_use]
pub fn operator_key() -> OperatorKey {
    let now = next_instant();
    OperatorKey {
        id: OperatorKeyId::new(now, &Counting::default()),
        label: label("operator-key"),
        secret_hash: "$argon2id$…".to_owned(),
        redacted: "ng-op***xyz".to_owned(),
        expires_at: Some(next_instant()),
        last_used_at: Some(next_instant()),
        stamp: stamp(now),
        deleted_at: None,
    }
}

/// A configuration that refers to these keys, and to providers of which none needs to be there.
#[must_use]
pub fn configuration(owner: &Account, keys: &[&ProviderKey]) -> Configuration {
    let now = next_instant();
    Configuration {
        id: ConfigurationId::new(now, &Counting::default()),
        account_id: owner.id,
        label: label("configuration"),
        document: "{\"scope\": [\"openai:*\"]}".to_owned(),
        references: References {
            provider_keys: keys.iter().map(|key| key.id).collect(),
            providers: vec![provider_name("openai"), provider_name("anthropic")],
        },
        stamp: stamp(now),
    }
}

/// A virtual model.
#[must_use]
pub fn virtual_model(owner: &Account) -> VirtualModel {
    let now = next_instant();
    VirtualModel {
        id: VirtualModelId::new(now, &Counting::default()),
        account_id: owner.id,
        label: label("virtual-model"),
        models: vec!["openai:gpt-4o".to_owned(), "a \"b\", c".to_owned()],
        stamp: stamp(now),
    }
}

/// A provider key for a provider of this name.
#[must_use]
pub fn provider_key(owner: &Account, provider: &str) -> ProviderKey {
    let now = next_instant();
    ProviderKey {
        id: ProviderKeyId::new(now, &Counting::default()),
        account_id: owner.id,
        provider_name: provider_name(provider),
        label: label("provider-key"),
        sealed_value: vec![1, 0, 255],
        redacted: "sk-proj-01***ghij".to_owned(),
        last_used_at: Some(next_instant()),
        stamp: stamp(now),
    }
}

/// A managed key for a provider of this name.
#[must_use]
pub fn managed_key(provider: &str) -> ManagedKey {
    let now = next_instant();
    ManagedKey {
        id: ManagedKeyId::new(now, &Counting::default()),
        provider_name: provider_name(provider),
        label: label("managed-key"),
        sealed_value: vec![2, 0, 255],
        redacted: "sk-proj-02***ghij".to_owned(),
        last_used_at: Some(next_instant()),
        stamp: stamp(now),
    }
}

/// A custom provider of this name with two surfaces and two models, neither in alphabetical order.
#[must_use]
pub fn provider(owner: &Account, name: &str) -> CustomProvider {
    let now = next_instant();
    CustomProvider {
        id: CustomProviderId::new(now, &Counting::default()),
        account_id: owner.id,
        provider_name: provider_name(name),
        display_name: "Ollama".to_owned(),
        base_url: "http://127.0.0.1:11434/v1".to_owned(),
        metadata: Some("{}".to_owned()),
        auth_scheme: Some(AuthScheme::AwsSigv4),
        headers: vec![
            CustomHeader { name: "x-team".to_owned(), value: "a: b".to_owned() },
            CustomHeader { name: "accept-language".to_owned(), value: String::new() },
        ],
        surfaces: vec![
            CustomSurface {
                surface: Surface::Messages,
                format: Format::AnthropicMessages,
                base_url: Some("http://127.0.0.1:1/anthropic".to_owned()),
                supported_params: vec!["top_p".to_owned(), "a \"b\"".to_owned()],
            },
            CustomSurface::plain(Surface::ChatCompletions),
            CustomSurface { format: Format::BedrockConverse, ..CustomSurface::plain(Surface::ChatCompletions) },
        ],
        models: vec![model("qwen3:8b", Some("Qwen/Qwen3-8B"), &["seed", "logit_bias"]), model("llama", None, &[])],
        stamp: stamp(now),
    }
}

/// A model of a custom provider.
#[must_use]
pub fn model(model_id: &str, provider_model_id: Option<&str>, unsupported_params: &[&str]) -> CustomModel {
    CustomModel {
        id: CustomModelId::new(next_instant(), &Counting::default()),
        model_id: model_id.to_owned(),
        provider_model_id: provider_model_id.map(str::to_owned),
        unsupported_params: unsupported_params.iter().map(|param| (*param).to_owned()).collect(),
        prices: provider_model_id.map(|_| DeclaredPrices { input: PicoUsdPerToken::new(1), output: PicoUsdPerToken::new(2) }),
    }
}

/// The first settings of an account.
#[must_use]
pub fn gateway_config(owner: &Account) -> GatewayConfig {
    GatewayConfig {
        account_id: owner.id,
        total_timeout: Duration::from_millis(1_500),
        per_request_timeout: Duration::from_millis(750),
        input_tokens_max: Some(1_000),
        output_tokens_max: Some(u64::from(u32::MAX)),
        unknown_price: Some(PicoUsdPerToken::new(75_000_000)),
        metadata: Some("{}".to_owned()),
        stamp: Some(stamp(next_instant())),
    }
}

/// A purchase that waits.
#[must_use]
pub fn purchase(owner: &Account) -> Purchase {
    let now = next_instant();
    Purchase {
        id: PurchaseId::new(now, &Counting::default()),
        account_id: owner.id,
        amount_cents: u32::MAX,
        status: PurchaseStatus::Pending,
        failure_message: Some("none yet".to_owned()),
        idempotency_key: Some(unique("key")),
        expires_at: next_instant(),
        stamp: stamp(now),
    }
}

/// A credit of two dollars that expires.
#[must_use]
pub fn credit(owner: &Account) -> Credit {
    let now = next_instant();
    Credit {
        id: CreditId::new(now, &Counting::default()),
        account_id: owner.id,
        amount: NanoUsd::new(2_000_000_000),
        category: CreditCategory::Promotional,
        note: Some("welcome ✓".to_owned()),
        expires_at: Some(next_instant()),
        created_at: now,
        created_by: "maker".to_owned(),
    }
}

/// A usage event.
#[must_use]
pub fn usage_event(owner: &Account) -> UsageEvent {
    let now = next_instant();
    let random = Counting::default();
    UsageEvent {
        id: UsageEventId::new(now, &random),
        request_id: RequestId::new(now, &random),
        account_id: owner.id,
        team_id: owner.default_team_id,
        access_key_id: AccessKeyId::new(now, &random),
        event_time: now,
        surface: Surface::Messages,
        provider: provider_name("anthropic"),
        model: Arc::from("Claude-Opus"),
        virtual_model: Some(Arc::from("smart")),
        provider_key_id: Some(ProviderKeyId::new(now, &random)),
        managed_key_id: Some(ManagedKeyId::new(now, &random)),
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
            ..Usage::default()
        },
        usage_source: UsageSource::Estimated,
        cost: Some(NanoUsd::new(123_456_789)),
        duration_us: 1_500_000,
        first_token_us: Some(250_000),
    }
}

/// An entry of the audit log about something of this account, or of the gateway.
#[must_use]
pub fn audit(account_id: impl Into<Option<AccountId>>) -> AuditEvent {
    let now = next_instant();
    AuditEvent {
        id: AuditEventId::new(now, &Counting::default()),
        account_id: account_id.into(),
        at: now,
        actor: "aigop_1".to_owned(),
        address: Some("2001:db8::1".parse().unwrap()),
        action: "thing.change".to_owned(),
        object_id: "thing_1".to_owned(),
        before: Some("{\"name\": \"old\"}".to_owned()),
        after: Some("{\"name\": \"new\"}".to_owned()),
    }
}

/// A stamp of the first version, in which no two fields are equal.
#[must_use]
pub fn stamp(created_at: Timestamp) -> Stamp {
    Stamp {
        created_at,
        updated_at: next_instant(),
        created_by: "maker".to_owned(),
        updated_by: "changer".to_owned(),
        version: Version::FIRST,
    }
}

fn label(kind: &str) -> Label {
    Label { name: Some(unique(kind)), description: Some("of all ✓".to_owned()), metadata: Some("{}".to_owned()) }
}
