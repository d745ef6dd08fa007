//! Any bytes through the token reader: no panic, no end without an end, no promise beyond the input.
#![no_main]

use cachekit_codec::wire::{Malformed, Reader, Token};
use cachekit_fuzz::{Counting, bounded};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|input: &[u8]| {
    let promised = bounded(input, || walk(input, 0));
    assert!(promised <= input.len(), "{promised} elements of {} bytes", input.len());
});

/// The elements that all headers promise, those within extensions included.
fn walk(input: &[u8], depth: usize) -> usize {
    let mut reader = Reader::new(input);
    let mut promised = 0;
    loop {
        let before = reader.remaining();
        match reader.token() {
            Ok(token) => {
                assert!(reader.remaining() < before, "a token of no bytes");
                promised += match token {
                    Token::Array(count) => count,
                    Token::Map(count) => 2 * count,
                    Token::Extension(_, payload) if depth < 128 => walk(payload, depth + 1),
                    _ => 0,
                };
            }
            Err(Malformed::Complete) => {
                let trailing = reader.remaining();
                match reader.finish() {
                    Ok(()) => assert_eq!(trailing, 0),
                    Err(Malformed::Trailing { count }) => assert_eq!(trailing, count),
                    Err(other) => panic!("complete, but {other}"),
                }
                return promised;
            }
            Err(_) => return promised,
        }
    }
}
