//! What sealing promises, through the public interface.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use std::collections::HashSet;
use std::time::Duration;

use cachekit_process::{UnixMillis, writer};
use cachekit_seal::{
    BODY_START, Compression, Content, Error, Fault, KeyState, Keyring, Kind, MasterKey, Name,
    NameFields, NamingKey, OpenLimits, Purpose, Refusal, Scratch, Tenant, TenantKeys, TenantSecret,
    plaintext_len,
};
use proptest::prelude::*;

const NOW: UnixMillis = UnixMillis(1_790_812_800_000);
const LIMITS: OpenLimits = OpenLimits::new(Purpose::Entry);

fn master(byte: u8) -> MasterKey {
    MasterKey::from_bytes(&[byte; 32]).unwrap()
}

fn tenant(ring: &Keyring, name: &str) -> TenantKeys {
    ring.tenant(&Tenant::Named { name, secret: None }).unwrap()
}

fn keys() -> TenantKeys {
    tenant(&Keyring::single(master(1)), "a")
}

fn fields(arguments: &[u8; 32]) -> NameFields<'_> {
    NameFields {
        purpose: Purpose::Entry,
        prefix: "ck:",
        namespace: "",
        operation: "f",
        version: "",
        schema: "",
        arguments,
    }
}

fn name(keys: &TenantKeys, call: u8) -> Name {
    keys.names(NOW, &fields(&[call; 32])).unwrap()[0]
}

fn content(body: &[u8]) -> Content<'_> {
    Content {
        kind: Kind::Value,
        serializer: 1,
        compression: Compression::None,
        created: NOW,
        fresh_until: NOW.saturating_add(Duration::from_secs(300)),
        stale_window_ms: 0,
        generation: [7; 8],
        tags: &[],
        body,
    }
}

fn seal(keys: &TenantKeys, name: &Name, body: &[u8]) -> Vec<u8> {
    keys.seal(NOW, name, &content(body)).unwrap().into_bytes()
}

fn open(keys: &TenantKeys, name: &Name, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut scratch = Scratch::new();
    keys.open(NOW, name, &LIMITS, sealed, &mut scratch)?.into_body().map(<[u8]>::to_vec)
}

proptest! {
    #[test]
    fn what_was_sealed_opens(
        body in prop::collection::vec(any::<u8>(), 0..3_000),
        compress in any::<bool>(),
    ) {
        let keys = keys();
        let name = name(&keys, 1);
        let compression = if compress { Compression::Zstd } else { Compression::None };
        let sealed = keys.seal(NOW, &name, &Content { compression, ..content(&body) }).unwrap();
        prop_assert_eq!(open(&keys, &name, sealed.as_bytes()), Ok(body.clone()));
        let mut scratch = Scratch::new();
        let again = sealed.session().reopen(&name, sealed.as_bytes(), &mut scratch).ok().unwrap();
        prop_assert_eq!(again.into_body().unwrap(), &body[..]);
    }

    #[test]
    fn any_flipped_bit_is_refused(
        body in prop::collection::vec(any::<u8>(), 0..500),
        bit in any::<prop::sample::Index>(),
    ) {
        let keys = keys();
        let name = name(&keys, 1);
        let sealed = keys.seal(NOW, &name, &content(&body)).unwrap();
        let mut changed = sealed.as_bytes().to_vec();
        let bit = bit.index(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open(&keys, &name, &changed).is_err());
        let mut scratch = Scratch::new();
        prop_assert!(sealed.session().reopen(&name, &changed, &mut scratch).is_err());
    }

    #[test]
    fn any_truncation_is_refused(length in 0..308_usize) {
        let keys = keys();
        let name = name(&keys, 1);
        let sealed = seal(&keys, &name, b"body");
        let refusal = open(&keys, &name, &sealed[..length]).unwrap_err();
        prop_assert_eq!(refusal, Refusal::Tampered(Fault::Truncated));
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let keys = keys();
        prop_assert!(open(&keys, &name(&keys, 1), &bytes).is_err());
    }
}

