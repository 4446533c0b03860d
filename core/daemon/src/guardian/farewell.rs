//! Leaving for a router that can't: what its journal prepared is sent and taken off, so that the peer takes over
//! after Skew_Time rather than after three missed adverts, and no address stays on two nodes.

use linux::clock;
use linux::journal::Journal;
use linux::packet::Sender;
use model::effect::SendAdvert;
use model::fact::JournalEntry;

/// Says farewell for every instance that was Master, and empties the journal. Goes on after an error: leaving half
/// the addresses behind is worse than a long log.
pub(super) fn leave(journal: &Journal) {
    let entries: Vec<JournalEntry> = match journal
        .load()
        .filter(|bytes| !bytes.is_empty())
        .map(|bytes| postcard::from_bytes(&bytes))
    {
        Some(Ok(entries)) => entries,
        Some(Err(error)) => {
            tracing::error!(%error, "the journal does not decode; addresses may be left behind");
            return;
        }
        None => return,
    };
    let mut sender = Sender::new();
    for entry in &entries {
        for advert in &entry.farewell {
            let advert = SendAdvert {
                seal: advert.seal.clone().renewed(clock::wall()),
                ..advert.clone()
            };
            if let Err(error) = sender.send(&advert) {
                tracing::error!(instance = %entry.instance, %error, "cannot send priority 0");
            }
        }
        for (link, net) in &entry.addresses {
            match linux::address::remove_now(*link, *net) {
                Ok(()) => {
                    tracing::warn!(instance = %entry.instance, address = %net, "removed for the router")
                }
                Err(error) => tracing::error!(instance = %entry.instance, %error, "an address stays behind"),
            }
        }
    }
    if let Err(error) = journal.store(&[]) {
        tracing::error!(%error, "cannot empty the journal");
    }
}
