//! What an Arrow IPC stream from a store may be, before Arrow itself reads it.
//!
//! Arrow reads a stream without copying, and checks it when it is asked to. Two things it does on
//! the word of a few bytes: it decompresses buffers into memory of the size that they state, and it
//! believes in any number of rows of a column that has no buffers. Both are looked at here.
//! [Encapsulated messages](https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format)
//! are FlatBuffers, of which three tables are read, each offset checked.

/// A stream that is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not the frames of an Arrow IPC stream.
    #[error("not an Arrow IPC stream: the bytes are damaged or forged")]
    Malformed,
    /// A buffer is compressed; how large it would become, only itself says.
    #[error("an Arrow IPC stream with compressed buffers, which this writer never makes")]
    Compressed,
    /// More rows than the bytes can hold.
    #[error("{rows} rows in {length} bytes: more than eight to a byte")]
    TooManyRows {
        /// Rows of all batches together.
        rows: u64,
        /// Bytes of the stream.
        length: usize,
    },
}

/// A FlatBuffers union member number of `MessageHeader`.
const DICTIONARY_BATCH: u8 = 2;
const RECORD_BATCH: u8 = 3;

/// Rows that a byte can hold: a column of truth values takes a bit for each.
const ROWS_PER_BYTE: u64 = 8;

/// Walks over the messages of `stream`; looks at each, and allocates nothing.
///
/// It does not promise that Arrow will read the stream.
///
/// # Errors
/// [`Refused`], at the first message that is not as it should be.
pub fn check(stream: &[u8]) -> Result<(), Refused> {
    let mut rest = stream;
    let mut rows = 0_u64;
    while let Some(message) = next(&mut rest)? {
        rows = rows.saturating_add(message);
        check_rows(rows, stream.len())?;
    }
    Ok(())
}

/// Whether so many rows can be in a stream of this length.
///
/// # Errors
/// [`Refused::TooManyRows`].
pub fn check_rows(rows: u64, length: usize) -> Result<(), Refused> {
    if rows > (length as u64).saturating_mul(ROWS_PER_BYTE) {
        return Err(Refused::TooManyRows { rows, length });
    }
    Ok(())
}

/// The rows of the next message, or nothing at the end of the stream.
fn next(rest: &mut &[u8]) -> Result<Option<u64>, Refused> {
    let Some(mut length) = take_word(rest)? else { return Ok(None) };
    // Before the length stands a mark since Arrow 0.15.
    if length == u32::MAX {
        length = take_word(rest)?.ok_or(Refused::Malformed)?;
    }
    if length == 0 {
        return Ok(None);
    }
    let metadata = take(rest, u64::from(length))?;
    let message = Table::root(metadata)?;
    let body = message.word64(3)?.unwrap_or(0);
    take(rest, body)?;
    match message.byte(1)?.unwrap_or(0) {
        RECORD_BATCH => batch(message.table(2)?).map(Some),
        DICTIONARY_BATCH => {
            let dictionary = message.table(2)?.ok_or(Refused::Malformed)?;
            batch(dictionary.table(1)?).map(Some)
        }
        _ => Ok(Some(0)),
    }
}

/// The rows of a batch whose buffers are as they are.
fn batch(batch: Option<Table<'_>>) -> Result<u64, Refused> {
    let batch = batch.ok_or(Refused::Malformed)?;
    if batch.position(3)?.is_some() {
        return Err(Refused::Compressed);
    }
    Ok(batch.word64(0)?.unwrap_or(0))
}

fn take_word(rest: &mut &[u8]) -> Result<Option<u32>, Refused> {
    if rest.is_empty() {
        return Ok(None);
    }
    let bytes = take(rest, 4)?;
    Ok(bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)))
}

fn take<'a>(rest: &mut &'a [u8], count: u64) -> Result<&'a [u8], Refused> {
    let count = usize::try_from(count).map_err(|_| Refused::Malformed)?;
    let (taken, after) = rest.split_at_checked(count).ok_or(Refused::Malformed)?;
    *rest = after;
    Ok(taken)
}

/// A table of a FlatBuffer: where it lies, and where its fields are told.
#[derive(Clone, Copy)]
struct Table<'a> {
    buffer: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    fn root(buffer: &'a [u8]) -> Result<Self, Refused> {
        let at = read(buffer, 0).map(u32::from_le_bytes)?;
        Ok(Self { buffer, at: at as usize })
    }

    /// Where the field of this number is, or nothing if it has its default.
    fn position(&self, field: usize) -> Result<Option<usize>, Refused> {
        let back = read(self.buffer, self.at).map(i32::from_le_bytes)?;
        let directory = (self.at as i64) - i64::from(back);
        let directory = usize::try_from(directory).map_err(|_| Refused::Malformed)?;
        let size = read(self.buffer, directory).map(u16::from_le_bytes)?;
        let entry = 4 + 2 * field;
        if entry + 2 > usize::from(size) {
            return Ok(None);
        }
        let offset = read(self.buffer, directory + entry).map(u16::from_le_bytes)?;
        Ok((offset != 0).then_some(self.at + usize::from(offset)))
    }

    fn byte(&self, field: usize) -> Result<Option<u8>, Refused> {
        let Some(at) = self.position(field)? else { return Ok(None) };
        read(self.buffer, at).map(|[byte]: [u8; 1]| Some(byte))
    }

    /// A number that may not be negative.
    fn word64(&self, field: usize) -> Result<Option<u64>, Refused> {
        let Some(at) = self.position(field)? else { return Ok(None) };
        let number = read(self.buffer, at).map(i64::from_le_bytes)?;
        u64::try_from(number).map(Some).map_err(|_| Refused::Malformed)
    }

    fn table(&self, field: usize) -> Result<Option<Self>, Refused> {
        let Some(at) = self.position(field)? else { return Ok(None) };
        let ahead = read(self.buffer, at).map(u32::from_le_bytes)?;
        let at = at.checked_add(ahead as usize).ok_or(Refused::Malformed)?;
        Ok(Some(Self { buffer: self.buffer, at }))
    }
}

fn read<const N: usize>(buffer: &[u8], at: usize) -> Result<[u8; N], Refused> {
    let bytes = buffer.get(at..).and_then(|rest| rest.first_chunk());
    bytes.copied().ok_or(Refused::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_stream_is_refused() {
        assert_eq!(check(b""), Ok(()), "no message at all: Arrow misses the schema");
        assert_eq!(check(b"abc"), Err(Refused::Malformed));
        assert_eq!(check(&[0xff; 8]), Err(Refused::Malformed), "a length beyond the end");
        let wild_offsets = [&8_u32.to_le_bytes()[..], &[0xff; 8]].concat();
        assert_eq!(check(&wild_offsets), Err(Refused::Malformed));
    }

    #[test]
    fn rows_are_bounded_by_the_bytes() {
        assert_eq!(check_rows(80, 10), Ok(()));
        assert_eq!(check_rows(81, 10), Err(Refused::TooManyRows { rows: 81, length: 10 }));
    }
}