/// Every bit of one whole entry: exhaustive where the property above samples.
#[test]
fn every_bit_of_an_entry_counts() {
    let keys = keys();
    let name = name(&keys, 1);
    let sealed = seal(&keys, &name, b"body");
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&keys, &name, &changed).is_err(), "bit {bit}");
    }
}

#[test]
fn an_entry_opens_under_its_name_tenant_and_master_alone() {
    let ring = Keyring::single(master(1));
    let keys = tenant(&ring, "a");
    let own = name(&keys, 1);
    let sealed = seal(&keys, &own, b"body");
    let tag = Err(Refusal::Tampered(Fault::Tag));
    assert_eq!(open(&keys, &name(&keys, 2), &sealed), tag);
    assert_eq!(open(&tenant(&ring, "b"), &own, &sealed), tag);
    assert_eq!(open(&ring.tenant(&Tenant::None).unwrap(), &own, &sealed), tag);
    let secret = TenantSecret::from_bytes(&[9; 32]).unwrap();
    let erasable = ring.tenant(&Tenant::Named { name: "a", secret: Some(&secret) }).unwrap();
    assert_eq!(open(&erasable, &own, &sealed), tag);
    let other = tenant(&Keyring::single(master(2)), "a");
    assert!(matches!(open(&other, &own, &sealed), Err(Refusal::UnknownKey { .. })));
}

#[test]
fn the_length_tells_only_the_bucket() {
    let keys = keys();
    let name = name(&keys, 1);
    let lengths: HashSet<_> = (0..200).map(|n| seal(&keys, &name, &vec![1; n]).len()).collect();
    assert_eq!(lengths, HashSet::from([308]));
    assert_eq!(seal(&keys, &name, &[1; 200]).len(), 52 + 272);
}

#[test]
fn nothing_in_the_clear_tells_tenants_apart() {
    let ring = Keyring::single(master(1));
    let sealed = |tenant_name: &str| {
        let keys = tenant(&ring, tenant_name);
        seal(&keys, &name(&keys, 1), b"same body")
    };
    let (a, b) = (sealed("a"), sealed("b"));
    // Mark, suite and key id are those of every tenant; session and nonce are the process'; and
    // what follows the header shares nothing.
    assert_eq!(a[..8], b[..8]);
    let same = a[36..].iter().zip(&b[36..]).filter(|(a, b)| a == b).count();
    assert!(same < 20, "{same} of 272 bytes equal; 1 expected");
}

#[test]
fn a_new_session_changes_the_header_and_old_entries_still_open() {
    let keys = keys();
    let name = name(&keys, 1);
    let before = seal(&keys, &name, b"before");
    writer::reseed();
    let after = seal(&keys, &name, b"after");
    assert_ne!(before[8..24], after[8..24]);
    assert_eq!(open(&keys, &name, &before).unwrap(), b"before");
    assert_eq!(open(&keys, &name, &after).unwrap(), b"after");
}

#[test]
fn an_erased_tenant_cannot_be_opened_with_the_master_key() {
    let ring = Keyring::single(master(1));
    let erasable = |secret: u8| {
        let secret = TenantSecret::from_bytes(&[secret; 32]).unwrap();
        ring.tenant(&Tenant::Named { name: "a", secret: Some(&secret) }).unwrap()
    };
    let keys = erasable(5);
    let own = name(&keys, 1);
    let sealed = seal(&keys, &own, b"body");
    assert!(open(&keys, &own, &sealed).is_ok());
    drop(keys);
    // Re-created: another secret, another instance.
    let again = erasable(6);
    assert_ne!(name(&again, 1), own);
    assert_eq!(open(&again, &own, &sealed), Err(Refusal::Tampered(Fault::Tag)));
    assert!(TenantSecret::from_bytes(&[5; 31]).is_err());
}

