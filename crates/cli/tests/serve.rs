//! `cachekit serve` becomes the server, wherever it is found.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

/// A program that says who it is and what it was given, and ends with 7.
const SAYS: &str = "#!/bin/sh\necho \"$(basename \"$(dirname \"$0\")\"):$*\"\nexit 7\n";

fn put(directory: &Path, mode: u32) {
    fs::create_dir_all(directory).unwrap();
    let path = directory.join("cachekit-server");
    fs::write(&path, SAYS).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A copy of the command line tool in a directory of its own.
fn install(directory: &TempDir) -> Command {
    let own = directory.path().join("own");
    fs::create_dir_all(&own).unwrap();
    let copy = own.join("cachekit");
    fs::copy(env!("CARGO_BIN_EXE_cachekit"), &copy).unwrap();
    let mut command = Command::new(copy);
    command.env("PATH", format!("{}:/usr/bin:/bin", directory.path().join("path").display()));
    command
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn passes_everything_on_and_ends_as_it_does() {
    let directory = TempDir::new().unwrap();
    put(&directory.path().join("path"), 0o755);
    let mut command = install(&directory);
    let output = command.args(["serve", "--help", "--listen", "x y", "--", "-v"]).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(text(&output).0, "path:--help --listen x y -- -v\n");
}

#[test]
fn prefers_the_one_beside_it() {
    let directory = TempDir::new().unwrap();
    put(&directory.path().join("path"), 0o755);
    let mut command = install(&directory);
    put(&directory.path().join("own"), 0o755);
    assert_eq!(text(&command.arg("serve").output().unwrap()).0, "own:\n");
}

#[test]
fn says_what_is_missing() {
    let directory = TempDir::new().unwrap();
    let output = install(&directory).arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    assert!(text(&output).1.contains("cargo install"), "{output:?}");
    put(&directory.path().join("path"), 0o644);
    let output = install(&directory).arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(126));
}

#[test]
fn a_wrong_command_is_told_apart() {
    let directory = TempDir::new().unwrap();
    for arguments in [&["sevre"][..], &[], &["--colour"]] {
        let output = install(&directory).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let output = install(&directory).arg("--version").output().unwrap();
    assert_eq!((output.status.code(), text(&output).0), (Some(0), "cachekit 0.1.0\n".into()));
    let output = install(&directory).arg("--help").output().unwrap();
    assert!(text(&output).0.contains("Start an HTTP store"), "{output:?}");
}
