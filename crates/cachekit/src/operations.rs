//! The operations of one cache: each cached function once, and no two under one name.

use std::collections::HashMap;
use std::time::Duration;

use cachekit_engine::Operation;
use cachekit_engine::codec::SerializerId;
use cachekit_engine::process::PerProcess;
use parking_lot::RwLock;

use crate::Error;

/// Times to live that calls gave, at most: an application that computes them makes many.
const KEYED: usize = 64;

/// Where a function stands in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

/// What tells an operation from others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) version: String,
}

/// A function in one instantiation of its type parameters: the addresses of its site and of its
/// path's text, both `'static`.
pub(crate) type Instance = (usize, usize, usize);

/// The operations of one cache.
#[derive(Default)]
pub(crate) struct Operations {
    /// A forked child starts with none: the lock may be held by a thread that it does not have.
    table: PerProcess<RwLock<Table>>,
}

#[derive(Default)]
struct Table {
    instances: HashMap<Instance, Operation>,
    identities: HashMap<Identity, Registered>,
    /// Few, and mostly one: looking through them is quicker than hashing.
    keyed: Vec<((SerializerId, Duration), Operation)>,
}

struct Registered {
    operation: Operation,
    path: String,
    place: Place,
}

impl Operations {
    /// The operation of an instance that was registered before.
    pub(crate) fn find(&self, instance: Instance) -> Option<Operation> {
        self.table.get()?.read().instances.get(&instance).cloned()
    }

    /// Registers an instance. Its companions come by the same identity, path and place.
    ///
    /// # Errors
    /// `Configuration`: another function has the identity; the message names both places.
    pub(crate) fn register(
        &self,
        instance: Instance,
        identity: Identity,
        path: String,
        place: Place,
        make: impl FnOnce() -> Result<Operation, Error>,
    ) -> Result<Operation, Error> {
        let mut table = self.table().write();
        let operation = match table.identities.get(&identity) {
            Some(first) if first.path == path && first.place == place => first.operation.clone(),
            Some(first) => {
                return Err(taken(&identity, (&first.path, first.place), (&path, place)));
            }
            None => {
                let operation = make()?;
                let registered = Registered { operation: operation.clone(), path, place };
                table.identities.insert(identity, registered);
                operation
            }
        };
        table.instances.insert(instance, operation.clone());
        Ok(operation)
    }

    /// The keyed operation of this serializer and time to live.
    pub(crate) fn keyed(
        &self,
        serializer: SerializerId,
        ttl: Duration,
        make: impl FnOnce() -> Result<Operation, Error>,
    ) -> Result<Operation, Error> {
        let wanted = (serializer, ttl);
        let known = self.table().read();
        if let Some((_, operation)) = known.keyed.iter().find(|(kept, _)| *kept == wanted) {
            return Ok(operation.clone());
        }
        drop(known);
        let operation = make()?;
        let keyed = &mut self.table().write().keyed;
        if keyed.len() >= KEYED {
            keyed.clear();
        }
        // Two callers who were both first leave two that are equal: either is found.
        keyed.push((wanted, operation.clone()));
        Ok(operation)
    }

    fn table(&self) -> &RwLock<Table> {
        self.table.get_or_init(RwLock::default)
    }
}

fn taken(identity: &Identity, first: (&str, Place), second: (&str, Place)) -> Error {
    let told = |(path, place): (&str, Place)| format!("`{path}` ({}:{})", place.file, place.line);
    Error::configuration(format!(
        "two functions share the name `{}`, so each would read the other's values: {} and {}. \
         Give one of them another `name`, or a `namespace`",
        identity.name,
        told(first),
        told(second)
    ))
}
