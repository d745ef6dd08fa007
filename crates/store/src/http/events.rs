//! A stream of events, read as it comes: `docs/http.md`, "Events". The form is that of WHATWG HTML,
//! section 9.2.6, as far as the protocol uses it.

use serde::Deserialize;

/// A name has at most some hundred bytes; a line of more is no event of ours.
const LONGEST_LINE: usize = 16 * 1024;

/// What the server tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// What changes from here on is told.
    Ready,
    Changed(Changed),
    /// Names were lost.
    Missed,
}

/// A name, and what is there now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Changed {
    pub(super) name: String,
    /// The bytes' entity tag; none where nothing is any more.
    #[serde(default)]
    pub(super) etag: Option<String>,
}

/// The stream is not one of events.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoEvents;

/// Bytes to events. What is not known is overlooked; nothing of a line's bytes is kept beyond it.
#[derive(Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// A line that ended with a carriage return may still have its line feed to come.
    after_return: bool,
    event: Vec<u8>,
    data: Vec<u8>,
}

impl Parser {
    /// Takes the next bytes, and gives each event that they complete to `tell`.
    ///
    /// # Errors
    ///
    /// A line, or an event, that is too long.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut tell: impl FnMut(Event),
    ) -> Result<(), NoEvents> {
        for byte in bytes {
            let after_return = std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if after_return => {}
                b'\n' => self.end_line(&mut tell)?,
                b'\r' => {
                    self.after_return = true;
                    self.end_line(&mut tell)?;
                }
                _ if self.line.len() == LONGEST_LINE => return Err(NoEvents),
                byte => self.line.push(*byte),
            }
        }
        Ok(())
    }

    fn end_line(&mut self, tell: &mut impl FnMut(Event)) -> Result<(), NoEvents> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let (event, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
            read(&event, &data).into_iter().for_each(tell);
            return Ok(());
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => line.split_at(colon),
            None => (&line[..], &[][..]),
        };
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.event = value.to_vec(),
            b"data" if self.data.len() + value.len() >= LONGEST_LINE => return Err(NoEvents),
            b"data" => {
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            _ => {}
        }
        Ok(())
    }
}

fn read(event: &[u8], data: &[u8]) -> Option<Event> {
    match event {
        b"ready" => Some(Event::Ready),
        // One that cannot be read may have been about any name.
        b"changed" => Some(serde_json::from_slice(data).map_or(Event::Missed, Event::Changed)),
        b"missed" => Some(Event::Missed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(chunks: &[&[u8]]) -> Result<Vec<Event>, NoEvents> {
        let (mut parser, mut told) = (Parser::default(), Vec::new());
        for chunk in chunks {
            parser.feed(chunk, |event| told.push(event))?;
        }
        Ok(told)
    }

    fn changed(name: &str, etag: Option<&str>) -> Event {
        Event::Changed(Changed { name: name.into(), etag: etag.map(Into::into) })
    }

    const STREAM: &[u8] = b"event: ready\ndata: {}\n\n:\n\n\
        event: changed\r\ndata: {\"name\":\"ck:a\",\"etag\":\"\\\"9f\\\"\"}\r\n\r\n\
        event:changed\rdata:{\"name\":\"ck:b\",\"etag\":null,\"more\":1}\r\r\
        event: whatever\ndata: {}\n\nid: 7\nevent: missed\n\n";

    fn of_stream() -> Vec<Event> {
        vec![Event::Ready, changed("ck:a", Some("\"9f\"")), changed("ck:b", None), Event::Missed]
    }

    #[test]
    fn every_kind_of_line_end_and_what_is_not_known() {
        assert_eq!(events(&[STREAM]), Ok(of_stream()));
    }

    #[test]
    fn what_cannot_be_read_may_be_about_anything() {
        for data in ["{}", "", "7", "{\"name\":7}", "{\"name\":\"a\""] {
            let stream = format!("event: changed\ndata: {data}\n\n");
            assert_eq!(events(&[stream.as_bytes()]), Ok(vec![Event::Missed]), "{data}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        assert_eq!(events(&[&[b'x'; LONGEST_LINE + 1]]), Err(NoEvents));
        let data = [b"data: ".as_slice(), &[b'x'; 4096], b"\n"].concat();
        assert_eq!(events(&[&data[..]; 5]), Err(NoEvents));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_chunks_end(ends in prop::collection::vec(0..STREAM.len(), 0..8)) {
            let mut ends = ends;
            ends.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for end in ends.into_iter().chain([STREAM.len()]) {
                chunks.push(&STREAM[from..end]);
                from = end;
            }
            prop_assert_eq!(events(&chunks), Ok(of_stream()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
            let _ = events(&[&bytes]);
        }
    }
}
