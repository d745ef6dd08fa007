//! A master key in a file.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::{Error, Secret};

/// No key, however long, comes near it; a file that does is the wrong one.
const LONGEST: u64 = 4096;

/// Reads the key from a file that is not open to others.
///
/// The owner and his group may read it (container platforms mount secrets that way); whoever else
/// can read it has the key, and whoever can write it can choose the key.
///
/// # Errors
/// `Configuration` names the file, what is wrong with it, and the command that mends it.
pub(crate) fn read(path: &Path) -> Result<Secret, Error> {
    let wrong = |what: &str| Error::configuration(format!("key file {}: {what}", path.display()));
    let file = File::open(path).map_err(|error| wrong(&format!("cannot be opened ({error})")))?;
    // Of the open file, not of the path: the answer is about the bytes that are read below.
    check_mode(&file, path)?;
    let mut text = Zeroizing::new(String::with_capacity(512));
    let read = file.take(LONGEST + 1).read_to_string(&mut text);
    let length = read.map_err(|error| wrong(&format!("cannot be read ({error})")))?;
    if length as u64 > LONGEST {
        return Err(wrong("is over 4096 bytes long, so it is not a key in hexadecimal"));
    }
    let secret = Secret::from(text);
    if secret.expose().is_empty() {
        return Err(wrong("is empty; fill it with `openssl rand -hex 32`"));
    }
    Ok(secret)
}

fn check_mode(file: &File, path: &Path) -> Result<(), Error> {
    const OTHERS: u32 = 0o007;
    const GROUP_WRITES: u32 = 0o020;
    let path = path.display();
    let metadata = file.metadata().map_err(|error| {
        Error::configuration(format!("key file {path}: its mode cannot be read ({error})"))
    })?;
    let mode = metadata.mode() & 0o777;
    if mode & (OTHERS | GROUP_WRITES) == 0 {
        return Ok(());
    }
    Err(Error::configuration(format!(
        "key file {path} has mode {mode:03o}: others can read or change the key. \
         Run: chmod 600 '{path}'"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn file(content: &str, mode: u32) -> tempfile::TempPath {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), content).expect("written");
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).expect("mode");
        file.into_temp_path()
    }

    fn refusal(content: &str, mode: u32) -> String {
        read(&file(content, mode)).err().expect("refused").to_string()
    }

    #[test]
    fn a_private_file_is_read_and_trimmed() {
        for mode in [0o600, 0o400, 0o440] {
            let secret = read(&file("  abcd\n", mode)).expect("read");
            assert_eq!(secret.expose(), "abcd");
        }
    }

    #[test]
    fn an_open_file_is_refused_with_the_command_to_run() {
        for mode in [0o644, 0o604, 0o620, 0o602] {
            let message = refusal("abcd", mode);
            assert!(message.contains(&format!("{mode:03o}")), "{message}");
            assert!(message.contains("chmod 600 "), "{message}");
            assert!(!message.contains("abcd"), "{message}");
        }
    }

    #[test]
    fn a_wrong_file_is_named() {
        assert!(refusal(" \n", 0o600).contains("is empty"));
        assert!(refusal(&"a".repeat(5000), 0o600).contains("over 4096"));
        let missing = read(Path::new("/nonexistent/key")).err().expect("refused").to_string();
        assert!(missing.contains("/nonexistent/key"), "{missing}");
    }
}
