//! Which function this is, and its operation in a cache.

use std::ops::Deref;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use cachekit_engine::codec::MessagePack;
use cachekit_engine::{Operation, OperationOptions};

use crate::operations::{Identity, Place};
use crate::shared::Secrecy;
use crate::{Cache, Error, default};

/// One `#[cached]`, as written.
pub struct Site {
    function: &'static str,
    place: Place,
    name: Option<&'static str>,
    namespace: Option<&'static str>,
    version: &'static str,
    ttl: Option<Duration>,
    secrecy: Secrecy,
    /// The operation in the default cache, for the first instantiation that was called: the path of
    /// most calls.
    bound: OnceLock<(usize, Operation)>,
}

impl Site {
    /// A function at a place in the source.
    #[must_use]
    pub const fn new(function: &'static str, file: &'static str, line: u32) -> Self {
        Self {
            function,
            place: Place { file, line },
            name: None,
            namespace: None,
            version: "",
            ttl: None,
            secrecy: Secrecy::Plain,
            bound: OnceLock::new(),
        }
    }

    /// `name = "…"`.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// `namespace = "…"`.
    #[must_use]
    pub const fn namespace(mut self, namespace: &'static str) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// `version = "…"`.
    #[must_use]
    pub const fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// `ttl = "…"`.
    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// `secure`.
    #[must_use]
    pub const fn secure(mut self) -> Self {
        self.secrecy = Secrecy::Sealed;
        self
    }
}

/// A site in one instantiation of its type parameters, and the cache that it uses.
pub struct Target<S> {
    /// The attribute, as written.
    pub site: &'static Site,
    /// The compiler's name for a closure in the function that was emitted.
    pub path: &'static str,
    /// The name of that function: the cached one's, or a companion's.
    pub emitted: &'static str,
    /// The compiler's name for the result's type.
    pub returns: &'static str,
    /// Where the cache comes from.
    pub cache: S,
}

/// Where a function's cache comes from.
pub trait Source {
    /// The cache's codec.
    type Codec;
    /// Whether it is the same cache at every call, for as long as the process lives.
    const FIXED: bool;
    /// The cache.
    ///
    /// # Errors
    /// The default cache cannot be built.
    fn cache(&self, secrecy: Secrecy) -> Result<&Cache<Self::Codec>, Error>;
}

/// The process-wide default.
pub struct Default;

impl Source for Default {
    type Codec = MessagePack;
    const FIXED: bool = true;
    fn cache(&self, secrecy: Secrecy) -> Result<&Cache<MessagePack>, Error> {
        default::cache(secrecy)
    }
}

/// A cache that the attribute names.
pub struct Explicit<'a, C>(&'a Cache<C>);

impl<C> Source for Explicit<'_, C> {
    type Codec = C;
    const FIXED: bool = false;
    fn cache(&self, secrecy: Secrecy) -> Result<&Cache<C>, Error> {
        if secrecy == Secrecy::Sealed && !self.0.state().is_sealed() {
            return Err(Error::configuration(
                "`secure` needs a sealed cache, and the one behind `cache = …` is plain: build it \
                 with `.secure(master_key)`",
            ));
        }
        Ok(self.0)
    }
}

/// No cache was named.
#[must_use]
pub const fn default_cache() -> Default {
    Default
}

/// This cache was named.
pub fn explicit<T: AsCache + ?Sized>(cache: &T) -> Explicit<'_, T::Codec> {
    Explicit(cache.as_cache())
}

/// What may stand behind `cache =`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cache",
    note = "`cache = …` takes a `cachekit::Cache`, or a reference, `Arc` or `LazyLock` of one"
)]
pub trait AsCache {
    /// The cache's codec.
    type Codec;
    /// The cache.
    fn as_cache(&self) -> &Cache<Self::Codec>;
}

impl<C> AsCache for Cache<C> {
    type Codec = C;
    fn as_cache(&self) -> &Cache<C> {
        self
    }
}

impl<T: AsCache + ?Sized> AsCache for &T {
    type Codec = T::Codec;
    fn as_cache(&self) -> &Cache<T::Codec> {
        (**self).as_cache()
    }
}

impl<T: AsCache + ?Sized> AsCache for Arc<T> {
    type Codec = T::Codec;
    fn as_cache(&self) -> &Cache<T::Codec> {
        (**self).as_cache()
    }
}

impl<T: AsCache> AsCache for LazyLock<T> {
    type Codec = T::Codec;
    fn as_cache(&self) -> &Cache<T::Codec> {
        (**self).as_cache()
    }
}

/// A target's operation, and the cache that it belongs to.
pub(crate) struct Bound<'a, C> {
    pub(crate) operation: Held,
    pub(crate) cache: &'a Cache<C>,
}

/// An operation, without counting references where that can be spared.
pub(crate) enum Held {
    Fixed(&'static Operation),
    Counted(Operation),
}

impl Deref for Held {
    type Target = Operation;
    fn deref(&self) -> &Operation {
        match self {
            Self::Fixed(operation) => operation,
            Self::Counted(operation) => operation,
        }
    }
}

impl<S: Source> Target<S> {
    /// The cache, and the function's operation in it, which the first call registers.
    pub(crate) fn bind(&self) -> Result<Bound<'_, S::Codec>, Error> {
        let cache = self.cache.cache(self.site.secrecy)?;
        let path = self.path.as_ptr() as usize;
        if let (true, Some((bound, operation))) = (S::FIXED, self.site.bound.get())
            && *bound == path
        {
            return Ok(Bound { operation: Held::Fixed(operation), cache });
        }
        let operation = match cache.state().operations.find(self.instance()) {
            Some(operation) => operation,
            None => self.register(cache)?,
        };
        if S::FIXED {
            // Lost by all but one instantiation of a generic function: those look it up.
            let _ = self.site.bound.set((path, operation.clone()));
        }
        Ok(Bound { operation: Held::Counted(operation), cache })
    }

    #[cold]
    fn register(&self, cache: &Cache<S::Codec>) -> Result<Operation, Error> {
        let (site, state) = (self.site, cache.state());
        let path = self.path();
        let namespace = site.namespace.map_or_else(|| state.namespace.clone(), str::to_owned);
        let name = site.name.map_or_else(|| path.clone(), str::to_owned);
        let version = site.version.to_owned();
        let options = OperationOptions {
            namespace: namespace.clone(),
            name: name.clone(),
            version: version.clone(),
            schema: site.name.map_or(self.returns, |_| "").to_owned(),
            ttl: site.ttl.unwrap_or(state.ttl),
            serializer: cache.serializer(),
        };
        let identity = Identity { namespace, name, version };
        let make = || Ok(state.engine.operation(options)?);
        state.operations.register(self.instance(), identity, path, site.place, make)
    }

    /// The function's own name, for messages.
    pub(crate) const fn function(&self) -> &'static str {
        self.site.function
    }

    fn instance(&self) -> (usize, usize, usize) {
        let site: *const Site = self.site;
        (site as usize, self.path.as_ptr() as usize, self.path.len())
    }

    /// The function's path in the program: modules, type and parameters, as the compiler names
    /// them. Companions have the path of the function they stand beside.
    fn path(&self) -> String {
        let mut path = self.path;
        while let Some(outer) = path.strip_suffix("::{{closure}}") {
            path = outer;
        }
        let emitted = format!("::{}", self.emitted);
        match path.rsplit_once(&emitted) {
            Some((before, parameters)) => format!("{before}::{}{parameters}", self.site.function),
            None => path.to_owned(),
        }
    }
}
