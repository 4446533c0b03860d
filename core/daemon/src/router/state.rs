//! All that the router knows, and the loop that owns it.

mod files;
mod reload;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use engine::keep::Keeper;
use engine::lvs::Balancer;
use engine::watch::Watches;
use linux::clock;
use linux::ipvs::preflight;
use model::effect::InstanceNews;
use model::ipvs::Settings;
use model::link::{FromGuardian, FromWorker, HookCall, ToGuardian, ToWorker};
use model::plan::{Plan, ProcessPattern, WatchSubject};
use model::status::{ConfigurationStatus, PluginStatus};
use model::time::Instant;
use model::transition::Transition;
use tokio::sync::{mpsc, oneshot};

use super::balance::{IpvsAnswer, IpvsPort};
use super::control::Request;
use super::elect::{ElectInput, ElectPort};
use super::fifo::Fifos;
use super::hooks::{self, Hooks};
use super::plugins::{self, Plugins};
use super::reading::Readings;
use super::traffic::Traffic;
use super::{Event, Options, serve_worker, watch};
use crate::link::{Incoming, Port};
use reload::Reloading;

/// Events handled before timers are looked at again.
const EVENTS_PER_TURN: usize = 64;
/// Longest time that hooks of a stop are waited for, once the addresses are gone.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// How long a process that does not read is waited for at the very end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Ways out of the loop.
pub(super) struct Doors {
    pub(super) options: Options,
    pub(super) elect: ElectPort,
    pub(super) ipvs: IpvsPort,
    pub(super) guardian: Port<ToGuardian>,
    pub(super) worker: Port<ToWorker>,
    pub(super) watch: std::sync::mpsc::Sender<watch::Files>,
    pub(super) processes: std::sync::mpsc::Sender<Vec<ProcessPattern>>,
    pub(super) events: mpsc::Sender<Event>,
}

/// The router's state. One task owns it, so there are no locks.
pub(super) struct Router {
    pub(super) doors: Doors,
    pub(super) plan: Arc<Plan>,
    /// The plan before, for the last transitions of what is no longer in this one.
    previous: Arc<Plan>,
    pub(super) balancer: Balancer,
    /// Files and processes that move priorities.
    pub(super) watches: Watches,
    /// When their files are read again; never when there are none.
    numbers_due: Option<Instant>,
    pub(super) traffic: Traffic,
    pub(super) hooks: Hooks,
    /// Named pipes that tell what happens.
    pub(super) fifos: Fifos,
    /// What is held while Master.
    pub(super) keeper: Keeper,
    pub(super) plugins: Vec<PluginStatus>,
    pub(super) configuration: ConfigurationStatus,
    pub(super) started: Instant,
    /// When the loop's turn began. Its events are taken to come then: what follows from them is seconds away.
    turn: Instant,
    /// The same instant, as the runtime has it.
    origin: (Instant, tokio::time::Instant),
    /// Orders that the kernel's balancer has not answered.
    pub(super) ipvs_pending: usize,
    /// What the worker was told of plugins.
    supplies: Plugins,
    /// Files that are being read.
    readings: Readings,
    /// Number of the worker's link; what comes from an older one is void.
    worker: u32,
    /// It has said which plugins it has.
    worker_greeted: bool,
    /// It is asked.
    pub(super) worker_up: bool,
    /// Commands can be run.
    pub(super) guardian_up: bool,
    /// Hooks that wait for a worker; one for each lane at most.
    pub(super) held_calls: Vec<HookCall>,
    reloading: Reloading,
    /// Settings of IPVS that a successor would put back.
    bequeathed: Settings,
    /// What is to be served when the operator's first command has ended.
    starting: Option<Starting>,
    stopping: Stopping,
}

/// A plan that waits, and the files it was read from.
struct Starting {
    plan: Arc<Plan>,
    files: Vec<PathBuf>,
}

/// How far a graceful stop has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopping {
    No,
    /// Farewells are being sent and addresses taken off.
    Leaving,
    /// They are gone; hooks may finish until then.
    Gone(Instant),
}

