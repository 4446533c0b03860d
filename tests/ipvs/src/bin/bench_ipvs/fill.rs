//! An empty table filled: by us, by C with the same messages, and by keepalived.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use engine::lvs::diff;
use linux::ipvs::Client;
use model::ipvs::ServiceKey;

use crate::guest::{self, figure};
use crate::rows::{SERVERS, destination, millis, service, table};
use crate::settings::Settings;

/// From one look of the watcher to the next: before anything happens, and while it would disturb.
const LOOK_FIRST: Duration = Duration::from_millis(1);
const LOOK_LAST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(300);

/// Name, scheduler, and what the guest runs.
const CONTENDERS: [(&str, &str, &str); 6] = [
    ("bellwether", "rr", r#"exec "$BENCH" --fill rr"#),
    (
        "C, 64 messages in a datagram",
        "rr",
        r#"exec "$BATCH" rr 64 "$SERVICES""#,
    ),
    ("C, one by one", "rr", r#"exec "$BATCH" rr 1 "$SERVICES""#),
    ("keepalived", "rr", include_str!("keepalived.sh")),
    ("bellwether", "mh", r#"exec "$BENCH" --fill mh"#),
    ("C, one by one", "mh", r#"exec "$BATCH" mh 1 "$SERVICES""#),
];

/// Measures all and prints the table.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    let batch = guest::compile()?;
    let mut all = Vec::new();
    for (name, scheduler, script) in CONTENDERS {
        eprintln!("fill: {name}, {scheduler}");
        let once = || guest::run(settings, script, &[("BATCH", batch.clone())]);
        let took = figure(&guest::medians(settings.rounds, once)?, "fill");
        all.push((name, scheduler, took));
    }
    println!(
        "\nAn empty table filled with {} services of {SERVERS} servers, median of {}\n",
        settings.services, settings.rounds
    );
    println!("{:<36}{:>6}{:>14}{:>16}", "", "", "", "to bellwether");
    for (name, scheduler, took) in &all {
        let ours = all.iter().find(|(_, other, _)| other == scheduler);
        let ratio = took / ours.map_or(f64::NAN, |(_, _, ours)| *ours);
        println!("{name:<36}{scheduler:>6}{:>14}{ratio:>15.2}x", millis(*took));
    }
    Ok(())
}

/// Fills the table as the daemon does, and prints how long it took from before the first reading to the last
/// acknowledgement.
pub(crate) fn ours(settings: &Settings, scheduler: &str) -> Result<()> {
    let wanted = table(settings.services, scheduler);
    let mut client = Client::open()?;
    let begin = Instant::now();
    let changes = diff(&wanted, &client.read()?, &BTreeSet::new());
    client
        .apply(&changes)?
        .into_result()
        .map_err(anyhow::Error::msg)?;
    println!("took fill {}", begin.elapsed().as_secs_f64());
    ensure!(client.read()? == wanted, "the table is not what was wanted");
    Ok(())
}

/// Prints how long it took from the first server in the table to the last one of the last service, whoever adds them,
/// so that a program's start does not count. It looks at one row only, so that it hardly disturbs.
pub(crate) fn watch(settings: &Settings) -> Result<()> {
    let mut client = Client::open()?;
    let end = Instant::now() + LONGEST;
    let mut wait = |number: u16, servers: usize, look: Duration| -> Result<Instant> {
        while Instant::now() < end {
            if client.read_destinations(&service(number, "rr").key)?.len() >= servers {
                return Ok(Instant::now());
            }
            sleep(look);
        }
        bail!("service {number} has no {servers} servers after {LONGEST:?}")
    };
    let first = wait(0, 1, LOOK_FIRST)?;
    let last = wait(settings.services - 1, usize::from(SERVERS), LOOK_LAST)?;
    println!("took fill {}", last.duration_since(first).as_secs_f64());
    Ok(())
}

/// The same table in keepalived's language, without checks.
pub(crate) fn keepalived_conf(settings: &Settings, scheduler: &str) -> Result<()> {
    for number in 0..settings.services {
        let ServiceKey::Address { address, port, .. } = service(number, scheduler).key else {
            bail!("the bench uses addresses");
        };
        println!("virtual_server {address} {port} {{\n lb_algo {scheduler}\n lb_kind NAT\n protocol TCP");
        for server in 0..SERVERS {
            let key = destination(number, server).key;
            println!(" real_server {} {} {{ \n weight 1\n }}", key.address, key.port);
        }
        println!("}}");
    }
    Ok(())
}
