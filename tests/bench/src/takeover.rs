//! Takeover of one address. After a crash: from the last advert of the Master to the first gratuitous ARP of the new
//! one, above three adverts and the skew, which the protocol itself takes. After a stop: from the farewell, above the
//! skew.

use anyhow::Result;
use lab::{Net, Node, until};
use model::transition::State;

use crate::contender::{BACKUP, Contender, MASTER, Setup, address};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::wire::{Seen, What, Wire};

/// Contenders take turns, so that a slow minute of the machine is everybody's.
const TURN: usize = 5;
/// Nodes by number.
const A: u8 = 1;
const B: u8 = 2;

/// Takeovers of one contender, in seconds above what the protocol takes.
#[derive(Clone, Debug, Default)]
struct Found {
    crash: Sample,
    stop: Sample,
}

/// Measures all contenders and prints a table for each interval.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    for (interval_ms, runs) in [
        (10, settings.runs),
        (100, settings.runs),
        (1000, settings.slow_runs),
    ] {
        let setup = Setup {
            instances: 1,
            interval_ms,
        };
        let mut all = Contender::ALL.map(|contender| (contender, Found::default()));
        let mut done = 0;
        while done < runs {
            let turn = TURN.min(runs - done);
            for (contender, found) in &mut all {
                let (name, from, to) = (contender.name(), done + 1, done + turn);
                eprintln!("takeover at {interval_ms} ms: {name}, runs {from} to {to} of {runs}");
                take_turn(*contender, setup, turn, found)?;
            }
            done += turn;
        }
        print(setup, &all);
    }
    Ok(())
}

/// Skew_Time of the Backup (RFC 9568 §6.1), in seconds.
pub(crate) fn skew(setup: Setup) -> f64 {
    f64::from(256 - u16::from(BACKUP)) / 256.0 * f64::from(setup.interval_ms) / 1000.0
}

/// Its Active_Down_Interval.
pub(crate) fn down(setup: Setup) -> f64 {
    3.0 * f64::from(setup.interval_ms) / 1000.0 + skew(setup)
}

/// `turn` crashes and as many stops on one segment.
fn take_turn(contender: Contender, setup: Setup, turn: usize, found: &mut Found) -> Result<()> {
    let net = Net::new(&["a", "b"]);
    let (a, b) = (net.node("a"), net.node("b"));
    let backup = contender.start(&net, "b", setup, BACKUP);
    backup.becomes(State::Master);
    let wire = Wire::start(&net)?;
    for stops in (0..turn).flat_map(|_| [false, true]) {
        let master = contender.start(&net, "a", setup, MASTER);
        master.becomes(State::Master);
        backup.becomes(State::Backup);
        moves(&b, false);
        if stops {
            master.stop();
        } else {
            master.kill();
        }
        backup.becomes(State::Master);
        moves(&b, true);
        // What the dead one left: nobody is there to take it off, and it must not answer beside the new Master.
        a.ip(&["addr", "flush", "to", &address(1)]);
    }
    let seen = wire.finish()?;
    let (crashes, stops) = takeovers(&seen);
    if (crashes.len(), stops.len()) != (turn, turn) {
        let (crashes, stops) = (crashes.len(), stops.len());
        // Which are which cannot be told, so none of them counts.
        eprintln!(
            "{}: {crashes} crashes and {stops} stops on the wire, {turn} of each were made: left out",
            contender.name()
        );
        return Ok(());
    }
    found
        .crash
        .extend(crashes.into_iter().map(|took| took - down(setup)));
    found
        .stop
        .extend(stops.into_iter().map(|took| took - skew(setup)));
    Ok(())
}

fn moves(node: &Node, to: bool) {
    until("the address to move", || {
        if node.holds(&address(1)) == to {
            Ok(())
        } else {
            Err("it did not yet")
        }
    });
}

/// From each last advert of the Master to the first gratuitous ARP of the other node: after silence, and after a
/// farewell.
fn takeovers(seen: &[Seen]) -> (Vec<f64>, Vec<f64>) {
    let (mut crashes, mut stops) = (Vec::new(), Vec::new());
    let mut last = None;
    for packet in seen {
        match (packet.sender, packet.what) {
            (A, What::Advert { priority, .. }) => last = Some((packet.at, priority == 0)),
            (B, What::Announcement { .. }) => match last.take() {
                Some((at, true)) => stops.push(packet.at - at),
                Some((at, false)) => crashes.push(packet.at - at),
                None => {}
            },
            _ => {}
        }
    }
    (crashes, stops)
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn print(setup: Setup, all: &[(Contender, Found)]) {
    let median = |found: &Found| found.crash.quantile(0.5);
    let reference = all.first().map_or(f64::NAN, |(_, found)| median(found));
    println!(
        "\nTakeover of one address at {} ms adverts, in ms above the protocol's own part (crash: {:.2} ms after the \
         last advert, stop: {:.2} ms after the farewell; RFC 9568 §6.1)\n",
        setup.interval_ms,
        down(setup) * 1000.0,
        skew(setup) * 1000.0
    );
    println!(
        "{:<36}{:>5}{:>14}{:>10}{:>14}{:>10}{:>14}",
        "", "runs", "crash median", "max", "stop median", "max", "to keepalived"
    );
    for (contender, found) in all {
        let [crash, crash_max] = [0.5, 1.0].map(|part| found.crash.quantile(part) * 1000.0);
        let [stop, stop_max] = [0.5, 1.0].map(|part| found.stop.quantile(part) * 1000.0);
        println!(
            "{:<36}{:>5}{crash:>14.2}{crash_max:>10.2}{stop:>14.2}{stop_max:>10.2}{:>13.2}x",
            contender.name(),
            found.crash.count(),
            median(found) / reference
        );
    }
}
