//! Leaving for a router that can't: what its journal prepared is sent and taken off, so that the peer takes over
//! after Skew_Time rather than after three missed adverts, and no address stays on two nodes. Its devices say themselves
//! whose they are.

use linux::clock;
use linux::device::Devices;
use linux::journal::Journal;
use linux::packet::Sender;
use linux::tables::{Change, Tables};
use model::effect::SendAdvert;
use model::fact::{Held, Legacy};
use model::ids::InstanceName;

/// Says farewell for every instance that was Master, and empties the journal. Goes on after an error, and without a
/// journal: leaving half the addresses behind is worse than a long log.
pub(super) fn leave(journal: &Journal) {
    let legacy: Legacy = match journal
        .load()
        .filter(|bytes| !bytes.is_empty())
        .map(|bytes| postcard::from_bytes(&bytes))
    {
        Some(Ok(legacy)) => legacy,
        Some(Err(error)) => {
            tracing::error!(%error, "the journal does not decode; addresses may be left behind");
            Legacy::default()
        }
        None => Legacy::default(),
    };
    let mut sender = Sender::new();
    for entry in &legacy.instances {
        for advert in &entry.farewell {
            let advert = SendAdvert {
                seal: advert.seal.clone().renewed(clock::wall()),
                ..advert.clone()
            };
            if let Err(error) = sender.send(&advert) {
                tracing::error!(instance = %entry.instance, %error, "cannot send priority 0");
            }
        }
        take_out(&entry.held, Some(&entry.instance));
    }
    take_out(&legacy.statics, None);
    take_out(&legacy.orphans, None);
    remove_devices();
    // Without addresses there is nothing to keep packets from.
    if let Err(error) = linux::shield::remove() {
        tracing::error!(error, "a packet filter stays behind");
    }
    if let Err(error) = journal.store(&[]) {
        tracing::error!(%error, "cannot empty the journal");
    }
}

/// What came last goes first: a route before the address that it has as its source.
fn take_out(held: &[Held], instance: Option<&InstanceName>) {
    let instance = instance.map(tracing::field::display);
    let changes: Vec<Change<'_>> = held.iter().rev().map(removal).collect();
    let results = match Tables::open() {
        Ok(mut tables) => tables.apply(&changes),
        Err(error) => {
            tracing::error!(instance, %error, "cannot speak to the kernel; addresses may be left behind");
            return;
        }
    };
    for (held, result) in held.iter().rev().zip(results) {
        match result {
            Ok(_) => tracing::warn!(instance, what = words(held), "removed for the router"),
            Err(error) => tracing::error!(instance, %error, "something stays behind"),
        }
    }
}

fn remove_devices() {
    let removed = match Devices::open() {
        Ok(mut devices) => devices.remove_all(),
        Err(error) => {
            tracing::error!(%error, "cannot speak to the kernel; devices may be left behind");
            return;
        }
    };
    for result in removed {
        match result {
            Ok(device) => tracing::warn!(%device, "removed for the router"),
            Err(error) => tracing::error!(error, "a device stays behind"),
        }
    }
}

fn removal(held: &Held) -> Change<'_> {
    match held {
        Held::Address(link, net) => Change::RemoveAddress(*link, *net),
        Held::Entry(entry) => Change::RemoveEntry(entry),
    }
}

fn words(held: &Held) -> String {
    match held {
        Held::Address(_, net) => net.to_string(),
        Held::Entry(entry) => entry.to_string(),
    }
}
