//! From an address to a store.

use std::sync::Arc;

use crate::{
    EmbeddedStore, Error, HttpStore, MemcachedStore, MemoryStore, Store, StoreOptions, StoreUrl,
    redis::RedisStore, url::Target,
};

/// Opens the store at `url`, without any I/O: connections are made by the first call.
///
/// | address | store |
/// |---|---|
/// | `memory://name` | this process's memory; one store for each name |
/// | `file:///path/of/a/directory` | a file that the processes of this machine share; `file:` is a directory in this user's cache |
/// | `shm://name` | the same in shared memory, until the machine restarts |
/// | `redis://[[user]:password@]host[:port][/database]` | Redis over TCP; port 6379 and database 0 by default |
/// | `rediss://…[?ca=/path][&cert=/path&key=/path]` | the same over TLS |
/// | `redis+cluster://[[user]:password@]host[:port],host[:port]…` | a Redis cluster, found from any of its nodes |
/// | `redis+sentinel://[[user]:password@]host[:port][,host[:port]…]/service[/database]` | the primary that the sentinels name; port 26379; `rediss+sentinel://` over TLS |
/// | `unix:///path/to/socket[?db=0&user=…&password=…]` | Redis over a Unix socket; `redis+unix://` is the same |
/// | `memcached://host[:port][,host[:port]…][?item_size=bytes]` | memcached; port 11211 by default, each key on one of the servers |
/// | `https://host[:port][/base][?ca=/path][&cert=/path&key=/path][&server=plain]` | `cachekit-server`, or what speaks its protocol; `http://` on this machine, or with `?unencrypted=allowed` |
///
/// User, password and path are percent-decoded.
///
/// # Errors
///
/// [`Misconfigured`](crate::ErrorKind::Misconfigured) for an address that is not well formed,
/// [`Unsupported`](crate::ErrorKind::Unsupported) for any other scheme. The message never
/// repeats what may be a password.
pub fn open(url: &str, options: &StoreOptions) -> Result<Arc<dyn Store>, Error> {
    let url: StoreUrl = url.parse()?;
    Ok(match url.into_target() {
        Target::Memory(name) => Arc::new(MemoryStore::named(&name, options)),
        Target::Memcached(config) => Arc::new(MemcachedStore::new(config, options)),
        Target::Embedded(config) => Arc::new(EmbeddedStore::new(config, options)),
        Target::Redis(config) => Arc::new(RedisStore::new(config, options)),
        Target::Sentinel(config) => Arc::new(RedisStore::sentinel(config, options)),
        Target::Http(config) => Arc::new(HttpStore::new(&config, options)?),
        Target::Cluster(config) => Arc::new(RedisStore::cluster(config, options)),
    })
}
