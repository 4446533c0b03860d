//! The filter as nfnetlink messages (linux/netfilter/nf_tables.h). Numbers of attributes are in network byte order.

use std::net::IpAddr;

use crate::netlink::{Message, attribute, message, nest};

/// linux/netlink.h.
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;
const NLA_F_NESTED: u16 = 0x8000;

/// linux/netfilter/nfnetlink.h: NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES.
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NFTABLES: u16 = 10;

/// enum nf_tables_msg_types.
mod what {
    pub(super) const NEW_TABLE: u8 = 0;
    pub(super) const GET_TABLE: u8 = 1;
    pub(super) const DELETE_TABLE: u8 = 2;
    pub(super) const NEW_CHAIN: u8 = 3;
    pub(super) const NEW_RULE: u8 = 6;
    pub(super) const NEW_SET: u8 = 9;
    pub(super) const NEW_ELEMENTS: u8 = 12;
}

/// NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6.
const INET: u8 = 1;
const IPV4: u8 = 2;
const IPV6: u8 = 10;

const CHAIN: &str = "input";
const SET4: &str = "closed4";
const SET6: &str = "closed6";
/// NF_INET_LOCAL_IN.
const LOCAL_IN: u32 = 1;
/// After IPVS, which takes what it balances out of this hook at 98 and 99 (NF_IP_PRI_NAT_SRC - 2 and - 1): a balanced
/// service is served, and nothing else at its address.
const PRIORITY: u32 = 200;
/// Addresses in one message: an attribute has 64 KiB at most.
const ELEMENTS_MAX: usize = 1000;

/// A batch of messages, and the number of the last that is answered.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) last: u32,
}

/// Asks for the table. This is no batch.
pub(super) fn ask(table: &str) -> Batch {
    let mut writer = Writer::new(table);
    writer.table(what::GET_TABLE);
    writer.question()
}

/// Asks for all tables of the family. This is no batch.
pub(super) fn list() -> Batch {
    let mut writer = Writer::new("");
    writer.put(what::GET_TABLE, NLM_F_DUMP, |_| {});
    writer.question()
}

/// The name of a table that the kernel told of.
pub(super) fn table_name(message: &Message<'_>) -> Option<String> {
    let told = message.kind == (NFTABLES << 8) | u16::from(what::NEW_TABLE);
    // After struct nfgenmsg, attributes: NFTA_TABLE_NAME is number 1.
    let mut attributes = message.payload.get(4..).filter(|_| told)?;
    while let Some(([a, b, k, l], _)) = attributes.split_first_chunk() {
        let length = usize::from(u16::from_ne_bytes([*a, *b]));
        let value = attributes.get(4..length)?;
        if u16::from_ne_bytes([*k, *l]) == 1 {
            let text = value.split(|byte| *byte == 0).next()?;
            return std::str::from_utf8(text).ok().map(str::to_owned);
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
    None
}

/// Removes the table.
pub(super) fn remove(table: &str) -> Batch {
    let mut writer = Writer::begin(table);
    writer.clear();
    writer.end()
}

/// Makes the table anew, with these addresses.
pub(super) fn replace(table: &str, addresses: &[IpAddr]) -> Batch {
    let mut writer = Writer::begin(table);
    writer.clear();
    writer.table(what::NEW_TABLE);
    writer.chain();
    writer.set(SET4, 4, addresses.iter().filter(|address| address.is_ipv4()));
    writer.set(SET6, 16, addresses.iter().filter(|address| address.is_ipv6()));
    // This node itself may talk to them.
    writer.rule(|out| {
        meta(out, meta::IIF);
        compare(out, &1u32.to_ne_bytes()); // lo is the first in every namespace
        verdict(out, ACCEPT);
    });
    // RFC 9568 §6.4.3: neighbour solicitations and advertisements are not dropped.
    for kind in [135, 136] {
        writer.rule(|out| {
            family(out, IPV6);
            meta(out, meta::L4PROTO);
            compare(out, &[58]);
            payload(out, TRANSPORT, 0, 1);
            compare(out, &[kind]);
            verdict(out, ACCEPT);
        });
    }
    writer.rule(|out| {
        family(out, IPV4);
        payload(out, NETWORK, 16, 4);
        lookup(out, SET4);
        verdict(out, DROP);
    });
    writer.rule(|out| {
        family(out, IPV6);
        payload(out, NETWORK, 24, 16);
        lookup(out, SET6);
        verdict(out, DROP);
    });
    writer.end()
}

struct Writer<'t> {
    table: &'t str,
    bytes: Vec<u8>,
    sequence: u32,
}

impl<'t> Writer<'t> {
    fn new(table: &'t str) -> Self {
        Self {
            table,
            bytes: Vec::new(),
            sequence: 0,
        }
    }

    fn question(self) -> Batch {
        Batch {
            bytes: self.bytes,
            last: self.sequence,
        }
    }

    fn begin(table: &'t str) -> Self {
        let mut writer = Self::new(table);
        writer.edge(BATCH_BEGIN);
        writer
    }

    fn end(mut self) -> Batch {
        let last = self.sequence;
        self.edge(BATCH_END);
        Batch {
            bytes: self.bytes,
            last,
        }
    }

    fn edge(&mut self, kind: u16) {
        self.sequence += 1;
        let [high, low] = NFTABLES.to_be_bytes();
        message(&mut self.bytes, kind, NLM_F_REQUEST, self.sequence, |out| {
            out.extend_from_slice(&[0, 0, high, low]);
        });
    }

    fn put(&mut self, what: u8, flags: u16, attributes: impl FnOnce(&mut Vec<u8>)) {
        self.sequence += 1;
        let kind = (NFTABLES << 8) | u16::from(what);
        let flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        message(&mut self.bytes, kind, flags, self.sequence, |out| {
            out.extend_from_slice(&[INET, 0, 0, 0]);
            attributes(out);
        });
    }

    /// Whatever there was is gone: what is made first can be deleted.
    fn clear(&mut self) {
        self.table(what::NEW_TABLE);
        self.table(what::DELETE_TABLE);
    }

    fn table(&mut self, what: u8) {
        let flags = if what == what::NEW_TABLE { NLM_F_CREATE } else { 0 };
        let name = self.table;
        self.put(what, flags, |out| text(out, 1, name));
    }

    fn chain(&mut self) {
        let table = self.table;
        self.put(what::NEW_CHAIN, NLM_F_CREATE, |out| {
            text(out, 1, table);
            text(out, 3, CHAIN);
            nest(out, 4 | NLA_F_NESTED, |out| {
                number(out, 1, LOCAL_IN);
                number(out, 2, PRIORITY);
            });
            text(out, 7, "filter");
        });
    }

    fn set<'a>(&mut self, name: &str, length: u32, addresses: impl Iterator<Item = &'a IpAddr>) {
        let table = self.table;
        self.put(what::NEW_SET, NLM_F_CREATE, |out| {
            text(out, 1, table);
            text(out, 2, name);
            number(out, 3, 0);
            // What `nft` calls ipv4_addr and ipv6_addr; the kernel keeps it for its readers.
            number(out, 4, if length == 4 { 7 } else { 8 });
            number(out, 5, length);
            number(out, 10, length); // a number for this batch alone
        });
        let addresses: Vec<&IpAddr> = addresses.collect();
        for some in addresses.chunks(ELEMENTS_MAX) {
            self.put(what::NEW_ELEMENTS, NLM_F_CREATE, |out| {
                text(out, 1, table);
                text(out, 2, name);
                nest(out, 3 | NLA_F_NESTED, |out| {
                    for address in some {
                        nest(out, 1 | NLA_F_NESTED, |out| {
                            nest(out, 1 | NLA_F_NESTED, |out| match address {
                                IpAddr::V4(v4) => attribute(out, 1, &v4.octets()),
                                IpAddr::V6(v6) => attribute(out, 1, &v6.octets()),
                            });
                        });
                    }
                });
            });
        }
    }

    fn rule(&mut self, expressions: impl FnOnce(&mut Vec<u8>)) {
        let table = self.table;
        self.put(what::NEW_RULE, NLM_F_CREATE | NLM_F_APPEND, |out| {
            text(out, 1, table);
            text(out, 2, CHAIN);
            nest(out, 4 | NLA_F_NESTED, expressions);
        });
    }
}

