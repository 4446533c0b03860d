//! What is said of keepalived, put to it: each claim is sent the packets that tell, and what it does is told. These
//! hold nothing of ours; they say what a configuration that moves to us was used to, by the version that is installed.

mod announce;
mod master;
mod packet;
mod probe;

/// Something that is said of keepalived.
pub struct Claim {
    /// Its number.
    pub id: &'static str,
    /// What is said.
    pub says: &'static str,
    run: fn() -> Finding,
}

/// What came of it.
pub struct Finding {
    /// What was sent or done.
    pub sent: String,
    /// What keepalived did.
    pub did: String,
    /// Whether it is as it is said.
    pub verdict: Verdict,
}

/// Whether something is as it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Confirmed,
    /// Some of it is.
    Partly,
    /// It is not.
    Refuted,
    /// This version has no such thing.
    NotThere,
}

impl Verdict {
    /// Its name in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Partly => "confirmed in part",
            Self::Refuted => "refuted",
            Self::NotThere => "not in this version",
        }
    }

    /// Of claims that have parts.
    fn of(parts: &[bool]) -> Self {
        match (parts.contains(&true), parts.contains(&false)) {
            (true, false) => Self::Confirmed,
            (true, true) => Self::Partly,
            (false, _) => Self::Refuted,
        }
    }
}

impl Claim {
    /// Puts it to keepalived.
    ///
    /// # Panics
    /// When keepalived does not even start.
    pub fn run(&self) -> Finding {
        (self.run)()
    }
}

/// All of them.
pub const CLAIMS: &[Claim] = &[
    Claim {
        id: "KA-002",
        says: "version 3 over IPv4 is summed with a pseudo-header, sending and receiving; v3_checksum_as_v2 changes it",
        run: packet::checksum,
    },
    Claim {
        id: "KA-003",
        says: "with v3_checksum_as_v2 a wrong checksum is not rejected",
        run: packet::wrong_checksum,
    },
    Claim {
        id: "KA-010",
        says: "no address, an interval of 0 and a first IPv6 address that is global are accepted",
        run: packet::unchecked,
    },
    Claim {
        id: "KA-012",
        says: "another list of addresses is logged and never dropped",
        run: packet::another_list,
    },
    Claim {
        id: "KA-026",
        says: "a lower priority is answered at once, but not with vrrp_strict",
        run: master::answers,
    },
    Claim {
        id: "KA-028",
        says: "any packet of its VRID, even one that fails, puts off a Master's next advert",
        run: master::silenced,
    },
    Claim {
        id: "KA-034",
        says: "priority 0 is sent for a fault (twice) and at a stop, not when it yields",
        run: master::leaves,
    },
    Claim {
        id: "KA-041",
        says: "a gratuitous ARP is a request for the broadcast address",
        run: announce::arp,
    },
    Claim {
        id: "KA-042",
        says: "a neighbour advertisement has O and not S, and R only where it forwards",
        run: announce::neighbour,
    },
    Claim {
        id: "KA-087",
        says: "a Master that is no owner accepts packets for its address, but not with no_accept or vrrp_strict",
        run: announce::accept,
    },
];
