//! The worker: no capability, own user, no file it may write. It runs plugins and answers questions; it decides
//! nothing and remembers nothing that a successor would miss.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use linux::sandbox::Confinement;
use model::link::{FromWorker, ToWorker};
use model::status::PluginStatus;
use plugin::Platform;
use tokio::sync::mpsc;

use crate::link::{Incoming, Port};

mod broker;

use broker::GuardianBroker;

/// Frames that wait to be handled. When full, the router's frames wait in the socket.
const FRAMES: usize = 1024;

/// How long a worker waits for a new router: longer than the guardian's longest pause. Then only their link was lost,
/// and new ones come with a new worker.
const LONELY_MAX: Duration = Duration::from_secs(60);

/// How often counters of calls are told.
const COUNTERS_EVERY: Duration = Duration::from_secs(1);

/// What the worker is told.
enum Event {
    Router(u32, Incoming<ToWorker>),
    /// A new router, by its end of a link.
    Peer(OwnedFd),
    /// Without a guardian nobody starts a worker again, and nobody ends it either.
    Orphaned,
}

/// Runs the worker until it is ended.
///
/// # Errors
/// When it was not started by a guardian, or cannot be confined.
pub fn run() -> anyhow::Result<ExitCode> {
    use crate::guardian::inherited::{GUARDIAN, PEER};
    let guardian = linux::process::spawn::inherited(GUARDIAN)?;
    let router = linux::process::spawn::inherited(PEER)?;
    // Read before files are out of reach.
    let platform_options = plugin::Options::from_system();
    for missing in
        linux::sandbox::confine_worker(&Confinement { user: own_user() }).map_err(anyhow::Error::msg)?
    {
        tracing::warn!(missing, "the worker is less confined than it should be");
    }
    let (events, inbox) = mpsc::channel(FRAMES);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let broker = Arc::new(GuardianBroker::serve(guardian, events.clone())?);
        let platform = Platform::start(broker, platform_options);
        let port = serve_router(router, 0, &events)?;
        // As a task: tokio asks the kernel once more for nothing each time that it wakes what it blocks on.
        tokio::spawn(serve(inbox, events, Arc::new(platform), port)).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The first of these users that there is runs plugins.
const USERS: [&str; 2] = ["bellwether", "nobody"];

fn own_user() -> Option<(u32, u32)> {
    USERS.iter().find_map(|name| linux::process::lookup_user(name))
}

async fn serve(
    mut inbox: mpsc::Receiver<Event>,
    events: mpsc::Sender<Event>,
    platform: Arc<Platform>,
    mut port: Port<FromWorker>,
) {
    let mut number = 0;
    let mut changes = platform.changes();
    let mut counting = tokio::time::interval(COUNTERS_EVERY);
    let mut told = Vec::new();
    let mut alone_since: Option<tokio::time::Instant> = None;
    loop {
        if alone_since.is_some_and(|since| since.elapsed() > LONELY_MAX) {
            tracing::error!("no router came; making room for a new worker");
            return;
        }
        // All are cancel-safe: what is not taken stays.
        let event = tokio::select! {
            event = inbox.recv() => event,
            Ok(()) = changes.changed() => {
                tell(&platform, &port, &mut told);
                continue;
            }
            _ = counting.tick() => {
                tell(&platform, &port, &mut told);
                continue;
            }
        };
        match event {
            None | Some(Event::Orphaned) => return,
            Some(Event::Peer(end)) => {
                alone_since = None;
                number += 1;
                told.clear();
                match serve_router(end, number, &events) {
                    Ok(new) => port = new,
                    Err(error) => tracing::error!(%error, "cannot serve the new router"),
                }
            }
            Some(Event::Router(of, _)) if of != number => {}
            Some(Event::Router(_, Incoming::Frame(frame, _))) => handle(frame, &platform, &port),
            Some(Event::Router(_, Incoming::Closed(reason))) => {
                tracing::info!(reason, "the router is gone; waiting for the next");
                alone_since = Some(tokio::time::Instant::now());
            }
        }
    }
}

/// Tells the router of its plugins, when there is something new to tell.
fn tell(platform: &Platform, port: &Port<FromWorker>, told: &mut Vec<PluginStatus>) {
    let status = platform.status();
    if *told != status && port.send(FromWorker::Plugins(status.clone())) {
        *told = status;
    }
}

fn handle(frame: ToWorker, platform: &Arc<Platform>, port: &Port<FromWorker>) {
    let (platform, port) = (Arc::clone(platform), port.clone());
    match frame {
        ToWorker::Plugins(plans) => {
            platform.set_plugins(plans);
            port.send(FromWorker::Plugins(platform.status()));
        }
        ToWorker::Code { plugin, code } => platform.set_code(plugin, code),
        ToWorker::Condemned { plugin, code, why } => platform.condemn(&plugin, code, why),
        ToWorker::Secrets { plugin, values } => platform.set_secrets(&plugin, values),
        ToWorker::Instances(all) => platform.set_instances(all),
        ToWorker::Ask(ask) => {
            platform.tell(*ask, move |verdict| {
                port.send(FromWorker::Verdict(verdict));
            });
        }
        ToWorker::Hook(call) => {
            tokio::spawn(async move {
                let id = call.id;
                let result = platform.hook(call).await;
                port.send(FromWorker::HookDone { id, result })
            });
        }
        ToWorker::Step(call) => {
            tokio::spawn(async move {
                let id = call.id;
                let result = platform.step(call).await;
                port.send(FromWorker::StepDone { id, result })
            });
        }
    }
}

fn serve_router(end: OwnedFd, number: u32, events: &mpsc::Sender<Event>) -> anyhow::Result<Port<FromWorker>> {
    let tell = move |incoming| Some(Event::Router(number, incoming));
    Ok(crate::link::serve(UnixStream::from(end), events.clone(), tell)?)
}
