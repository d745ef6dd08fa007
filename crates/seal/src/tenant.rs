//! One tenant's keys. `docs/format.md`, "Keys".

use std::sync::Arc;

use aws_lc_rs::hmac;
use cachekit_process::UnixMillis;
use smallvec::SmallVec;
use zeroize::Zeroizing;

use crate::derive::{Key32, expand, extract, label};
use crate::error::Error;
use crate::keyring::{Keyring, digest};
use crate::master_key::MasterKey;
use crate::name::{Name, NameFields, Purpose, length};
use crate::refusal::KeyId;
use crate::schedule::{KeyState, Schedule};
use crate::session::Session;
use crate::session_table;
use crate::writer_session::WriterSession;

/// Whose data it is.
#[derive(Clone, Copy)]
pub enum Tenant<'a> {
    /// Nobody's in particular: the application's own.
    None,
    /// A tenant of the application.
    Named {
        /// The identifier, never empty. Equal identifiers are the same tenant.
        name: &'a str,
        /// A secret that lives outside the cache and its backups. Destroying it makes everything
        /// sealed under it unreadable, with the master key too.
        secret: Option<&'a TenantSecret>,
    },
}

/// 32 random bytes that belong to one tenant alone. Cannot be printed, compared or serialized.
pub struct TenantSecret(Key32);

impl TenantSecret {
    /// Takes the secret. The caller's copy stays the caller's to zero.
    ///
    /// # Errors
    /// [`Error::SecretLength`] unless it is exactly 32 bytes.
    pub fn from_bytes(secret: &[u8]) -> Result<Self, Error> {
        let secret = secret.try_into().map_err(|_| Error::SecretLength(secret.len()))?;
        Ok(Self(Zeroizing::new(secret)))
    }
}

/// The keys of one tenant under every master key of a ring: names, seals and opens its entries.
///
/// Deriving them takes some microseconds, so keep them; clones share everything. They are zeroed
/// with the last clone, but for what a [`Session`] holds.
#[derive(Clone)]
pub struct TenantKeys(pub(crate) Arc<Keys>);

pub(crate) struct Keys {
    pub(crate) schedule: Arc<Schedule>,
    /// One per master key of the ring, in its order; `None` for a revoked one.
    roots: Vec<Option<Root>>,
    naming: Naming,
    pub(crate) writer: WriterSession,
    tenancy: Tenancy,
    secrecy: Secrecy,
}

/// Which of the names of an entry comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameOrder(Option<usize>);

impl NameOrder {
    /// There is only one, always.
    pub const ONE: Self = Self(None);
}

/// What one master key gives a tenant.
pub(crate) struct Root {
    pub(crate) kid: KeyId,
    pub(crate) seal: Key32,
    /// Stands for (master, tenant, secret) in the table of sessions.
    pub(crate) lineage: [u8; 16],
}

