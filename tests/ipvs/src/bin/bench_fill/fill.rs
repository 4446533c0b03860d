//! What runs inside the guest.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use engine::lvs::diff;
use linux::ipvs::Client;
use model::ipvs::{DestinationKey, DestinationRow, Forward, ServiceKey, ServiceRow, Table, TableEntry};
use model::net::Protocol;

const SERVICES: u16 = 1000;
const SERVERS: u16 = 10;
/// From one look of the watcher to the next: before anything happens, and while it would disturb.
const LOOK_FIRST: Duration = Duration::from_millis(1);
const LOOK_LAST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(90);

/// Fills the table as the daemon does, and prints how long it took from before the first reading to the last
/// acknowledgement.
pub(super) fn ours() -> Result<()> {
    let mut client = Client::open()?;
    let begin = Instant::now();
    let changes = diff(&table(), &client.read()?, &BTreeSet::new());
    client
        .apply(&changes)?
        .into_result()
        .map_err(anyhow::Error::msg)?;
    println!("took {}", begin.elapsed().as_secs_f64());
    ensure!(client.read()? == table(), "the table is not what was wanted");
    Ok(())
}

/// Prints how long it took from the first server in the table to the last one of the last service, whoever adds them. It looks at
/// one row only, so that it hardly disturbs.
pub(super) fn watch() -> Result<()> {
    let mut client = Client::open()?;
    let end = Instant::now() + LONGEST;
    let mut wait = |number: u16, servers: usize, look: Duration| -> Result<Instant> {
        while Instant::now() < end {
            if client.read_destinations(&service(number).key)?.len() >= servers {
                return Ok(Instant::now());
            }
            sleep(look);
        }
        bail!("service {number} has no {servers} servers after {LONGEST:?}")
    };
    let first = wait(0, 1, LOOK_FIRST)?;
    let last = wait(SERVICES - 1, usize::from(SERVERS), LOOK_LAST)?;
    println!("took {}", last.duration_since(first).as_secs_f64());
    Ok(())
}

/// The same table in keepalived's language, without checks.
pub(super) fn keepalived_conf() -> Result<()> {
    for number in 0..SERVICES {
        let ServiceKey::Address { address, port, .. } = service(number).key else {
            bail!("the bench uses addresses");
        };
        println!("virtual_server {address} {port} {{\n lb_algo rr\n lb_kind NAT\n protocol TCP");
        for server in 0..SERVERS {
            let key = destination(number, server).key;
            println!(" real_server {} {} {{ \n weight 1\n }}", key.address, key.port);
        }
        println!("}}");
    }
    Ok(())
}

fn table() -> Table {
    let mut table = Table::default();
    for number in 0..SERVICES {
        let row = service(number);
        let rows = (0..SERVERS)
            .map(|server| destination(number, server))
            .map(|row| (row.key, row));
        let destinations = rows.collect();
        table.services.insert(row.key, TableEntry { row, destinations });
    }
    table
}

fn service(number: u16) -> ServiceRow {
    let [high, low] = number.to_be_bytes();
    ServiceRow {
        key: ServiceKey::Address {
            protocol: Protocol::Tcp,
            address: [10, 1, high, low].into(),
            port: 80,
        },
        scheduler: "rr".to_owned(),
        flags: 0,
        persistence: None,
    }
}

fn destination(service: u16, number: u16) -> DestinationRow {
    let [high, low] = service.to_be_bytes();
    DestinationRow {
        key: DestinationKey {
            address: [10, 2, high, low].into(),
            port: 8000 + number,
        },
        forward: Forward::Nat,
        weight: 1,
        upper_threshold: 0,
        lower_threshold: 0,
    }
}
