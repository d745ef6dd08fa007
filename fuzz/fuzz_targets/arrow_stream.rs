//! Any bytes through the look that is taken at an Arrow stream before Arrow reads it.
#![no_main]

use cachekit_codec::arrow;
use cachekit_fuzz::{Counting, bounded};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|input: &[u8]| {
    let _ = bounded(input, || arrow::check(input));
});
