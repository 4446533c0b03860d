//! The thread on which elections are held: real time where allowed, its own epoll loop, timers in nanoseconds. What
//! the engine orders for the wire is done here; what it orders of the kernel's tables is handed to [`super::kernel`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

use engine::vrrp::Election;
use linux::clock;
use linux::journal::Journal;
use linux::packet;
use linux::reactor::Reactor;
use model::effect::{ElectEffect, Listener};
use model::fact::{Legacy, LinkNews, Outcome};
use model::ids::{LinkIndex, LinkName};
use model::time::Instant;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::Event;
use super::kernel::KernelOrder;

mod outbox;
mod port;
mod standing;
mod tell;

use outbox::{Outbox, Refusal};
pub(super) use port::{ElectInput, ElectPort};
use standing::Standing;
use tell::Teller;

/// Batches read of one socket before timers are looked at: a flood must not stop the adverts.
const READS_PER_TURN: usize = 16;
/// How soon the kernel is asked again for a place to listen. A Backup that hears nothing becomes a second Master.
const LISTEN_RETRY: Duration = Duration::from_secs(1);
/// How soon a full router is told again.
const BACKLOG_RETRY: Duration = Duration::from_millis(10);

/// Where effects go that are not done here.
#[derive(Debug)]
pub(super) struct Outlets {
    pub(super) kernel: mpsc::Sender<KernelOrder>,
    pub(super) events: mpsc::Sender<Event>,
}

/// Starts the thread. It ends the process when it fails: without elections there is nothing to serve, and the
/// guardian's answer to a dead router is the right one.
pub(super) fn start(journal: OwnedFd, outlets: Outlets) -> io::Result<ElectPort> {
    let (queue, inputs) = port::queue();
    let (hand_over, wakers) = sync_channel(1);
    thread::Builder::new().name("elect".into()).spawn(move || {
        let served = Reactor::new().and_then(|(reactor, waker)| {
            // Who started this waits for it.
            let _ = hand_over.send(waker);
            Elect::new(journal, outlets, reactor, inputs)?.run()
        });
        if let Err(error) = served {
            tracing::error!(%error, "the election thread failed; needs CAP_NET_RAW");
            std::process::abort();
        }
    })?;
    let waker = wakers.recv().map_err(io::Error::other)?;
    Ok(ElectPort::new(queue, waker))
}

struct Elect {
    election: Election,
    standing: Standing,
    reactor: Reactor,
    inputs: Receiver<ElectInput>,
    /// Open receivers by the token under which the reactor knows them.
    ears: BTreeMap<u64, Ear>,
    tokens: BTreeMap<Listener, u64>,
    next_token: u64,
    /// Where the kernel did not let us listen, and when it is asked again.
    deaf: BTreeSet<Listener>,
    listen_again: Option<Instant>,
    /// Tokens that have something to read; kept for its memory.
    heard: Vec<u64>,
    links: BTreeMap<LinkIndex, LinkName>,
    outbox: Outbox,
    /// What comes after the adverts; kept for its memory.
    others: Vec<ElectEffect>,
    journal: Journal,
    journal_is_stale: bool,
    kernel: mpsc::Sender<KernelOrder>,
    teller: Teller,
    /// Orders that the kernel has not answered.
    orders_pending: usize,
    /// Who waits for the end of a graceful stop.
    leaving: Option<oneshot::Sender<()>>,
}

/// An open receiver and what it is open for.
struct Ear {
    listener: Listener,
    receiver: packet::Receiver,
}

impl Elect {
    fn new(
        journal: OwnedFd,
        outlets: Outlets,
        reactor: Reactor,
        inputs: Receiver<ElectInput>,
    ) -> io::Result<Self> {
        let mut elect = Self {
            election: Election::new(),
            standing: Standing::of_this_thread()?,
            reactor,
            inputs,
            ears: BTreeMap::new(),
            tokens: BTreeMap::new(),
            next_token: 0,
            deaf: BTreeSet::new(),
            listen_again: None,
            heard: Vec::new(),
            links: BTreeMap::new(),
            outbox: Outbox::open()?,
            others: Vec::new(),
            journal: Journal::from_fd(journal)?,
            journal_is_stale: false,
            kernel: outlets.kernel,
            teller: Teller::new(outlets.events),
            orders_pending: 0,
            leaving: None,
        };
        // From here on silence is believed only as far as was read.
        elect.election.handle_heard(clock::now());
        elect.adopt();
        Ok(elect)
    }

    /// Takes over what a predecessor left in the journal.
    fn adopt(&mut self) {
        let now = clock::now();
        let Some(bytes) = self.journal.load().filter(|bytes| !bytes.is_empty()) else {
            return;
        };
        match postcard::from_bytes::<Legacy>(&bytes) {
            Ok(legacy) => {
                let alive = self.journal.last_heartbeat().unwrap_or_default();
                self.election.handle_adopt(legacy, alive, now);
            }
            Err(error) => {
                tracing::error!(%error, "the predecessor's journal does not decode; starting afresh")
            }
        }
    }

