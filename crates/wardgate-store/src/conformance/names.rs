//! Cases that every kind passes that has a name.

use super::Named;
use super::every_kind::all;
use super::sample::{self, audit};
use crate::Store;
use crate::kinds::NameFilter;

/// A list is filtered by name and by parts of it, in either case, and nothing in the wanted text stands for something else.
pub async fn found_by_text<T: Named>(store: &dyn Store) {
    let acme = sample::tenant(store, "owner").await;
    let tenant = store.tenant(acme.id);
    let collection = T::collection(store, &*tenant);
    for name in ["p_q", "pxq", "beta-1", "xbeta-1"] {
        let mut object = T::full(store, &acme).await;
        object.strip();
        object.rename(name);
        collection.create(&object, &audit(acme.id)).await.unwrap();
    }
    let cases: [(Option<&str>, Option<&str>, u64); 13] = [
        (Some("p_q"), None, 1),
        (Some("P_Q"), None, 0),
        (Some("p"), None, 0),
        (Some(""), None, 0),
        (None, Some("p_q"), 1),
        (None, Some("P_Q"), 1),
        (None, Some("ETA-"), 2),
        (None, Some("ta-1"), 2),
        (None, Some("%"), 0),
        (None, Some("\\"), 0),
        (None, Some("beta-1 "), 0),
        (Some("beta-1"), Some("eta"), 1),
        (Some("beta-1"), Some("pxq"), 0),
    ];
    for (name, search, expected) in cases {
        let text = NameFilter { name: name.map(str::to_owned), search: search.map(str::to_owned) };
        let found = all(collection, &T::by_text(text.clone())).await;
        assert_eq!(found.len() as u64, expected, "{text:?}");
    }
}
