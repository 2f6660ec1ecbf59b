//! The first account and its first keys, and what `wardgate dev` adds to them.

use crate::assemble::Parts;
use crate::credentials::{self, Credentials};
use crate::settings::environment::FoundKey;
use anyhow::Context;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wardgate_core::access_key::{AccessKey, KeyStatus};
use wardgate_core::account::Account;
use wardgate_core::api_key::{ApiKey, OperatorKey, Role};
use wardgate_core::audit::AuditEvent;
use wardgate_core::format::Surface;
use wardgate_core::id::{
    AccessKeyId, AccountId, ApiKeyId, AuditEventId, CustomProviderId, OperatorKeyId, ProviderKeyId, TeamId,
};
use wardgate_core::label::Label;
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{CustomProvider, CustomSurface};
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::secret::redact;
use wardgate_core::stamp::Stamp;
use wardgate_keys::mint::{Minted, mint};
use wardgate_keys::token::{self, KeyId};
use wardgate_store::kinds::{CustomProviderFilter, ProviderKeyFilter};
use wardgate_store::{Collection, Page, StoreError};

/// The account that a new gateway has.
pub(crate) const FIRST_ACCOUNT: &str = "default";

/// Who made what is made here.
const ACTOR: &str = "wardgate";

/// A gateway with its first account.
pub(crate) struct Bootstrapped {
    account: Account,
    /// The first keys.
    pub(crate) credentials: Credentials,
    /// What was attached, for people.
    pub(crate) attached: Mutex<Vec<String>>,
}

/// For `dev`: the account and keys that work, made again where they are missing.
pub(crate) async fn dev(parts: &Parts) -> anyhow::Result<Bootstrapped> {
    let kept = Credentials::read(&parts.data_dir)?;
    let credentials = match kept {
        Some(credentials) if work(parts, &credentials).await? => credentials,
        _ => make_credentials(parts).await?,
    };
    Ok(Bootstrapped { account: ensure_account(parts).await?, credentials, attached: Mutex::default() })
}

/// For `serve`: the account and its keys at the very first start. Once they were made, the file may be taken away.
pub(crate) async fn serve(parts: &Parts) -> anyhow::Result<()> {
    let is_complete = match Credentials::read(&parts.data_dir)? {
        Some(credentials) => work(parts, &credentials).await?,
        None => parts.store.account_by_name(FIRST_ACCOUNT).await?.is_some(),
    };
    if !is_complete {
        make_credentials(parts).await?;
        let path = credentials::path(&parts.data_dir);
        tracing::info!(path = %path.display(), "first start: the account \"default\" was made, and its keys written to this file");
    }
    ensure_account(parts).await?;
    Ok(())
}

