//! What was on the wire: captured on the bridge, dissected by tshark.

use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;

use crate::net::Net;
use crate::process::Running;
use crate::wait::until;

/// A running capture.
#[derive(Debug)]
pub struct Capture {
    running: Running,
    file: PathBuf,
}

/// What the checksum of VRRPv3 over IPv4 is to cover; anything else counts as wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// A pseudo-header too, as keepalived does.
    PseudoHeader,
    /// The message alone (RFC 9568 §5.2.8), our default.
    MessageOnly,
}

/// A packet as tshark reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// Seconds since 1970, by the kernel's clock at its arrival.
    pub at: f64,
    /// Link-layer source.
    pub mac: String,
    /// What it is.
    pub what: What,
}

/// What a packet is.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A VRRP advertisement.
    Advert(Advert),
    /// An ARP request or reply of an address for itself.
    GratuitousArp {
        /// The address.
        address: String,
    },
    /// An unsolicited neighbour advertisement.
    NeighbourAdvert {
        /// The address.
        address: String,
    },
    /// Anything else.
    Other,
}

/// The fields of an advertisement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advert {
    /// Address of the sender.
    pub source: String,
    /// Address of the group or the peer.
    pub destination: String,
    /// TTL or hop limit.
    pub hops: u8,
    /// 2 or 3.
    pub version: u8,
    /// Virtual router.
    pub vrid: u8,
    /// Priority; 0 leaves.
    pub priority: u8,
    /// Virtual addresses.
    pub addresses: Vec<String>,
}

const FIELDS: [&str; 22] = [
    "frame.time_epoch",
    "eth.src",
    "ip.src",
    "ip.dst",
    "ip.ttl",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.hlim",
    "vrrp.version",
    "vrrp.virt_rtr_id",
    "vrrp.prio",
    "vrrp.ip_addr",
    "vrrp.ipv6_addr",
    "arp.src.proto_ipv4",
    "arp.dst.proto_ipv4",
    "icmpv6.nd.na.flag.s",
    "icmpv6.nd.na.target_address",
    "frame.protocols",
    "_ws.malformed",
    "_ws.expert.severity",
    "_ws.expert.message",
    "frame.number",
];

/// From here on an expert's word is a warning or an error, which is also how tshark speaks of checksums.
const WARNING: u32 = 0x0060_0000;

impl Capture {
    /// Begins to capture everything on the segment; returns when it does.
    ///
    /// # Panics
    /// When tcpdump is not there.
    pub fn start(net: &Net) -> Self {
        Self::start_on(net, "br0")
    }

    /// The same on the segment of another bridge.
    ///
    /// # Panics
    /// When tcpdump is not there.
    pub fn start_on(net: &Net, bridge: &str) -> Self {
        let file = net.directory().join(format!("{bridge}.pcap"));
        let mut command = net.on_switch("tcpdump");
        command
            .args([
                "-i",
                bridge,
                "-n",
                "-U",
                "--immediate-mode",
                "-Z",
                "root",
                "-B",
                "4096",
                "-w",
            ])
            .arg(&file);
        let log = net.directory().join(format!("{bridge}.log"));
        let running =
            Running::start("tcpdump", command, &log).expect("tcpdump starts; packaging/set-up installs it");
        until("tcpdump to listen", || {
            let log = running.log();
            if log.contains("listening on") {
                Ok(())
            } else {
                Err(log)
            }
        });
        Self { running, file }
    }

    /// Ends it, and reads what was captured. No packet of VRRP, ARP or NDP may be malformed; a wrong checksum counts
    /// as malformed.
    ///
    /// # Panics
    /// When one is.
    #[track_caller]
    pub fn finish(mut self, checksum: Checksum) -> Vec<Packet> {
        self.running.signal(Signal::INT);
        self.running.ended();
        let alone = match checksum {
            Checksum::PseudoHeader => "vrrp.v3_checksum_as_in_v2:FALSE",
            Checksum::MessageOnly => "vrrp.v3_checksum_as_in_v2:TRUE",
        };
        let lines = self.fields(&["-o", alone]);
        let bad: Vec<&str> = lines.lines().filter(|line| is_malformed(line)).collect();
        assert!(
            bad.is_empty(),
            "tshark calls these packets malformed:\n{}",
            bad.join("\n")
        );
        lines.lines().filter_map(packet).collect()
    }

