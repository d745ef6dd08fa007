//! The one place where encoded values become stored bytes, and back: sealed or plain, as the cache
//! was built. Nothing that a store answers chooses between the two.

use std::sync::Arc;

use bytes::Bytes;
use cachekit_process::UnixMillis;
use cachekit_seal::{
    Content, Keyring, Name, NameFields, NameOrder, OpenLimits, Opened, Refusal, Scratch, Sealed,
    Session, Tenant, TenantKeys, plain,
};
use smallvec::{SmallVec, smallvec};

use crate::Error;
use crate::options::Protection;

/// Where an entry lives, and what its seal is bound to.
#[derive(Clone)]
pub(crate) struct Address {
    /// Plain entries have none: they are bound to nothing.
    name: Option<Name>,
    key: String,
}

impl Address {
    /// The address in the store.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What a seal is bound to; plain entries are bound to nothing.
    pub(crate) const fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// What stands for the address in a generation: the name, or a plain cache's address itself.
    pub(crate) fn identity(&self) -> &[u8] {
        self.name.as_ref().map_or(self.key.as_bytes(), |name| name.as_bytes())
    }
}

/// An entry ready to be stored.
///
/// A sealed cache has only [`Keys::Sealed`], and that gives only `Sealed` here: no path leads from
/// an encoded value around the seal.
pub(crate) enum Protected {
    Plain(Vec<u8>),
    Sealed(Sealed),
}

impl Protected {
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Plain(entry) => entry.into(),
            Self::Sealed(entry) => entry.into_bytes().into(),
        }
    }
}

/// How bytes that were checked in full once open again.
pub(crate) enum Reopen {
    Plain,
    Sealed { session: Session, name: Name },
}

/// One tenant's keys, or none in a plain cache.
#[derive(Clone)]
pub(crate) enum Keys {
    Plain,
    Sealed(Arc<TenantKeys>),
}

impl Keys {
    pub(crate) fn derive(protection: &Protection, tenant: Option<&str>) -> Result<Self, Error> {
        match protection {
            Protection::Plain => Ok(Self::Plain),
            Protection::Sealed(ring) => Ok(Self::Sealed(Arc::new(derive(ring, tenant)?))),
        }
    }

    /// Where the entry of these fields may live: the first is where it is written first. There is
    /// more than one only while keys rotate without a naming key.
    pub(crate) fn addresses(
        &self,
        now: UnixMillis,
        fields: &NameFields<'_>,
        tenant: Option<&str>,
    ) -> Result<SmallVec<[Address; 1]>, Error> {
        match self {
            Self::Plain => {
                let key = plain::key(fields, tenant)?;
                Ok(smallvec![Address { name: None, key }])
            }
            Self::Sealed(keys) => {
                let names = keys.names(now, fields)?;
                let address =
                    |name: Name| Address { name: Some(name), key: name.store_key(fields.prefix) };
                Ok(names.into_iter().map(address).collect())
            }
        }
    }

    /// While this is the same, so are the [`addresses`](Self::addresses) of the same fields.
    pub(crate) fn name_order(&self, now: UnixMillis) -> Result<NameOrder, Error> {
        match self {
            Self::Plain => Ok(NameOrder::ONE),
            Self::Sealed(keys) => Ok(keys.name_order(now)?),
        }
    }

    pub(crate) fn protect(
        &self,
        now: UnixMillis,
        address: &Address,
        content: &Content<'_>,
    ) -> Result<Protected, Error> {
        match (self, &address.name) {
            (Self::Sealed(keys), Some(name)) => {
                Ok(Protected::Sealed(keys.seal(now, name, content)?))
            }
            (Self::Plain, _) => Ok(Protected::Plain(plain::encode(content)?)),
            (Self::Sealed(_), None) => Err(Error::Option {
                option: "protection",
                problem: "a sealed cache met a plain address".to_owned(),
            }),
        }
    }

    /// Opens stored bytes and checks all that the format's section "Opening" asks before rollback.
    pub(crate) fn open<'s>(
        &'s self,
        now: UnixMillis,
        address: &Address,
        limits: &OpenLimits,
        stored: &'s [u8],
        scratch: &'s mut Scratch,
    ) -> Result<(Opened<'s>, Reopen), Refusal> {
        match (self, &address.name) {
            (Self::Sealed(keys), Some(name)) => {
                let opened = keys.open(now, name, limits, stored, scratch)?;
                let session = opened.session().cloned();
                let reopen = match session {
                    Some(session) => Reopen::Sealed { session, name: *name },
                    None => Reopen::Plain,
                };
                Ok((opened, reopen))
            }
            _ => Ok((plain::decode(now, limits, stored, scratch)?, Reopen::Plain)),
        }
    }

    /// Whether an entry that opened did so under a key that does not seal any more.
    pub(crate) fn is_retiring(&self, now: UnixMillis, opened: &Opened<'_>) -> bool {
        match self {
            Self::Plain => false,
            Self::Sealed(keys) => {
                opened.session().is_some_and(|session| !keys.is_current(now, session))
            }
        }
    }
}

fn derive(ring: &Keyring, tenant: Option<&str>) -> Result<TenantKeys, Error> {
    let tenant = match tenant {
        None => Tenant::None,
        Some(name) => Tenant::Named { name, secret: None },
    };
    Ok(ring.tenant(&tenant)?)
}
