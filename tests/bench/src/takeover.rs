//! Takeover: from the last advert of a killed Master to the first gratuitous ARP of the new one, both as the kernel
//! stamped them on the bridge. What the protocol itself takes (three adverts and the skew) is subtracted: the rest is
//! the daemon's.

use anyhow::{Result, bail};
use lab::capture::What;
use lab::{Bellwether, Capture, Checksum, Keepalived, Net, Packet, until};
use model::transition::State;

use crate::sample::Sample;

const ADDRESS: &str = "192.0.2.100";
const MASTER: u8 = 150;
const BACKUP: u8 = 100;
/// Seconds between adverts.
const INTERVAL: f64 = 0.01;
/// Contenders take turns, so that a slow minute of the machine is everybody's.
const TURN: usize = 5;

/// Master_Down_Interval of the Backup (RFC 9568 §6.1).
fn bound() -> f64 {
    let skew = f64::from(256 - u16::from(BACKUP)) * INTERVAL / 256.0;
    3.0 * INTERVAL + skew
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contender {
    Keepalived,
    /// With the real-time priority that its manual offers.
    KeepalivedRealTime,
    Bellwether,
}

impl Contender {
    const ALL: [Self; 3] = [Self::Keepalived, Self::KeepalivedRealTime, Self::Bellwether];

    const fn name(self) -> &'static str {
        match self {
            Self::Keepalived => "keepalived",
            Self::KeepalivedRealTime => "keepalived, vrrp_rt_priority 50",
            Self::Bellwether => "bellwether",
        }
    }

    /// One language for all of them.
    fn configuration(self, priority: u8) -> String {
        let global = match self {
            Self::KeepalivedRealTime => "vrrp_rt_priority 50\n vrrp_rlimit_rttime 1000000\n",
            Self::Keepalived | Self::Bellwether => "",
        };
        format!(
            "global_defs {{\n vrrp_version 3\n {global}}}\nvrrp_instance web {{\n state BACKUP\n interface eth0\n \
             virtual_router_id 51\n priority {priority}\n advert_int {INTERVAL}\n \
             virtual_ipaddress {{\n {ADDRESS}/24\n }}\n}}\n"
        )
    }

    fn start(self, net: &Net, name: &str, priority: u8) -> Daemon {
        let (node, text) = (net.node(name), self.configuration(priority));
        match self {
            Self::Keepalived | Self::KeepalivedRealTime => {
                Daemon::Keepalived(Keepalived::start(&node, &text))
            }
            Self::Bellwether => Daemon::Bellwether(Bellwether::start(&node, "keepalived.conf", &text)),
        }
    }
}

enum Daemon {
    Keepalived(Keepalived),
    Bellwether(Bellwether),
}

impl Daemon {
    fn becomes(&self, state: State) {
        match self {
            Self::Keepalived(daemon) => daemon.becomes("web", &state.word().to_uppercase()),
            Self::Bellwether(daemon) => drop(daemon.becomes("web", state)),
        }
    }

    fn kill(self) {
        match self {
            Self::Keepalived(daemon) => daemon.kill(),
            Self::Bellwether(daemon) => daemon.kill(),
        }
    }
}

/// Measures all contenders and prints the table.
pub(crate) fn measure(runs: usize) -> Result<()> {
    let mut samples = Contender::ALL.map(|contender| (contender, Sample::default()));
    let mut done = 0;
    while done < runs {
        let turn = TURN.min(runs - done);
        for (contender, sample) in &mut samples {
            eprintln!(
                "takeover: {}, runs {} to {} of {runs}",
                contender.name(),
                done + 1,
                done + turn
            );
            sample.extend(take_turn(*contender, turn)?);
        }
        done += turn;
    }
    print(&samples);
    Ok(())
}

/// `turn` takeovers on one segment.
fn take_turn(contender: Contender, turn: usize) -> Result<Vec<f64>> {
    let net = Net::new(&["a", "b"]);
    let (a, b) = (net.node("a"), net.node("b"));
    let backup = contender.start(&net, "b", BACKUP);
    backup.becomes(State::Master);
    let capture = Capture::start(&net);
    for _ in 0..turn {
        let master = contender.start(&net, "a", MASTER);
        master.becomes(State::Master);
        backup.becomes(State::Backup);
        until("the address to move", || {
            if b.holds(ADDRESS) {
                Err("it is on b")
            } else {
                Ok(())
            }
        });
        master.kill();
        backup.becomes(State::Master);
        until("the address to move", || {
            if b.holds(ADDRESS) {
                Ok(())
            } else {
                Err("it is on a")
            }
        });
        // What the dead one left: nobody is there to take it off, and it must not answer beside the new Master.
        a.ip(&["addr", "flush", "to", ADDRESS]);
    }
    let packets = capture.finish(Checksum::PseudoHeader);
    let found = takeovers(&packets, &a.ipv4(), &b.mac());
    if found.len() != turn {
        bail!(
            "{}: {} takeovers on the wire, {turn} were made",
            contender.name(),
            found.len()
        );
    }
    Ok(found)
}

/// From each last advert of `master` to the first gratuitous ARP of `backup` after it.
fn takeovers(packets: &[Packet], master: &str, backup: &str) -> Vec<f64> {
    let mut last = None;
    let mut found = Vec::new();
    for packet in packets {
        match &packet.what {
            What::Advert(advert) if advert.source == master => last = Some(packet.at),
            What::GratuitousArp { address } if address == ADDRESS && packet.mac == backup => {
                found.extend(last.take().map(|at| packet.at - at));
            }
            _ => {}
        }
    }
    found
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn print(samples: &[(Contender, Sample)]) {
    let bound = bound();
    let [_, reference, _] = samples
        .first()
        .map_or([f64::NAN; 3], |(_, sample)| sample.above(bound));
    println!(
        "Takeover at 10 ms adverts: last advert of the killed Master to first gratuitous ARP of the new one"
    );
    println!(
        "The protocol's own part is {:.2} ms (RFC 9568 §6.1); the table tells what is above it.\n",
        bound * 1000.0
    );
    println!(
        "{:<34}{:>5}{:>10}{:>10}{:>10}{:>24}",
        "", "runs", "min", "median", "max", "median to keepalived's"
    );
    for (contender, sample) in samples {
        let [min, median, max] = sample.above(bound);
        let (name, count, ratio) = (contender.name(), sample.count(), median / reference);
        println!("{name:<34}{count:>5}{min:>7.2} ms{median:>7.2} ms{max:>7.2} ms{ratio:>23.2}x");
    }
}
