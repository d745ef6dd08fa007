//! What the engine's tests stand on: a clock that stands still, a store, processes over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use cachekit_engine::{
    Cache, CacheOptions, Call, Caller, Encoded, Entered, Filled, Hit, Intent, L1, Operation,
    OperationOptions, Protection, Scratch, SerializerId, Value, block_on,
};
use cachekit_process::{ManualClock, UnixMillis};
use cachekit_seal::{Keyring, MasterKey};
use cachekit_store::{MemoryStore, Store, StoreOptions};

pub(crate) const START: UnixMillis = UnixMillis(1_700_000_000_000);
pub(crate) const TTL: Duration = Duration::from_secs(60);

/// A call with these arguments, for no tenant.
pub(crate) const fn call(arguments: &[u8]) -> Call<'_> {
    Call { tenant: None, arguments }
}

/// A store and a clock that several caches may share.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn Store>,
}

impl World {
    pub(crate) fn new() -> Self {
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        let name = format!("engine-{}", WORLDS.fetch_add(1, Relaxed));
        let clock = Arc::new(ManualClock::new(START));
        let options = StoreOptions::default().with_clock(clock.clone());
        Self { store: Arc::new(MemoryStore::named(&name, &options)), clock }
    }

    /// Options of a sealed cache over the store, without a first level.
    pub(crate) fn sealed(&self, ring: Keyring) -> CacheOptions {
        let mut options = CacheOptions::new(Protection::Sealed(Arc::new(ring)));
        options.store = Some(Arc::clone(&self.store));
        options.clock = self.clock.clone();
        options.l1 = L1::Off;
        options
    }

    /// What is stored at one call's address.
    pub(crate) fn stored(&self, operation: &Operation, call: &Call<'_>) -> Option<Vec<u8>> {
        let address = operation.address(call).expect("an address");
        let found = block_on(self.store.get_many(&[&address])).expect("the store is up");
        found.into_iter().next().flatten().map(|bytes| bytes.to_vec())
    }

    /// Puts bytes at one call's address, as somebody with access to the store would.
    pub(crate) fn plant(&self, operation: &Operation, call: &Call<'_>, bytes: Vec<u8>) {
        let address = operation.address(call).expect("an address");
        block_on(self.store.set(&address, bytes.into(), TTL)).expect("the store is up");
    }
}

/// A ring of one key, made of this byte and its place.
pub(crate) fn ring(byte: u8) -> Keyring {
    Keyring::single(master(byte))
}

pub(crate) fn master(byte: u8) -> MasterKey {
    let bytes: Vec<u8> = (0..32).map(|i: u8| byte.wrapping_mul(31) ^ i).collect();
    MasterKey::from_bytes(&bytes).expect("a key")
}

/// The hexadecimal form of [`master`], for rotation lists.
pub(crate) fn master_hex(byte: u8) -> String {
    (0..32).map(|i: u8| format!("{:02x}", byte.wrapping_mul(31) ^ i)).collect()
}

/// A cache with one operation, `f`.
pub(crate) fn operation(options: CacheOptions) -> Operation {
    named(&Cache::new(options).expect("a cache"), "f")
}

pub(crate) fn named(cache: &Cache, name: &str) -> Operation {
    let options = OperationOptions {
        namespace: "tests".to_owned(),
        name: name.to_owned(),
        version: String::new(),
        schema: String::new(),
        ttl: TTL,
        serializer: SerializerId::MSGPACK,
    };
    cache.operation(options).expect("an operation")
}

/// Sealed entries in this process alone.
pub(crate) fn in_memory(byte: u8) -> Operation {
    operation(CacheOptions::new(Protection::Sealed(Arc::new(ring(byte)))))
}

/// How a call was answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Cached(Vec<u8>),
    Computed(Filled),
}

/// Calls, computing `value` on a miss.
pub(crate) fn get(operation: &Operation, call: &Call<'_>, value: &[u8]) -> Answer {
    match block_on(operation.enter(call, Intent::Get, Caller::blocking())).expect("enters") {
        Entered::Hit(hit) => Answer::Cached(body(&hit)),
        Entered::Compute(ticket) => {
            let value = Encoded::Body { bytes: value, object: None };
            Answer::Computed(block_on(ticket.fill(value)).expect("fills"))
        }
        Entered::Failed(_) => panic!("nobody failed"),
    }
}

pub(crate) fn body(hit: &Hit) -> Vec<u8> {
    let mut scratch = Scratch::new();
    match hit.open(&mut scratch).expect("opens") {
        Value::Body(body) => body.to_vec(),
        Value::None => Vec::new(),
    }
}
