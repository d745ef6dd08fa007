//! Every environment variable that a client reads, once.
//!
//! `docs/environment.md` is generated from this table, and a test keeps the two equal.

use std::ffi::OsString;
use std::fmt::Write;

use zeroize::Zeroizing;

use crate::Error;

/// One environment variable.
#[derive(Debug)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
    /// What holds when it is not set.
    pub default: &'static str,
    /// Whether its value is to be kept from logs, crash reports and eyes.
    pub secrecy: Secrecy,
}

/// Whether a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Key material, or an address that may carry a password: never logged, never in an error.
    Secret,
    /// May be shown.
    Public,
}

/// The master key, in hexadecimal.
pub const MASTER_KEY: Variable = Variable {
    name: "CACHEKIT_MASTER_KEY",
    meaning: "Master key for sealed caches: 32 bytes or more in hexadecimal. \
              Make one with `openssl rand -hex 32`.",
    default: "none: a sealed cache refuses to be built",
    secrecy: Secrecy::Secret,
};

/// A file that holds the master key.
pub const MASTER_KEY_FILE: Variable = Variable {
    name: "CACHEKIT_MASTER_KEY_FILE",
    meaning: "Path of a file that holds the master key in place of `CACHEKIT_MASTER_KEY`; both \
              together are an error. White space around the key is ignored. A file that others can \
              read, or group or others can write, is refused.",
    default: "none",
    secrecy: Secrecy::Public,
};

/// The key list for rotation.
pub const MASTER_KEY_ROTATION: Variable = Variable {
    name: "CACHEKIT_MASTER_KEY_ROTATION",
    meaning: "Comma-separated key list for rotation: the first key that may seal today seals, all \
              open. A key may carry a state: `@open`, `@seal-after=<RFC 3339>`, \
              `@sealed-until=<RFC 3339>`, `@revoked`. `CACHEKIT_MASTER_KEY` joins at the end, for \
              opening only, unless it is listed.",
    default: "none: `CACHEKIT_MASTER_KEY` alone",
    secrecy: Secrecy::Secret,
};

/// The naming key.
pub const NAMING_KEY: Variable = Variable {
    name: "CACHEKIT_NAMING_KEY",
    meaning: "Long-lived key from which the names of entries are derived, 32 bytes or more in \
              hexadecimal. With it a rotation changes no names, so it costs one look, not several. \
              Keep the old key listed while entries are to be hits: calls under the new one must go on \
              for ten minutes before they take along what says which entries were cleared.",
    default: "names derive from the master key",
    secrecy: Secrecy::Secret,
};

/// The shared store.
pub const URL: Variable = Variable {
    name: "CACHEKIT_URL",
    meaning: "Address of the shared store, for example `redis://localhost:6379/0`.",
    default: "`CACHEKIT_REDIS_URL`",
    secrecy: Secrecy::Secret,
};

/// The shared store, under its older name.
pub const REDIS_URL: Variable = Variable {
    name: "CACHEKIT_REDIS_URL",
    meaning: "Address of the shared store where `CACHEKIT_URL` is not set.",
    default: "`REDIS_URL`",
    secrecy: Secrecy::Secret,
};

/// The Redis that many platforms announce.
pub const PLATFORM_REDIS_URL: Variable = Variable {
    name: "REDIS_URL",
    meaning: "Address of the shared store where neither of the two above is set: many hosting \
              platforms provide it.",
    default: "no shared store: entries are held by the process alone, which the log says once",
    secrecy: Secrecy::Secret,
};

/// Who we are to an HTTP store.
pub const API_KEY: Variable = Variable {
    name: "CACHEKIT_API_KEY",
    meaning: "Bearer token for a store behind HTTP (`https://…`). Other stores do not look at it, and \
              it has no place in an address.",
    default: "none: an HTTP store is asked without one",
    secrecy: Secrecy::Secret,
};

/// All of them, in the order in which they are documented.
pub const ALL: [&Variable; 8] = [
    &MASTER_KEY,
    &MASTER_KEY_FILE,
    &MASTER_KEY_ROTATION,
    &NAMING_KEY,
    &URL,
    &REDIS_URL,
    &PLATFORM_REDIS_URL,
    &API_KEY,
];

impl Variable {
    /// Its trimmed value from `lookup`; `None` when it is not set, or empty.
    pub(crate) fn read(
        &self,
        lookup: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Zeroizing<String>>, Error> {
        let Some(value) = lookup(self.name) else { return Ok(None) };
        let value = value.into_string().map(Zeroizing::new).map_err(|_| {
            Error::configuration(format!("{} is not UTF-8 text: set it again", self.name))
        })?;
        let trimmed = value.trim();
        Ok((!trimmed.is_empty()).then(|| Zeroizing::new(trimmed.to_owned())))
    }
}

/// The table of `docs/environment.md`.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Environment variables\n\n\
         Everything that a cachekit client reads from its environment. An argument comes before \
         `configure`, and that before the environment. A variable that is empty counts as not \
         set.\n\n\
         | variable | meaning | when it is not set | secret |\n|---|---|---|---|\n",
    );
    for variable in ALL {
        let secret = match variable.secrecy {
            Secrecy::Secret => "yes",
            Secrecy::Public => "no",
        };
        let Variable { name, meaning, default, .. } = variable;
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "| `{name}` | {meaning} | {default} | {secret} |");
    }
    page.push_str("\nThis page is generated: `UPDATE_DOCS=1 cargo test -p cachekit-sealed --test environment`.\n");
    page
}
