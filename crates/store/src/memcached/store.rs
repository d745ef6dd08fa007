//! The contract, as commands to the servers that have the keys.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_process::Clock;
use futures_util::future::try_join_all;

use super::{
    MemcachedConfig,
    command::{Composer, Condition, Request},
    expiry,
    failure::Site,
    framing::{Bounds, Reply},
    links::{Line, Links, Replay, Unanswered},
    reply::{self, Seen},
    ring::Ring,
};
use crate::{
    Batch, Capabilities, Deleted, Error, ErrorKind, Expected, Lifetime, Limits, Pending, Reach,
    Store, StoreOptions, Swap, Write,
};

/// Entries in one or several memcached servers, as items of their own.
///
/// Each key belongs to one server. While that is down, calls that need its keys fail and all
/// others go on; nothing is put elsewhere in the meantime, where it would be found old when the
/// server comes back and goes again. One connection to each server for each Tokio runtime that
/// calls, shared by all its tasks.
///
/// Times to live are kept to the second: an entry is gone up to two seconds late.
pub struct MemcachedStore {
    servers: Vec<Links>,
    ring: Ring,
    address: Arc<str>,
    largest_entry: usize,
    clock: Arc<dyn Clock>,
}

/// At worst rounded up by one second, and written right after a tick of the server's clock.
const TTL_RESOLUTION: Duration = Duration::from_secs(2);

impl MemcachedStore {
    /// A store that has not connected yet.
    pub(crate) fn new(config: MemcachedConfig, options: &StoreOptions) -> Self {
        let address: Arc<str> = config.to_string().into();
        let largest_entry = options.largest_entry().min(config.largest_value());
        let bounds = Bounds {
            largest_value: largest_entry,
            largest_answer: options.largest_entry().saturating_mul(4).saturating_add(1024 * 1024),
        };
        let ring = Ring::new(config.servers.iter().map(ToString::to_string));
        let links = |server: super::config::Server| {
            let site = Site { address: Arc::clone(&address), server: server.to_string().into() };
            Links::new(server, site, bounds, options)
        };
        Self {
            servers: config.servers.into_iter().map(links).collect(),
            ring,
            address: Arc::clone(&address),
            largest_entry,
            clock: Arc::clone(options.clock()),
        }
    }

    /// The server that has the key.
    fn server_of(&self, key: &str) -> Result<&Links, Error> {
        self.servers.get(self.ring.server_of(key)).ok_or_else(|| {
            Error::new(ErrorKind::Misconfigured, &*self.address, "there is no server")
        })
    }

    /// The positions of the keys that each server has, for the servers that have any.
    fn shares<'k>(
        &self,
        keys: impl Iterator<Item = &'k str>,
    ) -> impl Iterator<Item = (&Links, Vec<usize>)> {
        let mut shares = vec![Vec::new(); self.servers.len()];
        for (position, key) in keys.enumerate() {
            if let Some(share) = shares.get_mut(self.ring.server_of(key)) {
                share.push(position);
            }
        }
        self.servers.iter().zip(shares).filter(|(_, share)| !share.is_empty())
    }

    /// The time to live as the server counts it.
    fn checked(&self, value: &[u8], ttl: Duration) -> Result<u64, Error> {
        let (length, most) = (value.len(), self.largest_entry);
        if length > most {
            return Err(self.too_large(format!(
                "a value of {length} bytes; the limit is {most}, by the options or by the \
                 servers' largest item (-I and ?item_size=)"
            )));
        }
        Ok(expiry::seconds(Lifetime::new(ttl, &self.address)?, &*self.clock))
    }

    fn too_large(&self, seen: String) -> Error {
        Error::new(ErrorKind::TooLarge, &*self.address, seen)
    }

    /// Changes an item if it holds what the caller has seen, and is still the same item when
    /// the change arrives.
    async fn change(
        &self,
        key: &str,
        seen: &[u8],
        change: impl Fn(&mut Composer, u64) + Send,
    ) -> Result<Swap, Error> {
        let line = self.server_of(key)?.line().await?;
        match self.change_on(&line, key, seen, &change).await {
            Ok(swap) => Ok(swap),
            Err(unanswered) => {
                let line = line.again(Replay::Safe, unanswered).await?;
                self.change_on(&line, key, seen, &change).await.map_err(|failed| failed.error)
            }
        }
    }

    /// Both round trips on one connection: a server that was restarted in between counts its
    /// items from one again, and the number of the item that was seen may be another's.
    async fn change_on(
        &self,
        line: &Line<'_>,
        key: &str,
        seen: &[u8],
        change: &(impl Fn(&mut Composer, u64) + Send),
    ) -> Result<Swap, Unanswered> {
        let site = line.site();
        let there = only(line.ask(&Composer::one(|c| c.get_numbered(key))).await?, site)?;
        let item = match reply::seen(there, site)? {
            Some(Seen { value, item }) if value == seen => item,
            _ => return Ok(Swap::Refused),
        };
        let request = Composer::one(|composer| change(composer, item));
        let answer = only(line.ask(&request).await?, site)?;
        Ok(reply::swapped(&answer, site)?)
    }
}

