//! A program that runs for a test, and not a moment longer.

use std::{
    fs,
    net::TcpListener,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use crate::eventually;

/// A running program. It is killed when this is dropped, and also when the test's process is.
#[derive(Debug)]
pub(crate) struct Process {
    program: Child,
    /// Kills the program once its standard input ends, that is, when this process is gone.
    watchdog: Child,
}

impl Process {
    /// Starts it, without input.
    ///
    /// # Panics
    ///
    /// If it is not there; `install` says how to get it.
    pub(crate) fn start(command: &mut Command, install: &str) -> Self {
        let program = command.stdin(Stdio::null()).spawn().expect(install);
        let watchdog = Command::new("sh")
            .args(["-c", &format!("read -r _; kill -9 {}", program.id())])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        Self { program, watchdog }
    }

    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }

    /// What it prints, where that was asked for; once.
    pub(crate) fn output(&mut self) -> ChildStdout {
        self.program.stdout.take().expect("a piped output")
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.program.try_wait(), Ok(None))
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.program.wait().expect("its exit code")
    }

    /// Sends it a signal by name, say `HUP`.
    pub(crate) fn signal(&self, signal: &str) {
        let script = format!("kill -{signal} {}", self.id());
        let status = Command::new("sh").args(["-c", &script]).status().expect("a shell");
        assert!(status.success(), "{script}: {status}");
    }

    /// Suspends it (SIGSTOP), and waits until it is.
    pub(crate) fn suspend(&self) {
        self.signal("STOP");
        eventually("the process is suspended", || self.is_suspended());
    }

    /// Lets it go on (SIGCONT).
    pub(crate) fn resume(&self) {
        self.signal("CONT");
        eventually("the process goes on", || !self.is_suspended());
    }

    /// As Linux shows it: the field after the name in parentheses.
    fn is_suspended(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // First the watchdog, which must not outlive the process id that it knows.
        for child in [&mut self.watchdog, &mut self.program] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}
