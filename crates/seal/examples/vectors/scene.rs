//! The keys, tenants and moments that all vectors are set among.

use cachekit_process::UnixMillis;
use cachekit_seal::danger::ChosenNonce;
use cachekit_seal::{
    Keyring, MasterKey, Name, NameFields, Purpose, Tenant, TenantKeys, TenantSecret,
};

/// 2026-10-01T00:00:00Z.
pub(crate) const NOW: UnixMillis = UnixMillis(1_790_812_800_000);
pub(crate) const MASTER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(crate) const OTHER_MASTER: &str =
    "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef";
pub(crate) const LONG_MASTER: &str = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f\
                               a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
pub(crate) const NAMING: &str = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
pub(crate) const SECRET: &str = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf";

/// Whose keys a vector is about.
#[derive(Clone, Copy)]
pub(crate) struct Whose {
    pub(crate) tenant: Option<&'static str>,
    pub(crate) secret: Option<&'static str>,
}

pub(crate) const NOBODYS: Whose = Whose { tenant: None, secret: None };
pub(crate) const CLINIC: Whose = Whose { tenant: Some("clinic-7"), secret: None };
pub(crate) const ERASABLE: Whose = Whose { tenant: Some("clinic-7"), secret: Some(SECRET) };

impl Whose {
    pub(crate) fn keys(self, ring: &Keyring) -> TenantKeys {
        let secret = self.secret.map(|hex| TenantSecret::from_bytes(&bytes(hex)).unwrap());
        let tenant = match self.tenant {
            None => Tenant::None,
            Some(name) => Tenant::Named { name, secret: secret.as_ref() },
        };
        ring.tenant(&tenant).unwrap()
    }
}

pub(crate) fn bytes(hex_digits: &str) -> Vec<u8> {
    hex::decode(hex_digits).unwrap()
}

pub(crate) fn single(master: &str) -> Keyring {
    Keyring::single(MasterKey::from_hex(master).unwrap())
}

pub(crate) fn nonce(counter: u64) -> ChosenNonce {
    let sid = *b"\x11writer-session";
    ChosenNonce { sid: pad_sid(sid), counter, randomness: [0xDE, 0xAD, 0xBE, 0xEF] }
}

fn pad_sid(short: [u8; 15]) -> [u8; 16] {
    let mut sid = [0xEE; 16];
    sid[..15].copy_from_slice(&short);
    sid
}

/// The fields of the name that entries are sealed under.
pub(crate) fn fields(purpose: Purpose) -> NameFields<'static> {
    let operation = matches!(purpose, Purpose::Entry | Purpose::Clear);
    NameFields {
        purpose,
        prefix: if purpose == Purpose::Wrapper { "" } else { "ck:" },
        namespace: "",
        operation: if operation { "records.load" } else { "" },
        version: "",
        schema: "",
        arguments: &[0x5A; 32],
    }
}

pub(crate) fn name(keys: &TenantKeys, purpose: Purpose) -> Name {
    keys.names(NOW, &fields(purpose)).unwrap()[0]
}
