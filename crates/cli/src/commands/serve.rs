//! `cachekit serve`: becomes `cachekit-server`.
//!
//! The server is a program of its own, which the code that seals is not part of. What is started
//! here takes this process' place: its id, its signals, its exit code.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use super::Error;

const PROGRAM: &str = "cachekit-server";

/// What is passed on, unread.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// For the server
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    passed_on: Vec<OsString>,
}

/// Returns only if the server could not be started, or where a process cannot become another one.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let path = find().ok_or(Error::Missing { program: PROGRAM })?;
    let mut server = Command::new(&path);
    server.args(arguments.passed_on);
    become_it(server, path)
}

#[cfg(unix)]
fn become_it(mut server: Command, path: PathBuf) -> Result<ExitCode, Error> {
    use std::os::unix::process::CommandExt;
    let source = server.exec();
    Err(Error::NotStarted { path, source })
}

#[cfg(not(unix))]
fn become_it(mut server: Command, path: PathBuf) -> Result<ExitCode, Error> {
    match server.status() {
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
        }
        Err(source) => Err(Error::NotStarted { path, source }),
    }
}

/// Beside this program first: they were installed together, so they fit together.
fn find() -> Option<PathBuf> {
    let name = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    let own = env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).map(Path::to_owned);
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).filter(|directory| directory.is_absolute());
    beside
        .into_iter()
        .chain(on_path)
        .map(|directory| directory.join(&name))
        .find(|candidate| candidate.is_file())
}