    fn run(mut self) -> io::Result<()> {
        loop {
            let deadline = self.election.poll_timeout().map(|(at, _)| at);
            let retry = (!self.teller.is_done()).then(|| clock::now() + BACKLOG_RETRY);
            self.reactor
                .set_deadline(deadline.into_iter().chain(retry).chain(self.listen_again).min())?;
            let ready = self.reactor.wait()?;
            let woken = ready.woken;
            self.election.handle_wall(clock::wall());
            self.heard.clone_from(&ready.tokens);
            self.read_packets();
            if woken && !self.read_inputs() {
                return Ok(());
            }
            let now = clock::now();
            self.handle_deadline(now);
            if self.listen_again.is_some_and(|at| at <= now) {
                self.listen_again = None;
                for listener in std::mem::take(&mut self.deaf) {
                    self.apply_listen(listener);
                }
            }
            self.write_journal();
            self.teller.flush();
            if self.orders_pending == 0 && self.teller.is_done() {
                // Whoever asked may have gone.
                let _ = self.leaving.take().map(|done| done.send(()));
            }
        }
    }

    /// Adverts that wait in a socket are read before a deadline is believed. What was read after the wait is not
    /// enough: this thread may have stood still since, or been woken by nothing but the end of standing still.
    fn handle_deadline(&mut self, now: Instant) {
        let Some((at, _)) = self.election.poll_timeout().filter(|(at, _)| *at <= now) else {
            return;
        };
        // Read since then, it has nothing more to say of the time until then.
        let unread = self.ears.iter().filter(|(_, ear)| ear.receiver.heard() < at);
        self.heard.extend(unread.map(|(token, _)| token));
        self.read_packets();
        // What was more than one turn reads is still to come: until then no deadline is believed, and adverts leave.
        let heard = self.ears.values().map(|ear| ear.receiver.heard()).min();
        self.election.handle_heard(heard.unwrap_or(now));
        if self.is_due(now) {
            self.election.handle_timeout(now);
            self.drain();
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.election.poll_timeout().is_some_and(|(at, _)| at <= now)
    }

    fn read_packets(&mut self) {
        let mut heard = std::mem::take(&mut self.heard);
        for token in heard.drain(..) {
            // Taken out while it is read: what a frame brings about may close it.
            let Some(mut ear) = self.ears.remove(&token) else {
                continue;
            };
            for _ in 0..READS_PER_TURN {
                let read = ear.receiver.receive(|frame| {
                    self.election.handle_frame(frame, clock::now());
                    self.drain();
                });
                match read {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        let (link, what) = (ear.listener.link, "cannot receive adverts");
                        complain(&mut self.teller, &self.links, &Refusal { link, what, error });
                        break;
                    }
                }
            }
            if self.tokens.get(&ear.listener) == Some(&token) {
                self.ears.insert(token, ear);
            }
        }
        self.heard = heard;
    }

    /// False when the router is gone.
    fn read_inputs(&mut self) -> bool {
        loop {
            let input = match self.inputs.try_recv() {
                Ok(input) => input,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            };
            self.handle_input(input);
            self.drain();
        }
    }

    fn handle_input(&mut self, input: ElectInput) {
        let now = clock::now();
        match input {
            ElectInput::Plan(plan) => {
                self.standing.give(&plan.machine.elections);
                self.election.handle_plan(&plan, now);
                self.journal_is_stale = true;
            }
            ElectInput::Link(news) => {
                match &news {
                    LinkNews::Is(link) => _ = self.links.insert(link.index, link.name.clone()),
                    LinkNews::Gone(index) => {
                        self.links.remove(index);
                        self.outbox.forget(*index);
                    }
                }
                self.election.handle_link(news, now);
            }
            ElectInput::Outcomes(outcomes) => {
                self.orders_pending = self.orders_pending.saturating_sub(outcomes.len());
                // What has gone must not be taken out by a successor: it may be somebody else's by then.
                self.journal_is_stale = true;
                for outcome in outcomes {
                    self.election.handle_outcome(outcome, now);
                }
            }
            ElectInput::Kept(outcomes) => {
                for outcome in outcomes {
                    self.election.handle_outcome(outcome, now);
                }
            }
            ElectInput::Tracker(name, state) => self.election.handle_tracker(name, state, now),
            ElectInput::Status(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(self.election.status(now));
            }
            ElectInput::Stop(done) => {
                self.election.handle_stop(now);
                self.leaving = Some(done);
            }
        }
    }

