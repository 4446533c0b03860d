//! Elections on a machine that has no time: processes that spin, twice as many as this machine has processors.
//! How many adverts were sent, how far each came from its time, and whether anybody took over without need.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use lab::Net;
use model::transition::State;

use crate::contender::{BACKUP, Contender, Daemon, MASTER, Setup};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::wire::{Seen, What, Wire};

const REAL_TIME: Setup = Setup {
    instances: 250,
    interval_ms: 10,
};
/// Without real time fewer must do.
const WITHOUT: Setup = Setup {
    instances: 100,
    interval_ms: 10,
};
const SPINNING: usize = 4;
/// Moves of a node that are told with their causes.
const TOLD: usize = 10;

/// What was found of one contender.
struct Found {
    contender: Contender,
    setup: Setup,
    transitions: u64,
    /// Of the adverts that were to be sent.
    sent: f64,
    /// Seconds by which each advert followed the one before earlier or later than it should.
    jitter: Sample,
}

/// Measures all contenders and prints the table.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    let wanted = [
        (Contender::Keepalived, REAL_TIME),
        (Contender::KeepalivedRealTime, REAL_TIME),
        (Contender::Bellwether, REAL_TIME),
        (Contender::KeepalivedWithout, WITHOUT),
        (Contender::BellwetherWithout, WITHOUT),
    ];
    let mut all = Vec::new();
    for (contender, setup) in wanted {
        eprintln!("under load: {}, {:?}", contender.name(), settings.load);
        all.push(once(contender, setup, settings)?);
    }
    print(settings, &all);
    Ok(())
}

/// Processes that do nothing else than use a processor, until this is dropped.
struct Spinning(Vec<Child>);

impl Spinning {
    fn start() -> Result<Self> {
        let mut all = Self(Vec::new());
        for _ in 0..SPINNING {
            let mut shell = Command::new("sh");
            shell.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
            all.0.push(shell.spawn()?);
        }
        Ok(all)
    }
}

impl Drop for Spinning {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It cannot have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn once(contender: Contender, setup: Setup, settings: &Settings) -> Result<Found> {
    let net = Net::new(&["a", "b"]);
    let master = contender.start(&net, "a", setup, MASTER);
    master.becomes(State::Master);
    let backup = contender.start(&net, "b", setup, BACKUP);
    backup.becomes(State::Backup);
    // Before anything counts: to make room for it, the kernel clears its memory, and where it is built without
    // preemption no thread runs on that processor meanwhile, however real its time.
    let wire = Wire::start(&net)?;
    std::thread::sleep(Duration::from_secs(2));
    let spinning = Spinning::start()?;
    std::thread::sleep(Duration::from_secs(1));
    let before = master.transitions() + backup.transitions();
    let told = [&master, &backup].map(|daemon| daemon.log().len());
    let begin = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    std::thread::sleep(settings.load);
    let transitions = (master.transitions() + backup.transitions()).saturating_sub(before);
    let seen = wire.finish()?;
    drop(spinning);
    if transitions > 0 {
        tell("the Master", &master, told[0]);
        tell("the Backup", &backup, told[1]);
    }
    let (sent, jitter) = judge(&seen, begin, setup, settings);
    Ok(Found {
        contender,
        setup,
        transitions,
        sent,
        jitter,
    })
}

/// Says why a node moved that should not have: what it printed about that since its log was this long.
fn tell(who: &str, daemon: &Daemon, since: usize) {
    let log = daemon.log();
    let moves = log.get(since..).unwrap_or_default().lines();
    let moves: Vec<&str> = moves
        .filter(|line| line.contains("transition") || line.contains(") Entering "))
        .collect();
    eprintln!("{who} moved {} times, beginning with", moves.len());
    moves.iter().take(TOLD).for_each(|line| eprintln!("  {line}"));
}

/// The part of the Master's adverts that was sent since `begin`, and how far each was from its time.
fn judge(seen: &[Seen], begin: f64, setup: Setup, settings: &Settings) -> (f64, Sample) {
    let interval = f64::from(setup.interval_ms) / 1000.0;
    let end = begin + settings.load.as_secs_f64();
    let mut last = [f64::NAN; 256];
    let (mut count, mut off) = (0u32, Vec::new());
    let counted = seen.iter().filter(|packet| (begin..end).contains(&packet.at));
    for packet in counted.filter(|packet| packet.sender == 1) {
        let What::Advert { vrid, .. } = packet.what else {
            continue;
        };
        count += 1;
        let before = &mut last[usize::from(vrid)];
        off.extend(Some((packet.at - *before - interval).abs()).filter(|off| off.is_finite()));
        *before = packet.at;
    }
    let wanted = settings.load.as_secs_f64() / interval * f64::from(setup.instances);
    let mut jitter = Sample::default();
    jitter.extend(off);
    (f64::from(count) / wanted, jitter)
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn print(settings: &Settings, all: &[Found]) {
    println!(
        "\nAdverts each {} ms beside {SPINNING} processes that spin, over {:?}; Master and Backup on this machine\n",
        REAL_TIME.interval_ms, settings.load
    );
    println!(
        "{:<36}{:>10}{:>13}{:>15}{:>12}{:>10}",
        "", "instances", "transitions", "adverts sent", "jitter p99", "max"
    );
    for found in all {
        let [p99, max] = [0.99, 1.0].map(|part| found.jitter.quantile(part) * 1000.0);
        println!(
            "{:<36}{:>10}{:>13}{:>13.2} %{p99:>9.2} ms{max:>7.2} ms",
            found.contender.name(),
            found.setup.instances,
            found.transitions,
            found.sent * 100.0
        );
    }
}
