//! The body of several reads or several writes: `docs/http.md`, "Batch".

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::name;
use crate::lifetime::Lifetime;

const MAGIC: &[u8] = b"CKB1";
const READS: u8 = 1;
const WRITES: u8 = 2;
const ANSWER: u8 = 0x80;
/// Magic, kind and count.
pub(super) const HEADER: usize = 9;

/// Thirty days, the longest that the protocol knows. A store may forget early.
const LONGEST_MILLIS: u64 = 2_592_000_000;

/// A time to live within the bounds of the protocol.
pub(super) fn millis(life: Lifetime) -> u64 {
    life.as_millis().min(LONGEST_MILLIS)
}

/// A request for the values of these keys.
pub(super) fn reads(keys: &[&str]) -> Bytes {
    let names = keys.iter().map(|key| name::of_key(key)).collect::<Vec<_>>();
    let length = names.iter().map(|name| 2 + name.len()).sum::<usize>();
    let mut body = begin(READS, keys.len(), length);
    for name in &names {
        put_name(&mut body, name);
    }
    body.freeze()
}

/// One write of a batch.
pub(super) struct Item<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a [u8],
    pub(super) life: Lifetime,
}

impl Item<'_> {
    /// How many bytes of the body it takes, at most.
    pub(super) fn length(&self) -> usize {
        2 + self.key.len().max(80) + 8 + self.value.len()
    }
}

/// A request to write these, in order.
pub(super) fn writes(items: &[Item<'_>]) -> Bytes {
    let length = items.iter().map(Item::length).sum::<usize>();
    let mut body = begin(WRITES, items.len(), length);
    for Item { key, value, life } in items {
        put_name(&mut body, &name::of_key(key));
        body.put_u32(u32::try_from(millis(*life)).unwrap_or(u32::MAX));
        body.put_u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        body.put_slice(value);
    }
    body.freeze()
}

fn begin(kind: u8, count: usize, length: usize) -> BytesMut {
    let mut body = BytesMut::with_capacity(HEADER + length);
    body.put_slice(MAGIC);
    body.put_u8(kind);
    body.put_u32(u32::try_from(count).unwrap_or(u32::MAX));
    body
}

/// Names are at most as long as `name` makes them.
fn put_name(body: &mut BytesMut, name: &str) {
    body.put_u16(u16::try_from(name.len()).unwrap_or(u16::MAX));
    body.put_slice(name.as_bytes());
}

/// Why an answer is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not what the protocol says.
    Malformed,
    /// A value is longer than one may be.
    TooLarge(usize),
}

/// The values of `count` keys, each of at most `largest` bytes. They share the body's memory.
pub(super) fn values(
    mut body: Bytes,
    count: usize,
    largest: usize,
) -> Result<Vec<Option<Bytes>>, Unreadable> {
    head(&mut body, READS | ANSWER, count)?;
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(match body.try_get_u8() {
            Ok(0) => None,
            Ok(1) => Some(value(&mut body, largest)?),
            _ => return Err(Unreadable::Malformed),
        });
    }
    if body.is_empty() { Ok(values) } else { Err(Unreadable::Malformed) }
}

/// Whether an answer acknowledges `count` writes.
pub(super) fn acknowledged(mut body: Bytes, count: usize) -> Result<(), Unreadable> {
    head(&mut body, WRITES | ANSWER, count)?;
    if body.is_empty() { Ok(()) } else { Err(Unreadable::Malformed) }
}

fn head(body: &mut Bytes, kind: u8, count: usize) -> Result<(), Unreadable> {
    let magic = (body.len() >= HEADER).then(|| body.split_to(MAGIC.len()));
    let read = (body.try_get_u8(), body.try_get_u32());
    let told = |told: u32| usize::try_from(told) == Ok(count);
    match (magic, read) {
        (Some(magic), (Ok(found), Ok(number)))
            if magic == MAGIC && found == kind && told(number) =>
        {
            Ok(())
        }
        _ => Err(Unreadable::Malformed),
    }
}

fn value(body: &mut Bytes, largest: usize) -> Result<Bytes, Unreadable> {
    let length = body.try_get_u32().map_err(|_| Unreadable::Malformed)?;
    let length = usize::try_from(length).map_err(|_| Unreadable::Malformed)?;
    if length > largest {
        return Err(Unreadable::TooLarge(length));
    }
    if length > body.len() {
        return Err(Unreadable::Malformed);
    }
    Ok(body.split_to(length))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn values_of(body: &[u8], count: usize) -> Result<Vec<Option<Bytes>>, Unreadable> {
        values(Bytes::copy_from_slice(body), count, 5)
    }

    #[test]
    fn requests_are_what_the_protocol_says() {
        assert_eq!(&reads(&["a", "ä"])[..], b"CKB1\x01\0\0\0\x02\0\x01a\0\x02\xc3\xa4");
        let life = Lifetime::new(Duration::from_secs(1), "").unwrap();
        let item = Item { key: "a", value: b"xy", life };
        assert_eq!(&writes(&[item])[..], b"CKB1\x02\0\0\0\x01\0\x01a\0\0\x03\xe8\0\0\0\x02xy");
        let century = Lifetime::new(Duration::MAX, "").unwrap();
        assert_eq!(millis(century), LONGEST_MILLIS);
    }

    #[test]
    fn answers_are_read_to_the_last_byte() {
        let good = b"CKB1\x81\0\0\0\x03\0\x01\0\0\0\x02xy\x01\0\0\0\0";
        let read = values_of(good, 3).unwrap();
        assert_eq!(read, [None, Some(Bytes::from_static(b"xy")), Some(Bytes::new())]);
        for cut in 0..good.len() {
            assert_eq!(values_of(&good[..cut], 3), Err(Unreadable::Malformed), "{cut}");
        }
        let mut longer = good.to_vec();
        longer.push(0);
        assert_eq!(values_of(&longer, 3), Err(Unreadable::Malformed));
        assert_eq!(values_of(good, 2), Err(Unreadable::Malformed));
        assert_eq!(acknowledged(Bytes::from_static(b"CKB1\x82\0\0\0\x02"), 2), Ok(()));
        assert!(acknowledged(Bytes::from_static(b"CKB1\x82\0\0\0\x02"), 3).is_err());
        assert!(acknowledged(Bytes::from_static(b"CKB1\x81\0\0\0\x02"), 2).is_err());
    }

    #[test]
    fn lies_about_lengths_are_found_out() {
        let announced = |length: &[u8]| [b"CKB1\x81\0\0\0\x01\x01", length, b"xyz"].concat();
        assert_eq!(values_of(&announced(&[0, 0, 0, 4]), 1), Err(Unreadable::Malformed));
        assert_eq!(values_of(&announced(&[0, 0, 0, 2]), 1), Err(Unreadable::Malformed));
        assert_eq!(values_of(&announced(&[0, 0, 0, 6]), 1), Err(Unreadable::TooLarge(6)));
        let huge = usize::try_from(u32::MAX).unwrap();
        assert_eq!(values_of(&announced(&[255; 4]), 1), Err(Unreadable::TooLarge(huge)));
        assert_eq!(values_of(b"CKB1\x81\0\0\0\x01\x02", 1), Err(Unreadable::Malformed));
    }
}
