//! What the kernel refuses, and how it is told.

use anyhow::{Result, ensure};
use linux::ipvs::{Applied, Client};
use model::ipvs::{Change, DestinationKey, DestinationRow, Forward, ServiceKey, ServiceRow};
use model::net::Protocol;

fn key(port: u16) -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [10, 77, 1, 1].into(),
        port,
    }
}

fn service(port: u16, scheduler: &str) -> ServiceRow {
    ServiceRow {
        key: key(port),
        scheduler: scheduler.to_owned(),
        flags: 0,
        persistence: None,
    }
}

fn server(number: u16) -> DestinationRow {
    DestinationRow {
        key: DestinationKey {
            address: [10, 77, 2, 1].into(),
            port: number,
        },
        forward: Forward::Nat,
        weight: 1,
        upper_threshold: 0,
        lower_threshold: 0,
    }
}

/// Each case is a change and what it is to be: `ok`, `drift`, or the beginning of the message.
pub(super) fn check() -> Result<()> {
    let mut client = Client::open()?;
    let v6 = DestinationRow {
        key: DestinationKey {
            address: "fd77::1".parse()?,
            port: 80,
        },
        ..server(80)
    };
    let thresholds = DestinationRow {
        upper_threshold: 5,
        lower_threshold: 6,
        ..server(80)
    };
    let cases: [(Change, &str); 17] = [
        (Change::DeleteService(key(80)), "ok"),
        (Change::DeleteDestination(key(80), server(1).key), "ok"),
        (Change::SetService(service(80, "rr")), "drift"),
        (Change::AddDestination(key(80), server(1)), "drift"),
        (Change::SetDestination(key(80), server(1)), "drift"),
        (Change::AddService(service(80, "rr")), "ok"),
        (Change::AddService(service(80, "rr")), "drift"),
        (Change::DeleteDestination(key(80), server(1).key), "ok"),
        (Change::SetDestination(key(80), server(1)), "drift"),
        (Change::AddDestination(key(80), server(1)), "ok"),
        (Change::AddDestination(key(80), server(1)), "drift"),
        (
            Change::AddService(service(81, "fastest")),
            "cannot add service tcp 10.77.1.1:81 (fastest): the kernel has no scheduler fastest; load it with \
             `modprobe ip_vs_fastest`",
        ),
        (
            Change::AddService(service(81, "a_very_long_name")),
            "cannot add service tcp 10.77.1.1:81 (a_very_long_name): the scheduler's name is longer than 15 bytes; \
             shorten it",
        ),
        (
            Change::AddDestination(key(80), v6),
            "cannot add [fd77::1]:80 to tcp 10.77.1.1:80, weight 1: a server of the other family is reached by a \
             tunnel only, and not while a sync daemon runs; set its forwarding to tunnel or give it an address of \
             the service's family",
        ),
        (
            Change::AddDestination(key(80), thresholds),
            "cannot add 10.77.2.1:80 to tcp 10.77.1.1:80, weight 1: weight or thresholds are out of range; keep the \
             weight in 0..=65535 and the lower threshold below the upper one",
        ),
        (
            Change::SetService(service(80, "fastest")),
            "cannot set service tcp 10.77.1.1:80 (fastest): the kernel has no scheduler fastest; load it with \
             `modprobe ip_vs_fastest`",
        ),
        (Change::DeleteService(key(80)), "ok"),
    ];
    for (change, wanted) in cases {
        let applied = client.apply(std::slice::from_ref(&change))?;
        let found = word(applied);
        ensure!(found == wanted, "{change}: {found}, not {wanted}");
    }
    ensure!(
        client.read_destinations(&key(4))?.is_empty(),
        "a missing service has no servers"
    );
    middle_of_a_batch(&mut client)
}

fn word(applied: Applied) -> String {
    if applied.refusals.is_empty() && !applied.drifted.is_empty() {
        return "drift".to_owned();
    }
    applied
        .into_result()
        .map_or_else(|message| message, |()| "ok".to_owned())
}

/// 700 messages in three datagrams with errors in the first, the middle and the last place: exactly those are
/// told, and all others are made.
fn middle_of_a_batch(client: &mut Client) -> Result<()> {
    let mut changes = vec![
        Change::SetService(service(90, "rr")),
        Change::AddService(service(90, "none")),
    ];
    for number in 1..=697 {
        changes.push(Change::AddDestination(key(90), server(number)));
        if number == 300 {
            changes.push(Change::AddDestination(key(90), server(number)));
        }
    }
    changes.push(Change::SetService(service(90, "fastest")));
    let applied = client.apply(&changes)?;
    ensure!(applied.messages == changes.len());
    let drifted = [
        Change::SetService(service(90, "rr")),
        Change::AddDestination(key(90), server(300)),
    ];
    ensure!(applied.drifted == drifted, "{:?}", applied.drifted);
    let [refusal] = applied.refusals.as_slice() else {
        anyhow::bail!("{:?}", applied.refusals);
    };
    ensure!(
        refusal.change == Change::SetService(service(90, "fastest")),
        "{refusal:?}"
    );
    ensure!(
        client.read_destinations(&key(90))?.len() == 697,
        "all others were added"
    );
    client
        .apply(&[Change::DeleteService(key(90))])?
        .into_result()
        .map_err(anyhow::Error::msg)
}
