//! A cluster of servers: each key's node is asked, and asked about when it was the wrong one.
//!
//! Each node has [`Links`] of its own, with everything that those promise: one connection for each
//! runtime of a process, replaced when it is lost, and not tried by every call when it is dead.

use std::sync::Arc;

use cachekit_process::{Clock, PerProcess};
use futures_util::future::join_all;
use redis::{Cmd, Pipeline, Value, cmd};
use tokio::time::{Instant, timeout_at};

use super::{
    ClusterConfig, RedisConfig,
    config::{Login, Place},
    framing::Bounds,
    links::{Links, Replay, Request},
    nodes::{self, Node, Nodes},
    redirect::{self, Redirect},
    seeds::Line,
    server::{Role, Server},
    slot, topology,
};
use crate::{Error, ErrorKind, StoreOptions, asking::Asking};

/// A slot moves once at a time; more than a few redirections are a circle.
const MOST_ROUNDS: usize = 6;

/// A command and the slot of its one key.
pub(super) struct Keyed {
    slot: u16,
    command: Cmd,
}

impl Keyed {
    pub(super) fn new(key: &str, command: Cmd) -> Self {
        Self { slot: slot::of_key(key), command }
    }
}

/// Where a cluster can be found, and what is known of it.
pub(super) struct Cluster {
    seeds: Vec<Place>,
    login: Option<Login>,
    line: Line,
    address: Arc<str>,
    bounds: Bounds,
    options: StoreOptions,
    here: PerProcess<Asking<Nodes>>,
}

/// A command on its way: which one, and where it goes next.
struct Errand {
    index: usize,
    node: Arc<Node>,
    announced: Announced,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    No,
    /// The node answers for a slot that it does not have yet only after `ASKING`.
    Asking,
}

impl Cluster {
    pub(super) fn new(config: ClusterConfig, address: Arc<str>, options: &StoreOptions) -> Self {
        let bounds = Bounds::of_entries(options.largest_entry());
        let (ClusterConfig { seeds, login, line }, options) = (config, options.clone());
        Self { seeds, login, line, address, bounds, options, here: PerProcess::new() }
    }

    /// Sends each command to its key's node, those of a node in one go, and returns the replies in
    /// order; each may be an error reply. Takes at most the connect time-out and the operation
    /// time-out together.
    pub(super) async fn call_each(
        &self,
        replay: Replay,
        commands: &[Keyed],
    ) -> Result<Vec<Value>, Error> {
        let allowed = self.options.connect_timeout() + self.options.operation_timeout();
        let end = Instant::now() + allowed;
        self.refresh_if_due(end).await?;
        let mut replies: Vec<Option<Value>> = commands.iter().map(|_| None).collect();
        let mut errands = self.errands(commands)?;
        for _ in 0..MOST_ROUNDS {
            let answered = self.round(replay, commands, errands, end).await?;
            errands = Vec::new();
            for (errand, reply) in answered {
                let redirect = redirect::of(&reply, &errand.node.place);
                match self.next(errand, redirect) {
                    Ok(errand) => errands.push(errand),
                    Err(index) => {
                        if let Some(slot) = replies.get_mut(index) {
                            *slot = Some(reply);
                        }
                    }
                }
            }
            if errands.is_empty() {
                return Ok(replies.into_iter().flatten().collect());
            }
        }
        Err(self.unavailable("its slots are moving, and every node names another"))
    }

    fn errands(&self, commands: &[Keyed]) -> Result<Vec<Errand>, Error> {
        let mut nodes = self.here().known.lock();
        let errand = |(index, keyed): (usize, &Keyed)| {
            let node = nodes.owner(keyed.slot)?;
            Some(Errand { index, node, announced: Announced::No })
        };
        let errands: Option<Vec<_>> = commands.iter().enumerate().map(errand).collect();
        errands.ok_or_else(|| {
            nodes.doubt();
            self.unavailable("no node of the cluster has the slot of the key")
        })
    }

