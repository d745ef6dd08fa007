//! A store inside this process: for tests, for one process alone, and as the reference by which
//! the other stores are judged.

mod entries;
mod store;
mod watchers;

pub use store::MemoryStore;
