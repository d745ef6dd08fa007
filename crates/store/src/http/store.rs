//! The contract, as requests.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_process::PerProcess;
use futures_util::future::try_join_all;
use hyper::StatusCode;
use tokio::time::Instant;

use super::{
    batch::{self, Item},
    config::{HttpConfig, Speaks},
    failure,
    features::{Announced, Features},
    links::{Links, Replay},
    request::Requests,
    server::Server,
    watching::{self, OwnWrites},
};
use crate::{
    Batch, Capabilities, Compare, Deleted, Error, ErrorKind, Expected, Lifetime, Limits, OnChange,
    Pending, Reach, Store, StoreOptions, Swap, Watch, Watching, Write, asking::Asking,
};

/// Requests of one call that are under way together, where each key is asked for by itself.
const AT_ONCE: usize = 16;
/// Keys of one call, where each is asked for by itself.
const MOST_KEYS_ONE_BY_ONE: usize = 256;
/// What is read of an answer that holds no entry.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// Entries behind HTTP: in `cachekit-server`, or in whatever else speaks its protocol.
///
/// Connections are kept alive, HTTP/1.1, as many as there are calls at a time (64 at most) for each Tokio
/// runtime. What the server can do is asked of it before the first call that needs it.
pub struct HttpStore {
    links: Links,
    requests: Arc<Requests>,
    own: Arc<OwnWrites>,
    speaks: Speaks,
    address: Arc<str>,
    largest_entry: usize,
    options: StoreOptions,
    here: PerProcess<Asking<Announced>>,
}

impl HttpStore {
    /// A store that has not connected yet.
    ///
    /// # Errors
    ///
    /// `Misconfigured`: a token that cannot stand in a header.
    pub(crate) fn new(config: &HttpConfig, options: &StoreOptions) -> Result<Self, Error> {
        let address: Arc<str> = config.to_string().into();
        Ok(Self {
            links: Links::new(Server::new(config, Arc::clone(&address)), options),
            requests: Arc::new(Requests::new(config, &address, options)?),
            own: Arc::default(),
            speaks: config.speaks,
            address,
            largest_entry: options.largest_entry(),
            options: options.clone(),
            here: PerProcess::new(),
        })
    }

    /// What the server announced, asked for if it is not known. It compares, and takes batches.
    async fn features(&self, end: Instant) -> Result<Features, Error> {
        let here = self.here.get_or_init(|| {
            Asking::new(Arc::clone(self.options.clock()), self.options.connect_timeout())
        });
        here.known.lock().noted(self.links.losses());
        let now = || self.options.clock().boot_nanos();
        let ask = || async {
            let features = self.ask(end).await?;
            here.known.lock().learn(features, now());
            Ok(())
        };
        let late = || {
            let seen = "it has not said in time what it can do";
            Error::new(ErrorKind::Timeout, &*self.address, seen)
        };
        here.if_due(now, end, ask, late).await?;
        let known = here.known.lock().features();
        known.filter(|features| features.compare && features.batch).ok_or_else(|| self.too_plain())
    }

    async fn ask(&self, end: Instant) -> Result<Features, Error> {
        let health = self.requests.health();
        let reply = self.links.call(end, Replay::Safe, &health, LARGEST_MESSAGE).await?;
        match reply.status {
            StatusCode::OK => Features::read(&reply.body).ok_or_else(|| {
                let seen = "an answer to `health` that does not say what it is";
                Error::new(ErrorKind::Protocol, &*self.address, seen)
            }),
            StatusCode::NOT_FOUND => Err(failure::no_such_path(&self.address)),
            other => Err(failure::unexpected(other, &self.address)),
        }
    }

    /// A weaker promise is the user's to choose, and not a server's.
    fn too_plain(&self) -> Error {
        let seen = "it does not announce `compare` and `batch`; with `?server=plain` it is used as \
                    it is, and a value computed before an invalidation may be stored after it";
        Error::new(ErrorKind::Unsupported, &*self.address, seen)
    }

    async fn get(&self, key: &str, end: Instant) -> Result<Option<Bytes>, Error> {
        let request = self.requests.get(key);
        let reply = self.links.call(end, Replay::Safe, &request, self.largest_entry).await?;
        reply.entry(&self.address)
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        life: Lifetime,
        end: Instant,
    ) -> Result<(), Error> {
        self.own.note(key, &value);
        let request = self.requests.put(key, value, life);
        self.links.call(end, Replay::Unsafe, &request, LARGEST_MESSAGE).await?.stored(&self.address)
    }

    async fn get_one_by_one(&self, keys: &[&str]) -> Result<Vec<Option<Bytes>>, Error> {
        let end = self.links.end();
        let limit = self.largest_answer();
        let mut values = Vec::with_capacity(keys.len());
        let mut length = 0_usize;
        for keys in keys.chunks(AT_ONCE) {
            let asked: Vec<_> = keys.iter().map(|key| self.get(key, end)).collect();
            for value in try_join_all(asked).await? {
                length = length.saturating_add(value.as_ref().map_or(0, Bytes::len));
                values.push(value);
            }
            if length > limit {
                return Err(failure::too_large(length as u64, limit, &self.address));
            }
        }
        Ok(values)
    }

