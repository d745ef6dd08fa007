//! `cachekit`: the commands, one file each in `commands/`.
#![forbid(unsafe_code)]

mod commands;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use commands::serve;

const EXIT_CODES: &str = "\
Exit codes:
  2     the command line is wrong
  127   a program that belongs to the command was not found
  any   what that program ends with: `cachekit serve --help` lists the server's";

/// Caching whose backend never sees your data: the tools beside the libraries.
#[derive(Parser)]
#[command(name = "cachekit", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start an HTTP store: `cachekit serve --help` says how
    #[command(disable_help_flag = true)]
    Serve(serve::Arguments),
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let done = match command {
        Command::Serve(arguments) => serve::run(arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cachekit: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
