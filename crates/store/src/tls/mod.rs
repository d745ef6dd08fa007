//! Encrypted connections: `client` makes them, `files` says whom they trust and who we are,
//! `failure` why one could not be made.

mod client;
pub(crate) mod failure;
mod files;

pub(crate) use client::Tls;
use files::Identity;
pub(crate) use files::{GivenFiles, TlsFiles};