impl Router {
    pub(super) fn new(doors: Doors) -> Self {
        let now = clock::now();
        Self {
            balancer: Balancer::new(now.as_nanos()),
            watches: Watches::default(),
            numbers_due: None,
            traffic: Traffic::default(),
            plan: Arc::default(),
            previous: Arc::default(),
            hooks: Hooks::default(),
            fifos: Fifos::default(),
            keeper: Keeper::default(),
            plugins: Vec::new(),
            configuration: ConfigurationStatus::default(),
            started: now,
            turn: now,
            origin: (now, tokio::time::Instant::now()),
            ipvs_pending: 0,
            supplies: Plugins::default(),
            readings: Readings::new(doors.events.clone()),
            worker: 0,
            worker_greeted: false,
            worker_up: false,
            guardian_up: true,
            held_calls: Vec::new(),
            reloading: Reloading::default(),
            bequeathed: Settings::default(),
            starting: None,
            stopping: Stopping::No,
            doors,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Event>) -> anyhow::Result<ExitCode> {
        loop {
            self.drain();
            self.end_start();
            if self.is_over() {
                self.say_last_words().await;
                // A socket that nobody serves would tell clients of a daemon that is not there.
                let _ = std::fs::remove_file(&self.doors.options.socket);
                return Ok(ExitCode::SUCCESS);
            }
            // Both are cancel-safe: an event not taken stays in the channel.
            tokio::select! {
                event = inbox.recv() => match event {
                    Some(event) => {
                        self.turn = clock::now();
                        self.handle(event);
                    }
                    None => return Ok(ExitCode::FAILURE),
                },
                () = tokio::time::sleep_until(self.deadline()) => self.turn = clock::now(),
            }
            for _ in 0..EVENTS_PER_TURN {
                let Ok(event) = inbox.try_recv() else { break };
                self.drain();
                self.handle(event);
            }
            let now = self.turn;
            if self.balancer.poll_timeout().is_some_and(|(at, _)| at <= now) {
                self.drain();
                self.balancer.handle_timeout(now);
            }
            self.watches.handle_timeout(now);
            self.keeper.handle_timeout(now);
            self.handle_files_timeout(now);
            self.handle_reload_timeout(now);
        }
    }

    /// What was sent in this turn is written by others of this runtime, which ends with this turn.
    async fn say_last_words(&self) {
        let both = async { tokio::join!(self.doors.guardian.flush(), self.doors.worker.flush()) };
        if tokio::time::timeout(LAST_WORDS, both).await.is_err() {
            tracing::warn!("a process did not hear the last that this one had to say");
        }
    }

    fn deadline(&self) -> tokio::time::Instant {
        let stop = match self.stopping {
            Stopping::Gone(deadline) => Some(deadline),
            Stopping::No | Stopping::Leaving => None,
        };
        let deadline = self
            .balancer
            .poll_timeout()
            .map(|(at, _)| at)
            .into_iter()
            .chain(stop)
            .chain(self.watches.poll_timeout())
            .chain(self.keeper.poll_timeout())
            .chain(self.numbers_due)
            .chain(self.readings.poll_timeout())
            .chain(self.fifos.poll_timeout())
            .chain(self.reloading.poll_timeout())
            .min();
        let (origin, same) = self.origin;
        let deadline = deadline.unwrap_or(self.turn + Duration::from_secs(3600));
        same + deadline.since(origin)
    }

    fn is_over(&self) -> bool {
        match self.stopping {
            Stopping::No | Stopping::Leaving => false,
            Stopping::Gone(deadline) => {
                let is_done = self.hooks.is_idle() && self.keeper.is_settled() && self.is_out_of_the_table();
                is_done || deadline <= clock::now()
            }
        }
    }

    /// Whether the kernel's balancer has no row of ours, or can't be asked.
    fn is_out_of_the_table(&self) -> bool {
        let is_unavailable = || !self.balancer.status(clock::now()).2.available;
        self.ipvs_pending == 0 && (self.balancer.is_settled() || is_unavailable())
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Transition(transition) => self.handle_transition(&transition),
            Event::News(news) => self.handle_news(&news),
            Event::Notice(notice, link) => super::apply::log_notice(&notice, &link),
            Event::Ipvs(answer) => self.handle_ipvs(answer),
            Event::Worker(number, incoming) if number == self.worker => self.handle_worker(incoming),
            Event::Worker(..) => {}
            Event::Guardian(incoming) => self.handle_guardian(incoming),
            Event::Files(changed) => self.handle_files(&changed),
            Event::Processes(counts) => self.watches.handle_processes(&counts, clock::now()),
            Event::Read(source, content) => self.handle_read(source, content),
            Event::Loaded(loaded) => self.handle_loaded(*loaded),
            Event::Control(Request::Reload(reply)) => self.begin_reload(Some(reply)),
            Event::Control(Request::Hold(order, reply)) => {
                // Whoever asked may have gone.
                let _ = reply.send(self.hold(&order));
            }
            Event::Control(Request::Status(reply)) => self.answer_status(reply),
            Event::Left => self.stopping = Stopping::Gone(clock::now() + STOP_PATIENCE),
        }
    }

