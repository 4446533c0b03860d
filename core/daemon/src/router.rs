//! The router: elections on a thread of their own ([`elect`]), and on tokio everything that may take its time: the
//! balancer's engine, configuration, hooks, the control socket. One loop owns all of that state and takes one closed
//! [`Event`] at a time.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;

use linux::presence::Presence;
use model::effect::Notice;
use model::ids::LinkName;
use model::link::{FromGuardian, FromWorker, ToGuardian, ToWorker};
use model::transition::Transition;
use tokio::sync::mpsc;

use crate::link::{Incoming, Port};

pub(crate) use configuration::environment;
pub(crate) use looking::load as load_configuration;
pub(crate) use plugins::{plugin_code, secrets};

mod apply;
mod balance;
mod configuration;
mod control;
mod elect;
mod fifo;
mod hooks;
mod kernel;
mod looking;
mod metrics;
mod plugins;
mod reading;
mod state;
mod traffic;
mod watch;
mod watched;

use state::Router;

/// Events that wait for the loop. Senders on other threads wait when it is full; the election keeps a backlog.
const EVENTS: usize = 4096;

/// What the router is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the configuration is.
    pub paths: Vec<PathBuf>,
    /// The control socket.
    pub socket: PathBuf,
    /// The network namespace that all of the daemon is in, where the configuration named one at the start.
    pub entered: Option<String>,
}

/// What the loop is told.
#[derive(Debug)]
enum Event {
    /// An instance changed its state.
    Transition(Transition),
    /// Something happened to an instance in its state.
    News(model::effect::InstanceNews),
    /// The elections have something to say of an interface.
    Notice(Notice, LinkName),
    /// The kernel's balancer answered.
    Ipvs(balance::IpvsAnswer),
    /// From this worker: links are numbered, since frames of a dead one may come late.
    Worker(u32, Incoming<FromWorker>),
    /// From the guardian.
    Guardian(Incoming<FromGuardian>),
    /// Files changed.
    Files(watch::Changed),
    /// Processes were counted.
    Processes(watched::Counts),
    /// A file was read, or could not be.
    Read(reading::Source, reading::Content),
    /// The configuration was read.
    Loaded(Box<configuration::Loaded>),
    /// Elections have left: farewells are sent, addresses are off.
    Left,
    /// Somebody asks through the control socket.
    Control(control::Request),
}

/// Runs the router until it is told to stop. `links` are the descriptors the guardian left open.
/// # Errors
/// When something that it cannot do without can't be had; the message names the cure.
pub fn run(options: Options, links: Links) -> anyhow::Result<ExitCode> {
    abort_at_panic();
    // Until the end: whatever is made here bears its number.
    let _presence = Presence::inherited(links.presence)?;
    let legacy = configuration::legacy(links.plan);
    let first = configuration::load_first(options.paths.clone(), legacy.is_some())?;
    let Some(plan) = first
        .loaded
        .report_at_start(legacy.as_ref().map(|legacy| &legacy.plan))
    else {
        return Ok(ExitCode::from(2));
    };
    let (events, inbox) = mpsc::channel(EVENTS);
    let (orders, kernel_orders) = mpsc::channel(kernel::ORDERS);
    linux::realtime::lock_memory().unwrap_or_else(|error| tracing::warn!(error, "memory is not locked"));
    let elect = elect::start(
        links.journal,
        elect::Outlets {
            kernel: orders,
            events: events.clone(),
        },
    )?;
    kernel::start(kernel_orders, elect.clone())?;
    let ipvs = balance::start(events.clone())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let guardian = serve_guardian(links.guardian, &events)?;
        let worker = serve_worker(links.worker, 0, &events)?;
        control::start(&options.socket, events.clone())?;
        let watch = watch::start(events.clone())?;
        let processes = watched::start(events.clone())?;
        let doors = state::Doors {
            options,
            elect,
            ipvs,
            guardian,
            worker,
            watch,
            processes,
            events,
        };
        let mut router = Router::new(doors);
        router.begin(plan, first, legacy);
        // As a task: tokio asks the kernel once more for nothing each time that it wakes what it blocks on.
        tokio::spawn(router.run(inbox)).await?
    });
    // What still waits for a mount that hangs is not waited for.
    runtime.shutdown_background();
    ended
}

/// A thread that is lost leaves a router that looks alive and holds no elections. A dead one is started again.
fn abort_at_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        tell(info);
        std::process::abort();
    }));
}

/// The descriptors that the guardian left open.
#[derive(Debug)]
pub struct Links {
    guardian: OwnedFd,
    worker: OwnedFd,
    journal: OwnedFd,
    plan: OwnedFd,
    presence: OwnedFd,
}

impl Links {
    /// Takes the inherited descriptors. Fails where the guardian did not start this process.
    pub fn inherited() -> anyhow::Result<Self> {
        use crate::guardian::inherited::{GUARDIAN, JOURNAL, PEER, PLAN, PRESENCE};
        let [guardian, worker, journal, plan, presence] =
            [GUARDIAN, PEER, JOURNAL, PLAN, PRESENCE].map(linux::process::spawn::inherited);
        Ok(Self {
            guardian: guardian?,
            worker: worker?,
            journal: journal?,
            plan: plan?,
            presence: presence?,
        })
    }
}

fn serve_guardian(end: OwnedFd, events: &mpsc::Sender<Event>) -> anyhow::Result<Port<ToGuardian>> {
    let tell = |incoming| Some(Event::Guardian(incoming));
    Ok(crate::link::serve(UnixStream::from(end), events.clone(), tell)?)
}

fn serve_worker(end: OwnedFd, number: u32, events: &mpsc::Sender<Event>) -> anyhow::Result<Port<ToWorker>> {
    let tell = move |incoming| Some(Event::Worker(number, incoming));
    Ok(crate::link::serve(UnixStream::from(end), events.clone(), tell)?)
}
