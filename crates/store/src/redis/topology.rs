//! Who has which slots, as a node tells it: the reply to `CLUSTER NODES`.
//!
//! That command is asked because its answer is one string, which is bounded like any other; the
//! newer ones nest arrays.

use std::ops::RangeInclusive;

use super::{config::Place, framing::Bounds, slot::SLOTS};

/// A node's line is some hundred bytes, and a cluster has a thousand nodes at most.
pub(super) const BOUNDS: Bounds =
    Bounds { largest_bulk: 1024 * 1024, largest_reply: 1024 * 1024 + 64, most_elements: 16 };
const MOST_NODES: usize = 1000;

/// A primary, with its slots.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Primary {
    pub(super) place: Place,
    pub(super) slots: Vec<RangeInclusive<u16>>,
}

/// Reads the primaries that have slots. `None` for what is no such answer.
pub(super) fn read(answer: &str, asked: &Place) -> Option<Vec<Primary>> {
    let mut primaries = Vec::new();
    for line in answer.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (_id, address, flags) = (fields.next()?, fields.next()?, fields.next()?);
        let flags = |wanted: &str| flags.split(',').any(|flag| flag == wanted);
        if !flags("master") || flags("noaddr") {
            continue;
        }
        // What is in brackets is on its way from or to here, and belongs to whom it always did.
        let slots = fields.skip(5).filter(|slots| !slots.starts_with('['));
        let slots = slots.map(range).collect::<Option<Vec<_>>>()?;
        if !slots.is_empty() {
            primaries.push(Primary { place: place(address.split('@').next()?, asked)?, slots });
        }
    }
    (1..=MOST_NODES).contains(&primaries.len()).then_some(primaries)
}

/// A node that does not know its own address leaves the host out: it is where it was `asked`.
pub(super) fn place(text: &str, asked: &Place) -> Option<Place> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    if host.is_empty() {
        return Some(Place { host: asked.host.clone(), port });
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    let plausible = host.len() <= 255 && host.bytes().all(plain);
    plausible.then(|| Place { host: host.to_owned(), port })
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last < SLOTS).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Place {
        Place { host: host.into(), port }
    }

    #[test]
    fn primaries_with_slots_are_read() {
        let answer = "\
            a 10.0.0.1:7000@17000,one.example.com master - 0 0 1 connected 0-5460 9000 \
            [5461->-b]\n\
            b :7001@17001 myself,master - 0 0 2 connected 5461-8999\n\
            c ::1:7002@17002 master,fail - 0 0 3 disconnected 9001-16383\n\
            d 10.0.0.4:7003@17003 slave a 0 0 1 connected\n\
            e 10.0.0.5:7004@17004 master - 0 0 4 connected\n\
            f :0@0 master,noaddr - 0 0 4 disconnected\n";
        let read = read(answer, &at("seed", 1)).unwrap();
        let places: Vec<_> = read.iter().map(|primary| primary.place.clone()).collect();
        assert_eq!(places, [at("10.0.0.1", 7000), at("seed", 7001), at("::1", 7002)]);
        assert_eq!(read.first().unwrap().slots, [0..=5460, 9000..=9000]);
    }

    #[test]
    fn nonsense_is_no_topology() {
        for answer in [
            "",
            "a\n",
            "a h:1@2 slave b 0 0 1 connected\n",
            "a h:0@2 master - 0 0 1 connected 1\n",
            "a h@2 master - 0 0 1 connected 1\n",
            "a h/x:1@2 master - 0 0 1 connected 1\n",
            "a h:1@2 master - 0 0 1 connected 5-1\n",
            "a h:1@2 master - 0 0 1 connected 16384\n",
            "a h:1@2 master - 0 0 1 connected -1\n",
        ] {
            assert_eq!(read(answer, &at("seed", 1)), None, "{answer}");
        }
    }
}
