//! The first account and its first keys, and what `wardgate dev` adds to them.

use crate::assemble::Parts;
use crate::credentials::{self, Credentials};
use crate::settings::environment::FoundKey;
use anyhow::{Context, bail};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::{Account, ApiKey, DEFAULT_TEAM, OperatorKey, Role, Team};
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, ApiKeyId, CustomProviderId, OperatorKeyId, ProviderKeyId, TeamId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider::{CustomProvider, CustomSurface};
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::secret::redact;
use wardgate_keys::mint::{Minted, mint};
use wardgate_keys::token::{self, KeyId};
use wardgate_store::Page;

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

/// The account, whose data key this process can open.
async fn ensure_account(parts: &Parts) -> anyhow::Result<Account> {
    if let Some(account) = parts.store.account_by_name(FIRST_ACCOUNT).await? {
        if parts.master_key.open_data_key(account.id, &account.sealed_data_key).is_err() {
            bail!("this master key is not the one that sealed the database's secrets; start with the right one");
        }
        return Ok(account);
    }
    let now = parts.clock.now();
    let id = AccountId::new(now, &*parts.random);
    let (_, sealed_data_key) = parts.master_key.new_data_key(id, &*parts.random);
    let account = Account { id, name: FIRST_ACCOUNT.to_owned(), sealed_data_key, created_at: now };
    let team = Team { id: TeamId::new(now, &*parts.random), account_id: id, name: DEFAULT_TEAM.to_owned(), created_at: now };
    parts.store.create_account(&account, &team).await?;
    Ok(account)
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
    let team = parts.store.team_by_name(account.id, DEFAULT_TEAM).await?.context("the account has no default team")?;
    let tenant = parts.store.tenant(account.id);
    let label = Some("first key".to_owned());
    let key = AccessKey {
        id: access_key_id,
        account_id: account.id,
        team_id: team.id,
        name: label.clone(),
        description: None,
        metadata: None,
        secret_hash: access_key.secret_hash,
        redacted: access_key.redacted,
        created_at: now,
        updated_at: now,
        created_by: ACTOR.to_owned(),
        updated_by: ACTOR.to_owned(),
        last_used_at: None,
        revoked_at: None,
    };
    tenant.create_access_key(&key).await?;
    let key = ApiKey {
        id: api_key_id,
        account_id: account.id,
        role: Role::Admin,
        name: label,
        secret_hash: api_key.secret_hash,
        created_at: now,
        deleted_at: None,
    };
    tenant.create_api_key(&key).await?;
    let key = OperatorKey { id: operator_key_id, secret_hash: operator_key.secret_hash, created_at: now, deleted_at: None };
    parts.store.create_operator_key(&key).await?;
    Ok(credentials)
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
    Ok(access_key.is_some_and(|key| key.revoked_at.is_none())
        && api_key.is_some_and(|key| key.deleted_at.is_none())
        && operator_key.is_some_and(|key| key.deleted_at.is_none()))
}

/// Keeps one provider key for each credential in the environment, and none for those that went away.
pub(crate) async fn attach_environment(parts: &Parts, bootstrapped: &Bootstrapped, found: &[FoundKey]) -> anyhow::Result<()> {
    let account = &bootstrapped.account;
    let tenant = parts.store.tenant(account.id);
    let data_key = parts.master_key.open_data_key(account.id, &account.sealed_data_key)?;
    let stored = tenant.list_provider_keys(None, Page::first()).await?.items;
    let label = |variable: &str| format!("environment: {variable}");
    for key in stored.iter().filter(|key| key.name.starts_with("environment: ")) {
        let same = found.iter().find(|found| found.provider == key.provider_name && label(&found.variable) == key.name);
        let is_current = same.is_some_and(|found| {
            data_key.open(key.id, &key.sealed_value).is_ok_and(|value| value.expose() == found.value.expose())
        });
        if !is_current {
            tenant.delete_provider_key(key.id).await?;
        }
    }
    let stored = tenant.list_provider_keys(None, Page::first()).await?.items;
    for found in found {
        if !found.value.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            tracing::warn!(variable = found.variable, "not attached: the value holds characters that no header can");
            continue;
        }
        let name = label(&found.variable);
        if !stored.iter().any(|key| key.provider_name == found.provider && key.name == name) {
            let now = parts.clock.now();
            let id = ProviderKeyId::new(now, &*parts.random);
            let key = ProviderKey {
                id,
                account_id: account.id,
                provider_name: found.provider.clone(),
                name,
                description: None,
                metadata: None,
                sealed_value: data_key.seal(id, &found.value, &*parts.random),
                redacted: redact(found.value.expose()),
                created_at: now,
                updated_at: now,
                created_by: ACTOR.to_owned(),
                updated_by: ACTOR.to_owned(),
            };
            tenant.create_provider_key(&key).await?;
        }
        bootstrapped.attach(format!("{} ({})", found.provider, found.variable));
    }
    Ok(())
}

/// Where Ollama listens unless told otherwise.
const OLLAMA: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 11_434);

/// How long to knock.
const KNOCK: Duration = Duration::from_millis(100);

/// Adds a local Ollama as a custom provider, if one answers.
pub(crate) async fn attach_ollama(parts: &Parts, bootstrapped: &Bootstrapped) -> anyhow::Result<()> {
    if !matches!(tokio::time::timeout(KNOCK, tokio::net::TcpStream::connect(OLLAMA)).await, Ok(Ok(_))) {
        return Ok(());
    }
    let tenant = parts.store.tenant(bootstrapped.account.id);
    let provider_name = ProviderName::new("ollama")?;
    if tenant.get_provider_by_name(&provider_name).await?.is_none() {
        let now = parts.clock.now();
        let provider = CustomProvider {
            id: CustomProviderId::new(now, &*parts.random),
            account_id: bootstrapped.account.id,
            provider_name,
            display_name: "Ollama".to_owned(),
            base_url: format!("http://{OLLAMA}"),
            metadata: None,
            surfaces: Surface::ALL.map(|surface| CustomSurface { surface, base_url: None }).into(),
            models: Vec::new(),
            created_at: now,
            updated_at: now,
            created_by: ACTOR.to_owned(),
            updated_by: ACTOR.to_owned(),
        };
        tenant.create_provider(&provider).await?;
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
