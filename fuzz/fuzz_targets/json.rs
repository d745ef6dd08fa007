//! Any bytes as JSON for Rust types.
#![no_main]

use cachekit_codec::{Codec, Error, Json, Limits};
use cachekit_fuzz::{Counting, bounded, bounded_by};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|input: &[u8]| {
    let codec = Json::new(Limits::new(input.len()));
    let _: Result<String, Error> = bounded(input, || codec.decode(input));
    let _: Result<(u8, String, Option<f64>), Error> = bounded(input, || codec.decode(input));
    let _: Result<Nested, Error> = bounded_by::<Nested, _>(input, || codec.decode(input));
});

/// Lists, however deep.
#[derive(serde::Serialize, serde::Deserialize)]
struct Nested(Vec<Nested>);
