//! What fuzz targets share: how much memory a decoder took.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Counts what is allocated and not yet given back.
pub struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs a decoder of bytes and text, which are no larger decoded than encoded; fails if it holds more
/// than twice the input and 64 KiB at any time.
pub fn bounded<T>(input: &[u8], decode: impl FnOnce() -> T) -> T {
    at_most(2 * input.len() + (64 << 10), input, decode)
}

/// Runs a decoder that makes an `Element` of as little as one byte; fails if it holds more than the
/// elements explain. A vector that grows holds its old half beside its new whole, and that may be
/// twice what it needs: three times the elements in all.
pub fn bounded_by<Element, T>(input: &[u8], decode: impl FnOnce() -> T) -> T {
    let explained = (2 + 3 * size_of::<Element>()) * input.len();
    at_most(explained + (64 << 10), input, decode)
}

/// Runs a decoder that may expand what is compressed to `largest`; fails if it holds more than that
/// beside twice the input and 256 KiB, most of which is zstd's own.
pub fn bounded_expansion<T>(input: &[u8], largest: usize, decode: impl FnOnce() -> T) -> T {
    at_most(2 * input.len() + largest + (256 << 10), input, decode)
}

fn at_most<T>(limit: usize, input: &[u8], decode: impl FnOnce() -> T) -> T {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let decoded = decode();
    let took = PEAK.load(Relaxed).saturating_sub(before);
    assert!(took <= limit, "{took} bytes for {} of input, and no more than {limit}", input.len());
    decoded
}