/// The reply to a request of one command.
fn only(mut replies: Vec<Reply>, site: &Site) -> Result<Reply, Error> {
    replies.pop().filter(|_| replies.is_empty()).ok_or_else(|| site.unexpected())
}

async fn ask_one(links: &Links, replay: Replay, request: &Request) -> Result<Reply, Error> {
    only(links.call(replay, request).await?, links.site())
}

impl Store for MemcachedStore {
    fn address(&self) -> &str {
        &self.address
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Reach::Shared, self.largest_entry)
            .with_batch(Batch::OneRoundTrip)
            .with_ttl_resolution(TTL_RESOLUTION)
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            Limits::of(self).count(keys.len())?;
            let read = |(links, share): (&'a Links, Vec<usize>)| async move {
                let mut composer = Composer::new(share.len());
                for key in share.iter().filter_map(|position| keys.get(*position)) {
                    composer.get(key);
                }
                let replies = links.call(Replay::Safe, &composer.done()).await?;
                let entries = replies.into_iter().map(|one| reply::entry(one, links.site()));
                Ok::<_, Error>((share, entries.collect::<Result<Vec<_>, _>>()?))
            };
            let mut answers = vec![None; keys.len()];
            let shares = self.shares(keys.iter().copied()).map(read);
            for (share, entries) in try_join_all(shares).await? {
                for (position, entry) in share.into_iter().zip(entries) {
                    if let Some(answer) = answers.get_mut(position) {
                        *answer = entry;
                    }
                }
            }
            Ok(answers)
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            let seconds = self.checked(&value, ttl)?;
            let links = self.server_of(key)?;
            let request = Composer::one(|c| c.set(key, &value, seconds, Condition::Always));
            reply::stored(&ask_one(links, Replay::Unsafe, &request).await?, links.site())
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            Limits::of(self).count(writes.len())?;
            let seconds = writes.iter().map(|write| self.checked(&write.value, write.ttl));
            let seconds = &*seconds.collect::<Result<Vec<_>, _>>()?;
            let write = |(links, share): (&'a Links, Vec<usize>)| async move {
                let mut composer = Composer::new(share.len());
                for position in share {
                    if let (Some(write), Some(seconds)) =
                        (writes.get(position), seconds.get(position))
                    {
                        composer.set(write.key, &write.value, *seconds, Condition::Always);
                    }
                }
                let replies = links.call(Replay::Unsafe, &composer.done()).await?;
                replies.iter().try_for_each(|one| reply::stored(one, links.site()))
            };
            let shares = self.shares(writes.iter().map(|write| write.key)).map(write);
            try_join_all(shares).await.map(drop)
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
            let seconds = self.checked(&value, ttl)?;
            match expected {
                Expected::Absent => {
                    let links = self.server_of(key)?;
                    let request = Composer::one(|c| c.set(key, &value, seconds, Condition::Absent));
                    let answer = ask_one(links, Replay::Safe, &request).await?;
                    reply::swapped(&answer, links.site())
                }
                Expected::Exactly(seen) => {
                    self.change(key, seen, |composer, item| {
                        composer.set(key, &value, seconds, Condition::Unchanged(item));
                    })
                    .await
                }
            }
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        Box::pin(async move {
            let remove = |composer: &mut Composer, item| composer.delete_unchanged(key, item);
            self.change(key, seen, remove).await
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let links = self.server_of(key)?;
            let request = Composer::one(|c| c.delete(key));
            reply::deleted(&ask_one(links, Replay::Safe, &request).await?, links.site())
        })
    }
}
