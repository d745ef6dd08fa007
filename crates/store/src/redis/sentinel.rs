//! A primary that is asked for: sentinels say which server it is, and it must say so itself.
//!
//! The primary has [`Links`] of its own, with everything that those promise; another one gets
//! others. What sentinels say is asked for again after a connection was lost, a server was found
//! to be a replica, or nothing came in time, and every few seconds without any reason: a primary
//! that was cut off from its sentinels does not know that it has been replaced.

use std::{
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering},
    time::Duration,
};

use cachekit_process::PerProcess;
use redis::{Value, cmd};
use tokio::time::{Instant, timeout_at};

use super::{
    RedisConfig, SentinelConfig,
    config::{Endpoint, Place},
    framing::Bounds,
    links::{Links, Replay, Request},
    nodes::Node,
    server::{Role, Server},
    topology,
};
use crate::{
    Error, ErrorKind, StoreOptions,
    asking::{Asking, Known, Questions},
};

/// An answer is a host and a port; an error is a line.
const BOUNDS: Bounds = Bounds { largest_bulk: 1024, largest_reply: 16 * 1024, most_elements: 16 };

/// Who knows where the primary is, and what they said last.
pub(super) struct Sentinels {
    config: SentinelConfig,
    servers: Vec<Server>,
    first: AtomicUsize,
    address: Arc<str>,
    options: StoreOptions,
    here: PerProcess<Asking<Answer>>,
}

#[derive(Default)]
struct Answer {
    primary: Option<Arc<Node>>,
    questions: Questions,
}

impl Known for Answer {
    /// A primary that was replaced behind our back is used so long after the takeover at most,
    /// while the sentinels can be reached.
    const TRUSTED: Duration = Duration::from_secs(5);

    fn is_known(&self) -> bool {
        self.primary.is_some()
    }

    fn questions(&mut self) -> &mut Questions {
        &mut self.questions
    }
}

impl Answer {
    /// Connections to a primary that stays are kept.
    fn learn(&mut self, place: Place, make: impl FnOnce(&Place) -> Links, now: u64) {
        let news = self.primary.as_ref().is_none_or(|primary| primary.place != place);
        if news {
            let links = make(&place);
            self.primary = Some(Arc::new(Node { place, links }));
        }
        self.questions.answered(news, now);
    }
}

impl Sentinels {
    pub(super) fn new(config: SentinelConfig, address: Arc<str>, options: &StoreOptions) -> Self {
        let server = |place| {
            let login = config.sentinel_login.clone();
            let config = RedisConfig { endpoint: config.line.to(place), database: 0, login };
            Server::new(config, Arc::clone(&address), BOUNDS, Role::Any)
        };
        let servers = config.sentinels.iter().map(server).collect();
        let (first, here) = (AtomicUsize::new(0), PerProcess::new());
        Self { servers, config, first, address, options: options.clone(), here }
    }

    /// Sends a request to the primary and returns its reply, which may be an error reply. Takes
    /// at most the connect time-out and the operation time-out together.
    pub(super) async fn call(&self, replay: Replay, request: &Request) -> Result<Value, Error> {
        let allowed = self.options.connect_timeout() + self.options.operation_timeout();
        let end = Instant::now() + allowed;
        let asked = self.primary(end).await?;
        let outcome = asked.links.call_until(end, replay, request).await;
        let doubt = Doubt::about(&outcome);
        if doubt == Doubt::None {
            return outcome;
        }
        self.here().known.lock().questions.doubt();
        let again = match doubt {
            Doubt::NothingDone => true,
            Doubt::Lost => replay == Replay::Safe,
            Doubt::None | Doubt::Silent => false,
        };
        match self.primary(end).await {
            Ok(other) if again && !Arc::ptr_eq(&asked, &other) => {
                other.links.call_until(end, replay, request).await
            }
            _ => outcome,
        }
    }

    async fn primary(&self, end: Instant) -> Result<Arc<Node>, Error> {
        let late = || self.not_found();
        self.here().if_due(|| self.now(), end, || self.ask(end), late).await?;
        self.here().known.lock().primary.clone().ok_or_else(|| self.not_found())
    }

    /// Asks one sentinel after the other, from another one on each time, until one says where the
    /// primary is or the connect time-out is over.
    async fn ask(&self, end: Instant) -> Result<(), Error> {
        let end = end.min(Instant::now() + self.options.connect_timeout());
        let first = self.first.fetch_add(1, Ordering::Relaxed) % self.servers.len().max(1);
        let both = self.servers.iter().zip(&self.config.sentinels);
        let mut failed = self.not_found();
        for (sentinel, place) in both.clone().cycle().skip(first).take(both.len()) {
            let until = end.min(Instant::now() + self.options.connect_timeout() / 2);
            match timeout_at(until, self.ask_one(sentinel, place)).await {
                Ok(Ok(primary)) => {
                    let now = self.now();
                    self.here().known.lock().learn(primary, |place| self.links(place), now);
                    return Ok(());
                }
                Ok(Err(error)) => failed = error,
                Err(_) if Instant::now() >= end => break,
                Err(_) => {}
            }
        }
        Err(failed)
    }

