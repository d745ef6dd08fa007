//! How long a reply is, found out before it is read into memory.
//!
//! The client library collects a reply until it is whole. A server that announces a bulk of
//! exabytes, or sends a line that never ends, would fill this process's memory; so the bytes pass
//! through here first, and only the headers are looked at. RESP2 alone is let through, and of it
//! only what our commands can be answered with: arrays hold no arrays.

use std::fmt;

/// What a reply may be at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Of one bulk string, in bytes.
    pub(super) largest_bulk: u64,
    /// Of one whole reply, in bytes, headers included.
    pub(super) largest_reply: u64,
    /// Elements of an array.
    pub(super) most_elements: u64,
}

impl Bounds {
    /// For answers that hold entries of up to so many bytes.
    pub(super) fn of_entries(largest: usize) -> Self {
        let largest = largest as u64;
        Self {
            largest_bulk: largest,
            largest_reply: largest.saturating_mul(4).saturating_add(1024 * 1024),
            most_elements: 4096,
        }
    }
}

/// Why a reply is not read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// It is, or announces, at least `bytes` bytes.
    TooLarge { bytes: u64, limit: u64 },
    /// It is not the protocol.
    NotRedis,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => write!(f, "{bytes} bytes, over {limit}"),
            Self::NotRedis => f.write_str("not the Redis protocol"),
        }
    }
}

impl std::error::Error for Violation {}

/// The longest status or error line. Redis cuts what it quotes at some hundred bytes.
const LONGEST_LINE: u64 = 4096;

/// Follows a stream of replies, however it is cut into reads.
#[derive(Debug)]
pub(super) struct Framing {
    bounds: Bounds,
    place: Place,
    /// Elements of the current array that are still to come.
    elements: u64,
    /// Bytes of the current reply so far.
    reply: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the type byte of an element.
    Start,
    /// In a status or error line of so many bytes so far; whether the last was `\r`.
    Line { length: u64, return_seen: bool },
    /// In the number after `:`, `$` or `*`.
    Number(Number),
    /// In a bulk string and its `\r\n`, with so many bytes to go.
    Bulk { left: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    kind: u8,
    negative: bool,
    digits: u32,
    value: u64,
    return_seen: bool,
}

impl Framing {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, place: Place::Start, elements: 0, reply: 0 }
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    ///
    /// How many of them came before the violation, and may be read, and the violation.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Result<(), (usize, Violation)> {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            let position = bytes.len() - rest.len();
            let step = match self.place {
                Place::Bulk { left } => {
                    let taken = left.min(rest.len() as u64);
                    rest = rest.get(usize::try_from(taken).unwrap_or(rest.len())..).unwrap_or(&[]);
                    self.in_bulk(left - taken, taken)
                }
                _ => {
                    rest = after;
                    self.in_header(byte)
                }
            };
            step.map_err(|violation| (position, violation))?;
        }
        Ok(())
    }

    /// Whether the stream may end here.
    pub(super) fn between_replies(&self) -> bool {
        self.place == Place::Start && self.elements == 0
    }

    fn in_bulk(&mut self, left: u64, taken: u64) -> Result<(), Violation> {
        self.count(taken)?;
        self.place = Place::Bulk { left };
        if left == 0 {
            self.element_done();
        }
        Ok(())
    }

    fn in_header(&mut self, byte: u8) -> Result<(), Violation> {
        self.count(1)?;
        match self.place {
            Place::Start => self.place = Self::kind(byte, self.elements)?,
            Place::Line { length, return_seen } => self.in_line(byte, length + 1, return_seen)?,
            Place::Number(number) => match number.next(byte)? {
                Step::More(number) => self.place = Place::Number(number),
                Step::Whole => self.after_number(number)?,
            },
            Place::Bulk { .. } => {}
        }
        Ok(())
    }

    fn kind(byte: u8, elements: u64) -> Result<Place, Violation> {
        match byte {
            b'+' | b'-' => Ok(Place::Line { length: 0, return_seen: false }),
            b':' | b'$' => Ok(Place::Number(Number::new(byte))),
            b'*' if elements == 0 => Ok(Place::Number(Number::new(byte))),
            _ => Err(Violation::NotRedis),
        }
    }

    fn in_line(&mut self, byte: u8, length: u64, return_seen: bool) -> Result<(), Violation> {
        if return_seen && byte == b'\n' {
            self.element_done();
            return Ok(());
        }
        if length > LONGEST_LINE {
            return Err(Violation::TooLarge { bytes: length, limit: LONGEST_LINE });
        }
        self.place = Place::Line { length, return_seen: byte == b'\r' };
        Ok(())
    }

    fn after_number(&mut self, number: Number) -> Result<(), Violation> {
        let Number { kind, negative, value, .. } = number;
        match kind {
            b'$' if !negative => {
                within(value, self.bounds.largest_bulk)?;
                within(self.reply.saturating_add(value), self.bounds.largest_reply)?;
                self.place = Place::Bulk { left: value + 2 };
            }
            b'*' if !negative && value > 0 => {
                within(value, self.bounds.most_elements)?;
                self.elements = value;
                self.place = Place::Start;
            }
            _ => self.element_done(),
        }
        Ok(())
    }

    fn element_done(&mut self) {
        self.place = Place::Start;
        self.elements = self.elements.saturating_sub(1);
        if self.elements == 0 {
            self.reply = 0;
        }
    }

    fn count(&mut self, bytes: u64) -> Result<(), Violation> {
        self.reply = self.reply.saturating_add(bytes);
        within(self.reply, self.bounds.largest_reply)
    }
}

