//! A clear's barrier on its way into the store, against others who write it at the same time.
//!
//! What a clear owes is that no value whose computation began before it is served after it. For
//! that its own value need not stand in the end: any value will do that was *written* after the
//! clear began. Whoever computed before the clear has read an earlier one, so his entry carries
//! another generation and is dead. So a clear that loses the compare-and-set to another clear
//! looks again; if what stands there is higher than what this clear saw there first, it was
//! written in between, and the promise is kept. A value sealed anew is not higher, and does not
//! count. On a healthy store, therefore, of clears that race one writes and the others are done by
//! it. (A store that lies about this could as well say that it had written.)
//!
//! What this process raised stays raised, though it was written nowhere: taking it back could undo
//! another clear of this process that is still on its way. If the winner's value is lower, the next
//! look takes the store for one that has gone back, and writes a value above: a miss, no more.

use cachekit_store::{Store, Swap};

use crate::Error;
use crate::barrier::{Barrier, BarrierValue};
use crate::health::{heard, short_answer};
use crate::operation_state::OperationState;
use crate::protect::Address;
use crate::settle;

/// How often it is tried while others rewrite the barrier in ways that clear nothing.
const ATTEMPTS: u32 = 16;

/// One of the barrier's addresses, as this clear has met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing was seen there that could be read.
    Unread,
    /// What stood there first, in milliseconds; `None` for nothing, which is less than any.
    Stood(Option<u64>),
    /// What stands there was written after this clear began.
    Cleared,
}

impl Place {
    /// Takes note of what a look showed: nothing at all, what cannot be read, or a value.
    fn look(&mut self, vacant: bool, value: Option<BarrierValue>) {
        let ms = value.map(BarrierValue::ms);
        *self = match *self {
            Self::Unread if vacant || ms.is_some() => Self::Stood(ms),
            Self::Stood(first) if ms > first => Self::Cleared,
            unchanged => unchanged,
        };
    }
}

/// Sees to it that at every address stands a value that was written after this began.
pub(crate) async fn write(
    state: &OperationState,
    store: &dyn Store,
    barrier: &Barrier,
    addresses: &[Address],
) -> Result<(), Error> {
    let keys: Vec<&str> = addresses.iter().map(Address::key).collect();
    let mut places: Vec<Place> = addresses.iter().map(|_| Place::Unread).collect();
    for _ in 0..ATTEMPTS {
        let found = heard(state, store.get_many(&keys).await)?;
        if found.len() != keys.len() {
            return heard(state, Err(short_answer(store))).map_err(Error::from);
        }
        let values = settle::values(state, addresses, &found);
        let highest = values.iter().flatten().copied().max_by_key(|value| value.ms());
        if let Some(highest) = highest {
            barrier.learn(highest, None);
        }
        for ((place, found), value) in places.iter_mut().zip(&found).zip(values) {
            place.look(found.is_none(), value);
        }
        if all_cleared(&places) {
            return Ok(());
        }
        let own = barrier.raise(state.cache.timeline.now());
        for ((place, address), found) in places.iter_mut().zip(addresses).zip(&found) {
            if *place == Place::Cleared {
                continue;
            }
            let swap = settle::swap(state, store, address, found.as_deref(), own).await?;
            if swap == Swap::Done {
                *place = Place::Cleared;
            }
        }
        if all_cleared(&places) {
            return Ok(());
        }
    }
    Err(Error::Contended { attempts: ATTEMPTS })
}

fn all_cleared(places: &[Place]) -> bool {
    places.iter().all(|place| *place == Place::Cleared)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(ms: u64) -> Option<BarrierValue> {
        Some(BarrierValue::new(ms))
    }

    #[test]
    fn only_what_is_higher_than_at_the_first_look_was_written_since() {
        let mut place = Place::Unread;
        place.look(false, None);
        assert_eq!(place, Place::Unread, "what cannot be read tells nothing");
        place.look(false, value(10));
        for shown in [value(10), value(9), None] {
            place.look(shown.is_none(), shown);
            assert_eq!(place, Place::Stood(Some(10)));
        }
        place.look(false, value(11));
        assert_eq!(place, Place::Cleared);
    }

    #[test]
    fn whatever_comes_where_nothing_stood_was_written_since() {
        let mut place = Place::Unread;
        place.look(true, None);
        place.look(false, value(0));
        assert_eq!(place, Place::Cleared);
    }
}