    /// On a connection for this one question: it is put seldom, and a sentinel has its own work.
    async fn ask_one(&self, sentinel: &Server, at: &Place) -> Result<Place, Error> {
        let connection = sentinel.dial().await.map_err(|error| self.of_sentinel(error))?;
        let mut question = cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.config.service);
        let reply = connection.send(&Request::One(question)).await;
        match reply.map_err(|error| connection.failure(&error, &self.address))? {
            Value::Nil => {
                let seen = "the sentinels watch no service of that name";
                Err(Error::new(ErrorKind::Misconfigured, &*self.address, seen))
            }
            Value::Array(answer) => read(&answer, at).ok_or_else(|| {
                let seen = "a sentinel that does not say where the primary is";
                Error::new(ErrorKind::Protocol, &*self.address, seen)
            }),
            Value::ServerError(error) if error.code() == "ERR" => {
                let seen = "it is no sentinel: write redis://host:port";
                Err(Error::new(ErrorKind::Misconfigured, &*self.address, seen))
            }
            other => Err(self.of_sentinel(super::reply::unexpected(other, &self.address))),
        }
    }

    /// Whose password is wrong must be said: there are two.
    fn of_sentinel(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Refused {
            return error;
        }
        let seen = "a sentinel does not let us in; what it wants stands after the `?`, as \
                    `sentinel_user=` and `sentinel_password=`";
        Error::caused(ErrorKind::Refused, &*self.address, seen, error)
    }

    fn links(&self, place: &Place) -> Links {
        let SentinelConfig { database, login, .. } = &self.config;
        let endpoint: Endpoint = self.config.line.to(place);
        let config = RedisConfig { endpoint, database: *database, login: login.clone() };
        let bounds = Bounds::of_entries(self.options.largest_entry());
        let server = Server::new(config, Arc::clone(&self.address), bounds, Role::Primary);
        Links::new(server, &self.options)
    }

    fn here(&self) -> &Asking<Answer> {
        self.here.get_or_init(|| {
            Asking::new(Arc::clone(self.options.clock()), self.options.connect_timeout())
        })
    }

    fn now(&self) -> u64 {
        self.options.clock().boot_nanos()
    }

    fn not_found(&self) -> Error {
        let seen = format!("no sentinel answered within {:?}", self.options.connect_timeout());
        Error::new(ErrorKind::Timeout, &*self.address, seen)
    }
}

/// Whether an outcome says that the primary may be another by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    None,
    /// It refused because it is a replica.
    NothingDone,
    /// It could not be reached, or the connection broke.
    Lost,
    /// Nothing came in time, so there is no time to ask elsewhere.
    Silent,
}

impl Doubt {
    fn about(outcome: &Result<Value, Error>) -> Self {
        match outcome {
            Ok(Value::ServerError(error)) => match error.code() {
                "READONLY" | "MASTERDOWN" => Self::NothingDone,
                "LOADING" | "NOREPLICAS" => Self::Silent,
                _ => Self::None,
            },
            // A replica refuses every write of a pipeline; where it refused some, others are done.
            Ok(Value::Array(replies)) => {
                let refused = |reply: &Value| matches!(reply, Value::ServerError(error) if error.code() == "READONLY");
                match replies.iter().filter(|reply| refused(reply)).count() {
                    0 => Self::None,
                    count if count == replies.len() => Self::NothingDone,
                    _ => Self::Silent,
                }
            }
            Ok(_) => Self::None,
            Err(error) => match error.kind() {
                ErrorKind::Unavailable => Self::Lost,
                ErrorKind::Timeout | ErrorKind::Refused | ErrorKind::Untrusted => Self::Silent,
                _ => Self::None,
            },
        }
    }
}

/// A host and a port.
fn read(answer: &[Value], asked: &Place) -> Option<Place> {
    let [Value::BulkString(host), Value::BulkString(port)] = answer else { return None };
    let text = |bytes| std::str::from_utf8(bytes).ok();
    topology::place(&format!("{}:{}", text(host)?, text(port)?), asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asking::Due;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn an_answer_is_a_host_and_a_port_or_none() {
        let asked = Place { host: "s".into(), port: 26379 };
        let good = read(&[bulk("10.0.0.1"), bulk("6379")], &asked).unwrap();
        assert_eq!(good, Place { host: "10.0.0.1".into(), port: 6379 });
        assert_eq!(read(&[bulk("::1"), bulk("1")], &asked).unwrap().host, "::1");
        for wrong in [
            &[][..],
            &[bulk("h")],
            &[bulk("h"), bulk("0")],
            &[bulk("h"), bulk("65536")],
            &[bulk("h\r\n"), bulk("1")],
            &[bulk("h"), bulk("1"), bulk("1")],
            &[Value::Int(1), bulk("1")],
        ] {
            assert_eq!(read(wrong, &asked), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_stays_keeps_its_connections_and_doubts_wait_for_their_turn() {
        let links = |_: &Place| {
            let url: crate::StoreUrl = "redis+sentinel://s/cache".parse().unwrap();
            let crate::url::Target::Sentinel(config) = url.into_target() else { panic!() };
            let sentinels = Sentinels::new(config, "".into(), &StoreOptions::default());
            sentinels.links(&Place { host: "h".into(), port: 1 })
        };
        let place = |port| Place { host: "h".into(), port };
        let mut answer = Answer::default();
        assert_eq!(answer.due(0), Due::Now);
        answer.learn(place(1), links, 0);
        let before = answer.primary.clone().unwrap();
        answer.learn(place(1), links, 0);
        assert!(Arc::ptr_eq(&before, answer.primary.as_ref().unwrap()));
        assert_eq!(answer.due(0), Due::No);
        answer.questions.doubt();
        assert_eq!(answer.due(0), Due::No, "it was asked this very moment");
        assert_eq!(answer.due(2_000_000_000), Due::Soon);
        answer.learn(place(2), links, 2_000_000_000);
        assert!(!Arc::ptr_eq(&before, answer.primary.as_ref().unwrap()));
        assert_eq!(answer.due(6_999_999_999), Due::No);
        assert_eq!(answer.due(7_000_000_000), Due::Soon, "nobody is trusted for ever");
    }
}
