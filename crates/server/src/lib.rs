//! `cachekit-server`: keeps entries behind HTTP, and cannot open them.
//!
//! It stands on the store crate alone. The code that seals is not linked, so nothing that goes wrong
//! here can show what is in an entry. The protocol is `docs/http.md`, the operator's manual
//! `docs/server.md`.
//!
//! | file | what it holds |
//! |---|---|
//! | `settings/` | flags, environment and file, checked |
//! | `serve`, `opening`, `listener`, `connection`, `paced`, `tls` | a process, its store, its sockets |
//! | `routes/` | what is answered where |
//! | `caller`, `token`, `rate`, `space` | who asks, how often, and whose entries they are |
//! | `name`, `ttl`, `tag`, `wire`, `body`, `leftover` | what requests are made of, read strictly |
//! | `entries`, `record` | what is done with entries, and what is written in front of them |
//! | `ledger`, `metrics`, `hub`, `logging`, `complaint` | what is counted, told and logged |
//! | `refusal`, `error` | why a request, or the server, did not succeed |
#![forbid(unsafe_code)]

mod body;
mod caller;
mod complaint;
mod connection;
mod entries;
mod error;
mod hub;
mod ledger;
mod leftover;
mod listener;
mod logging;
mod metrics;
mod name;
mod opening;
mod paced;
mod rate;
mod record;
mod refusal;
mod routes;
mod run;
mod serve;
mod settings;
mod shared;
mod space;
mod tag;
mod tls;
mod token;
mod ttl;
mod wire;

pub use error::Error;
pub use run::run;
pub use settings::Args;
