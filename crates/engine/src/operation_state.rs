//! What all clones of an operation share: its policy, its counters; and, with other handles of the
//! same name, its barrier.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use cachekit_codec::SerializerId;
use cachekit_process::PerProcess;
use cachekit_seal::{NameFields, OpenLimits, Purpose};
use smallvec::SmallVec;

use crate::barrier::Pair;
use crate::barrier_addresses::BarrierAddresses;
use crate::cache_state::{CacheState, ProcessState};
use crate::name::{Digest, DigestKeys, OperationId};
use crate::observe::Event;
use crate::operation_table::Known;
use crate::options::{LARGEST_ENTRY, OperationOptions};
use crate::protect::{Address, Keys};
use crate::seldom::Seldom;
use crate::standing::LastLook;
use crate::stats::Counters;
use crate::{Call, Error, Hit};

pub(crate) struct OperationState {
    pub(crate) cache: Arc<CacheState>,
    pub(crate) options: OperationOptions,
    pub(crate) counters: Counters,
    digests: DigestKeys,
    /// What a forked child starts without.
    known: PerProcess<Arc<Known>>,
}

/// One call's addresses and keys.
pub(crate) struct Target {
    pub(crate) digest: Digest,
    pub(crate) keys: Keys,
    pub(crate) addresses: SmallVec<[Address; 1]>,
}

impl OperationState {
    /// Stands for no operation: what a clear of the whole cache goes by.
    pub(crate) fn of_whole_cache(cache: &Arc<CacheState>) -> Self {
        let options = OperationOptions {
            namespace: String::new(),
            name: String::new(),
            version: String::new(),
            schema: String::new(),
            ttl: cache.options.max_ttl,
            serializer: SerializerId::NONE,
        };
        Self::of(Arc::clone(cache), options)
    }

    pub(crate) fn of(cache: Arc<CacheState>, options: OperationOptions) -> Self {
        let digests = DigestKeys::new(cache.digest_key(), &options);
        Self { cache, options, counters: Counters::default(), digests, known: PerProcess::new() }
    }

    pub(crate) fn barriers(&self) -> Pair<'_> {
        self.barriers_of(self.cache.process())
    }

    /// As [`barriers`](Self::barriers), for who has asked for this process already.
    #[inline]
    pub(crate) fn barriers_of<'a>(&'a self, process: &'a ProcessState) -> Pair<'a> {
        Pair { cache: &process.barrier, operation: &self.known().barrier }
    }

    /// The operation's, not this handle's: what a clear goes by.
    pub(crate) fn id(&self) -> OperationId {
        self.known().id
    }

    /// Where its barriers live at present.
    pub(crate) fn barrier_addresses(&self) -> Result<Arc<BarrierAddresses>, Error> {
        self.known().addresses.get(&self.cache, &self.options)
    }

    pub(crate) fn last_look(&self) -> &LastLook {
        &self.known().last_look
    }

    pub(crate) fn tampering(&self) -> &Seldom {
        &self.known().tampering
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(|| self.cache.operation(&self.options))
    }

    pub(crate) fn digest(&self, call: &Call<'_>) -> Digest {
        self.digests.digest(call)
    }

    pub(crate) fn target(&self, call: &Call<'_>) -> Result<Target, Error> {
        let keys = self.cache.keys_of(call.tenant)?;
        let hashed = digest(&SHA256, call.arguments);
        let arguments = hashed.as_ref().first_chunk::<32>().copied().unwrap_or_default();
        let fields = NameFields {
            purpose: Purpose::Entry,
            prefix: &self.cache.options.prefix,
            namespace: &self.options.namespace,
            operation: &self.options.name,
            version: &self.options.version,
            schema: &self.options.schema,
            arguments: &arguments,
        };
        let addresses = keys.addresses(self.cache.timeline.now(), &fields, call.tenant)?;
        Ok(Target { digest: self.digests.digest(call), keys, addresses })
    }

    pub(crate) fn limits(&self, purpose: Purpose) -> OpenLimits {
        OpenLimits::new(purpose).max_ttl(self.cache.options.max_ttl).max_body(LARGEST_ENTRY)
    }

    pub(crate) fn event(&self, event: &Event<'_>) {
        if let Some(observer) = &self.cache.options.observer {
            observer.on_event(&self.options.name, event);
        }
    }

    pub(crate) fn undecodable(&self, digest: &Digest, hit: &Hit) {
        self.cache.process().l1.remove_this(digest, hit.slot());
        self.counters.undecodable(hit.found());
        self.event(&Event::Undecodable);
    }
}

pub(crate) fn check_ttl(cache: &CacheState, ttl: Duration) -> Result<(), Error> {
    let max = cache.options.max_ttl;
    if ttl < Duration::from_millis(1) || ttl > max {
        return Err(Error::Ttl { ttl_ms: ttl.as_millis(), max_ms: max.as_millis() });
    }
    Ok(())
}
