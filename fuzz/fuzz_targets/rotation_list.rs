//! Rotation lists as an operator may mistype them: never a panic, and never a key in a message.
#![no_main]

use cachekit_process::UnixMillis;
use cachekit_seal::Keyring;
use libfuzzer_sys::fuzz_target;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fuzz_target!(|data: &str| {
    // `K` stands for a key, which no fuzzer would ever guess to write.
    let list = data.replace('K', KEY);
    match Keyring::from_rotation(&list, None) {
        Ok(ring) => {
            let _ = ring.check(UnixMillis(1_790_812_800_000));
            assert!(!ring.plan().is_empty());
        }
        Err(error) => assert!(!error.to_string().contains(&KEY[..16])),
    }
});
