//! The command line, and the variables that stand for its flags.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use super::quantity::{Size, Span};

const ABOUT: &str = "\
Keeps sealed cache entries behind HTTP, and cannot open them.

Every setting is a flag, a variable (CACHEKIT_SERVE_…) or a line of the file that --config names; a flag \
comes before a variable, and that before the file. Tokens are never flags: everybody can see those.";

const EXAMPLES: &str = "\
Examples:
  Try it on this machine, without a token:
      cachekit serve --insecure-no-auth

  With a token, for others, over TLS:
      cachekit-server new-token                  # prints a token and what to keep of it
      cachekit serve --listen 0.0.0.0:443 --token-file /etc/cachekit/tokens.toml \\
          --tls-certificate /etc/cachekit/tls.crt --tls-key /etc/cachekit/tls.key

  In front of Redis, from a script that reads the address:
      CACHEKIT_SERVE_TOKEN=$TOKEN cachekit serve --store redis://localhost --listen 127.0.0.1:0 --json

Signals:
  TERM, INT   stop accepting, finish what is in flight, end; a second one ends at once
  HUP         read tokens and certificate again

Exit codes:
  0   ended when told to, nothing cut short
  1   requests were cut short, or the process could not be set up
  2   the settings are wrong, or would be unsafe
  3   an address cannot be listened on
  4   the store cannot be opened";

/// The HTTP store server.
#[derive(Parser, Debug, Default, Clone)]
#[command(name = "cachekit-server", version, about = ABOUT, after_help = EXAMPLES, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// A TOML file with these settings; names as the flags', with `_`
    #[arg(long, value_name = "FILE", env = "CACHEKIT_SERVE_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) given: Given,

    /// Print the addresses as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What the server does instead of serving.
#[derive(Subcommand, Debug, Clone)]
pub(crate) enum Command {
    /// Print a new random token, and the lines for the token file, which do not contain it
    NewToken {
        /// What the token is called in the file; its entries are in a key space of this name
        #[arg(long, default_value = "default")]
        name: String,
        /// Print both as one line of JSON
        #[arg(long)]
        json: bool,
    },
}

