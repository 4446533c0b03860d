//! The guardian: root, one thread, no plugin, no parser. It starts router and worker, starts them again when they
//! die, and does for them what they have no right to: it runs commands and binds sockets. When the router can't be brought back, the guardian leaves for it: priority 0
//! from prepared packets, and the addresses come off.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use linux::clock;
use linux::journal::Journal;
use linux::presence::Presence;
use linux::process::signals::Signals;
use linux::process::{Pid, Signal};
use linux::share::Usual;
use model::link::{ExecRequest, FromGuardian, ToGuardian};
use model::plan::Share;
use model::time::Instant;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

mod broker;
mod ending;
mod farewell;
mod fifos;
mod line;
mod namespace;
mod restarts;
mod sockets;
mod station;

use broker::Broker;
use fifos::Fifos;
pub use namespace::{enter as enter_namespace, tell as tell_namespace};
use sockets::Sockets;
use station::{Role, Station};

/// Descriptors that a child finds open: the link to the guardian, the link to the other child, the journal, the plan,
/// and what says to others that this daemon is here.
pub mod inherited {
    /// The link to the guardian.
    pub const GUARDIAN: i32 = 3;
    /// The link to the other child.
    pub const PEER: i32 = 4;
    /// The journal (router only).
    pub const JOURNAL: i32 = 5;
    /// The plan that a predecessor served last; empty before the first (router only).
    pub const PLAN: i32 = 6;
    /// The number of this daemon in its network namespace (router only).
    pub const PRESENCE: i32 = 7;
}

/// How long a graceful stop may take before the router is ended and the guardian leaves for it.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// Runs the guardian until it is told to stop, with the arguments of its two children.
///
/// # Errors
/// When a process cannot be started, or the kernel refuses what it stands on.
pub fn run(router: Vec<String>, worker: Vec<String>) -> anyhow::Result<ExitCode> {
    let signals = Signals::open()?;
    linux::process::become_subreaper()?;
    let mut guardian = Guardian {
        signals,
        presence: begin_presence()?,
        journal: Journal::create()?,
        router: Station::new(Role::Router, router),
        worker: Station::new(Role::Worker, worker),
        broker: Broker::default(),
        sockets: Sockets::default(),
        plan: Vec::new(),
        fifos: Fifos::default(),
        last: None,
        usual: Usual::of_this_thread()?,
        share: Share::default(),
        was_ready: false,
        stopping: None,
        exit: None,
    };
    guardian.start(Role::Worker)?;
    guardian.start(Role::Router)?;
    loop {
        if let Some(code) = guardian.exit {
            return Ok(ExitCode::from(code));
        }
        guardian.turn()?;
    }
}

/// Takes a number, and says who else is here.
fn begin_presence() -> io::Result<Presence> {
    let presence = Presence::begin()?;
    let others = presence.others();
    if !others.is_empty() {
        tracing::warn!(
            processes = ?others,
            "other daemons like this one are in the same network; no virtual router may be in two configurations"
        );
    }
    Ok(presence)
}

struct Guardian {
    signals: Signals,
    presence: Presence,
    journal: Journal,
    router: Station,
    worker: Station,
    broker: Broker,
    sockets: Sockets,
    /// The plan that the router serves, as it encoded it.
    plan: Vec<u8>,
    /// Named pipes that the router writes to.
    fifos: Fifos,
    /// What runs at the very end.
    last: Option<ExecRequest>,
    /// What children are born with.
    usual: Usual,
    /// What the worker is to have of the machine.
    share: Share,
    /// Whether a router ever served a configuration. Before that its failure is the operator's to mend.
    was_ready: bool,
    /// When the patience of a graceful stop ends.
    stopping: Option<Instant>,
    exit: Option<u8>,
}