enum Step {
    More(Number),
    Whole,
}

impl Number {
    fn new(kind: u8) -> Self {
        Self { kind, negative: false, digits: 0, value: 0, return_seen: false }
    }

    fn next(mut self, byte: u8) -> Result<Step, Violation> {
        match byte {
            b'\n' if self.return_seen && self.digits > 0 => return Ok(Step::Whole),
            _ if self.return_seen => return Err(Violation::NotRedis),
            b'\r' => self.return_seen = true,
            b'-' if self.digits == 0 && !self.negative => self.negative = true,
            b'0'..=b'9' => {
                let shifted = self.value.checked_mul(10);
                let value = shifted.and_then(|v| v.checked_add(u64::from(byte - b'0')));
                self.value = value.ok_or(Violation::NotRedis)?;
                self.digits += 1;
            }
            _ => return Err(Violation::NotRedis),
        }
        // 19 digits are all that a 64-bit number has; more would be zeros without end.
        if self.digits > 19 { Err(Violation::NotRedis) } else { Ok(Step::More(self)) }
    }
}

fn within(bytes: u64, limit: u64) -> Result<(), Violation> {
    if bytes <= limit { Ok(()) } else { Err(Violation::TooLarge { bytes, limit }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { largest_bulk: 10, largest_reply: 50, most_elements: 3 };

    /// However the stream is cut, the verdict is the same.
    fn verdict(stream: &[u8]) -> Result<(), Violation> {
        let whole = Framing::new(BOUNDS).follow(stream).map_err(|(_, violation)| violation);
        for size in 1..stream.len() {
            let mut framing = Framing::new(BOUNDS);
            let cut = stream.chunks(size).try_for_each(|piece| framing.follow(piece));
            assert_eq!(cut.map_err(|(_, violation)| violation), whole, "{size}");
        }
        whole
    }

    #[test]
    fn lets_the_protocol_through() {
        for stream in [
            &b"+OK\r\n"[..],
            b"-ERR no\r\n:42\r\n:-1\r\n",
            b"$-1\r\n$0\r\n\r\n$10\r\n\r\n\r\n\r\n\r\n\r\n\r\n",
            b"*3\r\n$1\r\na\r\n$-1\r\n$2\r\n\r\n\r\n+OK\r\n",
            b"*0\r\n*-1\r\n*1\r\n:1\r\n",
            b"+a\rb\r\n",
        ] {
            assert_eq!(verdict(stream), Ok(()), "{stream:?}");
        }
    }

    #[test]
    fn bounds_are_per_reply() {
        let reply = b"*3\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n$2\r\nab\r\n";
        assert!(reply.len() < 50);
        assert_eq!(verdict(&reply.repeat(5)), Ok(()));
    }

    #[test]
    fn refuses_what_is_too_large_at_its_header() {
        let large = |bytes, limit| Err(Violation::TooLarge { bytes, limit });
        assert_eq!(verdict(b"$11\r\n"), large(11, 10));
        assert_eq!(verdict(b"$9223372036854775807\r\n"), large(9_223_372_036_854_775_807, 10));
        assert_eq!(verdict(b"*4\r\n"), large(4, 3));
        let reply = b"*3\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n";
        assert!(matches!(verdict(reply), Err(Violation::TooLarge { limit: 50, .. })));
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let bounds = Bounds { largest_reply: u64::MAX, ..BOUNDS };
        let mut framing = Framing::new(bounds);
        framing.follow(b"+").unwrap();
        let endless = [b'x'; 5000];
        let refused = framing.follow(&endless).unwrap_err();
        assert_eq!(refused, (4096, Violation::TooLarge { bytes: 4097, limit: 4096 }));
    }

    #[test]
    fn refuses_other_protocols() {
        for stream in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"*1\r\n*1\r\n:1\r\n",
            b"%1\r\n",
            b"$\r\n",
            b"$1 \r\n",
            b"$--1\r\n",
            b"$00000000000000000000\r\n",
            b":1\rx",
            b"\0",
        ] {
            assert_eq!(verdict(stream), Err(Violation::NotRedis), "{stream:?}");
        }
    }

    #[test]
    fn says_how_much_came_before() {
        let mut framing = Framing::new(BOUNDS);
        assert_eq!(framing.follow(b"+OK\r\n!"), Err((5, Violation::NotRedis)));
    }
}
