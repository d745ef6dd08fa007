//! What the engine promises, tested on real stores with a clock that stands still.

mod clocks;
mod faults;
mod flights;
mod freshness;
mod refusals;
mod rotation;
mod world;
