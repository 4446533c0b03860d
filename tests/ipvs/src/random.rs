//! Tables at random from a seed, everything in them valid for a kernel with IPv4 and IPv6.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::ipvs::{
    Change, DestinationKey, DestinationRow, Forward, Persistence, ServiceKey, ServiceRow, Table, TableEntry,
    Tunnel, service_flag,
};
use model::net::{Family, Protocol};

const SCHEDULERS: [&str; 8] = ["rr", "wrr", "lc", "wlc", "sh", "mh", "sed", "nq"];

/// A stream of numbers (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(bound.max(1))).unwrap_or(0)
    }

    fn small(&mut self, bound: u16) -> u16 {
        u16::try_from(self.below(u32::from(bound))).unwrap_or(0)
    }

    fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }
}

/// Up to 12 services with up to 12 servers each. Few addresses, so that two tables have much in common.
pub fn table(random: &mut Random) -> Table {
    let mut table = Table::default();
    for _ in 0..random.below(13) {
        let row = service(random);
        let mut destinations = BTreeMap::new();
        for _ in 0..random.below(13) {
            let row = destination(random, row.key.family());
            destinations.insert(row.key, row);
        }
        table.services.insert(row.key, TableEntry { row, destinations });
    }
    table
}

fn service(random: &mut Random) -> ServiceRow {
    let key = identity(random);
    service_of(random, key)
}

fn identity(random: &mut Random) -> ServiceKey {
    let family = if random.one_in(3) { Family::V6 } else { Family::V4 };
    if random.one_in(5) {
        let mark = 1 + random.below(4);
        return ServiceKey::Mark { family, mark };
    }
    let protocol = match random.below(3) {
        0 => Protocol::Udp,
        1 => Protocol::Sctp,
        _ => Protocol::Tcp,
    };
    ServiceKey::Address {
        protocol,
        address: address(random, family, 1),
        port: if random.one_in(3) { 0 } else { 80 + random.small(4) },
    }
}

/// A row of this service.
fn service_of(random: &mut Random, key: ServiceKey) -> ServiceRow {
    let all_ports = matches!(key, ServiceKey::Address { port: 0, .. });
    let persistence = (all_ports || random.one_in(4)).then(|| Persistence {
        timeout_s: 1 + random.below(3600),
        prefix: match key.family() {
            Family::V4 => 1 + u8::try_from(random.below(32)).unwrap_or(0),
            Family::V6 => 1 + u8::try_from(random.below(128)).unwrap_or(0),
        },
        sip: random.one_in(4),
    });
    let scheduler = SCHEDULERS.get(random.below(8) as usize).copied().unwrap_or("rr");
    let is_udp = matches!(
        key,
        ServiceKey::Address {
            protocol: Protocol::Udp,
            ..
        }
    );
    let one_packet = is_udp && random.one_in(2);
    let flags = match scheduler {
        "sh" | "mh" => random.below(4) * service_flag::SCHED_1,
        _ => 0,
    };
    ServiceRow {
        key,
        scheduler: scheduler.to_owned(),
        flags: flags | if one_packet { service_flag::ONE_PACKET } else { 0 },
        persistence,
    }
}

/// Any message about one of few services and servers, one in four of them with something in it that a kernel refuses.
pub fn change(random: &mut Random) -> Change {
    let key = identity(&mut Random::new(random.below(6).into()));
    let mut row = service_of(random, key);
    let mut server = destination(random, key.family());
    server.key = destination(&mut Random::new(random.below(6).into()), key.family()).key;
    if Family::of(server.key.address) != key.family() {
        server.forward = Forward::Tunnel(Tunnel::Ipip);
    }
    if random.one_in(4) {
        spoil(random, &mut row, &mut server);
    }
    match random.below(10) {
        0 | 1 => Change::AddService(row),
        2 => Change::SetService(row),
        3 if random.one_in(4) => Change::DeleteService(key),
        3 | 4 => Change::DeleteDestination(key, server.key),
        5 | 6 => Change::SetDestination(key, server),
        _ => Change::AddDestination(key, server),
    }
}

fn spoil(random: &mut Random, row: &mut ServiceRow, server: &mut DestinationRow) {
    match random.below(3) {
        0 => row.scheduler = "fastest".to_owned(),
        1 => row.scheduler = "a_scheduler_of_many_letters".to_owned(),
        _ => {
            // Of an IPv4 mask every bit is any.
            let is_v6 = row.key.family() == Family::V6;
            if let Some(persistence) = row.persistence.as_mut().filter(|_| is_v6) {
                persistence.prefix = 129;
            }
        }
    }
    match random.below(5) {
        0 => server.weight = 1 << 31,
        1 => (server.upper_threshold, server.lower_threshold) = (5, 6),
        2 => server.forward = Forward::Tunnel(Tunnel::Gue { port: 0, flags: 0 }),
        3 => server.forward = Forward::Nat,
        _ => {
            server.key.address = match server.key.address {
                IpAddr::V4(_) => Ipv4Addr::new(224, 0, 0, 1).into(),
                IpAddr::V6(_) => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).into(),
            }
        }
    }
}

fn destination(random: &mut Random, of_service: Family) -> DestinationRow {
    // A server of the other family is reached by a tunnel only.
    let other = random.one_in(6);
    let family = match (of_service, other) {
        (Family::V4, false) | (Family::V6, true) => Family::V4,
        (Family::V6, false) | (Family::V4, true) => Family::V6,
    };
    let kind = if other {
        2 + random.below(3)
    } else {
        random.below(5)
    };
    let forward = match kind {
        0 => Forward::Nat,
        1 => Forward::Direct,
        2 => Forward::Tunnel(Tunnel::Ipip),
        3 => Forward::Tunnel(Tunnel::Gue {
            port: 6080 + random.small(3),
            flags: random.small(3),
        }),
        _ => Forward::Tunnel(Tunnel::Gre {
            flags: random.small(2),
        }),
    };
    let upper = random.below(3) * 1000;
    DestinationRow {
        key: DestinationKey {
            address: address(random, family, 2),
            port: 8080 + random.small(2),
        },
        forward,
        weight: random.below(4) * 100,
        upper_threshold: upper,
        lower_threshold: if upper > 0 { random.below(upper) } else { 0 },
    }
}

fn address(random: &mut Random, family: Family, net: u8) -> IpAddr {
    let host = 1 + u8::try_from(random.below(16)).unwrap_or(0);
    match family {
        Family::V4 => Ipv4Addr::new(10, 77, net, host).into(),
        Family::V6 => Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, u16::from(net), u16::from(host)).into(),
    }
}
