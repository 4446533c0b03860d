//! Processor time of a Master and its Backup with many instances, of all their processes.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;
use lab::Net;
use lab::process::children;
use model::transition::State;

use crate::contender::{BACKUP, Contender, Daemon, MASTER, Setup};
use crate::settings::Settings;

const SETUP: Setup = Setup {
    instances: 250,
    interval_ms: 100,
};
/// What /proc counts in (USER_HZ, which the kernel's interface fixes for all architectures of today).
const TICKS: f64 = 100.0;

/// Measures all contenders and prints the table.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    let mut all = Vec::new();
    for contender in Contender::ALL {
        eprintln!("processor time: {}, {:?}", contender.name(), settings.cpu);
        all.push((contender, once(contender, settings)));
    }
    print(settings, &all);
    Ok(())
}

/// Seconds of the Master and of the Backup.
fn once(contender: Contender, settings: &Settings) -> [f64; 2] {
    let net = Net::new(&["a", "b"]);
    let master = contender.start(&net, "a", SETUP, MASTER);
    master.becomes(State::Master);
    let backup = contender.start(&net, "b", SETUP, BACKUP);
    backup.becomes(State::Backup);
    // The second round of announcements is over by then.
    std::thread::sleep(std::time::Duration::from_secs(7));
    let before = [spent(&master), spent(&backup)];
    std::thread::sleep(settings.cpu);
    let after = [spent(&master), spent(&backup)];
    [0, 1].map(|who| {
        let same = before[who].keys().eq(after[who].keys());
        let ticks: f64 = after[who].values().sum::<f64>() - before[who].values().sum::<f64>();
        // Who died meanwhile took its account along.
        if same { ticks / TICKS } else { f64::NAN }
    })
}

/// Ticks that each process of a daemon has used until now.
fn spent(daemon: &Daemon) -> BTreeMap<i32, f64> {
    let mut ticks = BTreeMap::new();
    collect(daemon.pid(), &mut ticks);
    ticks
}

fn collect(pid: i32, ticks: &mut BTreeMap<i32, f64>) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name may hold blanks. utime and stime are fields 14 and 15 of proc_pid_stat(5); the state is 3.
    let fields: Vec<&str> = stat
        .rsplit_once(") ")
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<f64>().ok());
    ticks.insert(pid, field(14).unwrap_or(0.0) + field(15).unwrap_or(0.0));
    children(pid).into_iter().for_each(|child| collect(child, ticks));
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn print(settings: &Settings, all: &[(Contender, [f64; 2])]) {
    let reference = all.first().map_or([f64::NAN; 2], |(_, found)| *found);
    println!(
        "\nProcessor time of {} instances at {} ms adverts over {:?}, in seconds, all processes; NaN where one died\n",
        SETUP.instances, SETUP.interval_ms, settings.cpu
    );
    println!(
        "{:<36}{:>10}{:>15}{:>10}{:>15}",
        "", "Master", "to keepalived", "Backup", "to keepalived"
    );
    for (contender, [master, backup]) in all {
        println!(
            "{:<36}{master:>10.2}{:>14.2}x{backup:>10.2}{:>14.2}x",
            contender.name(),
            master / reference[0],
            backup / reference[1]
        );
    }
}
