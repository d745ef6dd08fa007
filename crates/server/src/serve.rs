//! From settings to a running server, and to its end.

use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
};

use cachekit_store::EmbeddedStore;
use serde_json::json;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::timeout,
};

use crate::{
    connection::Service,
    error::Error,
    listener::Listener,
    opening::{self, Opened},
    routes,
    settings::{Announce, Args, Settings},
    shared::{Parts, Shared, Stage},
    tls::Tls,
    ttl::Ttl,
};

/// Connections of the operator; browsers open six.
const OPERATORS: usize = 64;

/// Serves until it is told to end.
pub(crate) async fn serve(settings: Settings, args: &Args) -> Result<(), Error> {
    let signals = Signals::new()?;
    let tls = settings.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
    let Opened { entries, counts, to_flush } = opening::open(&settings).await?;
    let (stage, ending) = watch::channel(Stage::Serving);
    let shared = Shared::new(Parts {
        largest: entries.largest().min(settings.largest_entry),
        entries,
        holders: Arc::clone(&settings.holders),
        limits: settings.limits,
        default_ttl: default_ttl(&settings)?,
        counts,
        ending: ending.clone(),
    });
    let listeners = bind(&settings, &shared, tls.as_ref(), &ending).await?;
    announce(&settings, &listeners, tls.is_some())?;
    tracing::info!(store = shared.entries.store_address(), "serving");
    let cut = run(listeners, signals, &stage, || reload(args, &shared, tls.as_deref())).await;
    if let Some(store) = to_flush {
        flush(&store).await;
    }
    tracing::info!(cut, "ended");
    if cut == 0 { Ok(()) } else { Err(Error::CutShort(cut)) }
}

/// What listens: for clients, and perhaps for the operator.
struct Listeners {
    public: Listener,
    admin: Option<Listener>,
}

async fn bind(
    settings: &Settings,
    shared: &Arc<Shared>,
    tls: Option<&Arc<Tls>>,
    ending: &watch::Receiver<Stage>,
) -> Result<Listeners, Error> {
    let public = Service {
        router: routes::public(shared, &settings.base),
        // On loopback alone the page goes without: browsers know no name for its certificate.
        tls: tls.cloned(),
        limits: settings.limits,
        metrics: Arc::clone(&shared.metrics),
        ending: ending.clone(),
    };
    let admin = match settings.admin {
        None => None,
        Some(address) => {
            let mut service = public.clone();
            service.router = routes::admin(shared, settings.admin_token);
            service.limits.connections = OPERATORS;
            // Its connections are not the clients'.
            service.metrics = Arc::new(crate::metrics::Metrics::new());
            if address.ip().is_loopback() {
                service.tls = None;
            }
            Some(Listener::bind(address, service).await?)
        }
    };
    Ok(Listeners { public: Listener::bind(settings.listen, public).await?, admin })
}

/// The addresses, on standard output, for people and scripts to read.
fn announce(settings: &Settings, listeners: &Listeners, encrypted: bool) -> Result<(), Error> {
    let url = |address: SocketAddr, encrypted: bool, path: &str| {
        format!("{}://{address}{path}", if encrypted { "https" } else { "http" })
    };
    let public = url(listeners.public.address()?, encrypted, &settings.base);
    let admin = match &listeners.admin {
        None => None,
        Some(admin) => {
            let address = admin.address()?;
            Some(url(address, encrypted && !address.ip().is_loopback(), "/"))
        }
    };
    let mut out = io::stdout().lock();
    match settings.announce {
        Announce::Json => writeln!(out, "{}", json!({"listening": public, "admin": admin}))?,
        Announce::Text => {
            writeln!(out, "listening on {public}")?;
            if let Some(admin) = admin {
                writeln!(out, "the operator's page is at {admin}")?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// Serves until both listeners have ended; the answer is how many connections of clients were cut.
async fn run(
    listeners: Listeners,
    mut signals: Signals,
    stage: &watch::Sender<Stage>,
    reload: impl Fn(),
) -> usize {
    let (patience, metrics) = (listeners.public.patience(), listeners.public.metrics());
    let mut public = tokio::spawn(listeners.public.run(stage.subscribe()));
    let admin = listeners.admin.map(|admin| tokio::spawn(admin.run(stage.subscribe())));
    while let Told::Reload = signals.next().await {
        reload();
    }
    tracing::info!("ending: no new connections, and those in flight are finished");
    stage.send_replace(Stage::Ending);
    let in_time = tokio::select! {
        finished = timeout(patience, &mut public) => finished.is_ok(),
        () = signals.end() => false,
    };
    let cut = if in_time { 0 } else { metrics.connections.now() };
    stage.send_replace(Stage::Now);
    for listener in [(!in_time).then_some(public), admin].into_iter().flatten() {
        let _ = listener.await;
    }
    usize::try_from(cut).unwrap_or(0)
}

/// Tokens and certificate, read again. What is not good leaves things as they were.
fn reload(args: &Args, shared: &Shared, tls: Option<&Tls>) {
    match Settings::resolve(args.clone()) {
        Ok(settings) => shared.replace_holders(settings.holders),
        Err(error) => tracing::error!(error = %error, "tokens stay as they were"),
    }
    match tls.map(Tls::reload) {
        Some(Err(error)) => tracing::error!(error = %error, "the certificate stays as it was"),
        _ => tracing::info!("read tokens and certificate again"),
    }
}

async fn flush(store: &EmbeddedStore) {
    if let Err(error) = store.flush().await {
        tracing::error!(error = %error, "the last writes may not outlive a power failure");
    }
}

fn default_ttl(settings: &Settings) -> Result<Ttl, Error> {
    u64::try_from(settings.default_ttl.as_millis())
        .ok()
        .and_then(Ttl::from_millis)
        .ok_or_else(|| Error::Settings("--default-ttl is out of bounds".into()))
}

enum Told {
    Reload,
    End,
}

struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.hangup.recv() => Told::Reload,
            _ = self.interrupt.recv() => Told::End,
            _ = self.terminate.recv() => Told::End,
        }
    }

    async fn end(&mut self) {
        while let Told::Reload = self.next().await {}
    }
}
