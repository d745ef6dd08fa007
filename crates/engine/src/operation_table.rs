//! What all handles of one operation share in one process, whoever made them.
//!
//! An operation is a namespace and a name. Handles of it that were made apart, and its versions,
//! have one barrier in the store; so they have one here too, and one's `clear` is at once the
//! other's.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::barrier::Barrier;
use crate::barrier_addresses::Derived;
use crate::name::OperationId;
use crate::options::OperationOptions;
use crate::seldom::Seldom;
use crate::standing::LastLook;

/// So many operations are kept before those without a handle are let go of.
const KEPT: usize = 4096;

/// What a process knows of one operation.
pub(crate) struct Known {
    pub(crate) id: OperationId,
    pub(crate) barrier: Barrier,
    pub(crate) addresses: Derived,
    pub(crate) last_look: LastLook,
    /// When the log was last told that something was changed.
    pub(crate) tampering: Seldom,
}

/// The operations of one cache in one process.
pub(crate) struct OperationTable(Mutex<Operations>);

struct Operations {
    known: HashMap<Name, Arc<Known>>,
    /// How many there may be before the next sweep.
    sweep_at: usize,
}

#[derive(PartialEq, Eq, Hash)]
struct Name {
    namespace: Box<str>,
    name: Box<str>,
}

impl OperationTable {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Operations { known: HashMap::new(), sweep_at: KEPT }))
    }

    /// What is known of the operation; nothing yet of one that is new.
    ///
    /// An operation outlives its handles here, so that the entries of a handle that is made again
    /// and again are not lost. One that was let go of all the same starts anew with a stamp that no
    /// entry has: what its first level still holds is served no more.
    pub(crate) fn find(
        &self,
        options: &OperationOptions,
        barrier: impl FnOnce() -> Barrier,
    ) -> Arc<Known> {
        let name = Name {
            namespace: options.namespace.as_str().into(),
            name: options.name.as_str().into(),
        };
        let mut operations = self.0.lock();
        if operations.known.len() >= operations.sweep_at && !operations.known.contains_key(&name) {
            operations.sweep();
        }
        let known = operations.known.entry(name).or_insert_with(|| {
            Arc::new(Known {
                id: OperationId::next(),
                barrier: barrier(),
                addresses: Derived::default(),
                last_look: LastLook::default(),
                tampering: Seldom::default(),
            })
        });
        Arc::clone(known)
    }
}

impl Operations {
    /// Lets go of what has no handle. The next sweep waits until there are twice as many as are
    /// left, so that many live handles do not make each new one pay.
    fn sweep(&mut self) {
        self.known.retain(|_, known| Arc::strong_count(known) > 1);
        self.sweep_at = self.known.len().saturating_mul(2).max(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cachekit_codec::SerializerId;
    use cachekit_process::UnixMillis;

    use super::*;

    fn find(table: &OperationTable, namespace: &str, name: &str, version: &str) -> Arc<Known> {
        let options = OperationOptions {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            schema: String::new(),
            ttl: Duration::from_secs(1),
            serializer: SerializerId::MSGPACK,
        };
        table.find(&options, Barrier::local)
    }

    #[test]
    fn handles_and_versions_share_and_other_names_do_not() {
        let table = OperationTable::new();
        let one = find(&table, "n", "f", "1");
        assert!(Arc::ptr_eq(&one, &find(&table, "n", "f", "2")));
        assert!(!Arc::ptr_eq(&one, &find(&table, "n", "g", "1")));
        assert!(!Arc::ptr_eq(&one, &find(&table, "nf", "", "1")));
        let id = one.id;
        drop(one);
        assert_eq!(find(&table, "n", "f", "1").id, id, "made again after its last handle went");
    }

    #[test]
    fn names_without_handles_are_bounded_and_come_back_with_another_stamp() {
        let table = OperationTable::new();
        let held = find(&table, "", "held", "");
        let gone = find(&table, "", "gone", "");
        let (id, version) = (gone.id, gone.barrier.version());
        drop(gone);
        for name in 0..2 * KEPT {
            find(&table, "", &name.to_string(), "");
            assert!(table.0.lock().known.len() <= KEPT);
        }
        assert!(Arc::ptr_eq(&held, &find(&table, "", "held", "")));
        let back = find(&table, "", "gone", "");
        assert_ne!(back.id, id);
        assert_ne!(back.barrier.version(), version);
        back.barrier.raise(UnixMillis(1));
        assert_ne!(back.barrier.version(), version);
    }
}
