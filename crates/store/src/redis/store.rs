//! The contract, as Redis commands.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{Cmd, Pipeline, Value, cmd};

use super::{
    RedisConfig,
    framing::Bounds,
    links::{Links, Replay, Request},
    reply,
    script::Comparison,
    server::Server,
};
use crate::{
    Capabilities, Deleted, Error, ErrorKind, Expected, Pending, Reach, Store, StoreOptions, Swap,
    Write, lifetime::Lifetime,
};

/// Entries in a Redis database, as plain string keys with `PX` times to live.
///
/// Needs the commands `MGET`, `SET`, `DEL`, `EVALSHA`, `EVAL` (whose scripts use `GET`, `SET`
/// and `DEL`) on its keys, and for signing in `AUTH` and `SELECT`. One connection for each
/// Tokio runtime that calls, shared by all its tasks.
pub struct RedisStore {
    links: Links,
    address: Arc<str>,
    largest_entry: usize,
}

impl RedisStore {
    /// A store that has not connected yet.
    pub(crate) fn new(config: RedisConfig, options: &StoreOptions) -> Self {
        let address: Arc<str> = config.to_string().into();
        let bounds = Bounds::of_entries(options.largest_entry());
        Self {
            links: Links::new(Server::new(config, Arc::clone(&address), bounds), options),
            address,
            largest_entry: options.largest_entry(),
        }
    }

    fn checked(&self, value: &[u8], ttl: Duration) -> Result<Lifetime, Error> {
        if value.len() > self.largest_entry {
            return Err(self.too_large(format!(
                "a value of {} bytes; the limit is {}",
                value.len(),
                self.largest_entry
            )));
        }
        Lifetime::new(ttl, &self.address)
    }

    fn checked_count(&self, count: usize) -> Result<(), Error> {
        let most = self.capabilities().most_keys;
        if count <= most {
            return Ok(());
        }
        Err(self.too_large(format!("{count} keys in one call; the limit is {most}")))
    }

    fn too_large(&self, seen: String) -> Error {
        Error::new(ErrorKind::TooLarge, &*self.address, seen)
    }

    /// Runs a compare script by its digest, or, where the server does not know it, whole: that
    /// teaches it the script too.
    async fn run(&self, key: &str, comparison: &Comparison<'_>) -> Result<Swap, Error> {
        let known = Request::One(comparison.by_digest(key));
        let reply = match self.links.call(Replay::Safe, &known).await? {
            Value::ServerError(error) if error.code() == "NOSCRIPT" => {
                self.links.call(Replay::Safe, &Request::One(comparison.whole(key))).await?
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
        Capabilities::new(Reach::Shared, self.largest_entry)
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            self.checked_count(keys.len())?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let mut request = cmd("MGET");
            request.arg(keys);
            let reply = self.links.call(Replay::Safe, &Request::One(request)).await?;
            reply::entries(reply, keys.len(), &self.address)
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            let life = self.checked(&value, ttl)?;
            let request = Request::One(set_command(key, &value, life));
            reply::stored(self.links.call(Replay::Unsafe, &request).await?, &self.address)
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            self.checked_count(writes.len())?;
            let mut pipeline = Pipeline::with_capacity(writes.len());
            for Write { key, value, ttl } in writes {
                pipeline.add_command(set_command(key, value, self.checked(value, *ttl)?));
            }
            if writes.is_empty() {
                return Ok(());
            }
            match self.links.call(Replay::Unsafe, &Request::Several(pipeline)).await? {
                Value::Array(replies) => {
                    replies.into_iter().try_for_each(|reply| reply::stored(reply, &self.address))
                }
                other => reply::stored(other, &self.address),
            }
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
            let life = self.checked(&value, ttl)?;
            match expected {
                Expected::Absent => {
                    let mut request = set_command(key, &value, life);
                    request.arg("NX");
                    let request = Request::One(request);
                    let reply = self.links.call(Replay::Safe, &request).await?;
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
            let reply = self.links.call(Replay::Safe, &Request::One(request)).await?;
            reply::deleted(reply, &self.address)
        })
    }
}

fn set_command(key: &str, value: &[u8], life: Lifetime) -> Cmd {
    let mut command = cmd("SET");
    command.arg(key).arg(value).arg("PX").arg(life.as_millis());
    command
}
