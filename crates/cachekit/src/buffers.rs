//! Buffers that a thread reuses, so that a hit allocates nothing of its own.

use std::cell::Cell;

use cachekit_engine::Scratch;
use zeroize::optimization_barrier;

/// Larger ones are given back to the allocator.
const KEPT: usize = 64 * 1024;

/// One thread's buffers. What they held is wiped before they are used again.
#[derive(Default)]
pub(crate) struct Buffers {
    /// For the plaintext of a hit.
    pub(crate) scratch: Scratch,
    /// For the encoding of a call's arguments.
    pub(crate) arguments: Vec<u8>,
}

thread_local! {
    static SPARE: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
}

/// Lends the thread's buffers. A call inside `work` gets others: decoding runs the application's
/// own `Deserialize`, which may call a cached function.
#[inline]
pub(crate) fn with<R>(work: impl FnOnce(&mut Buffers) -> R) -> R {
    let mut buffers = SPARE.with(Cell::take).unwrap_or_default();
    let result = work(&mut buffers);
    wipe(&mut buffers.arguments);
    buffers.scratch.clear();
    if buffers.arguments.capacity() <= KEPT {
        SPARE.with(|spare| spare.set(Some(buffers)));
    }
    result
}

/// Zeroes at the speed of `memset`; the barrier keeps the compiler from finding it useless.
fn wipe(bytes: &mut Vec<u8>) {
    bytes.fill(0);
    optimization_barrier(bytes.as_slice());
    bytes.clear();
}