    fn handle_transition(&mut self, transition: &Transition) {
        tracing::info!(
            instance = %transition.instance,
            from = %transition.from,
            to = %transition.to,
            priority = transition.priority,
            cause = %transition.cause,
            "transition"
        );
        let is_known = self
            .plan
            .instances
            .iter()
            .any(|instance| instance.name == transition.instance);
        let plan = if is_known { &self.plan } else { &self.previous };
        for (lane, event, hooks) in hooks::events(plan, transition) {
            self.keeper.handle_event(&self.plan, &event, clock::now());
            self.hooks.handle_event(lane, &event, hooks);
            self.fifos.handle_event(&event);
        }
        self.supplies
            .handle_transition(transition, &self.plan, &self.doors.worker);
        self.balancer
            .handle_state(&transition.instance, transition.to, clock::now());
    }

    fn handle_news(&mut self, news: &InstanceNews) {
        self.supplies.handle_news(news, &self.plan, &self.doors.worker);
        let Some(((lane, event, hooks), to_pipes)) = hooks::news(&self.plan, news) else {
            return;
        };
        tracing::info!(instance = %news.instance, state = %news.state, news = event.cause, "news");
        self.hooks.handle_news(lane, &event, hooks);
        if to_pipes {
            self.fifos.handle_event(&event);
        }
    }

    fn handle_ipvs(&mut self, answer: IpvsAnswer) {
        let now = clock::now();
        let counts = !matches!(answer, IpvsAnswer::Counted(..));
        self.ipvs_pending = self.ipvs_pending.saturating_sub(usize::from(counts));
        match answer {
            IpvsAnswer::Glance(glance) => self.balancer.handle_glance(glance, now),
            IpvsAnswer::Configured(before, result) => {
                self.balancer.handle_configured(before, result, now);
                if *self.balancer.original() != self.bequeathed {
                    self.bequeath();
                }
            }
            IpvsAnswer::Counted(counted, took) => self.traffic.handle_counted(counted, took),
            IpvsAnswer::Table(table) => self.balancer.handle_table(table, now),
            IpvsAnswer::Applied(result) => self.balancer.handle_applied(result, now),
        }
    }

    fn handle_worker(&mut self, incoming: Incoming<FromWorker>) {
        let now = self.turn;
        match incoming {
            Incoming::Frame(FromWorker::Verdict(verdict), _) => self.balancer.handle_verdict(&verdict, now),
            Incoming::Frame(FromWorker::HookDone { id, result }, _) => {
                self.hooks.handle_call_done(id, result)
            }
            Incoming::Frame(FromWorker::StepDone { id, result }, _) => {
                self.keeper.handle_done(id, &result, now);
            }
            Incoming::Frame(FromWorker::Plugins(plugins), _) => {
                self.supplies.handle_status(&plugins);
                self.handle_plugins(plugins);
                self.worker_greeted = true;
                self.welcome_worker();
            }
            Incoming::Closed(reason) => {
                tracing::warn!(reason, "the worker is gone; verdicts stand until it is back");
                self.lose_worker();
            }
        }
    }

    /// Asks the worker from now on, if it knows all that is to be known before: a check without its secret would fail.
    fn welcome_worker(&mut self) {
        if self.worker_up || !self.worker_greeted || !self.supplies.are_secrets_known(&self.plan) {
            return;
        }
        self.worker_up = true;
        self.balancer.handle_worker(true, clock::now());
        self.keeper.handle_worker(true, clock::now());
        for call in std::mem::take(&mut self.held_calls) {
            self.call(call);
        }
    }

