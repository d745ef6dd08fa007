//! Plain entries: nothing authenticates them, so every byte of them is the store's.
#![no_main]

use cachekit_fuzz::{Counting, bounded_expansion};
use cachekit_process::UnixMillis;
use cachekit_seal::{OpenLimits, Purpose, Scratch, plain};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: UnixMillis = UnixMillis(1_790_812_800_000);
const MAX_BODY: usize = 1 << 20;

fuzz_target!(|data: &[u8]| bounded_expansion(data, MAX_BODY, || open(data)));

fn open(data: &[u8]) {
    let limits = OpenLimits::new(Purpose::Entry).max_body(MAX_BODY);
    let mut scratch = Scratch::new();
    let Ok(opened) = plain::decode(NOW, &limits, data, &mut scratch) else { return };
    assert!(opened.created() <= opened.fresh_until());
    if let Ok(body) = opened.into_body() {
        assert!(body.len() <= MAX_BODY);
    }
    assert!(plain::reopen(data, &mut scratch).is_ok(), "what was accepted is accepted again");
}
