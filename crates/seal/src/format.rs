//! The only way from bytes to fields and back: a reader and a writer that cannot run past their end.

use std::mem;

use crate::refusal::Fault;

/// Reads big-endian fields from the front of a slice.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `length` bytes.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        self.array::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_be_bytes)
    }

    /// All that is left.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// Writes fields to the front of a slice, in place.
pub(crate) struct Writer<'a> {
    rest: &'a mut [u8],
}

/// The slice had no room left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl<'a> Writer<'a> {
    pub(crate) const fn new(room: &'a mut [u8]) -> Self {
        Self { rest: room }
    }

    /// `N` bytes.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Full> {
        let room = mem::take(&mut self.rest);
        let (place, rest) = room.split_first_chunk_mut::<N>().ok_or(Full)?;
        *place = bytes;
        self.rest = rest;
        Ok(())
    }

    /// So many bytes as there are.
    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.place(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    /// So many bytes, for somebody else to write to.
    #[inline]
    pub(crate) fn place(&mut self, length: usize) -> Result<&'a mut [u8], Full> {
        let room = mem::take(&mut self.rest);
        let (place, rest) = room.split_at_mut_checked(length).ok_or(Full)?;
        self.rest = rest;
        Ok(place)
    }

    /// What was not written to.
    pub(crate) fn into_rest(self) -> &'a mut [u8] {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_order_and_stops_at_the_end() {
        let mut reader = Reader::new(&[1, 0, 2, 0, 0, 0, 3, 9, 9]);
        assert_eq!((reader.u8(), reader.u16(), reader.u32()), (Ok(1), Ok(2), Ok(3)));
        assert_eq!(reader.u64(), Err(Fault::Truncated));
        assert_eq!(reader.take(usize::MAX), Err(Fault::Truncated));
        assert_eq!((reader.take(2), reader.rest()), (Ok(&[9, 9][..]), &[][..]));
    }

    #[test]
    fn a_full_slice_takes_nothing_more() {
        let mut room = [0; 5];
        let mut writer = Writer::new(&mut room);
        assert_eq!(writer.array([1, 2]), Ok(()));
        assert_eq!(writer.bytes(&[3]), Ok(()));
        assert_eq!(writer.into_rest().len(), 2);
        assert_eq!(room, [1, 2, 3, 0, 0]);
        assert_eq!(Writer::new(&mut room).array([7; 6]), Err(Full));
        assert_eq!(Writer::new(&mut room).bytes(&[7; 6]), Err(Full));
        assert_eq!(room, [1, 2, 3, 0, 0]);
    }
}
