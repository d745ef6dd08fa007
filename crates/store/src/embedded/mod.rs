//! A store in a file or in shared memory, for the processes of one machine, on LMDB.
//!
//! A call goes `store` (the contract) → `sharing` (one open file for each directory of a
//! process) → for reads straight into `table`, for writes through `writer`, one thread that
//! commits what has gathered. `opening` locks, checks and sets aside, `directory` refuses what
//! others can write to, `address` reads addresses, `failure` sorts LMDB's errors.
//! `survey` tells what no other store can: everything that is there.

mod address;
mod directory;
mod failure;
mod opening;
mod sharing;
mod store;
mod survey;
mod table;
mod writer;

pub(crate) use address::EmbeddedConfig;
pub use store::EmbeddedStore;
