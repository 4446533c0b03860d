//! Whatever happens to us or to the table: what is wanted is found again.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use engine::lvs::diff;
use linux::ipvs::{Client, glance};
use model::ipvs::{Change, GlanceKey, GlanceService, Table};

use ipvs::random::{Random, table};

/// Tables are made by a process that is killed somewhere in it, and edited by somebody in between.
pub(super) fn check() -> Result<()> {
    let mut client = Client::open()?;
    let mut random = Random::new(9);
    let (mut halves, mut edits) = (0, 0);
    for seed in 1000..1040 {
        let wanted = table(&mut Random::new(seed));
        let before = client.read()?;
        killed(seed, random.below(2500))?;
        let after = client.read()?;
        halves += usize::from(after != before && after != wanted);
        edits += edit(&mut client, &mut random, &after)?;
        super::make(&mut client, &wanted).with_context(|| format!("seed {seed}"))?;
        glance_agrees(&wanted)?;
        let writes = client.counts().writes;
        super::make(&mut client, &wanted).with_context(|| format!("seed {seed} again"))?;
        ensure!(
            client.counts().writes == writes,
            "seed {seed}: a second apply sends nothing"
        );
    }
    println!("40 tables: {halves} of them were left half made, {edits} edits behind our back");
    ensure!(halves > 0, "no kill came in the middle");
    between(&mut client)
}

/// Somebody edits between our reading and our writing: that is drift and no failure, and the next reading makes it good.
fn between(client: &mut Client) -> Result<()> {
    // Of its own: what was drawn before depends on how far the killed ones came.
    let random = &mut Random::new(31);
    let mut drifted = 0;
    for seed in 2000..2030 {
        let wanted = table(&mut Random::new(seed));
        let found = client.read()?;
        let all = found.services.keys().copied().collect();
        let changes = diff(&wanted, &found, &all);
        edit(client, random, &found)?;
        let applied = client.apply(&changes)?;
        ensure!(applied.refusals.is_empty(), "seed {seed}: {:?}", applied.refusals);
        drifted += applied.drifted.len();
        super::make(client, &wanted).with_context(|| format!("seed {seed}"))?;
    }
    println!("30 tables: {drifted} messages met what somebody else had changed");
    ensure!(drifted > 0, "no edit came in between");
    Ok(())
}

/// Makes the table of a seed in another process, which ends by SIGKILL after some microseconds.
fn killed(seed: u64, after_us: u32) -> Result<()> {
    let tool = std::env::current_exe()?;
    let mut child = Command::new(tool)
        .args(["half", &seed.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().context("it was piped")?;
    BufReader::new(out).read_line(&mut String::new())?;
    std::thread::sleep(Duration::from_micros(after_us.into()));
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// What that process does: small batches, so that a kill finds a middle.
pub(super) fn half(seed: u64) -> Result<()> {
    let mut client = Client::open()?;
    let wanted = table(&mut Random::new(seed));
    let actual = client.read()?;
    let all = actual.services.keys().copied().collect();
    let changes = diff(&wanted, &actual, &all);
    println!("ready");
    for batch in changes.chunks(3) {
        client.apply(batch)?;
    }
    // Whoever started it ends it.
    std::thread::sleep(Duration::from_secs(60));
    Ok(())
}

/// Somebody deletes, adds and reweighs.
fn edit(client: &mut Client, random: &mut Random, found: &Table) -> Result<usize> {
    let mut edits = Vec::new();
    for (key, entry) in &found.services {
        match random.below(6) {
            0 => edits.push(Change::DeleteService(*key)),
            1 => edits.extend(
                entry
                    .destinations
                    .keys()
                    .map(|server| Change::DeleteDestination(*key, *server)),
            ),
            2 => edits.extend(entry.destinations.values().map(|row| {
                let mut row = row.clone();
                row.weight += 7;
                Change::SetDestination(*key, row)
            })),
            3 => {
                let mut row = entry.row.clone();
                row.scheduler = "lblc".to_owned();
                row.flags = 0;
                edits.push(Change::SetService(row));
            }
            _ => {}
        }
    }
    client.apply(&edits)?;
    Ok(edits.len())
}

/// The cheap look shows exactly the table that was made.
fn glance_agrees(wanted: &Table) -> Result<()> {
    let mut expected: Vec<_> = wanted
        .services
        .iter()
        .map(|(key, entry)| (GlanceKey::from(*key), GlanceService::of(entry)))
        .collect();
    let mut found: Vec<_> = glance()?
        .services
        .into_iter()
        .map(|(key, row)| (key, row.at_rest()))
        .collect();
    expected.sort();
    found.sort();
    ensure!(found == expected, "glance:\n{found:#?}\nwanted:\n{expected:#?}");
    Ok(())
}

/// What a look costs, beside a reading: 1,000 services with 10 servers each.
pub(super) fn cost() -> Result<()> {
    use std::collections::BTreeMap;

    use model::ipvs::{DestinationKey, DestinationRow, Forward, ServiceKey, ServiceRow, TableEntry};
    let mut wanted = Table::default();
    for mark in 1..=1000_u32 {
        let key = ServiceKey::Mark {
            family: model::net::Family::V4,
            mark,
        };
        let server = |host: u8| DestinationRow {
            key: DestinationKey {
                address: [10, 77, 2, host].into(),
                port: 80,
            },
            forward: Forward::Nat,
            weight: 1,
            upper_threshold: 0,
            lower_threshold: 0,
        };
        let destinations: BTreeMap<_, _> = (1..=10).map(server).map(|row| (row.key, row)).collect();
        let row = ServiceRow {
            key,
            scheduler: "rr".to_owned(),
            flags: 0,
            persistence: None,
        };
        wanted.services.insert(key, TableEntry { row, destinations });
    }
    let mut client = Client::open()?;
    let start = Instant::now();
    super::make(&mut client, &wanted)?;
    println!("made and read back in {:?}", start.elapsed());
    let best = |mut job: Box<dyn FnMut() -> Result<()> + '_>| -> Result<Duration> {
        let mut least = Duration::MAX;
        for _ in 0..5 {
            let start = Instant::now();
            job()?;
            least = least.min(start.elapsed());
        }
        Ok(least)
    };
    let look = best(Box::new(|| glance().map(|_| ()).map_err(Into::into)))?;
    let read = best(Box::new(|| client.read().map(|_| ()).map_err(Into::into)))?;
    println!("1,000 x 10: a glance takes {look:?}, a dump {read:?}");
    glance_agrees(&wanted)
}