    /// What was captured until now.
    pub fn packets(&self) -> Vec<Packet> {
        self.fields(&[]).lines().filter_map(packet).collect()
    }

    /// `fields` of the packets until now that tshark's display filter `filter` lets through. Checksums of VRRPv3 over
    /// IPv4 are right with a pseudo-header.
    pub fn look(&self, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
        let mut arguments = vec!["-o", "vrrp.v3_checksum_as_in_v2:FALSE", "-Y", filter];
        arguments.extend(["-T", "fields", "-E", "separator=|"]);
        arguments.extend(fields.iter().flat_map(|field| ["-e", field]));
        let text = self.tshark(&arguments);
        let row = |line: &str| line.split('|').map(str::to_owned).collect();
        text.lines().map(row).collect()
    }

    /// A line of [`FIELDS`] for each packet.
    fn fields(&self, options: &[&str]) -> String {
        let mut arguments = options.to_vec();
        arguments.extend(["-T", "fields", "-E", "separator=|", "-E", "aggregator=,"]);
        arguments.extend(FIELDS.iter().flat_map(|field| ["-e", field]));
        self.tshark(&arguments)
    }

    fn tshark(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tshark");
        // An address that moves is the purpose here, not a mistake.
        command
            .args(["-n", "-o", "arp.detect_duplicate_ips:FALSE", "-r"])
            .arg(&self.file)
            .args(arguments);
        let output = command
            .output()
            .expect("tshark runs; packaging/set-up installs it");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// A packet of ours, malformed or with an expert's warning.
fn is_malformed(line: &str) -> bool {
    let protocols = field(line, "frame.protocols").unwrap_or_default();
    let is_ours = protocols
        .split(':')
        .any(|name| matches!(name, "vrrp" | "arp" | "icmpv6"));
    let severities = field(line, "_ws.expert.severity").unwrap_or_default();
    let warns = |text: &str| text.parse().is_ok_and(|severity: u32| severity >= WARNING);
    is_ours && (field(line, "_ws.malformed").is_some() || severities.split(',').any(warns))
}

/// One of [`FIELDS`] in a line of them, when it is there.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let at = FIELDS.iter().position(|field| *field == name)?;
    line.split('|').nth(at).filter(|text| !text.is_empty())
}

fn packet(line: &str) -> Option<Packet> {
    let field = |name: &str| field(line, name);
    let what = if field("vrrp.version").is_some() {
        What::Advert(advert(&field)?)
    } else if let Some(address) = field("arp.src.proto_ipv4") {
        match field("arp.dst.proto_ipv4") {
            Some(asked) if asked == address => What::GratuitousArp {
                address: address.to_owned(),
            },
            _ => What::Other,
        }
    } else if let Some(address) = field("icmpv6.nd.na.target_address") {
        match field("icmpv6.nd.na.flag.s") {
            Some("0" | "False") => What::NeighbourAdvert {
                address: address.to_owned(),
            },
            _ => What::Other,
        }
    } else {
        What::Other
    };
    Some(Packet {
        at: field("frame.time_epoch")?.parse().ok()?,
        mac: field("eth.src")?.to_owned(),
        what,
    })
}

fn advert<'a>(field: &impl Fn(&str) -> Option<&'a str>) -> Option<Advert> {
    let either = |v4: &str, v6: &str| field(v4).or_else(|| field(v6));
    let addresses = either("vrrp.ip_addr", "vrrp.ipv6_addr").unwrap_or_default();
    Some(Advert {
        source: either("ip.src", "ipv6.src")?.to_owned(),
        destination: either("ip.dst", "ipv6.dst")?.to_owned(),
        hops: either("ip.ttl", "ipv6.hlim")?.parse().ok()?,
        version: field("vrrp.version")?.parse().ok()?,
        vrid: field("vrrp.virt_rtr_id")?.parse().ok()?,
        priority: field("vrrp.prio")?.parse().ok()?,
        addresses: addresses
            .split(',')
            .filter(|a| !a.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

/// The adverts among `packets`, in order.
pub fn adverts(packets: &[Packet]) -> impl Iterator<Item = (&Packet, &Advert)> + Clone {
    packets.iter().filter_map(|packet| match &packet.what {
        What::Advert(advert) => Some((packet, advert)),
        _ => None,
    })
}