/// Where names come from: `K_name` under the naming key, or under each master key that is not
/// revoked, with its position in the ring.
enum Naming {
    Lasting(Box<hmac::Key>),
    PerMaster(Vec<(usize, hmac::Key)>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tenancy {
    None,
    Named,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    Master,
    OwnSecret,
}

impl Keyring {
    /// Derives one tenant's keys under every key of the ring that is not revoked.
    ///
    /// # Errors
    /// [`Error::EmptyTenant`], or [`Error::FieldTooLong`] for one over 65 535 bytes.
    pub fn tenant(&self, tenant: &Tenant<'_>) -> Result<TenantKeys, Error> {
        let branch = Branch::new(tenant)?;
        let mut roots = Vec::with_capacity(self.keys.len());
        for (key, plan) in self.keys.iter().zip(self.plan()) {
            let revoked = plan.state == KeyState::Revoked;
            roots.push(if revoked { None } else { Some(branch.root(key)?) });
        }
        let naming = self.naming_of(&branch, &roots)?;
        let (tenancy, secrecy) = match tenant {
            Tenant::None => (Tenancy::None, Secrecy::Master),
            Tenant::Named { secret: None, .. } => (Tenancy::Named, Secrecy::Master),
            Tenant::Named { secret: Some(_), .. } => (Tenancy::Named, Secrecy::OwnSecret),
        };
        Ok(TenantKeys(Arc::new(Keys {
            schedule: Arc::clone(&self.schedule),
            roots,
            naming,
            writer: WriterSession::new(),
            tenancy,
            secrecy,
        })))
    }

    fn naming_of(&self, branch: &Branch<'_>, roots: &[Option<Root>]) -> Result<Naming, Error> {
        if let Some(naming) = &self.naming {
            return Ok(Naming::Lasting(Box::new(branch.name_key(naming)?)));
        }
        let mut keys = Vec::new();
        for (position, (key, root)) in self.keys.iter().zip(roots).enumerate() {
            if root.is_some() {
                keys.push((position, branch.name_key(&key.naming)?));
            }
        }
        Ok(Naming::PerMaster(keys))
    }
}

impl TenantKeys {
    /// The names under which an entry may be stored: the one to write to first.
    ///
    /// With a naming key there is one. Without, there is one for each master key of the ring that
    /// is not revoked: readers ask for all of them, writers and invalidations cover all of them.
    ///
    /// # Errors
    /// [`Error::FieldTooLong`], [`Error::MisplacedField`] (a barrier of a cache has no tenant
    /// either), [`Error::NoSealingKey`].
    pub fn names(
        &self,
        now: UnixMillis,
        fields: &NameFields<'_>,
    ) -> Result<SmallVec<[Name; 1]>, Error> {
        if fields.purpose == Purpose::Clear && self.0.tenancy == Tenancy::Named {
            return Err(Error::MisplacedField { purpose: fields.purpose, field: "tenant" });
        }
        match (&self.0.naming, self.name_order(now)?) {
            (Naming::Lasting(key), _) => Ok(SmallVec::from_buf([Name::derive(key, fields)?])),
            (Naming::PerMaster(keys), NameOrder(sealing)) => {
                let is_first = |position: usize| Some(position) == sealing;
                let first = keys.iter().filter(|(position, _)| is_first(*position));
                let others = keys.iter().filter(|(position, _)| !is_first(*position));
                first.chain(others).map(|(_, key)| Name::derive(key, fields)).collect()
            }
        }
    }

    /// Stands for the order of [`names`](Self::names) at `now`: while it is the same, so are the
    /// names of the same fields.
    ///
    /// # Errors
    /// [`Error::NoSealingKey`]
    pub fn name_order(&self, now: UnixMillis) -> Result<NameOrder, Error> {
        match self.0.naming {
            Naming::Lasting(_) => Ok(NameOrder::ONE),
            Naming::PerMaster(_) => {
                self.0.schedule.sealing(now).map(|first| NameOrder(Some(first)))
            }
        }
    }

    /// Whether entries of this session are sealed by the key that seals at `now`. The others are
    /// worth sealing again before their key goes.
    #[must_use]
    pub fn is_current(&self, now: UnixMillis, session: &Session) -> bool {
        let sealing = self.0.schedule.sealing(now).and_then(|position| self.0.root(position));
        sealing.is_ok_and(|root| root.kid == session.key_id())
    }
}

impl Keys {
    /// The keys at a position of the ring.
    pub(crate) fn root(&self, position: usize) -> Result<&Root, Error> {
        let root = self.roots.get(position).and_then(Option::as_ref);
        root.ok_or(Error::NoSealingKey { next: None })
    }
}

impl Drop for Keys {
    /// An erased tenant's session keys must not outlive its secret in the table.
    fn drop(&mut self) {
        if self.secrecy == Secrecy::OwnSecret {
            let roots = self.roots.iter().flatten();
            let lineages: SmallVec<[_; 4]> = roots.map(|root| root.lineage).collect();
            session_table::forget(&lineages);
        }
    }
}

/// How the tree of keys branches off for one tenant.
struct Branch<'a> {
    /// The tenant behind its length, or none.
    name: Option<([u8; 2], &'a str)>,
    /// The tenant's secret, or nothing.
    secret: &'a [u8],
}

impl<'a> Branch<'a> {
    fn new(tenant: &Tenant<'a>) -> Result<Self, Error> {
        match *tenant {
            Tenant::None => Ok(Self { name: None, secret: &[] }),
            Tenant::Named { name: "", .. } => Err(Error::EmptyTenant),
            Tenant::Named { name, secret } => Ok(Self {
                name: Some((length("tenant", name)?, name)),
                secret: secret.map_or(&[], |secret| &*secret.0),
            }),
        }
    }

    fn root(&self, key: &MasterKey) -> Result<Root, Error> {
        let seal = expand(&self.tenant_key(&key.prk)?, &[label::SEAL])?;
        let lineage = digest(&[&*seal]);
        Ok(Root { kid: key.kid, seal, lineage })
    }

    /// `K_name`.
    fn name_key(&self, naming: &Key32) -> Result<hmac::Key, Error> {
        let key = expand(&self.tenant_key(naming)?, &[label::NAME])?;
        Ok(hmac::Key::new(hmac::HMAC_SHA256, &*key))
    }

    /// `K_t` when the parent is `PRK`, its counterpart for names when the parent is `N`.
    fn tenant_key(&self, parent: &Key32) -> Result<Key32, Error> {
        let salt = match &self.name {
            None => expand(parent, &[label::NO_TENANT])?,
            Some((length, name)) => expand(parent, &[label::TENANT, length, name.as_bytes()])?,
        };
        extract(&*salt, self.secret)
    }
}

#[cfg(feature = "vectors")]
impl Keys {
    /// `K_t`'s child by which a master key seals; for vectors.
    pub(crate) fn seal_key(&self, position: usize) -> Result<[u8; 32], Error> {
        self.root(position).map(|root| *root.seal)
    }
}