/// The account.
async fn ensure_account(parts: &Parts) -> anyhow::Result<Account> {
    if let Some(account) = parts.store.account_by_name(FIRST_ACCOUNT).await? {
        return Ok(account);
    }
    let now = parts.clock.now();
    let id = AccountId::new(now, &*parts.random);
    let (_, sealed_data_key) = parts.master_key.new_data_key(id, &*parts.random);
    let account = Account {
        id,
        name: FIRST_ACCOUNT.to_owned(),
        metadata: None,
        tier: None,
        suspended_at: None,
        prepaid: None,
        default_team_id: TeamId::new(now, &*parts.random),
        sealed_data_key,
        stamp: Stamp::first(now, ACTOR),
    };
    let audit = audit(parts, None, "account.create", account.id.to_string());
    match Collection::<Account>::create(&*parts.store, &account, &audit).await {
        Ok(()) => Ok(account),
        // Another process that starts at the same time was faster.
        Err(StoreError::Conflict { .. }) => {
            parts.store.account_by_name(FIRST_ACCOUNT).await?.context("the first account was made and went away")
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes the first keys. The file is written before anything is stored: a start that is cut off in between finds keys in the
/// file that do not work, and makes others.
async fn make_credentials(parts: &Parts) -> anyhow::Result<Credentials> {
    let now = parts.clock.now();
    let (access_key_id, access_key) = minted(parts, AccessKeyId::new(now, &*parts.random)).await?;
    let (api_key_id, api_key) = minted(parts, ApiKeyId::new(now, &*parts.random)).await?;
    let (operator_key_id, operator_key) = minted(parts, OperatorKeyId::new(now, &*parts.random)).await?;
    let credentials = Credentials { access_key: access_key.token, api_key: api_key.token, operator_key: operator_key.token };
    credentials.write(&parts.data_dir)?;

    let account = ensure_account(parts).await?;
    let tenant = parts.store.tenant(account.id);
    let (label, stamp) = (Label::named("first key"), Stamp::first(now, ACTOR));
    let key = AccessKey {
        id: access_key_id,
        account_id: account.id,
        team_id: account.default_team_id,
        configuration_id: None,
        label: label.clone(),
        tags: Vec::new(),
        secret_hash: access_key.secret_hash,
        previous_secret: None,
        redacted: access_key.redacted,
        expires_at: None,
        disabled_at: None,
        allowed_networks: Vec::new(),
        last_used_at: None,
        stamp: stamp.clone(),
        revoked_at: None,
    };
    let event = audit(parts, Some(account.id), "access_key.create", key.id.to_string());
    Collection::<AccessKey>::create(&*tenant, &key, &event).await?;
    let key = ApiKey {
        id: api_key_id,
        account_id: account.id,
        role: Role::Admin,
        label: label.clone(),
        secret_hash: api_key.secret_hash,
        redacted: api_key.redacted,
        expires_at: None,
        last_used_at: None,
        stamp: stamp.clone(),
        deleted_at: None,
    };
    let event = audit(parts, Some(account.id), "api_key.create", key.id.to_string());
    Collection::<ApiKey>::create(&*tenant, &key, &event).await?;
    let key = OperatorKey {
        id: operator_key_id,
        label,
        secret_hash: operator_key.secret_hash,
        redacted: operator_key.redacted,
        expires_at: None,
        last_used_at: None,
        stamp,
        deleted_at: None,
    };
    let event = audit(parts, None, "operator_key.create", key.id.to_string());
    Collection::<OperatorKey>::create(&*parts.store, &key, &event).await?;
    Ok(credentials)
}

/// The entry of the audit log for something that the process does by itself.
fn audit(parts: &Parts, account_id: Option<AccountId>, action: &str, object_id: String) -> AuditEvent {
    let at = parts.clock.now();
    AuditEvent {
        id: AuditEventId::new(at, &*parts.random),
        account_id,
        at,
        actor: ACTOR.to_owned(),
        address: None,
        action: action.to_owned(),
        object_id,
        before: None,
        after: None,
    }
}

async fn minted<Id: KeyId + Send + 'static>(parts: &Parts, id: Id) -> anyhow::Result<(Id, Minted)> {
    let random = Arc::clone(&parts.random);
    Ok((id, parts.lane.run(move || mint(id, &*random)).await??))
}

/// Whether the keys in the file are those of this database.
async fn work(parts: &Parts, credentials: &Credentials) -> anyhow::Result<bool> {
    let access_key = token::parse::<AccessKeyId>(credentials.access_key.expose());
    let api_key = token::parse::<ApiKeyId>(credentials.api_key.expose());
    let operator_key = token::parse::<OperatorKeyId>(credentials.operator_key.expose());
    let (Ok(access_key), Ok(api_key), Ok(operator_key)) = (access_key, api_key, operator_key) else {
        return Ok(false);
    };
    let access_key = parts.store.access_key(access_key.id).await?;
    let api_key = parts.store.api_key(api_key.id).await?;
    let operator_key = parts.store.operator_key(operator_key.id).await?;
    let now = parts.clock.now();
    Ok(access_key.is_some_and(|key| key.status(now) == KeyStatus::Active)
        && api_key.is_some_and(|key| key.deleted_at.is_none())
        && operator_key.is_some_and(|key| key.deleted_at.is_none()))
}

/// Keeps one provider key for each credential in the environment, and none for those that went away.
pub(crate) async fn attach_environment(parts: &Parts, bootstrapped: &Bootstrapped, found: &[FoundKey]) -> anyhow::Result<()> {
    let account = &bootstrapped.account;
    let tenant = parts.store.tenant(account.id);
    let data_key = parts.master_key.open_data_key(account.id, &account.sealed_data_key)?;
    let filter = ProviderKeyFilter::default();
    let stored: Vec<ProviderKey> = tenant.list(&filter, Page::first()).await?.items;
    let label = |variable: &str| format!("environment: {variable}");
    for key in stored.iter().filter(|key| key.label.name().starts_with("environment: ")) {
        let same = found.iter().find(|found| found.provider == key.provider_name && label(&found.variable) == key.label.name());
        let is_current = same.is_some_and(|found| {
            data_key.open(key.id, &key.sealed_value).is_ok_and(|value| value.expose() == found.value.expose())
        });
        if !is_current {
            let event = audit(parts, Some(account.id), "provider_key.delete", key.id.to_string());
            Collection::<ProviderKey>::delete(&*tenant, key.id, None, &event).await?;
        }
    }
    let stored: Vec<ProviderKey> = tenant.list(&filter, Page::first()).await?.items;
    for found in found {
        if !found.value.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            tracing::warn!(variable = found.variable, "not attached: the value holds characters that no header can");
            continue;
        }
        let name = label(&found.variable);
        if !stored.iter().any(|key| key.provider_name == found.provider && key.label.name() == name) {
            let now = parts.clock.now();
            let id = ProviderKeyId::new(now, &*parts.random);
            let key = ProviderKey {
                id,
                account_id: account.id,
                provider_name: found.provider.clone(),
                label: Label::named(name),
                sealed_value: data_key.seal(id, &found.value, &*parts.random),
                redacted: redact(found.value.expose()),
                last_used_at: None,
                stamp: Stamp::first(now, ACTOR),
            };
            let event = audit(parts, Some(account.id), "provider_key.create", id.to_string());
            tenant.create(&key, &event).await?;
        }
        bootstrapped.attach(format!("{} ({})", found.provider, found.variable));
    }
    Ok(())
}

/// Where Ollama listens unless told otherwise.
const OLLAMA: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 11_434);