    /// Carries out what is ordered: adverts first, together, as nothing may delay them; then the rest in its order,
    /// announcements that follow each other together.
    fn drain(&mut self) {
        loop {
            while let Some(effect) = self.election.poll_effect() {
                match effect {
                    ElectEffect::SendAdvert(advert) => self.outbox.advert(advert),
                    other => self.others.push(other),
                }
            }
            let (teller, links, election) = (&mut self.teller, &self.links, &mut self.election);
            self.outbox.send_adverts(
                |advert| election.handle_unsent(advert),
                |refusal| complain(teller, links, &refusal),
            );
            if self.others.is_empty() {
                return;
            }
            let mut others = std::mem::take(&mut self.others);
            for effect in others.drain(..) {
                if !matches!(effect, ElectEffect::Announce(_)) {
                    self.send_announcements();
                }
                self.apply(effect);
            }
            self.send_announcements();
            self.others = others;
        }
    }

    fn send_announcements(&mut self) {
        let (teller, links) = (&mut self.teller, &self.links);
        self.outbox
            .send_announcements(|refusal| complain(teller, links, &refusal));
    }

    fn apply(&mut self, effect: ElectEffect) {
        match effect {
            ElectEffect::Listen(listener) => self.apply_listen(listener),
            ElectEffect::Unlisten(listener) => {
                // Closing the socket takes it out of the reactor.
                let token = self.tokens.remove(&listener);
                token.and_then(|token| self.ears.remove(&token));
                self.deaf.remove(&listener);
            }
            ElectEffect::SendAdvert(advert) => self.outbox.advert(advert),
            ElectEffect::AddAddress(order) => self.order(KernelOrder::AddAddress(order)),
            ElectEffect::RemoveAddress(order) => self.order(KernelOrder::RemoveAddress(order)),
            ElectEffect::AddEntry(order) => self.order(KernelOrder::AddEntry(order)),
            ElectEffect::RemoveEntry(order) => self.order(KernelOrder::RemoveEntry(order)),
            ElectEffect::Device(order) => self.order(KernelOrder::Device(order)),
            ElectEffect::Shield(order) => self.order(KernelOrder::Shield(order)),
            ElectEffect::Announce(announce) => self.outbox.announce(announce),
            ElectEffect::Transition(transition) => {
                self.journal_is_stale = true;
                self.teller.tell(Event::Transition(transition));
            }
            ElectEffect::News(news) => self.teller.news(news),
            ElectEffect::Notice(notice) => {
                let link = self.link_name(notice.link);
                self.teller.notice(notice, link);
            }
        }
    }

    fn apply_listen(&mut self, listener: Listener) {
        let name = self.link_name(listener.link);
        let opened = packet::Receiver::open(&listener, &name).and_then(|receiver| {
            self.next_token += 1;
            self.reactor.add(receiver.as_fd(), self.next_token)?;
            Ok(Ear { listener, receiver })
        });
        match opened {
            Ok(ear) => {
                self.election.handle_listening(listener, clock::now());
                self.tokens.insert(listener, self.next_token);
                self.ears.insert(self.next_token, ear);
            }
            Err(error) => {
                self.deaf.insert(listener);
                self.listen_again
                    .get_or_insert_with(|| clock::now() + LISTEN_RETRY);
                let (link, what) = (
                    listener.link,
                    "cannot listen for adverts; trying again each second",
                );
                complain(&mut self.teller, &self.links, &Refusal { link, what, error });
            }
        }
    }

    fn order(&mut self, order: KernelOrder) {
        self.journal_is_stale = true;
        self.orders_pending += 1;
        // On the way out nobody orders it again; adverts do not have to be sent any more.
        let sent = match self.leaving {
            Some(_) => self.kernel.blocking_send(order).map_err(|refused| refused.0),
            None => self.kernel.try_send(order).map_err(TrySendError::into_inner),
        };
        if let Err(order) = sent {
            let order = order.id();
            self.orders_pending -= 1;
            let result = Err("too many changes wait for the kernel".to_owned());
            self.election
                .handle_outcome(Outcome { order, result }, clock::now());
        }
    }

    fn write_journal(&mut self) {
        self.journal.heartbeat(clock::now());
        if !std::mem::take(&mut self.journal_is_stale) {
            return;
        }
        let written = postcard::to_stdvec(&self.election.journal()).map_err(io::Error::other);
        match written.and_then(|bytes| self.journal.store(&bytes)) {
            Ok(()) => {}
            Err(error) => tracing::error!(%error, "cannot write the journal; a crash would be a failover"),
        }
    }

    fn link_name(&self, index: LinkIndex) -> LinkName {
        link_name(&self.links, index)
    }
}

fn link_name(links: &BTreeMap<LinkIndex, LinkName>, index: LinkIndex) -> LinkName {
    links.get(&index).cloned().unwrap_or_else(|| LinkName::from("?"))
}

/// Says what the kernel refused.
fn complain(teller: &mut Teller, links: &BTreeMap<LinkIndex, LinkName>, refusal: &Refusal) {
    let Refusal { link, what, error } = refusal;
    teller.complain(*link, link_name(links, *link), what, error);
}
