//! An HTTP client that sends what a test wants, well formed or not.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use cachekit_testkit::CachekitServer;

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A connection that is kept between requests.
pub(crate) struct Client {
    socket: BufReader<TcpStream>,
    token: Option<String>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON: {self:?}"))
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().expect("a code").to_owned()
    }
}

impl Client {
    /// To a server, with its usual token.
    pub(crate) fn of(server: &CachekitServer) -> Self {
        Self::to(server.port()).with_token(server.token())
    }

    pub(crate) fn to(port: u16) -> Self {
        let socket = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket: BufReader::new(socket), token: None }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// A request of an entry's path, which is sent as it is written.
    pub(crate) fn entry(
        &mut self,
        method: &str,
        name: &str,
        headers: &[&str],
        body: &[u8],
    ) -> Answer {
        self.ask(method, &format!("/v1/cache/{name}"), headers, body)
    }

    pub(crate) fn get(&mut self, name: &str) -> Answer {
        self.entry("GET", name, &[], b"")
    }

    pub(crate) fn put(&mut self, name: &str, body: &[u8]) -> Answer {
        self.entry("PUT", name, &[], body)
    }

    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        if let Some(token) = &self.token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        for header in headers {
            head += &format!("{header}\r\n");
        }
        if !body.is_empty() || method == "PUT" || method == "POST" || method == "PATCH" {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        self.send(format!("{head}\r\n").as_bytes());
        self.send(body);
        self.answer(method).expect("an answer")
    }

    /// Bytes as they are. A server that has hung up is noticed by the answer.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.socket.get_mut().write_all(bytes);
    }

    /// `None` if the server hangs up instead.
    pub(crate) fn answer(&mut self, method: &str) -> Option<Answer> {
        let line = self.line()?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").expect("a header");
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").map(|length| length.parse().unwrap());
        if method != "HEAD" && status != 204 && status != 304 {
            answer.body = vec![0; length.unwrap_or(0)];
            self.socket.read_exact(&mut answer.body).ok()?;
        }
        Some(answer)
    }

    /// One line without its end; `None` if the server hangs up.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.socket.read_line(&mut line) {
            Ok(read) if read > 0 => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
            _ => None,
        }
    }

    /// Whether the server has hung up, after as long as it takes.
    pub(crate) fn is_hung_up(&mut self) -> bool {
        !matches!(self.socket.fill_buf(), Ok(bytes) if !bytes.is_empty())
    }
}

/// A batch of reads.
pub(crate) fn reads(names: &[&str]) -> Vec<u8> {
    let mut body = [&b"CKB1\x01"[..], &(names.len() as u32).to_be_bytes()].concat();
    for name in names {
        body.extend((name.len() as u16).to_be_bytes());
        body.extend(name.as_bytes());
    }
    body
}

/// A batch of writes that live for so many milliseconds.
pub(crate) fn writes(puts: &[(&str, &[u8])], ttl_ms: u32) -> Vec<u8> {
    let mut body = [&b"CKB1\x02"[..], &(puts.len() as u32).to_be_bytes()].concat();
    for (name, value) in puts {
        body.extend((name.len() as u16).to_be_bytes());
        body.extend(name.as_bytes());
        body.extend(ttl_ms.to_be_bytes());
        body.extend((value.len() as u32).to_be_bytes());
        body.extend(*value);
    }
    body
}

/// What a batch of reads was answered.
pub(crate) fn found(answer: &[u8]) -> Vec<Option<Vec<u8>>> {
    let (front, mut rest) = answer.split_at(9);
    assert_eq!(&front[..5], b"CKB1\x81");
    let count = u32::from_be_bytes(front[5..].try_into().unwrap());
    let mut values = Vec::new();
    for _ in 0..count {
        let (&there, after) = rest.split_first().unwrap();
        rest = after;
        values.push((there == 1).then(|| {
            let (length, after) = rest.split_at(4);
            let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
            let (value, after) = after.split_at(length);
            rest = after;
            value.to_vec()
        }));
    }
    assert!(rest.is_empty());
    values
}
