//! A network that misbehaves on command.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use socket2::SockRef;

/// What happens to the bytes between client and server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: everything passes.
    #[default]
    None,
    /// Every piece of a reply comes so much later. Until another fault is chosen.
    Delay(Duration),
    /// Nothing passes, in neither direction, and nobody is told. Until another fault is chosen.
    BlackHole,
    /// New connections are closed as soon as they are accepted. Until another fault is chosen.
    Refuse,
    /// The first so many bytes of the next reply pass, then both sides get a reset. Once.
    ResetAfter(usize),
    /// The next reply is replaced by these bytes. Once.
    Answer(Vec<u8>),
}

/// A TCP proxy on a free port of 127.0.0.1 in front of a server. It ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: u16,
    fault: Mutex<Fault>,
    sockets: Mutex<Vec<TcpStream>>,
    accepted: AtomicUsize,
    ended: AtomicBool,
}

impl FaultProxy {
    /// A proxy in front of the server on this port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared {
            server,
            fault: Mutex::default(),
            sockets: Mutex::default(),
            accepted: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.ended.load(Ordering::SeqCst) {
                    return;
                }
                accepting.serve(client);
            }
        });
        Self { port, shared }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Chooses what happens from now on.
    pub fn inject(&self, fault: Fault) {
        *lock(&self.shared.fault) = fault;
    }

    /// What is chosen. A fault that happens once is [`Fault::None`] after it has happened.
    pub fn fault(&self) -> Fault {
        lock(&self.shared.fault).clone()
    }

    /// Resets all connections that there are.
    pub fn cut(&self) {
        self.shared.reset_all();
    }

    /// How many connections were accepted so far, those included that were closed at once.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.shared.reset_all();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn serve(self: &Arc<Self>, client: TcpStream) {
        self.accepted.fetch_add(1, Ordering::SeqCst);
        if *lock(&self.fault) == Fault::Refuse {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)) else { return };
        let clients = (client.try_clone(), client.try_clone());
        let servers = (server.try_clone(), server.try_clone(), server.try_clone());
        let (Ok(client_kept), Ok(client_down)) = clients else { return };
        let (Ok(server_kept), Ok(server_up), Ok(server_down)) = servers else { return };
        lock(&self.sockets).extend([client_kept, server_kept]);
        let (up, down) = (Arc::clone(self), Arc::clone(self));
        let (pieces, due) = mpsc::channel();
        thread::spawn(move || up.pump_up(client, server_up));
        thread::spawn(move || down.pump_down(server, &pieces));
        thread::spawn(move || deliver(&due, client_down, &server_down));
    }

    /// From the client to the server.
    fn pump_up(&self, mut client: TcpStream, mut server: TcpStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            if *lock(&self.fault) != Fault::BlackHole && server.write_all(&buffer[..read]).is_err()
            {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    }

    /// From the server to whoever delivers to the client.
    fn pump_down(&self, mut server: TcpStream, pieces: &Sender<Piece>) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = server.read(&mut buffer) {
            let Some(piece) = self.piece(&buffer[..read]) else { continue };
            let last = piece.then_reset;
            if pieces.send(piece).is_err() || last {
                return;
            }
        }
    }

    /// What becomes of a piece of a reply.
    fn piece(&self, reply: &[u8]) -> Option<Piece> {
        let fault = {
            let mut fault = lock(&self.fault);
            match &*fault {
                Fault::ResetAfter(_) | Fault::Answer(_) => std::mem::take(&mut *fault),
                lasting => lasting.clone(),
            }
        };
        let now = Instant::now();
        let piece = |bytes: &[u8]| Piece { due: now, bytes: bytes.to_vec(), then_reset: false };
        Some(match fault {
            Fault::None | Fault::Refuse => piece(reply),
            Fault::BlackHole => return None,
            Fault::Answer(instead) => piece(&instead),
            Fault::Delay(delay) => Piece { due: now + delay, ..piece(reply) },
            Fault::ResetAfter(bytes) => {
                Piece { then_reset: true, ..piece(&reply[..bytes.min(reply.len())]) }
            }
        })
    }

    fn reset_all(&self) {
        for socket in lock(&self.sockets).drain(..) {
            reset(&socket);
        }
    }
}

/// A piece of a reply on its way to the client.
struct Piece {
    due: Instant,
    bytes: Vec<u8>,
    then_reset: bool,
}

/// Each piece at its time: one that is late makes no other one later than it is itself.
fn deliver(pieces: &Receiver<Piece>, mut client: TcpStream, server: &TcpStream) {
    for piece in pieces {
        thread::sleep(piece.due.saturating_duration_since(Instant::now()));
        if client.write_all(&piece.bytes).is_err() || piece.then_reset {
            reset(&client);
            reset(server);
            return;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// Ends a connection the hard way: what is under way is lost, and the peer gets a reset.
fn reset(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
    let _ = socket.shutdown(Shutdown::Both);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