    /// What was asked of the worker is void. Hooks that waited for it go on waiting.
    fn lose_worker(&mut self) {
        self.worker_greeted = false;
        if std::mem::take(&mut self.worker_up) {
            self.hooks.handle_worker_lost();
            self.balancer.handle_worker(false, clock::now());
            self.keeper.handle_worker(false, clock::now());
        }
    }

    fn handle_guardian(&mut self, incoming: Incoming<FromGuardian>) {
        match incoming {
            Incoming::Frame(FromGuardian::Done { id, result }, _) => {
                if !self.fifos.handle_exec_done(id, clock::now()) {
                    self.hooks.handle_exec_done(id, result);
                }
            }
            Incoming::Frame(FromGuardian::Fifo(path), Some(pipe)) => {
                self.fifos.handle_open(&path, pipe, clock::now());
            }
            Incoming::Frame(FromGuardian::Peer, Some(end)) => {
                // The end of the old link may still be on its way.
                self.lose_worker();
                self.worker += 1;
                match serve_worker(end, self.worker, &self.doors.events) {
                    Ok(port) => self.doors.worker = port,
                    Err(error) => tracing::error!(%error, "cannot serve the new worker"),
                }
                self.supply();
            }
            // It asks for none.
            Incoming::Frame(FromGuardian::Socket { .. }, _) => {}
            Incoming::Frame(FromGuardian::Peer | FromGuardian::Fifo(_), None) => {
                tracing::error!("a link without a descriptor")
            }
            Incoming::Frame(FromGuardian::Reload, _) => self.begin_reload(None),
            Incoming::Frame(FromGuardian::Stop, _) => self.handle_stop(),
            Incoming::Closed(reason) => {
                tracing::warn!(reason, "the guardian is gone; leaving gracefully");
                self.guardian_up = false;
                self.hooks.handle_guardian_lost();
                self.handle_stop();
            }
        }
    }

    fn handle_stop(&mut self) {
        if self.stopping != Stopping::No {
            return;
        }
        self.stopping = Stopping::Leaving;
        self.starting = None;
        let (reply, left) = oneshot::channel();
        self.doors.elect.send(ElectInput::Stop(reply));
        let events = self.doors.events.clone();
        tokio::spawn(async move {
            // A thread that is gone has left as well.
            let _ = tokio::time::timeout(STOP_PATIENCE, left).await;
            // The loop is over: so is the process.
            let _ = events.send(Event::Left).await;
        });
        self.balancer.handle_stop(clock::now());
    }

    /// Serves a plan from now on. A start is a reload from nothing.
    pub(super) fn handle_plan(&mut self, plan: Arc<Plan>, files: Vec<PathBuf>) {
        self.configuration.generation += 1;
        self.configuration.paths = self
            .doors
            .options
            .paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        self.configuration.last_error = None;
        self.previous = std::mem::replace(&mut self.plan, plan);
        let plugins = self.plan.plugins.iter();
        self.doors.guardian.send(ToGuardian::Granted {
            commands: plugins.flat_map(|plugin| plugin.grants.exec.clone()).collect(),
            hidden: plugins::hidden(&self.plan),
            ways: self.plan.ways(),
        });
        self.fifos.handle_plan(&self.plan.fifos);
        let fifos = self.plan.fifos.clone();
        self.doors.guardian.send(ToGuardian::Fifos(fifos));
        let last = self.plan.life.after.as_ref().map(hooks::lone);
        self.doors.guardian.send(ToGuardian::Last(last));
        let share = self.plan.machine.checks.clone();
        self.doors.guardian.send(ToGuardian::WorkerShare(share));
        self.supply();
        for warning in preflight(&self.plan) {
            tracing::warn!("{warning}");
        }
        self.balancer.handle_plan(&self.plan, clock::now());
        self.keeper.handle_plan(&self.plan, clock::now());
        self.doors.elect.send(ElectInput::Plan(Arc::clone(&self.plan)));
        self.bequeath();
        self.watches.handle_plan(&self.plan.watches);
        self.count_processes();
        self.watch_files(files);
        self.read_numbers();
    }

    /// Tells which processes to count.
    fn count_processes(&self) {
        let patterns = self.plan.watches.iter().filter_map(|watch| match &watch.subject {
            WatchSubject::Process(process) => Some(process.pattern.clone()),
            WatchSubject::File(_) => None,
        });
        // A thread that is gone has ended the process.
        let _ = self.doors.processes.send(patterns.collect());
    }
}
