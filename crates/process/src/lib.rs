//! What a process is: who it is after a `fork`, what time it has, and which nonce is next.
//!
//! Everything else in the workspace forbids `unsafe`; the little that is needed lives here.
//!
//! | module | answers |
//! |---|---|
//! | [`mod@epoch`] | is this still the process that made this state? |
//! | [`random`] | bytes that no other process has, taken from the kernel without a lock |
//! | [`per_process`] | state that a forked child must make anew (locks, sockets, runtimes) |
//! | `mapped` | a file of entries, mapped into memory and shared with other processes (feature) |
//! | [`writer`] | a nonce that was never used before, by any thread, process or host |
//! | [`clock`], [`time`], [`timeline`] | what time is it, injected, and never running backwards |
//!
//! The kernel is the witness: one page marked `MADV_WIPEONFORK` reads as zeros in every child,
//! however it was made, and zero means "seed me". There is no hook to forget and no lock to inherit.

#[cfg(not(unix))]
compile_error!("cachekit needs a Unix system: it relies on mmap, clock_gettime and process ids");

pub mod clock;
pub mod epoch;
mod family_key;
mod kernel;
#[cfg(feature = "mapped")]
pub mod mapped;
pub mod per_process;
pub mod time;
pub mod timeline;
mod wiped_page;
pub mod writer;

pub use clock::{Clock, ManualClock, SystemClock};
pub use epoch::{Epoch, epoch};
pub use family_key::family_key;
pub use kernel::random;
pub use per_process::PerProcess;
pub use time::{BootMillis, UnixMillis};
pub use timeline::Timeline;