/// What it serves.
const OLLAMA_SURFACES: [Surface; 5] =
    [Surface::ChatCompletions, Surface::Responses, Surface::Messages, Surface::Completions, Surface::Embeddings];

/// How long to knock.
const KNOCK: Duration = Duration::from_millis(100);

/// Adds a local Ollama as a custom provider, if one answers.
pub(crate) async fn attach_ollama(parts: &Parts, bootstrapped: &Bootstrapped) -> anyhow::Result<()> {
    if !matches!(tokio::time::timeout(KNOCK, tokio::net::TcpStream::connect(OLLAMA)).await, Ok(Ok(_))) {
        return Ok(());
    }
    let tenant = parts.store.tenant(bootstrapped.account.id);
    let provider_name = ProviderName::new("ollama")?;
    let filter = CustomProviderFilter { provider: Some(provider_name.clone()), ..CustomProviderFilter::default() };
    if Collection::<CustomProvider>::count(&*tenant, &filter).await? == 0 {
        let now = parts.clock.now();
        let provider = CustomProvider {
            id: CustomProviderId::new(now, &*parts.random),
            account_id: bootstrapped.account.id,
            provider_name,
            display_name: "Ollama".to_owned(),
            base_url: format!("http://{OLLAMA}"),
            metadata: None,
            auth_scheme: None,
            headers: Vec::new(),
            surfaces: OLLAMA_SURFACES.map(CustomSurface::plain).into(),
            models: Vec::new(),
            stamp: Stamp::first(now, ACTOR),
        };
        let event = audit(parts, Some(provider.account_id), "provider.create", provider.id.to_string());
        tenant.create(&provider, &event).await?;
    }
    bootstrapped.attach("ollama (local)".to_owned());
    Ok(())
}

impl Bootstrapped {
    fn attach(&self, what: String) {
        if let Ok(mut attached) = self.attached.lock() {
            attached.push(what);
        }
    }
}
