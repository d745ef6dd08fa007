//! One call: who asks, and with what.

/// A call of one operation. It has no `Debug`: arguments and tenants are nobody's to print.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The tenant on whose behalf it is made; never empty.
    pub tenant: Option<&'a str>,
    /// The arguments in their canonical encoding (`docs/arguments.md`).
    pub arguments: &'a [u8],
}

/// A value on its way into the cache.
#[derive(Clone, Copy)]
pub enum Encoded<'a> {
    /// The function returned nothing: `None`, `()`.
    None,
    /// A value as its serializer wrote it.
    Body {
        /// The encoded bytes.
        bytes: &'a [u8],
        /// Plain caches may hold an immutable object as it is, beside its bytes; a sealed cache
        /// drops it here, so that no plaintext outlives the call.
        object: Option<&'a crate::Object>,
    },
}

/// A value on its way out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Value<'s> {
    /// The function had returned nothing.
    None,
    /// The encoded value. It lies in the caller's scratch buffer, and is wiped with it.
    Body(&'s [u8]),
}
