//! Bounds hold on the way in and on the way out.

use bytes::Bytes;
use cachekit_store::{Compare, ErrorKind, Expected, StoreOptions, Write};

use crate::{LONG, Subject, get, key, open, put};

const LARGEST: usize = 64 * 1024;

fn small() -> StoreOptions {
    StoreOptions::default().with_largest_entry(LARGEST)
}

pub(crate) async fn the_largest_entry_fits_and_no_larger(subject: &dyn Subject) {
    let (store, key) = (subject.open(small()), key("limit"));
    let largest = store.capabilities().largest_entry;
    assert!(largest <= LARGEST, "more than it was told to take");
    put(&*store, &key, vec![1; largest]).await;
    let over = Bytes::from(vec![2; largest + 1]);
    let refused = store.set(&key, over.clone(), LONG).await.expect_err("too large");
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
    if store.capabilities().compare == Compare::Atomic {
        let swap = store.compare_and_set(&key, Expected::Absent, over, LONG).await;
        assert_eq!(swap.expect_err("too large").kind(), ErrorKind::TooLarge);
    }
    assert!(get(&*store, &key).await.is_some_and(|value| value == vec![1; largest]));
}

pub(crate) async fn one_too_large_write_prevents_them_all(subject: &dyn Subject) {
    let (store, fits, large) = (subject.open(small()), key("fits"), key("large"));
    let write = |key, bytes| Write { key, value: Bytes::from(vec![0; bytes]), ttl: LONG };
    let refused = store.set_many(&[write(&fits, 1), write(&large, LARGEST + 1)]).await;
    assert_eq!(refused.expect_err("too large").kind(), ErrorKind::TooLarge);
    assert_eq!(get(&*store, &fits).await, None);
}

pub(crate) async fn too_many_keys_are_refused(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("often"));
    put(&*store, &key, "value").await;
    let most = store.capabilities().most_keys;
    let asked = vec![&*key; most];
    let answers = store.get_many(&asked).await.expect("as many as may be");
    assert!(answers.len() == most && answers.iter().all(Option::is_some));
    let refused = store.get_many(&vec![&*key; most + 1]).await.expect_err("too many");
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
}

pub(crate) async fn too_large_an_entry_is_refused_on_reading(subject: &dyn Subject) {
    let (store, generous) = (subject.open(small()), open(subject));
    let (fits, large) = (key("fits"), key("large"));
    let over = store.capabilities().largest_entry + 1;
    if generous.capabilities().largest_entry < over {
        return; // Nobody can write what is too large to be read.
    }
    put(&*generous, &large, vec![0; over]).await;
    put(&*generous, &fits, "value").await;
    let refused = store.get_many(&[&fits, &large]).await.expect_err("too large");
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
    assert_eq!(get(&*store, &fits).await.as_deref(), Some(&b"value"[..]));
}
