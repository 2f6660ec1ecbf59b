//! Cases that every kind passes that has a label.

use super::Labelled;
use super::every_kind::{all, ids};
use super::sample::{self, audit};
use crate::Store;
use crate::kinds::NameFilter;

/// The search looks into descriptions, too, and a name that is absent is equal to none.
pub async fn found_by_description<T: Labelled>(store: &dyn Store) {
    let acme = sample::tenant(store, "acme").await;
    let tenant = store.tenant(acme.id);
    let collection = T::collection(store, &*tenant);
    let mut marked = T::full(store, &acme).await;
    marked.label_mut().description = Some("100% Schön, no\\where [a-z]*?".to_owned());
    collection.create(&marked, &audit(acme.id)).await.unwrap();
    let mut bare = T::full(store, &acme).await;
    bare.strip();
    bare.label_mut().metadata = Some("100%".to_owned());
    collection.create(&bare, &audit(acme.id)).await.unwrap();
    for (search, is_found) in [
        ("100% s", true),
        ("schön", true),
        ("NO\\W", true),
        ("[a-Z]*?", true),
        ("10% ", false),
        ("1%s", false),
        ("no_where", false),
        ("\\%", false),
        ("sch*n", false),
    ] {
        let found = all(collection, &T::by_text(NameFilter { name: None, search: Some(search.to_owned()) })).await;
        assert_eq!(ids(&found), if is_found { vec![marked.id()] } else { vec![] }, "{search}");
    }
    let nameless = T::by_text(NameFilter { name: Some(String::new()), search: None });
    assert_eq!(collection.count(&nameless).await.unwrap(), 0);
}