#[test]
fn a_scratch_serves_short_after_long() {
    let keys = keys();
    let name = name(&keys, 1);
    let (long, short) = (vec![3; 5_000], vec![4; 3]);
    let sealed = [seal(&keys, &name, &long), seal(&keys, &name, &short)];
    let mut scratch = Scratch::new();
    for _ in 0..2 {
        for (sealed, body) in sealed.iter().zip([&long, &short]) {
            let opened = keys.open(NOW, &name, &LIMITS, sealed, &mut scratch).ok().unwrap();
            assert_eq!(opened.into_body().unwrap(), &body[..]);
        }
    }
}

#[test]
fn a_rotation_keeps_old_entries_and_seals_new_ones_anew() {
    let switch = NOW.saturating_add(Duration::from_secs(60));
    let after = switch.saturating_add(Duration::from_secs(1));
    let old_ring = Keyring::single(master(1));
    let states = || vec![(master(2), KeyState::SealAfter(switch)), (master(1), KeyState::Active)];
    let ring = Keyring::with_states(states()).unwrap();
    let (old, new) = (tenant(&old_ring, "a"), tenant(&ring, "a"));

    let names = new.names(NOW, &fields(&[1; 32])).unwrap();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], name(&old, 1), "before the switch the old name is written first");
    let sealed = seal(&old, &names[0], b"old");
    assert_eq!(open(&new, &names[0], &sealed).unwrap(), b"old");

    let renamed = new.names(after, &fields(&[1; 32])).unwrap();
    assert_eq!(renamed.as_slice(), [names[1], names[0]]);
    let content = Content { created: after, fresh_until: after, ..content(b"new") };
    let fresh = new.seal(after, &renamed[0], &content).unwrap();
    assert!(new.is_current(after, fresh.session()));
    assert!(matches!(open(&old, &renamed[0], fresh.as_bytes()), Err(Refusal::UnknownKey { .. })));

    // What the old key seals from then on is not believed.
    let mut scratch = Scratch::new();
    let late = old.seal(after, &names[0], &content).unwrap();
    let refusal = new.open(after, &names[0], &LIMITS, late.as_bytes(), &mut scratch).err();
    assert!(matches!(refusal, Some(Refusal::Demoted { .. })));
    // Once it is removed, its entries are misses.
    let later = tenant(&Keyring::single(master(2)), "a");
    assert!(matches!(open(&later, &names[0], &sealed), Err(Refusal::UnknownKey { .. })));
}

#[test]
fn a_naming_key_keeps_names_through_a_rotation() {
    let naming = || NamingKey::from_bytes(&[8; 32]).unwrap();
    let before = tenant(&Keyring::single(master(1)).with_naming_key(naming()), "a");
    let states = vec![(master(2), KeyState::Active), (master(1), KeyState::OpenOnly)];
    let ring = Keyring::with_states(states).unwrap().with_naming_key(naming());
    let after = tenant(&ring, "a");
    let names = after.names(NOW, &fields(&[1; 32])).unwrap();
    assert_eq!(names.as_slice(), [name(&before, 1)]);
    let sealed = seal(&before, &names[0], b"old");
    let mut scratch = Scratch::new();
    let opened = after.open(NOW, &names[0], &LIMITS, &sealed, &mut scratch).ok().unwrap();
    assert!(!after.is_current(NOW, opened.session().unwrap()), "worth sealing again");
}

#[test]
fn threads_share_one_tenant() {
    let keys = keys();
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let keys = &keys;
            scope.spawn(move || {
                let name = name(keys, thread);
                for round in 0..200_u8 {
                    if thread == 0 && round % 50 == 0 {
                        writer::reseed();
                    }
                    let sealed = seal(keys, &name, &[round]);
                    assert_eq!(open(keys, &name, &sealed).unwrap(), [round]);
                }
            });
        }
    });
}

