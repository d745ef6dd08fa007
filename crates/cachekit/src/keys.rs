//! From settings to a ring of keys (`docs/format.md`, "Rotation").

use std::sync::{Arc, Once};

use cachekit_engine::process::{Clock, SystemClock, UnixMillis};
use cachekit_engine::seal::{Keyring, MasterKey, NamingKey};

use crate::{Error, MasterKeySource, Rotation, Secret, Settings, key_file};

/// What a sealed cache without a key says.
pub const NO_KEY: &str = "cache.secure requires master_key parameter or CACHEKIT_MASTER_KEY \
     environment variable. Make a key with: export CACHEKIT_MASTER_KEY=$(openssl rand -hex 32)";

/// The ring that these settings describe.
///
/// The key list comes first: the first of its keys that may seal today seals, all of them open, and
/// the master key joins them for opening unless it is listed. Without a list the master key does
/// both. With [`Rotation::Ignored`] the list has no say.
///
/// # Errors
/// `Configuration`: there is no key, or its file is missing or open to others. `Key`: a key is not
/// hexadecimal or too short, the list is malformed or names one key twice, or none may seal.
pub fn keyring(settings: &Settings) -> Result<Arc<Keyring>, Error> {
    let master = settings.master_key.as_ref().map(master).transpose()?;
    let list = match settings.rotation_policy {
        Some(Rotation::Ignored) => None,
        Some(Rotation::Honoured) | None => settings.rotation.as_ref(),
    };
    let ring = match (list, master) {
        (Some(list), master) => Keyring::from_rotation(list.expose(), master)?,
        (None, Some(master)) => Keyring::single(master),
        (None, None) => return Err(Error::configuration(NO_KEY)),
    };
    let ring = match &settings.naming_key {
        Some(naming) => ring.with_naming_key(NamingKey::from_hex(naming.expose())?),
        None => ring,
    };
    ring.check(now(settings))?;
    warn_if_weak(&ring);
    Ok(Arc::new(ring))
}

fn now(settings: &Settings) -> UnixMillis {
    let nanos = match &settings.clock {
        Some(clock) => clock.wall_nanos(),
        None => SystemClock.wall_nanos(),
    };
    UnixMillis(nanos / 1_000_000)
}

/// A key of one repeated byte works, as the documentation of every library shows it. It is not a
/// secret.
fn warn_if_weak(ring: &Keyring) {
    static SAID: Once = Once::new();
    if ring.is_weak() {
        SAID.call_once(|| {
            log::warn!(
                "a master key repeats one byte: good for a demonstration, guessed at once by \
                 anybody else. Make one with: openssl rand -hex 32"
            );
        });
    }
}

fn master(source: &MasterKeySource) -> Result<MasterKey, Error> {
    let read;
    let hex: &Secret = match source {
        MasterKeySource::Hex(hex) => hex,
        MasterKeySource::File(path) => {
            read = key_file::read(path)?;
            &read
        }
    };
    Ok(MasterKey::from_hex(hex.expose())?)
}
