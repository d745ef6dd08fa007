//! `backend=` an object: a store that somebody wrote in Python.
//!
//! | file | what it holds |
//! |---|---|
//! | `object` | the object, looked over when it is given; one store for one object |
//! | `methods` | which methods it has, what they are called with, which colour they are |
//! | `store` | the contract, kept by asking the object |
//! | `workers` | where methods run that block |
//! | `event_loop` | where methods run that are awaited |
//! | `answer` | what a method returned, as bytes and truths, or why it is neither |
//! | `watching` | hearing of what others change |
//! | `failure` | what becomes of an exception |
//!
//! See `docs/decisions/0111-where-a-python-store-runs.md`.

mod answer;
mod event_loop;
mod failure;
mod methods;
mod object;
mod store;
mod watching;
mod workers;

pub(crate) use failure::Raised;
pub(crate) use object::ObjectStore;