    /// One pipeline for each node, all at once. A node that gives no reply fails the call.
    async fn round(
        &self,
        replay: Replay,
        commands: &[Keyed],
        errands: Vec<Errand>,
        end: Instant,
    ) -> Result<Vec<(Errand, Value)>, Error> {
        let mut groups: Vec<(Arc<Node>, Vec<Errand>)> = Vec::new();
        for errand in errands {
            match groups.iter_mut().find(|(node, _)| Arc::ptr_eq(node, &errand.node)) {
                Some((_, group)) => group.push(errand),
                None => groups.push((Arc::clone(&errand.node), vec![errand])),
            }
        }
        let calls = groups.into_iter().map(|(node, group)| async move {
            let pipeline = pipeline(commands, &group);
            let reply = node.links.call_until(end, replay, &Request::Several(pipeline)).await?;
            self.paired(group, reply)
        });
        let mut answered = Vec::with_capacity(commands.len());
        let mut failed = None;
        for outcome in join_all(calls).await {
            match outcome {
                Ok(pairs) => answered.extend(pairs),
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            None => Ok(answered),
            Some(error) => {
                self.here().known.lock().doubt();
                Err(error)
            }
        }
    }

    /// Each errand with its reply; what `ASKING` was answered is left out.
    fn paired(&self, group: Vec<Errand>, reply: Value) -> Result<Vec<(Errand, Value)>, Error> {
        let wrong = || Error::new(ErrorKind::Protocol, &*self.address, "replies went missing");
        let Value::Array(replies) = reply else { return Err(wrong()) };
        let mut replies = replies.into_iter();
        let mut pairs = Vec::with_capacity(group.len());
        for errand in group {
            if errand.announced == Announced::Asking {
                replies.next().ok_or_else(wrong)?;
            }
            let reply = replies.next().ok_or_else(wrong)?;
            pairs.push((errand, reply));
        }
        Ok(pairs)
    }

    /// Where an errand goes next, or, if its reply stands, its index.
    fn next(&self, errand: Errand, redirect: Option<Redirect>) -> Result<Errand, usize> {
        let Errand { index, .. } = errand;
        let mut nodes = self.here().known.lock();
        let (to, announced) = match redirect {
            None => return Err(index),
            Some(Redirect::Unsettled) => {
                nodes.doubt();
                return Err(index);
            }
            Some(Redirect::Ask { to }) => {
                (nodes.at(&to, |place| self.node(place)), Announced::Asking)
            }
            Some(Redirect::Moved { slot, to }) => {
                let to = nodes.at(&to, |place| self.node(place));
                if let Some(to) = &to {
                    nodes.moved(slot, to);
                }
                (to, Announced::No)
            }
        };
        to.map(|node| Errand { index, node, announced }).ok_or(index)
    }

    async fn refresh_if_due(&self, end: Instant) -> Result<(), Error> {
        let late = || self.not_found();
        self.here().if_due(|| self.now(), end, || self.refresh(end), late).await
    }

    /// Asks one node after the other who has what, each on a connection of its own, until one says
    /// it or the connect time-out is over.
    async fn refresh(&self, end: Instant) -> Result<(), Error> {
        let end = end.min(Instant::now() + self.options.connect_timeout());
        let mut failed = self.not_found();
        for place in self.candidates() {
            let until = end.min(Instant::now() + self.options.connect_timeout() / 2);
            match timeout_at(until, self.ask(&place)).await {
                Ok(Ok(primaries)) => {
                    let now = self.now();
                    let mut nodes = self.here().known.lock();
                    nodes.learn(&primaries, |place| self.node(place), now);
                    return Ok(());
                }
                Ok(Err(error)) => failed = error,
                Err(_) if Instant::now() >= end => break,
                Err(_) => {}
            }
        }
        Err(failed)
    }

    /// The known nodes and then the seeds, from another one on each time.
    fn candidates(&self) -> Vec<Place> {
        let mut known: Vec<Place> = self.here().known.lock().places().cloned().collect();
        let mut seeds = self.seeds.clone();
        for places in [&mut known, &mut seeds] {
            let length = places.len().max(1);
            places.rotate_left(nodes::turn() % length);
        }
        seeds.retain(|seed| !known.contains(seed));
        known.append(&mut seeds);
        known
    }

    async fn ask(&self, place: &Place) -> Result<Vec<topology::Primary>, Error> {
        let connection = self.server(place, topology::BOUNDS).dial().await?;
        let mut question = cmd("CLUSTER");
        question.arg("NODES");
        let reply = connection.send(&Request::One(question)).await;
        match reply.map_err(|error| connection.failure(&error, &self.address))? {
            Value::BulkString(answer) => {
                let answer = std::str::from_utf8(&answer).ok();
                answer
                    .and_then(|answer| topology::read(answer, place))
                    .ok_or_else(|| self.unavailable("a node that does not say who has which slots"))
            }
            Value::ServerError(error) if error.code() == "ERR" => {
                let seen = "it is no cluster: write redis://host:port";
                Err(Error::new(ErrorKind::Misconfigured, &*self.address, seen))
            }
            other => Err(super::reply::unexpected(other, &self.address)),
        }
    }

    fn server(&self, place: &Place, bounds: Bounds) -> Server {
        let endpoint = self.line.to(place);
        let config = RedisConfig { endpoint, database: 0, login: self.login.clone() };
        Server::new(config, Arc::clone(&self.address), bounds, Role::Any)
    }

    fn node(&self, place: &Place) -> Node {
        let links = Links::new(self.server(place, self.bounds), &self.options);
        Node { place: place.clone(), links }
    }

    fn here(&self) -> &Asking<Nodes> {
        self.here
            .get_or_init(|| Asking::new(Arc::clone(self.clock()), self.options.connect_timeout()))
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.options.clock()
    }

    fn now(&self) -> u64 {
        self.clock().boot_nanos()
    }

    fn not_found(&self) -> Error {
        let seen = format!("no node answered within {:?}", self.options.connect_timeout());
        Error::new(ErrorKind::Timeout, &*self.address, seen)
    }

    fn unavailable(&self, seen: &'static str) -> Error {
        Error::new(ErrorKind::Unavailable, &*self.address, seen)
    }
}

fn pipeline(commands: &[Keyed], group: &[Errand]) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(group.len());
    for errand in group {
        if errand.announced == Announced::Asking {
            pipeline.cmd("ASKING");
        }
        if let Some(keyed) = commands.get(errand.index) {
            pipeline.add_command(keyed.command.clone());
        }
    }
    pipeline
}
