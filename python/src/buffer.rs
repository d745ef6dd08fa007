//! Buffers that a call borrows from its thread: no allocation on a hit, no plaintext left behind.
//!
//! A buffer is *taken*, never borrowed in place: encoding an argument may run Python code that
//! calls another cached function on the same thread, which then simply finds the shelf empty.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

use crate::engine::Scratch;
use zeroize::optimization_barrier;

/// A larger buffer is given back to the allocator: one big value must not pin its size for ever.
const KEPT_BYTES: usize = 64 * 1024;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Room for an encoded argument list or value; wiped when it is given back.
///
/// What a growing buffer leaves behind when it moves is not wiped.
pub(crate) struct Buffer(Vec<u8>);

impl Buffer {
    pub(crate) fn take() -> Self {
        Self(BUFFER.try_with(Cell::take).unwrap_or_default())
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // At the speed of `memset`; the barrier keeps the compiler from finding it useless.
        self.0.fill(0);
        optimization_barrier(self.0.as_slice());
        self.0.clear();
        if self.0.capacity() <= KEPT_BYTES {
            // A thread that is ending has no shelf any more: then the allocator takes it.
            let _ = BUFFER.try_with(|shelf| shelf.set(std::mem::take(&mut self.0)));
        }
    }
}

/// Room for an opened value; the seal crate wipes it.
pub(crate) struct OpenedInto(Option<Box<Scratch>>);

impl OpenedInto {
    pub(crate) fn take() -> Self {
        Self(SCRATCH.try_with(Cell::take).unwrap_or_default())
    }

    pub(crate) fn scratch(&mut self) -> &mut Scratch {
        self.0.get_or_insert_default()
    }
}

impl Drop for OpenedInto {
    fn drop(&mut self) {
        if let Some(mut scratch) = self.0.take() {
            scratch.clear();
            let _ = SCRATCH.try_with(|shelf| shelf.set(Some(scratch)));
        }
    }
}
