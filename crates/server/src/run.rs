//! What the program does, from its arguments to its end.

use std::io::{self, Write};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use crate::{
    error::Error,
    logging,
    serve::serve,
    settings::{Args, Command, Settings},
    token::{Digest, invent},
};

/// Does what the command line says; serving, it returns when the server has ended.
///
/// # Errors
///
/// Whatever kept it from starting, or from ending well. [`Error::exit_code`] has the process' code.
pub fn run(args: Args) -> Result<(), Error> {
    if let Some(Command::NewToken { name, json }) = &args.command {
        return new_token(name, *json);
    }
    let settings = Settings::resolve(args.clone())?;
    logging::start(settings.log);
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(settings, &args))
}

fn new_token(name: &str, as_json: bool) -> Result<(), Error> {
    let token = invent();
    let sha256 = Digest::of(&token);
    if crate::space::Space::named(name).is_none() {
        return Err(Error::Settings(
            "--name wants 1 to 64 letters, digits, `-`, `_` or `.`, and not `anonymous`".into(),
        ));
    }
    let mut out = io::stdout().lock();
    if as_json {
        let line = json!({"token": token, "name": name, "sha256": sha256.to_string()});
        writeln!(out, "{line}")?;
        return Ok(());
    }
    writeln!(out, "# For the client, as CACHEKIT_API_KEY; it is shown this once:")?;
    writeln!(out, "#     {token}")?;
    writeln!(out, "# For the file that --token-file names:")?;
    writeln!(out, "[[token]]\nname = \"{name}\"\nsha256 = \"{sha256}\"")?;
    Ok(())
}

/// As many descriptors as the process may have: each connection is one, and the usual limit 1024.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(error = %error, "the limit of open files stays as it was");
    }
}
