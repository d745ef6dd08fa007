//! Where an operation's two barriers live in the store.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use cachekit_process::UnixMillis;
use cachekit_seal::{NameFields, NameOrder, Purpose};
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::Error;
use crate::cache_state::CacheState;
use crate::options::OperationOptions;
use crate::protect::Address;

/// Where the cache's barrier and the operation's live, under each naming candidate.
pub(crate) struct BarrierAddresses {
    cache: SmallVec<[Address; 1]>,
    operation: SmallVec<[Address; 1]>,
}

impl BarrierAddresses {
    fn of(cache: &CacheState, options: &OperationOptions, now: UnixMillis) -> Result<Self, Error> {
        let operation = addresses(cache, now, &options.namespace, &options.name)?;
        Ok(Self { cache: addresses(cache, now, "", "")?, operation })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Address> {
        self.cache.iter().chain(&self.operation)
    }

    pub(crate) fn len(&self) -> usize {
        self.cache.len() + self.operation.len()
    }

    /// What stands for the two in the generation of an entry under the candidate of this index.
    pub(crate) fn identities(&self, index: usize) -> (&[u8], &[u8]) {
        let pick = |list| identity_at(list, index);
        (pick(&self.cache), pick(&self.operation))
    }

    pub(crate) fn cache(&self) -> &[Address] {
        &self.cache
    }

    pub(crate) fn operation(&self) -> &[Address] {
        &self.operation
    }
}

fn identity_at(list: &SmallVec<[Address; 1]>, index: usize) -> &[u8] {
    list.get(index).or_else(|| list.first()).map_or(&[], Address::identity)
}

/// A barrier's addresses: of the whole cache where `operation` is empty.
fn addresses(
    cache: &CacheState,
    now: UnixMillis,
    namespace: &str,
    operation: &str,
) -> Result<SmallVec<[Address; 1]>, Error> {
    let nothing = digest(&SHA256, b"");
    let arguments = nothing.as_ref().first_chunk::<32>().copied().unwrap_or_default();
    let fields = NameFields {
        purpose: Purpose::Clear,
        prefix: &cache.options.prefix,
        namespace,
        operation,
        version: "",
        schema: "",
        arguments: &arguments,
    };
    cache.keys.addresses(now, &fields, None)
}

/// The addresses as they were last derived: every look at the store asks for them, and they change
/// only when another key begins to seal.
#[derive(Default)]
pub(crate) struct Derived(Mutex<Option<(NameOrder, Arc<BarrierAddresses>)>>);

impl Derived {
    pub(crate) fn get(
        &self,
        cache: &CacheState,
        options: &OperationOptions,
    ) -> Result<Arc<BarrierAddresses>, Error> {
        let now = cache.timeline.now();
        let order = cache.keys.name_order(now)?;
        let mut derived = self.0.lock();
        match &*derived {
            Some((of, addresses)) if *of == order => Ok(Arc::clone(addresses)),
            _ => {
                let addresses = Arc::new(BarrierAddresses::of(cache, options, now)?);
                *derived = Some((order, Arc::clone(&addresses)));
                Ok(addresses)
            }
        }
    }
}
