//! Bytes to bytes: seals cache entries so that the store learns nothing, and opens them with
//! suspicion. No I/O, no async, no clock of its own, no `unsafe`.
//!
//! The format is specified in `docs/format.md`, with known-answer vectors in `tests/vectors/`.
//! In the order in which things happen:
//!
//! 1. [`MasterKey`], [`Keyring`]: what an operator configures; which key seals when.
//! 2. [`TenantKeys`]: derived once per tenant, then kept.
//! 3. [`NameFields`] to [`Name`]: where an entry lives, told to nobody.
//! 4. [`Content`] to [`Sealed`], by [`TenantKeys::seal`].
//! 5. Stored bytes to [`Opened`] or a [`Refusal`], by [`TenantKeys::open`]; again and cheaper, by
//!    [`Session::reopen`].
//!
//! ```
//! use cachekit_process::UnixMillis;
//! use cachekit_seal::*;
//!
//! let key = MasterKey::from_hex("6bfa1d6e9d6c1cd4ee1c3b9e66b3f8d2a7c05e3a4b9f0e8d7c6b5a4938271605")?;
//! let keys = Keyring::single(key).tenant(&Tenant::Named { name: "clinic-7", secret: None })?;
//! let now = UnixMillis(1_790_000_000_000);
//! let fields = NameFields {
//!     purpose: Purpose::Entry,
//!     prefix: "ck:",
//!     namespace: "",
//!     operation: "records.load",
//!     version: "",
//!     schema: "",
//!     arguments: &[0; 32], // SHA-256 of the encoded arguments
//! };
//! let name = keys.names(now, &fields)?[0];
//! let content = Content {
//!     kind: Kind::Value,
//!     serializer: 1,
//!     compression: Compression::None,
//!     created: now,
//!     fresh_until: UnixMillis(now.0 + 300_000),
//!     stale_window_ms: 0,
//!     generation: [0; 8],
//!     tags: &[],
//!     body: b"blood type 0-",
//! };
//! let stored = keys.seal(now, &name, &content)?.into_bytes();
//! assert_eq!(stored.len(), 308);
//!
//! let (limits, mut scratch) = (OpenLimits::new(Purpose::Entry), Scratch::new());
//! let opened = keys.open(now, &name, &limits, &stored, &mut scratch)?;
//! assert_eq!(opened.into_body()?, b"blood type 0-");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod compress;
mod content;
#[cfg(feature = "vectors")]
#[doc(hidden)]
pub mod danger;
mod derive;
mod error;
mod format;
mod header;
mod inner;
mod keyring;
mod master_key;
mod name;
mod nonce;
mod open;
mod pad;
pub mod plain;
mod policy;
mod refusal;
mod rotation;
mod schedule;
mod scratch;
mod seal;
mod session;
mod session_table;
mod tenant;
mod writer_session;

pub use content::{Compression, Content, Kind};
pub use error::{ContentProblem, Error, KeySource, RotationProblem};
pub use inner::Tags;
pub use keyring::Keyring;
pub use master_key::{MasterKey, NamingKey};
pub use name::{Name, NameFields, Purpose};
pub use open::{BODY_START, Opened, plaintext_len};
pub use policy::OpenLimits;
pub use refusal::{Fault, Feature, KeyId, Policy, Refusal};
pub use schedule::{KeyPlan, KeyState};
pub use scratch::Scratch;
pub use seal::{Prepared, Sealed};
pub use session::Session;
pub use tenant::{NameOrder, Tenant, TenantKeys, TenantSecret};
