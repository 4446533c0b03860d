//! What was on the wire and when, by the kernel's own stamps on the bridge: a listener's clock would measure how the
//! listener is scheduled. tcpdump writes it down; it is read here, as millions of packets are too many for a dissector.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use lab::process::Running;
use lab::{Net, until};
use rustix::process::Signal;

/// Bytes kept of each packet: what is asked of them stands at their beginning.
const KEPT: &str = "64";
/// Kibibytes that wait for tcpdump at most, when it has no time.
const WAITING: &str = "131072";

/// A capture that runs.
pub(crate) struct Wire {
    running: Running,
    file: PathBuf,
}

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    /// Seconds since 1970.
    pub(crate) at: f64,
    /// Number of the node that sent it.
    pub(crate) sender: u8,
    pub(crate) what: What,
}

/// What is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Advert {
        vrid: u8,
        priority: u8,
    },
    /// A gratuitous ARP for the virtual address that ends in this.
    Announcement {
        vrid: u8,
    },
}

impl Wire {
    /// Begins to capture; returns when it does.
    pub(crate) fn start(net: &Net) -> Result<Self> {
        let file = net.directory().join("wire.pcap");
        let mut command = net.on_switch("tcpdump");
        command.args(["-i", "br0", "-n", "-Z", "root", "-s", KEPT, "-B", WAITING, "-w"]);
        command.arg(&file).args(["ip", "proto", "112", "or", "arp"]);
        let log = net.directory().join("wire.log");
        let running = Running::start("tcpdump", command, &log)?;
        until("tcpdump to listen", || {
            let log = running.log();
            if log.contains("listening on") {
                Ok(())
            } else {
                Err(log)
            }
        });
        Ok(Self { running, file })
    }

    /// Ends it, and gives what was seen.
    pub(crate) fn finish(mut self) -> Result<Vec<Seen>> {
        // What the kernel has may still be on its way to tcpdump.
        std::thread::sleep(std::time::Duration::from_millis(1500));
        self.running.signal(Signal::INT);
        self.running.ended();
        let log = self.running.log();
        let lost = log.lines().find(|line| line.contains("dropped by kernel"));
        if let Some(lost) = lost.filter(|line| !line.starts_with('0')) {
            eprintln!("the capture is not whole: {lost}");
        }
        let bytes = std::fs::read(&self.file).context("tcpdump wrote a file")?;
        Ok(packets(&bytes)
            .filter_map(|(at, frame)| seen(at, frame))
            .collect())
    }
}

/// Times and frames of a pcap file in this machine's order of bytes, with microseconds.
fn packets(file: &[u8]) -> impl Iterator<Item = (f64, &[u8])> {
    let mut rest = file.get(24..).unwrap_or_default();
    std::iter::from_fn(move || {
        let number = |at: usize| Some(u32::from_ne_bytes(*rest.get(at..)?.first_chunk()?));
        let (seconds, micros, length) = (number(0)?, number(4)?, number(8)?);
        let end = 16 + usize::try_from(length).ok()?;
        let frame = rest.get(16..end)?;
        rest = rest.get(end..).unwrap_or_default();
        Some((f64::from(seconds) + f64::from(micros) / 1e6, frame))
    })
}

fn seen(at: f64, frame: &[u8]) -> Option<Seen> {
    let sender = *frame.get(11)?;
    let payload = frame.get(14..)?;
    let what = match frame.get(12..14)? {
        [0x08, 0x00] => {
            let header = usize::from(payload.first()? & 15) * 4;
            let advert = payload.get(header..)?;
            What::Advert {
                vrid: *advert.get(1)?,
                priority: *advert.get(2)?,
            }
        }
        // Sender's and target's protocol address (RFC 826). What is not for all is the answer of an old Master's kernel,
        // which has the address for some microseconds after the new one began to announce it.
        [0x08, 0x06] if frame.starts_with(&[0xff; 6]) && payload.get(14..18)? == payload.get(24..28)? => {
            What::Announcement {
                vrid: *payload.get(17)?,
            }
        }
        _ => return None,
    };
    Some(Seen { at, sender, what })
}

#[cfg(test)]
mod tests;
