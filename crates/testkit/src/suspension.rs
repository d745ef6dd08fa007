//! Suspending a process, and letting it go on.

use std::{fs, process::Command};

use crate::eventually;

/// Sends a signal by name, say `HUP`.
///
/// # Panics
///
/// If there is no such process.
pub(crate) fn signal(pid: u32, signal: &str) {
    let script = format!("kill -{signal} {pid}");
    let status = Command::new("sh").args(["-c", &script]).status().expect("a shell");
    assert!(status.success(), "{script}: {status}");
}

/// Suspends a process (SIGSTOP), and waits until it is.
pub(crate) fn suspend(pid: u32) {
    signal(pid, "STOP");
    eventually("the process is suspended", || state(pid) == Some('T'));
}

/// Lets a suspended process go on (SIGCONT).
pub(crate) fn resume(pid: u32) {
    signal(pid, "CONT");
    eventually("the process goes on", || state(pid) != Some('T'));
}

/// As Linux shows it: the field after the name in parentheses.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}
