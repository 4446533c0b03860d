//! What a change of a full table costs: messages, and time.

use std::time::Instant;

use anyhow::{Result, ensure};
use engine::lvs::diff;
use ipvs::world::World;
use linux::ipvs::Client;
use model::ipvs::Table;
use model::probe::Status;

use crate::guest::{self, figure};
use crate::rows::{SERVERS, millis, plan, table};
use crate::settings::Settings;

/// Measures and prints the table.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    eprintln!("change");
    let once = || guest::run(settings, r#"exec "$BENCH" --change"#, &[]);
    let found = guest::medians(settings.rounds, once)?;
    let of = |name: &str| figure(&found, name);
    let count = u32::from(settings.services) * u32::from(SERVERS);
    println!(
        "\nChanges of a table of {} services of {SERVERS} servers, median of {}\n",
        settings.services, settings.rounds
    );
    println!(
        "{:<44}{:>10}{:>8}{:>10}{:>12}",
        "", "messages", "dumps", "glances", "time"
    );
    for (name, key) in [
        ("a reload without change", "reload"),
        ("100 s without news", "quiet"),
        ("one weight", "weight"),
    ] {
        println!(
            "{name:<44}{:>10}{:>8}{:>10}{:>12}",
            of(&format!("{key}-writes")),
            of(&format!("{key}-dumps")),
            of(&format!("{key}-glances")),
            millis(of(&format!("{key}-time")))
        );
    }
    let (together, apart) = (of("together"), of("apart"));
    println!(
        "{:<44}{count:>10}{:>30}",
        format!("{count} weights at once"),
        millis(together)
    );
    println!(
        "{:<44}{count:>10}{:>30}{:>10.1}x",
        format!("{count} weights, one message at a time"),
        millis(apart),
        apart / together
    );
    Ok(())
}

/// The job of the guest.
pub(crate) fn inside(settings: &Settings) -> Result<()> {
    let mut world = World::new()?;
    let mut wanted = plan(settings.services, 1);
    world.plan(&wanted, |_| Status::Up)?;
    counted(&mut world, "reload", |world| world.plan(&wanted, |_| Status::Up))?;
    counted(&mut world, "quiet", |world| world.pass(100, |_| Status::Up))?;
    if let Some(server) = wanted
        .services
        .first_mut()
        .and_then(|service| service.servers.first_mut())
    {
        server.weight = 7;
    }
    counted(&mut world, "weight", |world| world.plan(&wanted, |_| Status::Up))?;
    let mut client = Client::open()?;
    let at = |weight: u32| {
        let mut table = table(settings.services, "rr");
        let rows = table
            .services
            .values_mut()
            .flat_map(|entry| entry.destinations.values_mut());
        rows.for_each(|row| row.weight = weight);
        table
    };
    weigh(&mut client, "together", &at(2), usize::MAX)?;
    weigh(&mut client, "apart", &at(3), 1)
}

/// Prints what a job sends, reads and takes.
fn counted(world: &mut World, name: &str, job: impl FnOnce(&mut World) -> Result<()>) -> Result<()> {
    let (before, glances) = (world.client.counts(), world.glances);
    let begin = Instant::now();
    job(world)?;
    let took = begin.elapsed().as_secs_f64();
    let after = world.client.counts();
    println!("took {name}-time {took}");
    println!("took {name}-writes {}", after.writes - before.writes);
    println!("took {name}-dumps {}", after.dumps - before.dumps);
    println!("took {name}-glances {}", world.glances - glances);
    Ok(())
}

/// Changes every weight, so many in one call.
fn weigh(client: &mut Client, name: &str, wanted: &Table, at_once: usize) -> Result<()> {
    let found = client.read()?;
    let changes = diff(wanted, &found, &found.services.keys().copied().collect());
    let begin = Instant::now();
    for some in changes.chunks(at_once.min(changes.len())) {
        client.apply(some)?.into_result().map_err(anyhow::Error::msg)?;
    }
    println!("took {name} {}", begin.elapsed().as_secs_f64());
    ensure!(client.read()? == *wanted, "the table is not what was wanted");
    Ok(())
}