    async fn get_together(&self, keys: &[&str]) -> Result<Vec<Option<Bytes>>, Error> {
        let end = self.links.end();
        let features = self.features(end).await?;
        let mut values = Vec::with_capacity(keys.len());
        for keys in keys.chunks(features.most_names) {
            let request = self.requests.batch(batch::reads(keys));
            let reply = self.links.call(end, Replay::Safe, &request, self.largest_answer()).await?;
            let read = |body| batch::values(body, keys.len(), self.largest_entry);
            values.extend(reply.batch(&self.address, read)?);
        }
        Ok(values)
    }

    async fn put_together(&self, items: &[Item<'_>]) -> Result<(), Error> {
        let end = self.links.end();
        let Features { largest_batch, most_names, .. } = self.features(end).await?;
        let mut rest = items;
        while !rest.is_empty() {
            // One that is too large by itself is the server's to refuse.
            let count = fitting(rest, largest_batch).clamp(1, most_names);
            let (now, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            let request = self.requests.batch(batch::writes(now));
            let reply = self.links.call(end, Replay::Unsafe, &request, LARGEST_MESSAGE).await?;
            reply.batch(&self.address, |body| batch::acknowledged(body, now.len()))?;
            rest = later;
        }
        Ok(())
    }

    fn largest_answer(&self) -> usize {
        self.largest_entry.saturating_mul(4).saturating_add(1024 * 1024)
    }

    /// When a comparison that begins now must have ended; it does not begin where the server would
    /// overlook its condition.
    async fn comparing(&self) -> Result<Instant, Error> {
        let end = self.links.end();
        if self.speaks == Speaks::Plain {
            let seen = "a server that is plain, by `?server=plain`, does not compare";
            return Err(Error::new(ErrorKind::Unsupported, &*self.address, seen));
        }
        self.features(end).await?;
        Ok(end)
    }
}

/// How many of the items, from the first on, fit into a body of so many bytes.
fn fitting(items: &[Item<'_>], bytes: usize) -> usize {
    let mut room = bytes.saturating_sub(batch::HEADER);
    let fits = |item: &&Item<'_>| {
        let left = room.checked_sub(item.length());
        room = left.unwrap_or(room);
        left.is_some()
    };
    items.iter().take_while(fits).count()
}

impl Store for HttpStore {
    fn address(&self) -> &str {
        &self.address
    }

    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::new(Reach::Shared, self.largest_entry)
            .with_ttl_resolution(Duration::from_secs(1));
        match self.speaks {
            Speaks::Additions => {
                capabilities.with_batch(Batch::OneRoundTrip).with_watch(Watching::Told)
            }
            Speaks::Plain => capabilities
                .with_batch(Batch::OneByOne)
                .with_compare(Compare::Unsupported)
                .with_most_keys(MOST_KEYS_ONE_BY_ONE),
        }
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            Limits::of(self).count(keys.len())?;
            match (keys, self.speaks) {
                ([], _) => Ok(Vec::new()),
                ([key], _) => Ok(vec![self.get(key, self.links.end()).await?]),
                (_, Speaks::Additions) => self.get_together(keys).await,
                (_, Speaks::Plain) => self.get_one_by_one(keys).await,
            }
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            let life = Limits::of(self).write(&value, ttl)?;
            self.put(key, value, life, self.links.end()).await
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            Limits::of(self).count(writes.len())?;
            let item = |Write { key, value, ttl }: &'a Write<'a>| {
                Ok(Item { key, value, life: Limits::of(self).write(value, *ttl)? })
            };
            let items = writes.iter().map(item).collect::<Result<Vec<_>, Error>>()?;
            if self.speaks == Speaks::Additions {
                items.iter().for_each(|item| self.own.note(item.key, item.value));
                return self.put_together(&items).await;
            }
            let end = self.links.end();
            for (Write { key, value, .. }, Item { life, .. }) in writes.iter().zip(items) {
                self.put(key, value.clone(), life, end).await?;
            }
            Ok(())
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: Bytes,
        ttl: Duration,
    ) -> Pending<'a, Swap> {
        Box::pin(async move {
            let life = Limits::of(self).write(&value, ttl)?;
            let end = self.comparing().await?;
            self.own.note(key, &value);
            let request = self.requests.put(key, value, life).expecting(expected);
            self.links
                .call(end, Replay::Safe, &request, LARGEST_MESSAGE)
                .await?
                .swapped(&self.address)
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        Box::pin(async move {
            let end = self.comparing().await?;
            let request = self.requests.delete(key).expecting(Expected::Exactly(seen));
            self.links
                .call(end, Replay::Safe, &request, LARGEST_MESSAGE)
                .await?
                .swapped_away(&self.address)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let request = self.requests.delete(key);
            let end = self.links.end();
            self.links
                .call(end, Replay::Safe, &request, LARGEST_MESSAGE)
                .await?
                .deleted(&self.address)
        })
    }

    fn watch(&self, changed: OnChange) -> Result<Watch, Error> {
        if self.speaks == Speaks::Plain {
            let seen = "a server that is plain, by `?server=plain`, tells of no changes";
            return Err(Error::new(ErrorKind::Unsupported, &*self.address, seen));
        }
        let patience = self.options.connect_timeout();
        watching::begin(self.links.server(), &self.requests, &self.own, patience, changed)
    }
}