fn text(out: &mut Vec<u8>, kind: u16, text: &str) {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    attribute(out, kind, &bytes);
}

fn number(out: &mut Vec<u8>, kind: u16, number: u32) {
    attribute(out, kind, &number.to_be_bytes());
}

/// NF_DROP, NF_ACCEPT.
const DROP: u32 = 0;
const ACCEPT: u32 = 1;
/// NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER.
const NETWORK: u32 = 1;
const TRANSPORT: u32 = 2;
/// NFT_REG_VERDICT, NFT_REG_1.
const REGISTER_VERDICT: u32 = 0;
const REGISTER: u32 = 1;

/// enum nft_meta_keys.
mod meta {
    pub(super) const IIF: u32 = 4;
    pub(super) const NFPROTO: u32 = 15;
    pub(super) const L4PROTO: u32 = 16;
}

fn expression(out: &mut Vec<u8>, name: &str, data: impl FnOnce(&mut Vec<u8>)) {
    nest(out, 1 | NLA_F_NESTED, |out| {
        text(out, 1, name);
        nest(out, 2 | NLA_F_NESTED, data);
    });
}

fn meta(out: &mut Vec<u8>, key: u32) {
    expression(out, "meta", |out| {
        number(out, 1, REGISTER);
        number(out, 2, key);
    });
}

fn family(out: &mut Vec<u8>, family: u8) {
    meta(out, meta::NFPROTO);
    compare(out, &[family]);
}

fn payload(out: &mut Vec<u8>, base: u32, offset: u32, length: u32) {
    expression(out, "payload", |out| {
        number(out, 1, REGISTER);
        number(out, 2, base);
        number(out, 3, offset);
        number(out, 4, length);
    });
}

/// Goes on with the rule if the register holds this.
fn compare(out: &mut Vec<u8>, value: &[u8]) {
    expression(out, "cmp", |out| {
        number(out, 1, REGISTER);
        number(out, 2, 0); // NFT_CMP_EQ
        nest(out, 3 | NLA_F_NESTED, |out| attribute(out, 1, value));
    });
}

/// Goes on with the rule if the register is in the set.
fn lookup(out: &mut Vec<u8>, set: &str) {
    expression(out, "lookup", |out| {
        text(out, 1, set);
        number(out, 2, REGISTER);
    });
}

fn verdict(out: &mut Vec<u8>, code: u32) {
    expression(out, "immediate", |out| {
        number(out, 1, REGISTER_VERDICT);
        nest(out, 2 | NLA_F_NESTED, |out| {
            nest(out, 2 | NLA_F_NESTED, |out| number(out, 1, code));
        });
    });
}
