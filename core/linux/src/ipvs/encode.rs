//! Values to netlink bytes. Attributes are in host byte order unless the kernel says otherwise (ports, IPv4 masks).

use std::net::IpAddr;

use model::ipvs::{
    Change, DestinationKey, DestinationRow, Forward, Persistence, ServiceKey, ServiceRow, Tunnel,
    service_flag,
};
use model::net::Family;

use crate::netlink::message;
pub(super) use crate::netlink::{attribute, nest};

use super::uapi::{self, command, dest, forward, service, tunnel};

/// Appends one request: header, command and its attributes.
pub(super) fn request(
    out: &mut Vec<u8>,
    family: u16,
    flags: u16,
    sequence: u32,
    command: u8,
    attributes: impl FnOnce(&mut Vec<u8>),
) {
    message(out, family, uapi::NLM_F_REQUEST | flags, sequence, |out| {
        out.extend_from_slice(&[command, 1, 0, 0]); // version 1
        attributes(out);
    });
}

/// Appends the request that makes one change.
pub(super) fn change(out: &mut Vec<u8>, family: u16, flags: u16, sequence: u32, change: &Change) {
    let number = match change {
        Change::AddService(_) => command::NEW_SERVICE,
        Change::SetService(_) => command::SET_SERVICE,
        Change::DeleteService(_) => command::DEL_SERVICE,
        Change::AddDestination(..) => command::NEW_DEST,
        Change::SetDestination(..) => command::SET_DEST,
        Change::DeleteDestination(..) => command::DEL_DEST,
    };
    request(out, family, flags, sequence, number, |out| match change {
        Change::AddService(row) | Change::SetService(row) => service_row(out, row),
        Change::DeleteService(key) => nest(out, uapi::SERVICE, |out| service_key(out, key)),
        Change::AddDestination(key, row) | Change::SetDestination(key, row) => {
            nest(out, uapi::SERVICE, |out| service_key(out, key));
            nest(out, uapi::DEST, |out| destination_row(out, row));
        }
        Change::DeleteDestination(key, server) => {
            nest(out, uapi::SERVICE, |out| service_key(out, key));
            nest(out, uapi::DEST, |out| destination_key(out, server));
        }
    });
}

/// Appends the attributes that name a service, inside their nest.
pub(super) fn named_service(out: &mut Vec<u8>, key: &ServiceKey) {
    nest(out, uapi::SERVICE, |out| service_key(out, key));
}

fn service_key(out: &mut Vec<u8>, key: &ServiceKey) {
    attribute(out, service::AF, &family_number(key.family()).to_ne_bytes());
    match key {
        ServiceKey::Address {
            protocol,
            address,
            port,
        } => {
            attribute(
                out,
                service::PROTOCOL,
                &u16::from(protocol.number()).to_ne_bytes(),
            );
            ip(out, service::ADDR, *address);
            attribute(out, service::PORT, &port.to_be_bytes());
        }
        ServiceKey::Mark { mark, .. } => attribute(out, service::FWMARK, &mark.to_ne_bytes()),
    }
}

fn service_row(out: &mut Vec<u8>, row: &ServiceRow) {
    nest(out, uapi::SERVICE, |out| {
        service_key(out, &row.key);
        text(out, service::SCHED_NAME, &row.scheduler);
        let persistent = if row.persistence.is_some() {
            service_flag::PERSISTENT
        } else {
            0
        };
        let ours = !service_flag::HASHED;
        let flags = (row.flags & ours & !service_flag::PERSISTENT) | persistent;
        // struct ip_vs_flags { flags, mask }: only masked bits change.
        nest(out, service::FLAGS, |out| {
            out.extend_from_slice(&flags.to_ne_bytes());
            out.extend_from_slice(&ours.to_ne_bytes());
        });
        let timeout = row.persistence.map_or(0, |persistence| persistence.timeout_s);
        attribute(out, service::TIMEOUT, &timeout.to_ne_bytes());
        attribute(out, service::NETMASK, &netmask(row.key.family(), row.persistence));
        if row.persistence.is_some_and(|persistence| persistence.sip) {
            attribute(out, service::PE_NAME, uapi::SIP);
        }
    });
}

/// IPv4: a mask in network byte order. IPv6: a prefix length in host byte order.
fn netmask(family: Family, persistence: Option<Persistence>) -> [u8; 4] {
    match family {
        Family::V4 => {
            let prefix = persistence.map_or(32, |persistence| u32::from(persistence.prefix).min(32));
            u32::MAX.checked_shl(32 - prefix).unwrap_or(0).to_be_bytes()
        }
        Family::V6 => {
            let prefix = persistence.map_or(128, |persistence| u32::from(persistence.prefix));
            prefix.to_ne_bytes()
        }
    }
}

fn destination_key(out: &mut Vec<u8>, key: &DestinationKey) {
    ip(out, dest::ADDR, key.address);
    attribute(out, dest::PORT, &key.port.to_be_bytes());
    let family = family_number(Family::of(key.address));
    attribute(out, dest::ADDR_FAMILY, &family.to_ne_bytes());
}

fn destination_row(out: &mut Vec<u8>, row: &DestinationRow) {
    destination_key(out, &row.key);
    let method = match row.forward {
        Forward::Nat => forward::MASQ,
        Forward::Local => forward::LOCAL,
        Forward::Tunnel(_) => forward::TUNNEL,
        Forward::Direct => forward::DIRECT,
        Forward::Bypass => forward::BYPASS,
    };
    attribute(out, dest::FWD_METHOD, &method.to_ne_bytes());
    attribute(out, dest::WEIGHT, &row.weight.to_ne_bytes());
    attribute(out, dest::U_THRESH, &row.upper_threshold.to_ne_bytes());
    attribute(out, dest::L_THRESH, &row.lower_threshold.to_ne_bytes());
    let Forward::Tunnel(kind) = row.forward else {
        return;
    };
    match kind {
        Tunnel::Ipip => attribute(out, dest::TUN_TYPE, &[tunnel::IPIP]),
        Tunnel::Gue { port, flags } => {
            attribute(out, dest::TUN_TYPE, &[tunnel::GUE]);
            attribute(out, dest::TUN_PORT, &port.to_be_bytes());
            attribute(out, dest::TUN_FLAGS, &flags.to_ne_bytes());
        }
        Tunnel::Gre { flags } => {
            attribute(out, dest::TUN_TYPE, &[tunnel::GRE]);
            attribute(out, dest::TUN_FLAGS, &flags.to_ne_bytes());
        }
    }
}

/// A text, and the zero that ends it.
fn text(out: &mut Vec<u8>, kind: u16, value: &str) {
    nest(out, kind, |out| {
        out.extend_from_slice(value.as_bytes());
        out.push(0);
    });
}

fn ip(out: &mut Vec<u8>, kind: u16, address: IpAddr) {
    match address {
        IpAddr::V4(address) => attribute(out, kind, &address.octets()),
        IpAddr::V6(address) => attribute(out, kind, &address.octets()),
    }
}

fn family_number(family: Family) -> u16 {
    match family {
        Family::V4 => uapi::AF_INET,
        Family::V6 => uapi::AF_INET6,
    }
}
