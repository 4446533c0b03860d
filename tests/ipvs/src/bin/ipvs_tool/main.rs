//! Runs inside the guest: cases against its kernel. `ipvs_tool CASE`; prints what failed and ends with 1.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use engine::lvs::diff;
use linux::ipvs::Client;
use model::ipvs::{ServiceKey, Table};

mod balancer;
mod bound;
mod errors;
mod obeys;
mod settings;
mod upset;

fn main() -> Result<()> {
    let case = std::env::args().nth(1).context(
        "usage: ipvs_tool random|errors|rules|foreign|balancer|quiet|settings|counters|upset|cost|bound",
    )?;
    match case.as_str() {
        "random" => random_tables(),
        "errors" => errors::check(),
        "rules" => obeys::check(),
        "foreign" => foreign_rows(),
        "balancer" => balancer::check(),
        "quiet" => balancer::quiet(),
        "settings" => settings::check(),
        "counters" => settings::counters(),
        "upset" => upset::check(),
        "cost" => upset::cost(),
        "bound" => bound::check(),
        // Not a case, but a part of `upset`.
        "half" => {
            let seed = std::env::args().nth(2).context("usage: ipvs_tool half SEED")?;
            upset::half(seed.parse()?)
        }
        other => bail!("no case {other}"),
    }?;
    println!("{case}: ok");
    Ok(())
}

/// Whatever the table was and whatever is wanted: what is read back is what was wanted, and there is nothing left
/// to do.
fn random_tables() -> Result<()> {
    let mut client = Client::open()?;
    let (mut messages, mut rows) = (0, 0);
    for seed in 0..60 {
        let wanted = ipvs::random::table(&mut ipvs::random::Random::new(seed));
        messages += make(&mut client, &wanted).with_context(|| format!("seed {seed}"))?;
        rows += wanted
            .services
            .values()
            .map(|entry| 1 + entry.destinations.len())
            .sum::<usize>();
    }
    println!("60 tables of {rows} rows in all, {messages} messages");
    Ok(())
}

/// Makes the kernel's whole table `wanted`, and checks it.
fn make(client: &mut Client, wanted: &Table) -> Result<usize> {
    let actual = client.read()?;
    let all: BTreeSet<_> = actual.services.keys().copied().collect();
    let changes = diff(wanted, &actual, &all);
    let applied = client.apply(&changes)?;
    ensure!(
        applied.messages == changes.len(),
        "{} of {} messages sent",
        applied.messages,
        changes.len()
    );
    ensure!(applied.drifted.is_empty(), "drifted: {:?}", applied.drifted);
    ensure!(applied.refusals.is_empty(), "refused: {:?}", applied.refusals);
    let read_back = client.read()?;
    if read_back != *wanted {
        bail!("read back:\n{read_back:#?}\nwanted:\n{wanted:#?}");
    }
    let left = diff(wanted, &read_back, &all);
    ensure!(left.is_empty(), "left to do: {left:?}");
    Ok(applied.messages)
}

/// Rows of others stay as they are, whatever happens to ours.
fn foreign_rows() -> Result<()> {
    ipvsadm("-A -t 10.99.0.1:443 -s lc -p 300")?;
    ipvsadm("-a -t 10.99.0.1:443 -r 10.99.1.1:443 -g -w 7")?;
    let mut client = Client::open()?;
    let foreign = client.read()?;
    ensure!(foreign.services.len() == 1, "{foreign:?}");
    let mut owned = BTreeSet::new();
    for seed in 100..110 {
        let wanted = ipvs::random::table(&mut ipvs::random::Random::new(seed));
        owned.extend(wanted.services.keys().copied());
        reconcile(&mut client, &wanted, &owned)?;
        let mut expected = wanted;
        expected.services.extend(foreign.services.clone());
        ensure!(client.read()? == expected, "seed {seed}");
    }
    reconcile(&mut client, &Table::default(), &owned)?;
    ensure!(
        client.read()? == foreign,
        "after the end only foreign rows are left"
    );
    Ok(())
}

fn reconcile(client: &mut Client, wanted: &Table, owned: &BTreeSet<ServiceKey>) -> Result<()> {
    let actual = client.read()?;
    client
        .apply(&diff(wanted, &actual, owned))?
        .into_result()
        .map_err(anyhow::Error::msg)
}

fn run(command: &str) -> Result<()> {
    let mut words = command.split(' ');
    let program = words.next().context("an empty command")?;
    let status = Command::new(program)
        .args(words)
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{command}: {status}");
    Ok(())
}

fn ipvsadm(arguments: &str) -> Result<()> {
    run(&format!("ipvsadm {arguments}"))
}
