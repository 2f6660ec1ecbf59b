use super::*;
use crate::allowance::TierBook;
use crate::cache::TenantCache;
use wardgate_core::account::Account;
use wardgate_core::id::ManagedKeyId;
use wardgate_core::random::Counting;
use wardgate_limits::escrow::Escrow;
use wardgate_store::conformance::sample;
use wardgate_store::memory::MemoryStore;
use wardgate_store::{Collection, Store};

const MASTER: [u8; 32] = [7; 32];

fn account() -> Account {
    let mut account = sample::account("acme");
    let master = MasterKey::from_bytes(MASTER);
    account.sealed_data_key = master.new_data_key(account.id, &Counting::default()).1;
    (account.suspended_at, account.prepaid) = (None, None);
    account
}

fn material(account: &Account) -> RoutingMaterial {
    RoutingMaterial {
        account: account.clone(),
        gateway_config: GatewayConfig::unwritten(account.id),
        teams: Vec::new(),
        provider_keys: Vec::new(),
        managed_keys: Vec::new(),
        providers: Vec::new(),
        configurations: Vec::new(),
        virtual_models: Vec::new(),
        budgets: Vec::new(),
    }
}

fn snapshot(material: RoutingMaterial) -> TenantSnapshot {
    let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
    let master = Arc::new(MasterKey::from_bytes(MASTER));
    TenantSnapshot::new(material, Allowance::default(), Money::default(), Arc::new(catalog), master)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn configuration(account: &Account, document: &str) -> wardgate_core::configuration::Configuration {
    let mut configuration = sample::configuration(account, &[]);
    document.clone_into(&mut configuration.document);
    configuration
}

#[test]
fn a_configuration_that_is_not_understood_or_not_there_allows_nothing() {
    let account = account();
    let openai_only = r#"{"access":{"providers":{"allow":["openai"]}}}"#;
    let documents = ["{", "[]", r#"{"acces":{}}"#, r#"{"access":{"providers":{"allow":"openai"}}}"#, openai_only];
    let configurations: Vec<_> = documents.iter().map(|document| configuration(&account, document)).collect();
    let ids: Vec<_> = configurations.iter().map(|configuration| configuration.id).collect();
    let snapshot = snapshot(RoutingMaterial { configurations, ..material(&account) });
    for (id, document) in ids.iter().zip(documents).take(4) {
        assert_eq!(snapshot.policy(*id).err(), Some(NoPolicy::Unreadable), "{document}");
    }
    assert_eq!(snapshot.policy(configuration(&account, "{}").id).err(), Some(NoPolicy::Unknown));
    let policy = snapshot.policy(ids[4]).unwrap_or_else(|error| panic!("{error:?}"));
    let provider = |name| snapshot.overlay.provider(name).unwrap_or_else(|| panic!("{name}"));
    assert!(policy.allows(provider("openai"), "gpt-4o").is_ok());
    assert!(policy.allows(provider("groq"), "openai/gpt-oss-120b").is_err());
    let again = snapshot.policy(ids[4]).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(Arc::ptr_eq(policy, again), "compiled once");
}

#[test]
fn credentials_open_with_the_key_that_sealed_them_and_in_their_own_row() {
    let account = account();
    let random = Counting::default();
    let master = MasterKey::from_bytes(MASTER);
    let data_key = master.open_data_key(account.id, &account.sealed_data_key).unwrap_or_else(|error| panic!("{error}"));
    let mut own = sample::provider_key(&account, "openai");
    own.sealed_value = data_key.seal(own.id, &Secret::from("sk-own"), &random);
    let mut managed = sample::managed_key("openai");
    managed.sealed_value = master.seal_managed(managed.id, &Secret::from("sk-operator"), &random);
    let mut moved = sample::managed_key("openai");
    moved.sealed_value.clone_from(&managed.sealed_value);
    let (own_id, managed_id, moved_id) = (own.id, managed.id, moved.id);
    let material = RoutingMaterial { provider_keys: vec![own], managed_keys: vec![managed, moved], ..material(&account) };
    let snapshot = snapshot(material);
    let opened = |credential| snapshot.unseal(credential).map(|secret| secret.map(|secret| secret.expose().to_owned()));
    assert_eq!(opened(Credential::None), Ok(None));
    assert_eq!(opened(Credential::User(own_id)), Ok(Some("sk-own".to_owned())));
    assert_eq!(opened(Credential::Managed(managed_id)), Ok(Some("sk-operator".to_owned())));
    assert_eq!(opened(Credential::Managed(moved_id)), Err(SealError::DoesNotOpen));
    // A key that the account was not granted is not in its material.
    assert_eq!(opened(Credential::Managed(ManagedKeyId::from_bytes([9; 16]))), Err(SealError::Form));
    assert!(snapshot.redacted(own_id).is_some());
}

#[test]
fn documents_weigh() {
    let account = account();
    let check = |bytes: usize, expected| {
        let document = configuration(&account, &" ".repeat(bytes));
        assert_eq!(snapshot(RoutingMaterial { configurations: vec![document], ..material(&account) }).weight(), expected);
    };
    check(0, 1);
    check(100, 1);
    check(1024 * 1024, 65);
}

#[tokio::test(start_paused = true)]
async fn a_version_is_read_again_for_what_it_lacks_but_not_more_often_than_each_second() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let account = account();
    Collection::<Account>::create(&*store, &account, &sample::audit(None)).await.unwrap_or_else(|error| panic!("{error}"));
    let catalog = Catalog::built_in().unwrap_or_else(|error| panic!("{error}"));
    let cache = TenantCache::new(
        Arc::clone(&store),
        Arc::new(wardgate_model::LiveCatalog::new(catalog)),
        MasterKey::from_bytes(MASTER),
        TierBook::new(Arc::default()),
        Arc::new(Escrow::alone(Arc::clone(&store))),
    );
    let get = async || cache.get(account.id).await.unwrap_or_else(|error| panic!("{error}"));
    let newer =
        async |than: &Arc<TenantSnapshot>| cache.newer(Arc::clone(than)).await.unwrap_or_else(|error| panic!("{error}"));
    let first = get().await;
    // Nobody listens to this store, so the cache does not hear of it.
    let made = sample::stored(&*store, &account, sample::configuration(&account, &[])).await;
    assert!(Arc::ptr_eq(&first, &newer(&first).await), "it is new");
    assert_eq!(first.policy(made.id).err(), Some(NoPolicy::Unknown));
    tokio::time::advance(Duration::from_secs(1)).await;
    let second = newer(&first).await;
    assert_ne!(second.policy(made.id).err(), Some(NoPolicy::Unknown));
    assert!(Arc::ptr_eq(&second, &get().await), "and it is kept");
    assert!(Arc::ptr_eq(&second, &newer(&first).await), "whoever else lacked it gets the same");
}
