//! The contract, as Redis commands.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{Cmd, Value, cmd};

use super::{
    ClusterConfig, RedisConfig, SentinelConfig,
    cluster::Cluster,
    framing::Bounds,
    links::{Links, Replay},
    reply,
    route::{Route, Single},
    script::Comparison,
    sentinel::Sentinels,
    server::{Role, Server},
};
use crate::{
    Batch, Capabilities, Deleted, Error, Expected, Lifetime, Limits, Pending, Reach, Store,
    StoreOptions, Swap, Write,
};

/// Entries in a Redis database, as plain string keys with `PX` times to live.
///
/// Needs the commands `MGET`, `SET`, `DEL`, `EVALSHA`, `EVAL` (whose scripts use `GET`, `SET`
/// and `DEL`) on its keys, and for signing in `AUTH` and `SELECT`. One connection for each
/// Tokio runtime that calls, shared by all its tasks.
pub struct RedisStore {
    route: Route,
    address: Arc<str>,
    largest_entry: usize,
}

impl RedisStore {
    /// A store that has not connected yet.
    pub(crate) fn new(config: RedisConfig, options: &StoreOptions) -> Self {
        let address: Arc<str> = config.to_string().into();
        let bounds = Bounds::of_entries(options.largest_entry());
        let server = Server::new(config, Arc::clone(&address), bounds, Role::Any);
        Self {
            route: Route::Single(Box::new(Single::Fixed(Links::new(server, options)))),
            address,
            largest_entry: options.largest_entry(),
        }
    }

    /// A store in a primary whose sentinels have not been asked yet.
    pub(crate) fn sentinel(config: SentinelConfig, options: &StoreOptions) -> Self {
        let address: Arc<str> = config.to_string().into();
        let sentinels = Sentinels::new(config, Arc::clone(&address), options);
        Self {
            route: Route::Single(Box::new(Single::Watched(sentinels))),
            address,
            largest_entry: options.largest_entry(),
        }
    }

    /// A store in a cluster that has not been looked for yet.
    pub(crate) fn cluster(config: ClusterConfig, options: &StoreOptions) -> Self {
        let address: Arc<str> = config.to_string().into();
        Self {
            route: Route::Cluster(Box::new(Cluster::new(config, Arc::clone(&address), options))),
            address,
            largest_entry: options.largest_entry(),
        }
    }

    /// Runs a compare script by its digest, or, where the server does not know it, whole: that
    /// teaches it the script too.
    async fn run(&self, key: &str, comparison: &Comparison<'_>) -> Result<Swap, Error> {
        let known = comparison.by_digest(key);
        let reply = match self.route.call(Replay::Safe, key, known).await? {
            Value::ServerError(error) if error.code() == "NOSCRIPT" => {
                self.route.call(Replay::Safe, key, comparison.whole(key)).await?
            }
            reply => reply,
        };
        reply::swapped(reply, &self.address)
    }
}

impl Store for RedisStore {
    fn address(&self) -> &str {
        &self.address
    }

    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::new(Reach::Shared, self.largest_entry);
        match self.route {
            Route::Single(_) => capabilities,
            Route::Cluster(_) => capabilities.with_batch(Batch::OneRoundTrip),
        }
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            Limits::of(self).count(keys.len())?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            self.route.read(keys, &self.address).await
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            let life = Limits::of(self).write(&value, ttl)?;
            let request = set_command(key, &value, life);
            reply::stored(self.route.call(Replay::Unsafe, key, request).await?, &self.address)
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            Limits::of(self).count(writes.len())?;
            let mut commands = Vec::with_capacity(writes.len());
            for Write { key, value, ttl } in writes {
                commands
                    .push((*key, set_command(key, value, Limits::of(self).write(value, *ttl)?)));
            }
            if writes.is_empty() {
                return Ok(());
            }
            let replies = self.route.call_each(Replay::Unsafe, commands).await?;
            replies.into_iter().try_for_each(|reply| reply::stored(reply, &self.address))
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
            match expected {
                Expected::Absent => {
                    let mut request = set_command(key, &value, life);
                    request.arg("NX");
                    let reply = self.route.call(Replay::Safe, key, request).await?;
                    reply::stored_if_absent(reply, &self.address)
                }
                Expected::Exactly(seen) => {
                    self.run(key, &Comparison::replace(seen, &value, life)).await
                }
            }
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        Box::pin(async move { self.run(key, &Comparison::remove(seen)).await })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let mut request = cmd("DEL");
            request.arg(key);
            let reply = self.route.call(Replay::Safe, key, request).await?;
            reply::deleted(reply, &self.address)
        })
    }
}

fn set_command(key: &str, value: &[u8], life: Lifetime) -> Cmd {
    let mut command = cmd("SET");
    command.arg(key).arg(value).arg("PX").arg(life.as_millis());
    command
}
