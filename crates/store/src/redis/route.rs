//! Which server a command goes to: the one there is, or its key's.
//!
//! The futures of clusters and sentinels are boxed here: they are ten times as large as that of one
//! server, and would make its every call as large.

use std::collections::HashSet;

use bytes::Bytes;
use redis::{Cmd, Pipeline, Value, cmd};

use super::{
    cluster::{Cluster, Keyed},
    links::{Links, Replay, Request},
    reply,
    sentinel::Sentinels,
};
use crate::Error;

/// One server, or many that share the keys.
pub(super) enum Route {
    Single(Box<Single>),
    Cluster(Box<Cluster>),
}

/// The one server: always the same, or the one that takes writes at present.
pub(super) enum Single {
    Fixed(Links),
    Watched(Sentinels),
}

impl Single {
    async fn call(&self, replay: Replay, request: &Request) -> Result<Value, Error> {
        match self {
            Self::Fixed(links) => links.call(replay, request).await,
            Self::Watched(sentinels) => Box::pin(sentinels.call(replay, request)).await,
        }
    }
}

impl Route {
    /// The reply to a command on one key; it may be an error reply.
    pub(super) async fn call(
        &self,
        replay: Replay,
        key: &str,
        command: Cmd,
    ) -> Result<Value, Error> {
        match self {
            Self::Single(single) => single.call(replay, &Request::One(command)).await,
            Self::Cluster(cluster) => {
                let keyed = [Keyed::new(key, command)];
                let replies = Box::pin(cluster.call_each(replay, &keyed)).await?;
                Ok(replies.into_iter().next().unwrap_or(Value::Nil))
            }
        }
    }

    /// The replies to writes, sent in one go to each server; of two to one key the later stays.
    pub(super) async fn call_each(
        &self,
        replay: Replay,
        mut commands: Vec<(&str, Cmd)>,
    ) -> Result<Vec<Value>, Error> {
        match self {
            Self::Single(single) => {
                let mut pipeline = Pipeline::with_capacity(commands.len());
                for (_, command) in commands {
                    pipeline.add_command(command);
                }
                match single.call(replay, &Request::Several(pipeline)).await? {
                    Value::Array(replies) => Ok(replies),
                    other => Ok(vec![other]),
                }
            }
            Self::Cluster(cluster) => {
                // The earlier ones are left out: a redirected one could overtake the later.
                let mut later = HashSet::with_capacity(commands.len());
                commands.reverse();
                commands.retain(|(key, _)| later.insert(*key));
                let keyed = commands.into_iter().map(|(key, command)| Keyed::new(key, command));
                Box::pin(cluster.call_each(replay, &keyed.collect::<Vec<_>>())).await
            }
        }
    }

    /// Entries in the order of their keys, which are not none. One server reads them at one
    /// moment; the servers of a cluster refuse keys of several slots in one command.
    pub(super) async fn read(
        &self,
        keys: &[&str],
        address: &str,
    ) -> Result<Vec<Option<Bytes>>, Error> {
        let read = |keys: &[&str]| {
            let mut command = cmd("MGET");
            command.arg(keys);
            command
        };
        match self {
            Self::Single(single) => {
                let reply = single.call(Replay::Safe, &Request::One(read(keys))).await?;
                reply::entries(reply, keys.len(), address)
            }
            Self::Cluster(cluster) => {
                let keyed = keys.iter().map(|key| Keyed::new(key, read(&[key])));
                let keyed: Vec<_> = keyed.collect();
                let replies = Box::pin(cluster.call_each(Replay::Safe, &keyed)).await?;
                let entry = |reply| Ok(reply::entries(reply, 1, address)?.pop().flatten());
                replies.into_iter().map(entry).collect()
            }
        }
    }
}
