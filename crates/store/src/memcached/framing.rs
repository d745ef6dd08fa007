//! Replies, cut out of the byte stream; how long one is, is known before it is read into memory.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

/// What replies may be at most, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// One value.
    pub(super) largest_value: usize,
    /// All replies to one request together.
    pub(super) largest_answer: usize,
}

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// `VA`: a value, and the number of its item if that was asked for.
    Value { bytes: Bytes, item: Option<u64> },
    /// `HD`: done.
    Done,
    /// `EN`: there is no such item to read.
    Miss,
    /// `NS`: not stored, for there was one already.
    NotStored,
    /// `EX`: it is another item by now.
    Changed,
    /// `NF`: there is no such item to change.
    NotFound,
    /// `MN`: the answer to a greeting.
    Alive,
    /// An error.
    Refusal(Refusal),
}

/// An error reply, by what its words say. The words themselves are not kept: a server may quote
/// what it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It does not know the command.
    UnknownCommand,
    TooManyConnections,
    TooLarge,
    OutOfMemory,
    Unauthenticated,
    /// `CLIENT_ERROR`: it could not read the command.
    Misread,
    /// `SERVER_ERROR`: anything else.
    Failed,
}

/// Why a stream is not read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// Something is, or announces, at least `bytes` bytes.
    TooLarge { bytes: usize, limit: usize },
    /// It is not the protocol, or not the reply to what was asked.
    NotMemcached,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => write!(f, "{bytes} bytes, over {limit}"),
            Self::NotMemcached => f.write_str("not memcached's protocol"),
        }
    }
}

impl std::error::Error for Violation {}

/// The longest line: a code, a length and flags, or an error's words.
const LONGEST_LINE: usize = 1024;

/// Cuts replies out of a stream, however it is cut into reads.
#[derive(Debug)]
pub(super) struct Framing {
    bounds: Bounds,
    /// A value whose header has been read.
    announced: Option<Announced>,
    /// Bytes of the current answer so far.
    answer: usize,
}

#[derive(Clone, Copy, Debug)]
struct Announced {
    length: usize,
    item: Option<u64>,
}

impl Framing {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, announced: None, answer: 0 }
    }

    /// From here on the replies to another request come.
    pub(super) fn next_answer(&mut self) {
        self.answer = 0;
    }

    /// The reply to the command of this number, or `None` if `stream` does not hold all of it
    /// yet. What was understood is taken from `stream`.
    pub(super) fn next(
        &mut self,
        stream: &mut BytesMut,
        number: u64,
    ) -> Result<Option<Reply>, Violation> {
        if self.announced.is_none() {
            let Some(header) = take_line(stream)? else { return Ok(None) };
            self.count(header.len())?;
            match parsed(&header, number).ok_or(Violation::NotMemcached)? {
                Parsed::Reply(reply) => return Ok(Some(reply)),
                Parsed::Value(announced) => {
                    within(announced.length, self.bounds.largest_value)?;
                    self.count(announced.length)?;
                    self.announced = Some(announced);
                }
            }
        }
        self.value(stream)
    }

    fn value(&mut self, stream: &mut BytesMut) -> Result<Option<Reply>, Violation> {
        let Some(Announced { length, item }) = self.announced else { return Ok(None) };
        let Some(end) = stream.get(length..length.saturating_add(2)) else { return Ok(None) };
        if end != b"\r\n" {
            return Err(Violation::NotMemcached);
        }
        // A copy of its own size: the value may be kept for long, the buffer must not be.
        let bytes = stream.get(..length).map(Bytes::copy_from_slice).unwrap_or_default();
        stream.advance(length + 2);
        self.announced = None;
        Ok(Some(Reply::Value { bytes, item }))
    }

    fn count(&mut self, bytes: usize) -> Result<(), Violation> {
        self.answer = self.answer.saturating_add(bytes);
        within(self.answer, self.bounds.largest_answer)
    }
}

fn within(bytes: usize, limit: usize) -> Result<(), Violation> {
    if bytes <= limit { Ok(()) } else { Err(Violation::TooLarge { bytes, limit }) }
}

/// A line without its end.
fn take_line(stream: &mut BytesMut) -> Result<Option<BytesMut>, Violation> {
    let searched = stream.get(..LONGEST_LINE).unwrap_or(stream);
    let Some(length) = searched.windows(2).position(|pair| pair == b"\r\n") else {
        within(stream.len(), LONGEST_LINE)?;
        return Ok(None);
    };
    let line = stream.split_to(length);
    stream.advance(2);
    Ok(Some(line))
}

enum Parsed {
    Reply(Reply),
    Value(Announced),
}

fn parsed(line: &[u8], number: u64) -> Option<Parsed> {
    let line = std::str::from_utf8(line).ok()?;
    if let Some(refusal) = refusal(line) {
        return Some(Parsed::Reply(Reply::Refusal(refusal)));
    }
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let code = words.next()?;
    let length = if code == "VA" { Some(decimal(words.next()?)?) } else { None };
    let (mut item, mut echoed) = (None, None);
    for word in words {
        match word.split_at_checked(1)? {
            ("O", digits) => echoed = Some(decimal(digits)?),
            ("c", digits) => item = Some(decimal(digits)?),
            // Flags that were not asked for come from newer servers.
            _ => {}
        }
    }
    let unnumbered = matches!(code, "MN" | "EN") && echoed.is_none();
    if echoed != Some(number) && !unnumbered {
        return None;
    }
    if let Some(length) = length {
        return Some(Parsed::Value(Announced { length: usize::try_from(length).ok()?, item }));
    }
    Some(Parsed::Reply(match code {
        "HD" => Reply::Done,
        "EN" => Reply::Miss,
        "NS" => Reply::NotStored,
        "EX" => Reply::Changed,
        "NF" => Reply::NotFound,
        "MN" => Reply::Alive,
        _ => return None,
    }))
}

