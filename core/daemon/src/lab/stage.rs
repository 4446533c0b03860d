//! The stage: the network, the daemons on it and the client, and a clock that lets things happen until something
//! expected is there, telling everything meanwhile.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use model::transition::State;

use super::director::Director;
use super::net::{Machine, Net};
use super::news::{self, Event};
use super::seen::Seen;
use super::story::{Row, Story, Tone};
use super::watch::Watch;

/// From one look at everything to the next.
const LOOK: Duration = Duration::from_millis(10);
/// For how long an event waits for earlier ones that are seen later.
const HELD_BACK: Duration = Duration::from_millis(60);

/// Everything that takes part. The story outlives it.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    story: &'a mut Story,
    /// Seen, and soon to be told: what several watchers see is told in the order in which it happened.
    pending: Vec<(String, Event)>,
    /// This program, which is run on each machine.
    pub program: PathBuf,
    /// Asks the virtual address.
    pub watch: Option<Watch>,
    /// Everything told so far, and by whom.
    told: Vec<(String, Event)>,
    /// The directors.
    pub directors: Vec<Director>,
    /// Namespaces; last, so that they go last.
    pub net: Net,
}

impl<'a> Stage<'a> {
    /// The network with these machines, those directors among them.
    pub(super) fn build(
        story: &'a mut Story,
        program: &Path,
        net: Net,
        directors: &[Machine],
    ) -> Result<Self> {
        let directors = directors
            .iter()
            .map(|machine| Director::new(&net, *machine))
            .collect::<Result<_>>()?;
        Ok(Self {
            story,
            program: program.to_owned(),
            watch: None,
            told: Vec::new(),
            pending: Vec::new(),
            directors,
            net,
        })
    }

    /// The director on `machine`.
    pub(super) fn director(&mut self, machine: Machine) -> &mut Director {
        let found = self
            .directors
            .iter_mut()
            .find(|director| director.machine == machine);
        found.expect("only machines that are directors are asked for")
    }

    /// Start the daemon of `machine`.
    pub(super) fn start(&mut self, machine: Machine, answer_on: &str) -> Result<()> {
        let director = self
            .directors
            .iter_mut()
            .find(|director| director.machine == machine);
        director
            .expect("only machines that are directors are asked for")
            .start(&self.net, &self.program, answer_on)
    }

    /// The state of `machine`'s only instance, as last told.
    pub(super) fn state(&self, machine: Machine) -> Option<State> {
        self.directors
            .iter()
            .find(|director| director.machine == machine)?
            .state()
    }

    /// Whether the client is answered by `machine`, and has learnt its link-layer address.
    pub(super) fn is_served_by(&self, machine: Machine) -> bool {
        self.watch.as_ref().is_some_and(|watch| {
            watch.from() == Some(machine.name().as_str()) && watch.neighbour() == Some(machine)
        })
    }

    /// All the time that the client went without an answer since then.
    pub(super) fn outage(&self, since: SystemTime) -> Duration {
        self.watch
            .as_ref()
            .map_or(Duration::ZERO, |watch| watch.outage(since))
    }

    /// Questions of the client that stayed without an answer since then.
    pub(super) fn lost(&self, since: SystemTime) -> u64 {
        self.watch.as_ref().map_or(0, |watch| watch.lost(since))
    }

    /// Look once at everything.
    pub(super) fn look(&mut self) {
        let mut events: Vec<(String, Event)> = Vec::new();
        for director in &mut self.directors {
            let (name, before) = (director.name(), director.status.clone());
            if director.refresh()
                && let Some(after) = &director.status
            {
                let found = news::compare(before.as_ref(), after, SystemTime::now());
                events.extend(found.into_iter().map(|event| (name.clone(), event)));
            }
            let script = director
                .script_lines()
                .iter()
                .map(|line| script_event(line))
                .collect::<Vec<_>>();
            let lua = director.story_lines().into_iter().map(lua_event);
            events.extend(script.into_iter().chain(lua).map(|event| (name.clone(), event)));
        }
        if let Some(watch) = &mut self.watch {
            events.extend(
                watch
                    .news()
                    .iter()
                    .filter_map(|seen| Some(("client".to_owned(), client_event(seen)?))),
            );
        }
        self.pending.extend(events);
        self.tell(SystemTime::now() - HELD_BACK);
    }

