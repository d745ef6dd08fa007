//! The program: arguments in, exit code out.
#![forbid(unsafe_code)]

use std::{
    io::{self, Write},
    process::ExitCode,
};

use cachekit_server::{Args, run};
use clap::Parser;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cachekit-server: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
