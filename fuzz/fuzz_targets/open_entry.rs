//! Sealed bytes from a store, and plaintexts from a holder of a leaked key.
//!
//! A tag cannot be guessed, so bytes alone never get past it: the second half of this target seals
//! whatever it is given, and opens that. What is accepted must be internally consistent.
#![no_main]

use std::sync::LazyLock;

use cachekit_fuzz::{Counting, bounded_expansion};
use cachekit_process::UnixMillis;
use cachekit_seal::danger::{ChosenNonce, seal_plaintext};
use cachekit_seal::{
    Keyring, MasterKey, Name, OpenLimits, Purpose, Scratch, Tenant, TenantKeys, danger,
};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: UnixMillis = UnixMillis(1_790_812_800_000);
const NAME: Name = danger::name([7; 32]);
const MAX_BODY: usize = 1 << 20;

static KEYS: LazyLock<TenantKeys> = LazyLock::new(|| {
    let key = MasterKey::from_bytes(&[1; 32]).expect("32 bytes");
    Keyring::single(key).tenant(&Tenant::None).expect("no tenant is a tenant")
});

fuzz_target!(|data: &[u8]| {
    let Some((purpose, bytes)) = data.split_first() else { return };
    let purposes = [Purpose::Entry, Purpose::Clear, Purpose::Tag, Purpose::Wrapper];
    let limits = OpenLimits::new(purposes[usize::from(purpose & 3)]).max_body(MAX_BODY);
    bounded_expansion(bytes, MAX_BODY, || open(&limits, bytes));
    let nonce = ChosenNonce { sid: [1; 16], counter: 0, randomness: [0; 4] };
    let committed = [&[0; 16], bytes].concat();
    if let Ok(sealed) = seal_plaintext(&KEYS, 0, nonce, &NAME, &committed) {
        bounded_expansion(&sealed, MAX_BODY, || open(&limits, &sealed));
    }
});

fn open(limits: &OpenLimits, sealed: &[u8]) {
    let mut scratch = Scratch::new();
    let Ok(opened) = KEYS.open(NOW, &NAME, limits, sealed, &mut scratch) else { return };
    assert!(opened.tags().all(|tag| tag.len() <= sealed.len()));
    let session = opened.session().cloned();
    if let Ok(body) = opened.into_body() {
        assert!(body.len() <= MAX_BODY);
    }
    let session = session.expect("an opened entry has a session");
    assert!(session.reopen(&NAME, sealed, &mut scratch).is_ok(), "what opened opens again");
}
