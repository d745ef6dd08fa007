//! Where a node sends us instead.

use redis::Value;

use super::{config::Place, slot::SLOTS, topology};

/// What a node's reply says about the cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// The slot is elsewhere from now on.
    Moved { slot: u16, to: Place },
    /// The slot is on its way; this key is there already, or nowhere.
    Ask { to: Place },
    /// The cluster is changing: who has what must be asked anew. The reply is an error yet.
    Unsettled,
}

/// `None` for a reply that is the answer. A redirection that cannot be read is none either, and
/// ends as an error.
pub(super) fn of(reply: &Value, asked: &Place) -> Option<Redirect> {
    let Value::ServerError(error) = reply else { return None };
    let target = || {
        let (slot, place) = error.details()?.split_once(' ')?;
        let slot: u16 = slot.parse().ok().filter(|slot| *slot < SLOTS)?;
        Some((slot, topology::place(place.trim_end(), asked)?))
    };
    match error.code() {
        "MOVED" => target().map(|(slot, to)| Redirect::Moved { slot, to }),
        "ASK" => target().map(|(_, to)| Redirect::Ask { to }),
        "CLUSTERDOWN" | "MASTERDOWN" | "READONLY" | "LOADING" => Some(Redirect::Unsettled),
        _ => None,
    }
}
