//! Numbers that have names: iproute2's files on this machine, and what the kernel's headers call theirs.

use std::collections::BTreeMap;

/// Names of numbers, as in iproute2's files. What the kernel's own headers name is known without them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteNames {
    /// Routing tables (`rt_tables`).
    pub tables: BTreeMap<String, u32>,
    /// Who put a route there (`rt_protos`).
    pub protocols: BTreeMap<String, u32>,
    /// Scopes (`rt_scopes`).
    pub scopes: BTreeMap<String, u32>,
}

/// RT_TABLE_* (linux/rtnetlink.h).
const TABLES: [(&str, u32); 3] = [("default", 253), ("main", 254), ("local", 255)];
/// RTPROT_*.
const PROTOCOLS: [(&str, u32); 9] = [
    ("redirect", 1),
    ("kernel", 2),
    ("boot", 3),
    ("static", 4),
    ("ra", 9),
    ("dhcp", 16),
    ("keepalived", 18),
    ("bgp", 186),
    ("ospf", 188),
];
/// RT_SCOPE_*.
const SCOPES: [(&str, u32); 6] = [
    ("global", 0),
    ("universe", 0),
    ("site", 200),
    ("link", 253),
    ("host", 254),
    ("nowhere", 255),
];

impl RouteNames {
    /// Reads a file of iproute2's into a map: a number and a name on each line, `#` begins a comment. Lines that are
    /// not like that are passed over.
    pub fn read(text: &str, names: &mut BTreeMap<String, u32>) {
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            if let (Some(number), Some(name)) = (words.next().and_then(number), words.next()) {
                names.insert(name.to_owned(), number);
            }
        }
    }

    pub(super) fn table(&self, word: &str) -> Option<u32> {
        look_up(&self.tables, &TABLES, word)
    }

    pub(super) fn protocol(&self, word: &str) -> Option<u8> {
        look_up(&self.protocols, &PROTOCOLS, word).and_then(|number| u8::try_from(number).ok())
    }

    pub(crate) fn scope(&self, word: &str) -> Option<u8> {
        look_up(&self.scopes, &SCOPES, word).and_then(|number| u8::try_from(number).ok())
    }
}

fn look_up(names: &BTreeMap<String, u32>, known: &[(&str, u32)], word: &str) -> Option<u32> {
    let built_in = || {
        known
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, number)| *number)
    };
    number(word)
        .or_else(|| names.get(word).copied())
        .or_else(built_in)
}

/// Decimal, or hexadecimal after `0x`.
pub(super) fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if word.bytes().all(|byte| byte.is_ascii_digit()) => word.parse().ok(),
        None => None,
    }
}
