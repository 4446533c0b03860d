//! What a router is to do, in keepalived's language and in FRR's.

use std::fmt::Write as _;
use std::time::Duration;

use model::net::Family;
use model::plan::Preempt;

use crate::capture::Checksum;

/// How adverts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Version 2.
    V2,
    /// Version 3 over IPv4, its checksum over a pseudo-header too, as keepalived and FRR write it.
    V3,
    /// Version 3 over IPv4, its checksum over the message alone (RFC 9568 §5.2.8).
    V3MessageOnly,
    /// Version 3 over IPv6.
    V6,
}

impl Form {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V3MessageOnly => "v3, message sum",
            Self::V6 => "v3, IPv6",
        }
    }

    /// The number on the wire.
    pub const fn version(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 | Self::V3MessageOnly | Self::V6 => 3,
        }
    }

    /// Of its addresses.
    pub const fn family(self) -> Family {
        match self {
            Self::V2 | Self::V3 | Self::V3MessageOnly => Family::V4,
            Self::V6 => Family::V6,
        }
    }

    /// What its checksum covers.
    pub const fn checksum(self) -> Checksum {
        match self {
            Self::V2 | Self::V3 | Self::V6 => Checksum::PseudoHeader,
            Self::V3MessageOnly => Checksum::MessageOnly,
        }
    }

    /// The virtual address that scenarios look for.
    pub const fn address(self) -> &'static str {
        match self {
            Self::V2 | Self::V3 | Self::V3MessageOnly => "192.0.2.100",
            Self::V6 => "2001:db8::100",
        }
    }

    /// All its virtual addresses, with their prefixes.
    fn addresses(self) -> Vec<String> {
        let all: &[&str] = match self {
            Self::V2 | Self::V3 | Self::V3MessageOnly => &["192.0.2.100/24"],
            Self::V6 => &["fe80::100/64", "2001:db8::100/64"],
        };
        all.iter().map(|&address| address.to_owned()).collect()
    }
}

/// A virtual router as one node is to run it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Name of the instance.
    pub name: String,
    /// Interface.
    pub interface: String,
    /// Virtual router identifier.
    pub vrid: u8,
    /// How adverts are written.
    pub form: Form,
    /// Priority.
    pub priority: u8,
    /// Interval between adverts.
    pub interval: Duration,
    /// Whether a better one replaces a Master.
    pub preempt: Preempt,
    /// Virtual addresses with their prefixes.
    pub addresses: Vec<String>,
    /// Further lines of the instance, in keepalived's language.
    pub more: String,
    /// Further blocks before the instance, in keepalived's language.
    pub before: String,
    /// Further blocks behind the instance, in keepalived's language.
    pub behind: String,
}

impl Wanted {
    /// The instance `web`, virtual router 51 on `eth0`; adverts as often as is usual in tests: each 100 ms, or each
    /// second in version 2, which cannot say less.
    pub fn new(form: Form, priority: u8) -> Self {
        Self {
            name: "web".to_owned(),
            interface: "eth0".to_owned(),
            vrid: 51,
            form,
            priority,
            interval: match form {
                Form::V2 => Duration::from_secs(1),
                Form::V3 | Form::V3MessageOnly | Form::V6 => Duration::from_millis(100),
            },
            preempt: Preempt::Yes,
            addresses: form.addresses(),
            more: String::new(),
            before: String::new(),
            behind: String::new(),
        }
    }

    /// The whole file.
    pub fn keepalived(&self) -> String {
        let form = match self.form {
            Form::V3MessageOnly => "    v3_checksum_as_v2\n",
            Form::V2 | Form::V3 | Form::V6 => "",
        };
        format!(
            "global_defs {{\n    vrrp_version {}\n{form}    script_user root\n    enable_script_security\n}}\n{}{}{}",
            self.form.version(),
            self.before,
            self.instance(),
            self.behind,
        )
    }

    /// Its block alone.
    pub fn instance(&self) -> String {
        let preempt = match self.preempt {
            Preempt::Yes => String::new(),
            Preempt::No => "    nopreempt\n".to_owned(),
            Preempt::After(wait) => format!("    preempt_delay {}\n", wait.as_secs_f64()),
        };
        format!(
            "vrrp_instance {} {{\n    state BACKUP\n    interface {}\n    virtual_router_id {}\n    priority {}\n    \
             advert_int {}\n{preempt}{}\n    virtual_ipaddress {{\n        {}\n    }}\n}}\n",
            self.name,
            self.interface,
            self.vrid,
            self.priority,
            self.interval.as_secs_f64(),
            self.more,
            self.addresses.join("\n        "),
        )
    }

    /// FRR's vrrpd.conf, which leaves prefixes to the interface.
    pub fn frr(&self) -> String {
        let vrid = self.vrid;
        let mut text = format!(
            "log stdout\ndebug vrrp protocol\ninterface {}\n vrrp {vrid} version {}\n vrrp {vrid} priority {}\n \
             vrrp {vrid} advertisement-interval {}\n",
            self.interface,
            self.form.version(),
            self.priority,
            self.interval.as_millis(),
        );
        if self.preempt == Preempt::No {
            let _ = writeln!(text, " no vrrp {vrid} preempt");
        }
        let keyword = match self.form.family() {
            Family::V4 => "ip",
            Family::V6 => "ipv6",
        };
        for address in &self.addresses {
            let bare = address.split('/').next().unwrap_or(address);
            // Writing to a String never fails.
            let _ = writeln!(text, " vrrp {vrid} {keyword} {bare}");
        }
        text
    }
}
