//! A Master with many instances dies, and all their addresses move: how long from the first to the last, and how late
//! the latest is above what the protocol takes for its own instance.

use anyhow::{Result, bail};
use lab::Net;
use model::transition::State;

use crate::contender::{BACKUP, Contender, MASTER, Setup};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::takeover::down;
use crate::wire::{Seen, What, Wire};

const SETUP: Setup = Setup {
    instances: 250,
    interval_ms: 100,
};

/// Of one contender, in seconds.
#[derive(Clone, Debug, Default)]
struct Found {
    /// From the first to the last address.
    spread: Sample,
    /// The latest above the bound of its instance.
    latest: Sample,
}

/// Measures all contenders and prints the table.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    let mut all = Contender::ALL.map(|contender| (contender, Found::default()));
    for run in 1..=settings.many_runs {
        for (contender, found) in &mut all {
            eprintln!(
                "many addresses: {}, run {run} of {}",
                contender.name(),
                settings.many_runs
            );
            let (spread, latest) = once(*contender)?;
            found.spread.extend([spread]);
            found.latest.extend([latest]);
        }
    }
    print(&all);
    Ok(())
}

fn once(contender: Contender) -> Result<(f64, f64)> {
    let net = Net::new(&["a", "b"]);
    let master = contender.start(&net, "a", SETUP, MASTER);
    master.becomes(State::Master);
    let backup = contender.start(&net, "b", SETUP, BACKUP);
    backup.becomes(State::Backup);
    let wire = Wire::start(&net)?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    master.kill();
    backup.becomes(State::Master);
    let seen = wire.finish()?;
    let moved: Vec<(f64, f64)> = (1..=SETUP.instances)
        .filter_map(|vrid| moved(&seen, vrid))
        .collect();
    if moved.len() != usize::from(SETUP.instances) {
        bail!(
            "{}: {} addresses moved of {}",
            contender.name(),
            moved.len(),
            SETUP.instances
        );
    }
    let first = moved.iter().map(|(_, at)| *at).fold(f64::INFINITY, f64::min);
    let last = moved.iter().map(|(_, at)| *at).fold(0.0, f64::max);
    let late = moved.iter().map(|(from, at)| at - from - down(SETUP));
    Ok((last - first, late.fold(f64::NEG_INFINITY, f64::max)))
}

/// The last advert of the first node for this instance, and the first announcement of the other one after it.
fn moved(seen: &[Seen], router: u8) -> Option<(f64, f64)> {
    let mut adverts = seen.iter().filter(|packet| match packet.what {
        What::Advert { vrid, .. } => packet.sender == 1 && vrid == router,
        What::Announcement { .. } => false,
    });
    let last = adverts.next_back()?.at;
    let announced = seen.iter().find(|packet| {
        packet.sender == 2 && packet.at > last && packet.what == What::Announcement { vrid: router }
    })?;
    Some((last, announced.at))
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn print(all: &[(Contender, Found)]) {
    let median = |found: &Found| found.spread.quantile(0.5);
    let reference = all.first().map_or(f64::NAN, |(_, found)| median(found));
    println!(
        "\n{} instances at {} ms adverts lose their Master, in ms: from the first to the last address that moved, and \
         the latest above its own {:.2} ms\n",
        SETUP.instances,
        SETUP.interval_ms,
        down(SETUP) * 1000.0
    );
    println!(
        "{:<36}{:>5}{:>15}{:>10}{:>15}{:>10}{:>14}",
        "", "runs", "spread median", "max", "latest median", "max", "to keepalived"
    );
    for (contender, found) in all {
        let [spread, spread_max] = [0.5, 1.0].map(|part| found.spread.quantile(part) * 1000.0);
        let [latest, latest_max] = [0.5, 1.0].map(|part| found.latest.quantile(part) * 1000.0);
        println!(
            "{:<36}{:>5}{spread:>15.2}{spread_max:>10.2}{latest:>15.2}{latest_max:>10.2}{:>13.2}x",
            contender.name(),
            found.spread.count(),
            median(found) / reference
        );
    }
}
