//! Cases of accounts' settings.

use super::sample::{self, audit, next_instant};
use super::{log, refused};
use crate::changes::Heard;
use crate::{Change, Store};
use wardgate_core::gateway_config::GatewayConfig;
use wardgate_core::stamp::Version;

fn edited(config: &GatewayConfig) -> GatewayConfig {
    let stamp = config.stamp.as_ref().unwrap().next(next_instant(), "editor");
    GatewayConfig { input_tokens_max: None, metadata: None, stamp: Some(stamp), ..config.clone() }
}

/// Settings are there before they are written, with no stamp, and not where no account is.
pub async fn unwritten_until_written(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let found = store.tenant(acme.id).gateway_config().await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", GatewayConfig::unwritten(acme.id)));
    assert!(store.tenant(sample::account("nobody").id).gateway_config().await.unwrap().is_none());
}

/// Each write replaces exactly the version before it, and all of it.
pub async fn each_version_replaces_the_one_before(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let tenant = store.tenant(acme.id);
    let first = sample::gateway_config(&acme);
    let second = edited(&first);
    let third = edited(&second);
    let unstamped = GatewayConfig { stamp: None, ..first.clone() };
    let mut expected = log(store).await;
    for (config, refused) in [
        (&unstamped, true),
        (&second, true),
        (&first, false),
        (&first, true),
        (&third, true),
        (&second, false),
        (&second, true),
    ] {
        let entry = audit(acme.id);
        let result = tenant.put_gateway_config(config, &entry).await;
        if refused {
            refused!(result, Changed);
        } else {
            result.unwrap();
            expected.insert(0, entry);
            assert_eq!(format!("{:?}", tenant.gateway_config().await.unwrap().unwrap()), format!("{config:?}"));
        }
    }
    assert_eq!(log(store).await, expected);
    assert_eq!(tenant.gateway_config().await.unwrap().unwrap().stamp.unwrap().version, Version::new(2));
    assert!(store.tenant(other.id).gateway_config().await.unwrap().unwrap().stamp.is_none());
}

/// A handle does not write another account's, nor those of an account that is not there.
pub async fn another_accounts_is_refused(store: &dyn Store) {
    let (acme, other) = (sample::tenant(store, "acme").await, sample::tenant(store, "other").await);
    let nobody = sample::account("nobody");
    for (handle, owner) in [(&other, &acme), (&nobody, &nobody)] {
        let config = sample::gateway_config(owner);
        refused!(store.tenant(handle.id).put_gateway_config(&config, &audit(handle.id)).await, NotInAccount);
    }
    assert!(store.tenant(acme.id).gateway_config().await.unwrap().unwrap().stamp.is_none());
}

/// A write is told, and what was refused is not.
pub async fn told(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let config = sample::gateway_config(&acme);
    let mut heard = Heard::from(store);
    tenant.put_gateway_config(&config, &audit(acme.id)).await.unwrap();
    super::changes::expect(&mut heard, Some(Change::Account(acme.id))).await;
    assert!(tenant.put_gateway_config(&config, &audit(acme.id)).await.is_err());
    let marker = sample::tenant(store, "marker").await;
    super::changes::expect(&mut heard, Some(Change::Account(marker.id))).await;
}