impl Guardian {
    /// One turn: wait, then handle whatever there is.
    fn turn(&mut self) -> io::Result<()> {
        let wait = self.next_deadline().map(|at| timespec(at.since(clock::now())));
        let mut watched = vec![PollFd::new(&self.signals, PollFlags::IN)];
        watched.push(PollFd::from_borrowed_fd(self.presence.as_fd(), PollFlags::IN));
        for line in [&self.router, &self.worker]
            .into_iter()
            .filter_map(|station| station.line.as_ref())
        {
            watched.push(PollFd::from_borrowed_fd(line.as_fd(), line.interest()));
        }
        for pipe in self.broker.pipes() {
            watched.push(PollFd::from_borrowed_fd(pipe, PollFlags::IN));
        }
        match poll(&mut watched, wait.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        drop(watched);
        self.presence.let_go();
        self.handle_lines();
        self.broker.read_pipes();
        while let Some(signal) = self.signals.next() {
            self.handle_signal(signal);
        }
        self.handle_deaths();
        self.handle_deadlines();
        Ok(())
    }

    fn next_deadline(&self) -> Option<Instant> {
        [
            self.stopping,
            self.router.start_at,
            self.worker.start_at,
            self.broker.next_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn handle_signal(&mut self, signal: Signal) {
        match signal {
            Signal::TERM | Signal::INT => self.handle_stop(),
            // keepalived's signals for its data and statistics; by default they would end us.
            Signal::USR1 | Signal::USR2 => {
                tracing::info!("see `bellwether status` for what this signal asks of others");
            }
            Signal::HUP => self.router.send(&FromGuardian::Reload),
            // A child's end is looked for at each turn.
            _ => {}
        }
    }

    fn handle_stop(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        tracing::info!("asked to stop");
        // Without a service manager there is nobody to tell.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        self.stopping = Some(clock::now() + STOP_PATIENCE);
        self.router.send(&FromGuardian::Stop);
        if self.router.child.is_none() {
            // Nobody else is there to do it.
            farewell::leave(&self.journal);
            self.leave(0);
        }
    }

    fn handle_lines(&mut self) {
        for role in [Role::Router, Role::Worker] {
            for frame in self.station(role).receive() {
                self.handle_frame(role, frame);
            }
            self.station(role).flush();
        }
    }

    fn handle_frame(&mut self, role: Role, frame: ToGuardian) {
        match (role, frame) {
            (_, ToGuardian::Exec(request)) => {
                if let Some(refused) = self.broker.handle_request(role, request, clock::now()) {
                    self.station(role).send(&refused);
                }
            }
            (_, ToGuardian::Socket(request)) => {
                let (answer, socket) = self.sockets.handle_request(&request);
                self.station(role).send_with(&answer, socket);
            }
            (
                Role::Router,
                ToGuardian::Granted {
                    commands,
                    hidden,
                    ways,
                },
            ) => {
                self.broker.handle_grants(commands, hidden);
                self.sockets.handle_grants(ways);
            }
            (Role::Router, ToGuardian::Ready) => {
                self.was_ready = true;
                // Without a service manager there is nobody to tell.
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
            }
            (Role::Router, ToGuardian::Serving(plan)) => self.plan = plan,
            (Role::Router, ToGuardian::Last(request)) => self.last = request,
            (Role::Router, ToGuardian::Fifos(plans)) => {
                let opened = self.fifos.handle_plan(&plans);
                for path in opened.ended {
                    self.broker.end_readers(&path, clock::now());
                }
                for (path, pipe) in opened.open {
                    self.router.send_with(&FromGuardian::Fifo(path), Some(pipe));
                }
            }
            (Role::Router, ToGuardian::WorkerShare(share)) => {
                if self.share != share {
                    self.share = share;
                    self.share_with_worker();
                }
            }
            (
                Role::Worker,
                ToGuardian::Granted { .. }
                | ToGuardian::Ready
                | ToGuardian::Serving(_)
                | ToGuardian::Last(_)
                | ToGuardian::WorkerShare(_)
                | ToGuardian::Fifos(_),
            ) => {
                tracing::warn!("the worker claimed to be the router; ignored");
            }
        }
    }

    fn handle_deaths(&mut self) {
        while let Some((pid, status)) = linux::process::reap() {
            self.handle_death(pid, status);
        }
    }

    fn handle_death(&mut self, pid: Pid, status: ExitStatus) {
        if self.router.is(pid) {
            self.hear_last_words(Role::Router);
            self.handle_router_death(status);
        } else if self.worker.is(pid) {
            self.hear_last_words(Role::Worker);
            self.handle_worker_death(status);
        } else if let Some((role, done)) = self.broker.handle_death(pid, status, clock::now()) {
            self.station(role).send(&done);
        }
    }

    /// What a child said after its line was looked at, and before it died.
    fn hear_last_words(&mut self, role: Role) {
        for frame in self.station(role).receive() {
            self.handle_frame(role, frame);
        }
    }

    fn handle_router_death(&mut self, status: ExitStatus) {
        self.router.forget();
        self.broker.handle_loss(Role::Router, clock::now());
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        if self.stopping.is_some() {
            if code != Some(0) {
                tracing::error!(%status, "the router did not stop gracefully; leaving for it");
                farewell::leave(&self.journal);
            }
            return self.leave(code.unwrap_or(1));
        }
        if !self.was_ready {
            if self.journal.load().is_some_and(|last| !last.is_empty()) {
                farewell::leave(&self.journal);
            }
            // It said why on its way out: most likely a mistake in the configuration.
            return self.leave(code.filter(|code| *code != 0).unwrap_or(1));
        }
        let again = self.router.restarts.handle_death(clock::now());
        if again.in_despair {
            tracing::error!(%status, "the router died again and again; leaving for it");
            farewell::leave(&self.journal);
        } else {
            tracing::error!(%status, "the router died; starting it again");
        }
        self.router.start_at = Some(again.at);
    }

    fn handle_worker_death(&mut self, status: ExitStatus) {
        self.worker.forget();
        self.broker.handle_loss(Role::Worker, clock::now());
        if self.stopping.is_some() || self.exit.is_some() {
            return;
        }
        tracing::error!(%status, "the worker died; starting it again, verdicts stand");
        self.worker.start_at = Some(self.worker.restarts.handle_death(clock::now()).at);
    }

    fn handle_deadlines(&mut self) {
        let now = clock::now();
        self.broker.handle_deadlines(now);
        if self.stopping.is_some_and(|at| at <= now) {
            // Its death then is handled as a stop that was not graceful.
            self.router.kill();
            self.stopping = Some(now + STOP_PATIENCE);
        }
        for role in [Role::Router, Role::Worker] {
            if self.station(role).start_at.is_some_and(|at| at <= now) {
                self.station(role).start_at = None;
                if let Err(error) = self.start(role) {
                    tracing::error!(%error, role = role.word(), "cannot start a process; trying again");
                    self.station(role).start_at = Some(now + Duration::from_secs(1));
                }
            }
        }
    }

    /// Starts one of the two, and sees to it that each has the end of a link to the other.
    fn start(&mut self, role: Role) -> io::Result<()> {
        let peer = match self.station(role).take_peer() {
            Some(end) => end,
            None => {
                let (own, others) = UnixStream::pair()?;
                self.station(role.other()).give_peer(others.into());
                own.into()
            }
        };
        let (ours, guardian) = UnixStream::pair()?;
        let mut descriptors: Vec<(OwnedFd, i32)> =
            vec![(guardian.into(), inherited::GUARDIAN), (peer, inherited::PEER)];
        if role == Role::Router {
            descriptors.push((self.journal.as_fd().try_clone_to_owned()?, inherited::JOURNAL));
            descriptors.push((linux::passing::memory(&self.plan)?, inherited::PLAN));
            descriptors.push((self.presence.as_fd().try_clone_to_owned()?, inherited::PRESENCE));
        }
        self.station(role).start(ours, descriptors)?;
        if role == Role::Worker && self.share != Share::default() {
            self.share_with_worker();
        }
        Ok(())
    }

    /// The worker may not do it itself.
    fn share_with_worker(&self) {
        let Some(worker) = &self.worker.child else { return };
        if let Err(error) = self.usual.give_process(worker.pid, &self.share) {
            tracing::warn!(error, "the worker shares the machine with others as before");
        }
    }

    fn station(&mut self, role: Role) -> &mut Station {
        match role {
            Role::Router => &mut self.router,
            Role::Worker => &mut self.worker,
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    // One more nanosecond than nothing, so that a deadline has passed when poll says so.
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