/// Settings that a file may have as well.
#[derive(clap::Args, Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Given {
    /// Where to listen; port 0 is any that is free [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS", env = "CACHEKIT_SERVE_LISTEN", help_heading = "Where")]
    pub(crate) listen: Option<String>,

    /// Where the operator's page and /metrics are, or `off` [default: 127.0.0.1:8788]
    #[arg(long, value_name = "ADDRESS", env = "CACHEKIT_SERVE_ADMIN", help_heading = "Where")]
    pub(crate) admin: Option<String>,

    /// What stands before /v1 in every address, as in /api [default: nothing]
    #[arg(long, value_name = "PATH", env = "CACHEKIT_SERVE_BASE", help_heading = "Where")]
    pub(crate) base: Option<String>,

    /// The certificate, with what leads from it to its authority, in PEM
    #[arg(
        long,
        value_name = "FILE",
        env = "CACHEKIT_SERVE_TLS_CERTIFICATE",
        help_heading = "Where"
    )]
    pub(crate) tls_certificate: Option<PathBuf>,

    /// Its private key, in PEM, without passphrase
    #[arg(long, value_name = "FILE", env = "CACHEKIT_SERVE_TLS_KEY", help_heading = "Where")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Serve others over plain HTTP: whoever is on the way reads tokens and names
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL",
          env = "CACHEKIT_SERVE_INSECURE_PLAIN_HTTP", help_heading = "Where")]
    pub(crate) insecure_plain_http: Option<bool>,

    /// The store below: file:///directory, shm://name, redis://…, memcached://… [default: a directory
    /// in this user's cache]
    #[arg(
        long,
        value_name = "URL",
        env = "CACHEKIT_SERVE_STORE",
        hide_env_values = true,
        help_heading = "What is kept"
    )]
    pub(crate) store: Option<String>,

    /// How large the embedded store may become [default: 1GiB]
    #[arg(
        long,
        value_name = "SIZE",
        env = "CACHEKIT_SERVE_CAPACITY",
        help_heading = "What is kept"
    )]
    pub(crate) capacity: Option<Size>,

    /// The largest entry [default: 64MiB, and an eighth of the capacity at most]
    #[arg(
        long,
        value_name = "SIZE",
        env = "CACHEKIT_SERVE_LARGEST_ENTRY",
        help_heading = "What is kept"
    )]
    pub(crate) largest_entry: Option<Size>,

    /// How long an entry lives that does not say so itself [default: 1h]
    #[arg(
        long,
        value_name = "TIME",
        env = "CACHEKIT_SERVE_DEFAULT_TTL",
        help_heading = "What is kept"
    )]
    pub(crate) default_ttl: Option<Span>,

    /// A TOML file of tokens, as `cachekit-server new-token` prints it; CACHEKIT_SERVE_TOKEN is
    /// the other way, for one token
    #[arg(
        long,
        value_name = "FILE",
        env = "CACHEKIT_SERVE_TOKEN_FILE",
        help_heading = "Who may ask, and how much"
    )]
    pub(crate) token_file: Option<PathBuf>,

    /// Serve anybody, on loopback alone
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL",
          env = "CACHEKIT_SERVE_INSECURE_NO_AUTH", help_heading = "Who may ask, and how much")]
    pub(crate) insecure_no_auth: Option<bool>,

    /// Requests a second for each token that has no rate of its own [default: no limit]
    #[arg(
        long,
        value_name = "NUMBER",
        env = "CACHEKIT_SERVE_RATE",
        help_heading = "Who may ask, and how much"
    )]
    pub(crate) rate: Option<f64>,

    /// Requests at once after a pause [default: a second's worth]
    #[arg(
        long,
        value_name = "NUMBER",
        env = "CACHEKIT_SERVE_BURST",
        help_heading = "Who may ask, and how much"
    )]
    pub(crate) burst: Option<f64>,

    /// Connections at once; more are answered with 503 [default: 4096]
    #[arg(
        long,
        value_name = "NUMBER",
        env = "CACHEKIT_SERVE_CONNECTIONS",
        help_heading = "Who may ask, and how much"
    )]
    pub(crate) connections: Option<usize>,

    /// How long a connection may be idle, or take to send a request's head [default: 30s]
    #[arg(
        long,
        value_name = "TIME",
        env = "CACHEKIT_SERVE_IDLE_TIMEOUT",
        help_heading = "Who may ask, and how much"
    )]
    pub(crate) idle_timeout: Option<Span>,

    /// How long a whole body may take, or a client that takes nothing of its answer [default: 30s]
    #[arg(
        long,
        value_name = "TIME",
        env = "CACHEKIT_SERVE_TRANSFER_TIMEOUT",
        help_heading = "Who may ask, and how much"
    )]
    pub(crate) transfer_timeout: Option<Span>,

    /// Bodies and answers in memory at once; more are answered with 503 [default: 512MiB]
    #[arg(
        long,
        value_name = "SIZE",
        env = "CACHEKIT_SERVE_IN_FLIGHT",
        help_heading = "Who may ask, and how much"
    )]
    pub(crate) in_flight: Option<Size>,

    /// How long requests in flight may take when the server is told to end [default: 30s]
    #[arg(
        long,
        value_name = "TIME",
        env = "CACHEKIT_SERVE_SHUTDOWN_TIMEOUT",
        help_heading = "How"
    )]
    pub(crate) shutdown_timeout: Option<Span>,

    /// What is logged to standard error, as JSON; `debug` has a line for each request [default: info]
    #[arg(long, value_name = "LEVEL", env = "CACHEKIT_SERVE_LOG", help_heading = "How")]
    pub(crate) log: Option<LogLevel>,
}

/// How much is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

macro_rules! first_of {
    ($first:expr, $second:expr; $($field:ident)*) => { Given { $($field: $first.$field.or($second.$field),)* } };
}

impl Given {
    /// Every setting from here, and what is not here from `other`.
    pub(crate) fn or(self, other: Self) -> Self {
        first_of!(self, other;
            listen admin base tls_certificate tls_key insecure_plain_http
            store capacity largest_entry default_ttl
            token_file insecure_no_auth rate burst
            connections idle_timeout transfer_timeout in_flight
            shutdown_timeout log)
    }
}