#[test]
fn an_opened_body_can_be_read_twice() {
    let keys = keys();
    let (name, body) = (name(&keys, 1), vec![b'x'; 2_000]);
    for compression in [Compression::None, Compression::Zstd] {
        let sealed = keys.seal(NOW, &name, &Content { compression, ..content(&body) }).unwrap();
        let mut scratch = Scratch::new();
        let opened = keys.open(NOW, &name, &LIMITS, sealed.as_bytes(), &mut scratch);
        let mut opened = opened.ok().unwrap();
        assert_eq!(opened.compression(), compression);
        assert_eq!(opened.body().unwrap(), &body[..]);
        assert_eq!(opened.body().unwrap(), &body[..]);
        assert_eq!(opened.into_body().unwrap(), &body[..]);
    }
}

#[test]
fn compression_that_does_not_help_is_not_used() {
    let keys = keys();
    let name = name(&keys, 1);
    let content = Content { compression: Compression::Zstd, ..content(b"ab") };
    let sealed = keys.seal(NOW, &name, &content).unwrap();
    let mut scratch = Scratch::new();
    let opened = keys.open(NOW, &name, &LIMITS, sealed.as_bytes(), &mut scratch).ok().unwrap();
    assert_eq!(opened.compression(), Compression::None);
}

/// The one that allocates and the one that does not, held against each other.
#[test]
fn memory_of_the_callers_is_sealed_into_and_opened_into() {
    let keys = keys();
    let (name, body) = (name(&keys, 1), vec![b'x'; 2_000]);
    for compression in [Compression::None, Compression::Zstd] {
        let content = Content { compression, ..content(&body) };
        let prepared = keys.prepare(NOW, &content).unwrap();
        let mut entry = vec![0xFF; prepared.entry_len()];
        prepared.seal_into(&name, &mut entry).unwrap();
        assert_eq!(
            open(&keys, &name, &entry),
            Ok(body.clone()),
            "padding is zero, whatever was there"
        );

        let mut scratch = Scratch::new();
        let mut room = vec![0xFF; plaintext_len(entry.len())];
        let opened = keys.open_into(NOW, &name, &LIMITS, &entry, (&mut room, &mut scratch));
        let opened = opened.ok().unwrap();
        let place = opened.place();
        let session = opened.session().unwrap().clone();
        assert_eq!(opened.into_body().unwrap(), &body[..]);
        match (compression, place) {
            (Compression::Zstd, place) => assert_eq!(place, None),
            (_, place) => {
                assert_eq!(place, Some(BODY_START..BODY_START + body.len()));
                assert_eq!(room[place.unwrap()], body[..]);
            }
        }
        let again = session.reopen_into(&name, &entry, &mut room, &mut scratch).ok().unwrap();
        assert_eq!(again.into_body().unwrap(), &body[..]);
    }
}

#[test]
fn a_body_behind_tags_is_where_it_is_said_to_be() {
    let keys = keys();
    let name = name(&keys, 1);
    let sealed =
        keys.seal(NOW, &name, &Content { tags: &["a", "bc"], ..content(b"body") }).unwrap();
    let mut room = vec![0; plaintext_len(sealed.as_bytes().len())];
    let mut scratch = Scratch::new();
    let opened = keys.open_into(NOW, &name, &LIMITS, sealed.as_bytes(), (&mut room, &mut scratch));
    let place = opened.ok().unwrap().place().unwrap();
    assert_eq!(place.start, BODY_START + 2 + 1 + 2 + 2);
    assert_eq!(&room[place], b"body");
}

#[test]
fn memory_of_another_length_is_refused() {
    let keys = keys();
    let name = name(&keys, 1);
    let content = content(b"body");
    let prepared = keys.prepare(NOW, &content).unwrap();
    for length in [0, 307, 309] {
        let error = prepared.seal_into(&name, &mut vec![0; length]).err().unwrap();
        assert_eq!(error, Error::Room { needed: 308, given: length });
    }
    let sealed = seal(&keys, &name, b"body");
    let mut scratch = Scratch::new();
    for length in [0, 255, 257] {
        let mut room = vec![0; length];
        let refused = keys.open_into(NOW, &name, &LIMITS, &sealed, (&mut room, &mut scratch));
        assert_eq!(refused.err().unwrap(), Refusal::Tampered(Fault::Tag));
        assert!(room.iter().all(|byte| *byte == 0));
    }
}
