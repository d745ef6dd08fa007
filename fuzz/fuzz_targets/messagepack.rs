//! Any bytes as MessagePack for Rust types, Python's extensions included.
//!
//! Into bytes and text, which are no larger decoded than encoded, so that what a decoder takes beyond
//! them is its own. Field names are written out for each instance of a class: the limit holds there.
#![no_main]

use cachekit_codec::{Codec, Error, Limits, MessagePack};
use cachekit_fuzz::{Counting, bounded, bounded_by};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|input: &[u8]| {
    let codec = MessagePack::new(Limits::new(input.len()));
    let text: Result<String, Error> = bounded(input, || codec.decode(input));
    if let Ok(text) = text {
        let mut again = Vec::new();
        codec.encode(&text, &mut again).ok();
    }
    let _: Result<(u8, String, Option<f64>), Error> = bounded(input, || codec.decode(input));
    let _: Result<Nested, Error> = bounded_by::<Nested, _>(input, || codec.decode(input));
});

/// Every form of value, however deep.
#[derive(serde::Serialize, serde::Deserialize)]
struct Nested(Vec<Nested>);
