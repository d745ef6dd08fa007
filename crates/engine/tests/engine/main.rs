//! What the engine promises, tested on real stores with a clock that stands still.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect ends"
)]

mod clears;
mod clocks;
mod cluster;
mod faults;
mod flights;
mod freshness;
mod handles;
mod logged;
mod refusals;
mod rotation;
mod sentinel;
mod watching;
mod without_compare;
mod world;
