//! On whose behalf a cached function is called.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Error;

/// The tenant of one call.
#[derive(Clone, Copy)]
pub enum Tenancy<'a> {
    /// The function has no `tenant`.
    None,
    /// This one.
    Named(&'a str),
    /// The function has a `tenant`, and it gave nothing for this call.
    Missing,
}

impl<'a> Tenancy<'a> {
    /// Never "no tenant" by accident: an empty one is refused, and the function does not run.
    pub(crate) fn resolve(self) -> Result<Option<&'a str>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Named(tenant) => Ok(Some(tenant)),
            Self::Missing => Err(Error::MissingTenant),
        }
    }
}

/// The tenant that an expression gave.
pub fn tenant<T: ToTenant + ?Sized>(tenant: &T) -> Tenancy<'_> {
    match tenant.to_tenant() {
        Some(tenant) if !tenant.is_empty() => Tenancy::Named(tenant),
        _ => Tenancy::Missing,
    }
}

/// What may stand behind `tenant =`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a tenant",
    note = "`tenant = …` takes a text (`&str`, `String`, `Arc<str>`), or an `Option` of one"
)]
pub trait ToTenant {
    /// The tenant's name, if there is one.
    fn to_tenant(&self) -> Option<&str>;
}

impl ToTenant for str {
    fn to_tenant(&self) -> Option<&str> {
        Some(self)
    }
}

impl ToTenant for String {
    fn to_tenant(&self) -> Option<&str> {
        Some(self)
    }
}

impl ToTenant for Cow<'_, str> {
    fn to_tenant(&self) -> Option<&str> {
        Some(self)
    }
}

impl<T: ToTenant + ?Sized> ToTenant for &T {
    fn to_tenant(&self) -> Option<&str> {
        (**self).to_tenant()
    }
}

impl<T: ToTenant + ?Sized> ToTenant for Arc<T> {
    fn to_tenant(&self) -> Option<&str> {
        (**self).to_tenant()
    }
}

impl<T: ToTenant + ?Sized> ToTenant for Box<T> {
    fn to_tenant(&self) -> Option<&str> {
        (**self).to_tenant()
    }
}

impl<T: ToTenant> ToTenant for Option<T> {
    fn to_tenant(&self) -> Option<&str> {
        self.as_ref()?.to_tenant()
    }
}
