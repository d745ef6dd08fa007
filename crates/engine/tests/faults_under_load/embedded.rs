//! The stores in a file and in shared memory, on a disk that fills up.
//!
//! The disk is a small one of their own: a `tmpfs` over `/dev/shm`, in a mount namespace that root may
//! make, and where the kernel lets them, everybody.

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use cachekit_store::StoreOptions;

use crate::{Scene, fault::Fault};

/// Less than a store takes by default, more than a few hundred entries.
const DISK: &str = "4m";

/// Runs the test below as another process, which sees a small disk in place of `/dev/shm`.
pub(crate) fn in_a_space_of_its_own(lasting: Duration) {
    if !in_a_namespace("true").status().is_ok_and(|status| status.success()) {
        eprintln!(
            "file, shm     not tried: this system lets nobody but root mount, and we are not root"
        );
        return;
    }
    let status = in_a_namespace(&format!(
        "mount -t tmpfs -o size={DISK} none /dev/shm && exec \"$0\" --exact \
         embedded::on_a_disk_that_fills_up --ignored --nocapture"
    ))
    .env("CACHEKIT_TEST_LASTING", lasting.as_secs().to_string())
    .stdout(Stdio::null())
    .status();
    assert!(status.expect("a shell").success(), "on a disk that fills up");
}

fn in_a_namespace(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", script]);
    command.arg(env::current_exe().expect("this test")).stdin(Stdio::null());
    command
}

#[test]
#[ignore = "a part of the other test, which runs it where there is a small disk"]
fn on_a_disk_that_fills_up() {
    let Ok(lasting) = env::var("CACHEKIT_TEST_LASTING") else { return };
    let lasting = Duration::from_secs(lasting.parse().expect("seconds"));
    let disk = Path::new("/dev/shm");
    let file = format!("file://{}", disk.join("cache").display());
    for (name, url) in [("file", file), ("shm", "shm://faults".to_owned())] {
        let filler = disk.join(format!("filler-{name}"));
        let faults = vec![Fault::new("disk full", || fill(&filler), || empty(&filler))];
        Scene { name, url, options: StoreOptions::default(), faults }.play(lasting);
    }
}

/// Takes all the room that is left.
fn fill(filler: &Path) {
    let mut filler = File::create(filler).expect("a new file");
    while filler.write_all(&[0; 4096]).is_ok() {}
}

fn empty(filler: &Path) {
    fs::remove_file(filler).expect("our own file");
    thread::yield_now();
}
