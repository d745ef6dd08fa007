//! A Redis Cluster of its own for a test: three primaries and a replica of each.

use std::thread;

use crate::{
    Authority, Clients, RedisServer, RedisSetup, Validity, conformance::Outage, eventually,
};

const PRIMARIES: usize = 3;
const SLOTS: u16 = 16384;

/// Six running `redis-server`s that share the slots. They end when this is dropped.
#[derive(Debug)]
pub struct RedisCluster {
    /// The primaries of the beginning, then the replica of each in the same order.
    nodes: Vec<RedisServer>,
    /// The settings of its address; none without TLS.
    settings: String,
}

impl RedisCluster {
    /// Starts it, and waits until every node knows that it is whole.
    ///
    /// # Panics
    ///
    /// If `redis-server` is not installed, or the nodes do not come together.
    pub fn start() -> Self {
        Self::of(&RedisSetup::new().cluster(), String::new())
    }

    /// The same, where everybody speaks TLS to everybody, with certificates of this authority.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn encrypted(authority: &Authority) -> Self {
        let certificate = authority.issue(&["127.0.0.1"], Validity::Current);
        let file = authority.file().display().to_string();
        let node = RedisSetup::new()
            .cluster()
            .tls(&certificate, Clients::Anybody)
            .option("tls-cluster", "yes")
            .option("tls-replication", "yes")
            .option("tls-ca-cert-file", &file);
        Self::of(&node, format!("?ca={file}"))
    }

    fn of(node: &RedisSetup, settings: String) -> Self {
        let start = || {
            let node = node.clone();
            thread::spawn(|| node.start())
        };
        let starting: Vec<_> = (0..2 * PRIMARIES).map(|_| start()).collect();
        let started = starting.into_iter().map(|thread| thread.join().expect("a server"));
        let cluster = Self { nodes: started.collect(), settings };
        cluster.meet();
        cluster.is_whole();
        cluster
    }

    /// The address of all its nodes.
    pub fn url(&self) -> String {
        let places: Vec<_> =
            self.nodes.iter().map(|node| format!("127.0.0.1:{}", self.port_of(node))).collect();
        let scheme = if self.settings.is_empty() { "redis" } else { "rediss" };
        format!("{scheme}+cluster://{}{}", places.join(","), self.settings)
    }

    /// The address of one node alone, from which the others are found.
    pub fn url_of(&self, node: usize) -> String {
        format!("redis+cluster://127.0.0.1:{}", self.nodes[node].port())
    }

    /// Its servers: three primaries, then the replica of each, as they were at the start.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// The node that has a key's slot now, by the word of a node that runs.
    pub fn primary_of(&self, key: &str) -> usize {
        let slot: u16 = self.nodes[0].query(&["CLUSTER", "KEYSLOT", key]);
        (0..self.nodes.len())
            .find(|node| {
                self.slots_of(*node).iter().any(|(from, to)| (*from..=*to).contains(&slot))
            })
            .expect("every slot is somebody's")
    }

    /// Gives a key's slot to another primary, key by key, as an operator would. `midway` runs when
    /// some of its keys are here and some there.
    pub fn move_slot_of(&self, key: &str, to: usize, midway: impl FnOnce()) {
        let slot: u16 = self.nodes[0].query(&["CLUSTER", "KEYSLOT", key]);
        let (slot, from) = (slot.to_string(), self.primary_of(key));
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        let (from, to) = (self.id(from), self.id(to));
        target.query::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from]);
        source.query::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to]);
        let move_some = |count: &str| -> usize {
            let keys: Vec<String> = source.query(&["CLUSTER", "GETKEYSINSLOT", &slot, count]);
            let port = target.port().to_string();
            for key in &keys {
                source.query::<()>(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]);
            }
            keys.len()
        };
        move_some("1");
        midway();
        while move_some("100") > 0 {}
        for node in [target, source] {
            node.query::<()>(&["CLUSTER", "SETSLOT", &slot, "NODE", &to]);
        }
    }

    /// Waits until every running node finds the cluster whole.
    pub fn is_whole(&self) {
        eventually("the cluster is whole", || {
            self.nodes.iter().all(|node| {
                let info: String = node.query(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:6")
            })
        });
    }

    /// Waits until the replica of a primary that was killed has its slots.
    pub fn is_taken_over(&self, primary: usize) {
        eventually("the replica has taken over", || {
            let replica = &self.nodes[primary + PRIMARIES];
            let info: String = replica.query(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && !self.slots_of(primary + PRIMARIES).is_empty()
        });
    }

    fn meet(&self) {
        let (first, others) = self.nodes.split_first().expect("six nodes");
        for (index, node) in self.nodes.iter().enumerate() {
            let epoch = (index + 1).to_string();
            node.query::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]);
        }
        let share = usize::from(SLOTS).div_ceil(PRIMARIES);
        for (index, node) in self.nodes.iter().take(PRIMARIES).enumerate() {
            let (from, to) = (index * share, ((index + 1) * share).min(usize::from(SLOTS)) - 1);
            let (from, to) = (from.to_string(), to.to_string());
            node.query::<()>(&["CLUSTER", "ADDSLOTSRANGE", &from, &to]);
        }
        for node in others {
            let (port, bus) = (self.port_of(node).to_string(), node.bus_port().to_string());
            first.query::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        eventually("the nodes have met", || {
            self.nodes.iter().all(|node| {
                let nodes: String = node.query(&["CLUSTER", "NODES"]);
                nodes.lines().count() == self.nodes.len() && !nodes.contains("handshake")
            })
        });
        for replica in PRIMARIES..self.nodes.len() {
            let primary = self.id(replica - PRIMARIES);
            self.nodes[replica].query::<()>(&["CLUSTER", "REPLICATE", &primary]);
        }
        eventually("the replicas follow", || {
            self.nodes[PRIMARIES..].iter().all(|replica| {
                let info: String = replica.query(&["INFO", "replication"]);
                info.contains("master_link_status:up")
            })
        });
    }

    /// By which the others know it.
    fn port_of(&self, node: &RedisServer) -> u16 {
        if self.settings.is_empty() { node.port() } else { node.tls_port() }
    }

    fn id(&self, node: usize) -> String {
        self.nodes[node].query(&["CLUSTER", "MYID"])
    }

    /// What a node says that it has itself; nothing if it is dead.
    fn slots_of(&self, node: usize) -> Vec<(u16, u16)> {
        if !self.nodes[node].is_running() {
            return Vec::new();
        }
        let nodes: String = self.nodes[node].query(&["CLUSTER", "NODES"]);
        let own = nodes.lines().find(|line| line.contains("myself,master")).unwrap_or("");
        let ranges = own.split_whitespace().skip(8).filter(|range| !range.starts_with('['));
        let bounds = |range: &str| {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            (from.parse().expect("a slot"), to.parse().expect("a slot"))
        };
        ranges.map(bounds).collect()
    }
}

/// All its nodes at once.
impl Outage for RedisCluster {
    fn kill(&self) {
        self.nodes.iter().for_each(RedisServer::kill);
    }

    fn restart(&self) {
        thread::scope(|scope| {
            for node in &self.nodes {
                scope.spawn(|| node.restart());
            }
        });
        self.is_whole();
    }

    fn hang(&self) {
        self.nodes.iter().for_each(RedisServer::stop);
    }

    fn resume(&self) {
        self.nodes.iter().for_each(RedisServer::cont);
        self.is_whole();
    }
}
