//! The bodies of batches, as `docs/http.md` has them.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{
    entries::Put,
    name::Name,
    record::{Draft, Record},
    refusal::Refusal,
    ttl::Ttl,
};

const MAGIC: &[u8; 4] = b"CKB1";
const READ: u8 = 1;
const WRITE: u8 = 2;
const ANSWER: u8 = 128;

/// What a batch asks.
pub(crate) enum Asked {
    Read(Vec<Name>),
    Write(Vec<Put>),
}

/// Reads a request of at most `most` names, with values of at most `largest` bytes.
pub(crate) fn read(body: &[u8], most: usize, largest: usize) -> Result<Asked, Refusal> {
    let mut rest = Reader(body);
    if rest.take::<4>()? != *MAGIC {
        return Err(bad("the body does not begin with CKB1"));
    }
    let [kind] = rest.take::<1>()?;
    let count = rest.length()?;
    if !(1..=most).contains(&count) {
        return Err(bad("the number of names is not from 1 to the limit"));
    }
    // Every item takes more than two bytes, so a count is worth no more than its body.
    let room = count.min(body.len() / 2);
    let asked = match kind {
        READ => {
            let mut names = Vec::with_capacity(room);
            for _ in 0..count {
                names.push(rest.name()?);
            }
            Asked::Read(names)
        }
        WRITE => {
            let mut puts = Vec::with_capacity(room);
            for _ in 0..count {
                puts.push(rest.put(largest)?);
            }
            Asked::Write(puts)
        }
        _ => return Err(bad("the batch is neither of reads (1) nor of writes (2)")),
    };
    if rest.0.is_empty() { Ok(asked) } else { Err(bad("something follows the last item")) }
}

/// The answer to reads, in pieces that need no copy, and its length.
pub(crate) fn answer(found: Vec<Option<Record>>) -> (Vec<Bytes>, usize) {
    let mut pieces = Vec::with_capacity(found.len() * 2 + 1);
    let mut head = front(READ, found.len());
    for record in found {
        match record {
            None => head.put_u8(0),
            Some(record) => {
                let value = record.value();
                head.put_u8(1);
                // A value is at most 4 GiB: far more than what the store may keep.
                head.put_u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
                // Small ones are cheaper to copy than to carry.
                if value.len() <= 1024 {
                    head.extend_from_slice(&value);
                } else {
                    pieces.extend([head.split().freeze(), value]);
                }
            }
        }
    }
    if !head.is_empty() {
        pieces.push(head.freeze());
    }
    let length = pieces.iter().map(Bytes::len).sum();
    (pieces, length)
}

/// The answer to writes.
pub(crate) fn written(count: usize) -> Bytes {
    front(WRITE, count).freeze()
}

fn front(kind: u8, count: usize) -> BytesMut {
    let mut front = BytesMut::with_capacity(16);
    front.extend_from_slice(MAGIC);
    front.put_u8(ANSWER | kind);
    front.put_u32(u32::try_from(count).unwrap_or(u32::MAX));
    front
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(cut)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(cut)?;
        self.0 = rest;
        Ok(taken)
    }

    fn length(&mut self) -> Result<usize, Refusal> {
        let length = u32::from_be_bytes(self.take()?);
        usize::try_from(length).map_err(|_| cut())
    }

    fn name(&mut self) -> Result<Name, Refusal> {
        let length = usize::from(u16::from_be_bytes(self.take()?));
        Name::from_bytes(self.bytes(length)?)
    }

    fn put(&mut self, largest: usize) -> Result<Put, Refusal> {
        let name = self.name()?;
        let ttl = Ttl::from_millis(u64::from(u32::from_be_bytes(self.take()?)));
        let ttl = ttl.ok_or_else(|| {
            Refusal::bad("bad_ttl", "a time to live is not from 1 ms to thirty days")
        })?;
        let length = self.length()?;
        if length > largest {
            return Err(Refusal::too_large(largest));
        }
        Ok(Put { name, draft: Draft::of(self.bytes(length)?), ttl })
    }
}

fn bad(message: &'static str) -> Refusal {
    Refusal::bad("bad_body", message)
}

fn cut() -> Refusal {
    bad("the body ends within an item")
}

#[cfg(test)]
mod tests {
    use cachekit_process::UnixMillis;
    use proptest::prelude::*;

    use super::*;
    use crate::{record::Kind, space::SpaceId};

    fn reads(names: &[&str]) -> Vec<u8> {
        let mut body = [&MAGIC[..], &[READ], &(names.len() as u32).to_be_bytes()].concat();
        for name in names {
            body.extend((name.len() as u16).to_be_bytes());
            body.extend(name.as_bytes());
        }
        body
    }

    #[test]
    fn reads_are_read_in_order() {
        let Ok(Asked::Read(names)) = read(&reads(&["b", "a", "b"]), 3, 10) else { panic!("reads") };
        assert_eq!(names.iter().map(Name::as_str).collect::<Vec<_>>(), ["b", "a", "b"]);
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let whole = reads(&["abc", "d"]);
        for length in 0..whole.len() {
            assert!(read(&whole[..length], 10, 10).is_err(), "{length}");
        }
        assert!(read(&[&whole[..], b"x"].concat(), 10, 10).is_err());
        assert!(read(&whole, 1, 10).is_err());
        assert!(read(&reads(&[]), 10, 10).is_err());
        assert!(read(&reads(&["a\nb"]), 10, 10).is_err());
    }

    #[test]
    fn a_large_value_is_a_piece_of_its_own() {
        let record = |value: &[u8]| {
            let whole = Draft::of(value).finish(Kind::Entry, SpaceId([0; 8]), UnixMillis(1));
            Record::read(whole, Kind::Entry)
        };
        let large = vec![9; 5000];
        let (pieces, length) = answer(vec![None, record(b"ab"), record(&large), None]);
        let whole = pieces.concat();
        assert_eq!(whole.len(), length);
        let expected = [
            &b"CKB1\x81\0\0\0\x04"[..],
            b"\0",
            b"\x01\0\0\0\x02ab",
            b"\x01\0\0\x13\x88",
            &large,
            b"\0",
        ];
        assert_eq!(whole, expected.concat());
        assert_eq!(pieces.len(), 3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn any_bytes_are_read_or_refused(kind in 0_u8..4, count in 0_u32..9, rest: Vec<u8>) {
            let body = [&MAGIC[..], &[kind], &count.to_be_bytes(), &rest].concat();
            let _ = read(&body, 4096, 1 << 20);
            let _ = read(&rest, 4096, 1 << 20);
        }
    }
}
