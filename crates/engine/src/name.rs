//! From a call to what stands for it: a digest inside the process, addresses in the store.

use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::Call;
use crate::options::OperationOptions;

/// Stands for a name inside this process: SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012),
/// under a secret key of the cache's own.
///
/// Nobody who does not have the key can tell which calls would collide, nor read or guess an
/// argument from a memory dump of the table alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(pub(crate) [u8; 16]);

impl Digest {
    pub(crate) fn group(&self, groups: usize) -> usize {
        let last = self.0.last_chunk::<8>().copied().unwrap_or_default();
        (u64::from_le_bytes(last) as usize) % groups.max(1)
    }
}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

/// Digests are uniform already: their first eight bytes are the hash.
#[derive(Default)]
pub(crate) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Hashes digests by themselves.
pub(crate) type Uniform = BuildHasherDefault<DigestHasher>;

/// Tells operations of one process apart: one to a namespace and name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OperationId(u64);

impl OperationId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Relaxed))
    }
}

/// The keys under which one operation's calls are digested: one with a tenant, one without, so
/// that no tenant's bytes can pass for arguments.
pub(crate) struct DigestKeys {
    no_tenant: SipHasher24,
    tenant: SipHasher24,
}

impl DigestKeys {
    /// Derives them from the cache's random key and everything that tells operations apart.
    pub(crate) fn new(cache_key: &[u8; 32], options: &OperationOptions) -> Self {
        let derive = |label: &[u8]| {
            let mut hasher = blake3::Hasher::new_keyed(cache_key);
            let serializer = [options.serializer.0];
            let fields = [
                label,
                options.namespace.as_bytes(),
                options.name.as_bytes(),
                options.version.as_bytes(),
                options.schema.as_bytes(),
                &serializer,
            ];
            for field in fields {
                hasher.update(&(field.len() as u64).to_be_bytes());
                hasher.update(field);
            }
            let mut key = [0; 16];
            hasher.finalize_xof().fill(&mut key);
            SipHasher24::new_with_key(&key)
        };
        Self { no_tenant: derive(b"no tenant"), tenant: derive(b"tenant") }
    }

    /// On the path of every hit.
    #[inline]
    pub(crate) fn digest(&self, call: &Call<'_>) -> Digest {
        let hash = match call.tenant {
            None => self.no_tenant.hash(call.arguments),
            Some(tenant) => {
                let mut hasher = self.tenant;
                hasher.write(&(tenant.len() as u64).to_be_bytes());
                hasher.write(tenant.as_bytes());
                hasher.write(call.arguments);
                hasher.finish128()
            }
        };
        Digest(hash.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use cachekit_codec::SerializerId;

    use super::*;

    fn options(name: &str, namespace: &str) -> OperationOptions {
        OperationOptions {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            version: String::new(),
            schema: String::new(),
            ttl: std::time::Duration::from_secs(1),
            serializer: SerializerId::MSGPACK,
        }
    }

    #[test]
    fn every_field_tells_calls_apart() {
        let key = [7; 32];
        let base = DigestKeys::new(&key, &options("ab", "c"));
        let moved = DigestKeys::new(&key, &options("a", "bc"));
        let plain = Call { tenant: None, arguments: b"\0\0\0\0\0\0\0\x01tx" };
        let tenant = Call { tenant: Some("t"), arguments: b"x" };
        let other = Call { tenant: Some("tx"), arguments: b"" };
        let all = [
            base.digest(&plain),
            moved.digest(&plain),
            base.digest(&tenant),
            base.digest(&other),
            DigestKeys::new(&[8; 32], &options("ab", "c")).digest(&plain),
        ];
        for (i, a) in all.iter().enumerate() {
            for b in all.iter().skip(i + 1) {
                assert!(a != b);
            }
        }
    }
}