    /// The story, after everything seen until now.
    pub(super) fn story(&mut self) -> &mut Story {
        self.tell(SystemTime::now());
        self.story
    }

    /// Tell what happened until then, in order.
    fn tell(&mut self, until: SystemTime) {
        self.pending.sort_by_key(|(_, event)| event.at);
        let ripe = self.pending.partition_point(|(_, event)| event.at <= until);
        for (who, event) in self.pending.drain(..ripe) {
            self.story
                .event(event.at, &who, (event.what, event.tone), &event.text);
            self.told.push((who, event));
        }
    }

    /// Let things happen until `is_so`, for at most `limit`; `what` completes "waited ... for".
    pub(super) fn until(&mut self, what: &str, limit: Duration, is_so: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = SystemTime::now() + limit;
        loop {
            self.look();
            if is_so(self) {
                return Ok(());
            }
            if let Some(director) = self
                .directors
                .iter_mut()
                .find_map(|d| d.has_ended().then_some(&*d))
            {
                bail!(
                    "the daemon on {} ended; the end of its log:\n{}",
                    director.name(),
                    director.log_tail(30)
                );
            }
            if SystemTime::now() > deadline {
                bail!("waited {limit:?} for {what}, in vain\n{}", self.logs());
            }
            thread::sleep(LOOK);
        }
    }

    /// Let things happen for a while.
    pub(super) fn linger(&mut self, time: Duration) {
        let deadline = SystemTime::now() + time;
        while SystemTime::now() < deadline {
            self.look();
            thread::sleep(LOOK);
        }
    }

    /// Whether `who` told since then of `what` with these words.
    pub(super) fn was_told(&self, since: SystemTime, who: Machine, what: &str, words: &str) -> bool {
        let who = who.name();
        let is_it = |(name, event): &(String, Event)| {
            *name == who && event.what == what && event.text.contains(words)
        };
        self.told
            .iter()
            .chain(&self.pending)
            .filter(|(_, event)| event.at >= since)
            .any(is_it)
    }

    /// Keep a row for the table: whether it was as expected, what happened, who has the answer, what was seen and
    /// what was to be expected.
    pub(super) fn row(&mut self, good: bool, event: &str, who: &str, seen: &str, expected: &str) {
        let [event, who, seen, expected] = [event, who, seen, expected].map(str::to_owned);
        self.story().row(Row {
            event,
            who,
            seen,
            expected,
            good,
        });
    }

    fn logs(&self) -> String {
        let tail = |director: &Director| {
            format!(
                "the end of {}'s log:\n{}\n",
                director.name(),
                director.log_tail(15)
            )
        };
        self.directors.iter().map(tail).collect()
    }
}

fn client_event(seen: &Seen) -> Option<Event> {
    let (what, tone, text) = match seen {
        Seen::From { name, .. } => ("answer", Tone::Plain, format!("from {name}")),
        Seen::Silent { .. } => ("no answer", Tone::Bad, "to the question asked now".to_owned()),
        Seen::Gap { lost_us, lost, .. } => {
            let text = format!(
                "the first after {}; {lost} questions stay without",
                milliseconds(*lost_us)
            );
            ("answer", Tone::Good, text)
        }
        Seen::Neighbour { mac, moved, .. } => {
            let whose =
                Machine::by_mac(mac).map_or_else(|| "nobody's".to_owned(), |machine| machine.name() + "'s");
            let how = if *moved { "gratuitous ARP: " } else { "" };
            (
                "arp",
                Tone::Plain,
                format!("{how}10.77.0.100 is at {whose} {mac}"),
            )
        }
        Seen::Answers { .. } => return None,
    };
    Some(Event {
        at: seen.at(),
        what,
        tone,
        text,
    })
}

fn milliseconds(us: u64) -> String {
    format!("{} ms", us.div_ceil(1000))
}

/// A line that the notify script wrote: seconds since the epoch, and what it was given.
fn script_event(line: &str) -> Event {
    let (time, text) = line.split_once(' ').unwrap_or(("", line));
    let at = time
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let at = at.map_or_else(SystemTime::now, |since| SystemTime::UNIX_EPOCH + since);
    Event {
        at,
        what: "script",
        tone: Tone::Plain,
        text: text.to_owned(),
    }
}

/// A line that the Lua hook logged.
fn lua_event(text: String) -> Event {
    Event {
        at: SystemTime::now(),
        what: "hook",
        tone: Tone::Plain,
        text,
    }
}