fn refusal(line: &str) -> Option<Refusal> {
    Some(match line.split_once(' ').unwrap_or((line, "")) {
        ("ERROR", words) if words.contains("oo many open connections") => {
            Refusal::TooManyConnections
        }
        ("ERROR", _) => Refusal::UnknownCommand,
        ("CLIENT_ERROR", words) if words.contains("unauthenticated") => Refusal::Unauthenticated,
        ("CLIENT_ERROR", _) => Refusal::Misread,
        ("SERVER_ERROR", words) if words.contains("too large") => Refusal::TooLarge,
        ("SERVER_ERROR", words) if words.contains("out of memory") => Refusal::OutOfMemory,
        ("SERVER_ERROR", _) => Refusal::Failed,
        _ => return None,
    })
}

/// Digits alone: no sign, no white space, no overflow.
fn decimal(text: &str) -> Option<u64> {
    let plain = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { largest_value: 10, largest_answer: 60 };

    /// All replies of a stream to commands of the numbers from 1 on. However it is cut, they are
    /// the same.
    fn replies(stream: &[u8]) -> Result<Vec<Reply>, Violation> {
        let whole = cut(stream, stream.len());
        for size in 1..stream.len() {
            assert_eq!(cut(stream, size), whole, "{size}");
        }
        whole
    }

    fn cut(stream: &[u8], size: usize) -> Result<Vec<Reply>, Violation> {
        let (mut framing, mut buffer, mut replies) =
            (Framing::new(BOUNDS), BytesMut::new(), Vec::new());
        for piece in stream.chunks(size) {
            buffer.extend_from_slice(piece);
            while let Some(reply) = framing.next(&mut buffer, replies.len() as u64 + 1)? {
                replies.push(reply);
            }
        }
        Ok(replies)
    }

    fn value(bytes: &'static [u8], item: Option<u64>) -> Reply {
        Reply::Value { bytes: Bytes::from_static(bytes), item }
    }

    #[test]
    fn lets_the_protocol_through() {
        assert_eq!(
            replies(b"HD O1\r\nEN O2\r\nEN\r\nNS O4\r\nEX O5\r\nNF O6\r\nMN\r\n").unwrap(),
            [
                Reply::Done,
                Reply::Miss,
                Reply::Miss,
                Reply::NotStored,
                Reply::Changed,
                Reply::NotFound,
                Reply::Alive
            ]
        );
        assert_eq!(
            replies(b"VA 0 O1\r\n\r\nVA 10 c18446744073709551615 O2 t9\r\n\r\n\r\nEN\r\n\r\n\r\n")
                .unwrap(),
            [value(b"", None), value(b"\r\n\r\nEN\r\n\r\n", Some(u64::MAX))]
        );
    }

    #[test]
    fn errors_are_sorted_and_their_words_forgotten() {
        for (line, refusal) in [
            ("ERROR", Refusal::UnknownCommand),
            ("ERROR Too many open connections", Refusal::TooManyConnections),
            ("CLIENT_ERROR bad command line format", Refusal::Misread),
            ("CLIENT_ERROR unauthenticated", Refusal::Unauthenticated),
            ("SERVER_ERROR object too large for cache", Refusal::TooLarge),
            ("SERVER_ERROR out of memory storing object", Refusal::OutOfMemory),
            ("SERVER_ERROR \u{1f512}", Refusal::Failed),
        ] {
            let stream = format!("{line}\r\n");
            assert_eq!(replies(stream.as_bytes()).unwrap(), [Reply::Refusal(refusal)], "{line}");
        }
    }

    #[test]
    fn refuses_what_is_too_large_at_its_header() {
        let large = |bytes, limit| Err(Violation::TooLarge { bytes, limit });
        assert_eq!(replies(b"VA 11 O1\r\n"), large(11, 10));
        let most = usize::MAX;
        assert_eq!(replies(format!("VA {most} O1\r\n").as_bytes()), large(most, 10));
        let many: String =
            (1..=4).map(|number| format!("VA 10 O{number}\r\n0123456789\r\n")).collect();
        assert!(matches!(replies(many.as_bytes()), Err(Violation::TooLarge { limit: 60, .. })));
        let endless = [b'x'; 2000];
        assert!(matches!(cut(&endless, 2000), Err(Violation::TooLarge { limit: 1024, .. })));
        assert!(matches!(cut(&endless, 1), Err(Violation::TooLarge { limit: 1024, .. })));
    }

    #[test]
    fn refuses_other_protocols_and_replies_to_other_commands() {
        for stream in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"+OK\r\n",
            b"\r\n",
            b"HD\r\n",
            b"HD O2\r\n",
            b"EN O2\r\n",
            b"VA 1\r\nx\r\n",
            b"VA 1 O2\r\nx\r\n",
            b"VA 1 O1\r\nxyz",
            b"VA O1\r\n",
            b"VA -1 O1\r\n",
            b"VA +1 O1\r\n",
            b"VA 99999999999999999999999 O1\r\n",
            b"VA 1 O1 c\r\nx\r\n",
            b"HD O1 \xc3\xa4\r\n",
            b"XX O1\r\n",
            b"\xff\r\n",
        ] {
            assert_eq!(replies(stream), Err(Violation::NotMemcached), "{stream:?}");
        }
    }
}
