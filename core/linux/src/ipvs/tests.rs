use std::net::IpAddr;

use model::ipvs::{Forward, Persistence, Tunnel, service_flag};
use model::net::{Family, Protocol};
use proptest::prelude::*;

use super::decode::{Attributes, destination_row, family_id, service_row};
use super::*;
use crate::netlink::{Message, messages};

fn hex(bytes: &[u8]) -> String {
    let words: Vec<String> = bytes
        .chunks(4)
        .map(|word| word.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    words.join(" ")
}

fn encoded(change: &Change) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::change(&mut bytes, 0x21, uapi::NLM_F_ACK, 7, change);
    bytes
}

fn key() -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [192, 0, 2, 1].into(),
        port: 80,
    }
}

/// Put together by hand from `include/uapi/linux/ip_vs.h`; that a kernel reads it so is for tests/ipvs to show.
#[test]
#[cfg(target_endian = "little")]
fn a_new_service_in_bytes() {
    let change = Change::AddService(ServiceRow {
        key: key(),
        scheduler: "rr".to_owned(),
        flags: service_flag::HASHED,
        persistence: Some(Persistence {
            timeout_s: 60,
            prefix: 24,
            sip: false,
        }),
    });
    let wanted = [
        "5c000000 21000500 07000000 00000000 01010000", // length, family, REQUEST|ACK, sequence; NEW_SERVICE
        "48000100",                                     // SERVICE
        "06000100 02000000",                            // AF
        "06000200 06000000",                            // PROTOCOL
        "08000300 c0000201",                            // ADDR
        "06000400 00500000",                            // PORT, network order
        "07000600 72720000",                            // SCHED_NAME
        "0c000700 01000000 fdffffff",                   // FLAGS: persistent; mask: all but hashed
        "08000800 3c000000",                            // TIMEOUT
        "08000900 ffffff00",                            // NETMASK, network order
    ];
    assert_eq!(hex(&encoded(&change)), wanted.join(" "));
}

#[test]
#[cfg(target_endian = "little")]
fn a_server_behind_a_gue_tunnel_in_bytes() {
    let service = ServiceKey::Mark {
        family: Family::V6,
        mark: 9,
    };
    let row = DestinationRow {
        key: DestinationKey {
            address: [198, 51, 100, 1].into(),
            port: 8080,
        },
        forward: Forward::Tunnel(Tunnel::Gue { port: 6080, flags: 1 }),
        weight: 5,
        upper_threshold: 0x64,
        lower_threshold: 0,
    };
    let wanted = [
        "7c000000 21000500 07000000 00000000 05010000", // NEW_DEST
        "14000100 06000100 0a000000 08000500 09000000", // SERVICE: AF, FWMARK
        "54000200 08000100 c6336401 06000200 1f900000", // DEST: ADDR, PORT
        "06000b00 02000000",                            // ADDR_FAMILY, unlike the service's
        "08000300 02000000 08000400 05000000",          // FWD_METHOD, WEIGHT
        "08000500 64000000 08000600 00000000",          // U_THRESH, L_THRESH
        "05000d00 01000000 06000e00 17c00000",          // TUN_TYPE, TUN_PORT in network order
        "06000f00 01000000",                            // TUN_FLAGS in host order
    ];
    assert_eq!(
        hex(&encoded(&Change::AddDestination(service, row))),
        wanted.join(" ")
    );
}

#[test]
fn deletions_name_their_object_only() {
    let server = DestinationKey {
        address: [198, 51, 100, 1].into(),
        port: 8080,
    };
    let bytes = encoded(&Change::DeleteDestination(key(), server));
    let top = messages(&bytes).next().unwrap().attributes();
    let kinds = |kind| {
        Attributes(top.get(kind).unwrap())
            .map(|(kind, _)| kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (kinds(uapi::SERVICE), kinds(uapi::DEST)),
        (vec![1, 2, 3, 4], vec![1, 2, 11])
    );
    let bytes = encoded(&Change::DeleteService(key()));
    assert!(
        messages(&bytes)
            .next()
            .unwrap()
            .attributes()
            .get(uapi::DEST)
            .is_none()
    );
}

#[test]
fn errors_are_sorted() {
    let row = ServiceRow {
        key: key(),
        scheduler: "rr".to_owned(),
        flags: 0,
        persistence: None,
    };
    let server = DestinationKey {
        address: [198, 51, 100, 1].into(),
        port: 8080,
    };
    let word = |change: Change, errno: i32| {
        let mut applied = Applied::default();
        applied.count(&change, errno);
        applied
            .into_result()
            .map_or_else(|message| message, |()| "ok".to_owned())
    };
    assert_eq!(word(Change::DeleteService(key()), libc::ESRCH), "ok");
    assert_eq!(word(Change::DeleteDestination(key(), server), libc::ENOENT), "ok");
    assert_eq!(
        word(Change::SetService(row.clone()), libc::ESRCH),
        "cannot set service tcp 192.0.2.1:80 (rr): somebody else changed the IPVS table meanwhile; it is read again"
    );
    assert_eq!(
        word(Change::AddService(row.clone()), libc::ENOENT),
        "cannot add service tcp 192.0.2.1:80 (rr): the kernel has no scheduler rr; load it with `modprobe ip_vs_rr`"
    );
    assert_eq!(
        word(Change::AddService(row), libc::ENOMEM),
        "cannot add service tcp 192.0.2.1:80 (rr): the kernel has no memory left for it; free some, it is tried again"
    );
}

#[test]
fn the_running_kernel_answers_or_says_why_not() {
    match Client::open().and_then(|mut client| client.read()) {
        Ok(_) | Err(IpvsError::NoIpvs | IpvsError::Denied { .. }) => {}
        Err(other) => panic!("{other}"),
    }
}

fn address(family: Family) -> BoxedStrategy<IpAddr> {
    match family {
        Family::V4 => any::<[u8; 4]>().prop_map(IpAddr::from).boxed(),
        Family::V6 => any::<[u8; 16]>().prop_map(IpAddr::from).boxed(),
    }
}

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

fn service() -> impl Strategy<Value = ServiceRow> {
    let protocol = prop_oneof![Just(Protocol::Tcp), Just(Protocol::Udp), Just(Protocol::Sctp)];
    let named = family().prop_flat_map(move |family| {
        let by_address = (protocol.clone(), address(family), any::<u16>());
        let by_address = by_address.prop_map(|(protocol, address, port)| ServiceKey::Address {
            protocol,
            address,
            port,
        });
        let by_mark = (1..u32::MAX).prop_map(move |mark| ServiceKey::Mark { family, mark });
        let longest: u8 = if family == Family::V4 { 32 } else { 128 };
        let persistence =
            (any::<u32>(), 1..=longest, any::<bool>()).prop_map(|(timeout_s, prefix, sip)| Persistence {
                timeout_s,
                prefix,
                sip,
            });
        (
            prop_oneof![by_address, by_mark],
            proptest::option::of(persistence),
        )
    });
    (named, "[a-z]{1,15}", any::<u32>()).prop_map(|((key, persistence), scheduler, flags)| ServiceRow {
        key,
        scheduler,
        flags: flags & !(service_flag::HASHED | service_flag::PERSISTENT),
        persistence,
    })
}

fn destination() -> impl Strategy<Value = DestinationRow> {
    let tunnel = prop_oneof![
        Just(Tunnel::Ipip),
        (any::<u16>(), any::<u16>()).prop_map(|(port, flags)| Tunnel::Gue { port, flags }),
        any::<u16>().prop_map(|flags| Tunnel::Gre { flags }),
    ];
    let forward = prop_oneof![
        Just(Forward::Nat),
        Just(Forward::Direct),
        Just(Forward::Local),
        Just(Forward::Bypass),
        tunnel.prop_map(Forward::Tunnel),
    ];
    let key = (family().prop_flat_map(address), any::<u16>());
    (key, forward, any::<[u32; 3]>()).prop_map(|((address, port), forward, [weight, upper, lower])| {
        DestinationRow {
            key: DestinationKey { address, port },
            forward,
            weight,
            upper_threshold: upper,
            lower_threshold: lower,
        }
    })
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(service in service(), server in destination()) {
        let bytes = [
            encoded(&Change::SetService(service.clone())),
            encoded(&Change::SetDestination(service.key, server.clone())),
        ]
        .concat();
        let found: Vec<Message<'_>> = messages(&bytes).collect();
        let [first, second] = found.as_slice() else {
            panic!("two messages, not {found:?}");
        };
        prop_assert_eq!(service_row(first.attributes()), Some(service.clone()));
        prop_assert_eq!(destination_row(second.attributes(), service.key.family()), Some(server));
        prop_assert_eq!((first.kind, first.sequence), (0x21, 7));
    }

    #[test]
    fn no_bytes_are_too_hostile(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for message in messages(&bytes) {
            let _unread = (message.errno(), family_id(&message), service_row(message.attributes()));
        }
        let _unread = (service_row(Attributes(&bytes)), destination_row(Attributes(&bytes), Family::V4));
    }

    #[test]
    fn damaged_messages_neither_panic_nor_loop(
        service in service(),
        server in destination(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encoded(&Change::SetService(service.clone()));
        bytes.extend(encoded(&Change::SetDestination(service.key, server)));
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len()));
        for message in messages(&bytes) {
            let top = message.attributes();
            let _unread = (service_row(top), destination_row(top, Family::V6), top.count());
        }
    }
}

const FILE: &str = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  0A4D0102:0035 wlc ops 
TCP  0A4D0101:0000 mh persistent 36000 FFFFFF00
  -> 0A4D0202:0050      Masq    100    7          9         
  -> [fd77:0000:0000:0000:0000:0000:0000:0002]:1F90      Tunnel  0      0          0         
TCP  [fd77:0000:0000:0000:0000:0000:0000:0001]:0050 rr 
  -> [fd77:0000:0000:0000:0000:0000:0000:0003]:0050      Route   1      0          0         
AH   0A4D0109:0050 rr 
  -> 0A4D0202:0050      Masq    100    7          9         
FWM  0000000A sh 
  -> 0A4D0203:0050      Local   1      0          0         
";

#[test]
fn a_glance_reads_the_kernels_file() {
    let glance = glance::parse(FILE).unwrap();
    let words: Vec<String> = glance
        .services
        .iter()
        .map(|(key, row)| {
            let flags = (row.one_packet, row.persistent);
            let servers: Vec<_> = row
                .servers
                .iter()
                .map(|(key, server)| format!("{key} {server:?}"))
                .collect();
            format!("{key:?} {} {flags:?} [{}]", row.scheduler, servers.join("; "))
        })
        .collect();
    insta::assert_snapshot!(words.join("\n"), @r"
    Address { protocol: Tcp, address: 10.77.1.1, port: 0 } mh (false, true) [10.77.2.2:80 GlanceServer { method: Nat, weight: 100, active: 7, inactive: 9 }; [fd77::2]:8080 GlanceServer { method: Tunnel, weight: 0, active: 0, inactive: 0 }]
    Address { protocol: Tcp, address: fd77::1, port: 80 } rr (false, false) [[fd77::3]:80 GlanceServer { method: Direct, weight: 1, active: 0, inactive: 0 }]
    Address { protocol: Udp, address: 10.77.1.2, port: 53 } wlc (true, false) []
    Mark(10) sh (false, false) [10.77.2.3:80 GlanceServer { method: Local, weight: 1, active: 0, inactive: 0 }]
    ");
    let service = ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [10, 77, 1, 1].into(),
        port: 0,
    };
    let server = DestinationKey {
        address: [10, 77, 2, 2].into(),
        port: 80,
    };
    assert_eq!(glance.active(&service, &server), Some(7));
    assert_eq!(
        glance.active(&service, &DestinationKey { port: 81, ..server }),
        None
    );
}

#[test]
fn a_file_of_another_form_is_not_half_understood() {
    assert!(glance::parse("").is_none());
    assert!(glance::parse(&FILE.replace("Masq", "Magic")).is_none());
    assert!(glance::parse(&FILE.replace("0A4D0202:0050", "0A4D0202")).is_none());
    assert!(glance::parse(&FILE.replace("IP Virtual", "Virtual")).is_none());
}

#[test]
#[cfg(target_endian = "little")]
fn a_sync_daemon_in_bytes_and_back() {
    use model::ids::LinkName;
    use model::ipvs::{SyncAttributes, SyncDaemon, SyncRole};
    let daemon = SyncDaemon {
        role: SyncRole::Backup,
        attributes: SyncAttributes {
            link: LinkName::from("eth1"),
            id: 51,
            max_length: Some(1400),
            port: Some(8849),
            ttl: Some(2),
            group: Some([224, 0, 0, 82].into()),
        },
    };
    let mut bytes = Vec::new();
    settings::encode_daemon(&mut bytes, &daemon);
    let wanted = [
        "40000300 08000100 02000000",          // DAEMON: STATE backup
        "09000200 65746831 00000000",          // MCAST_IFN
        "08000300 33000000 06000400 78050000", // SYNC_ID, SYNC_MAXLEN
        "08000500 e0000052 06000700 91220000", // MCAST_GROUP, MCAST_PORT in host order
        "05000800 02000000",                   // MCAST_TTL
    ];
    assert_eq!(hex(&bytes), wanted.join(" "));
    assert_eq!(settings::decode(Attributes(&bytes)), Some(daemon));
}

#[test]
fn counters_of_both_widths() {
    let nest = |kind: u16, value: &[u8]| {
        let mut bytes = Vec::new();
        encode::nest(&mut bytes, kind, |out| encode::attribute(out, 4, value));
        bytes
    };
    let narrow = nest(uapi::dest::STATS, &7_u32.to_ne_bytes());
    let wide = nest(uapi::dest::STATS64, &(1_u64 << 40).to_ne_bytes());
    let read = |bytes: &[u8]| {
        statistics::counters(Attributes(bytes), uapi::dest::STATS64, uapi::dest::STATS).bytes_in
    };
    assert_eq!(read(&narrow), 7);
    assert_eq!(read(&[narrow, wide].concat()), 1 << 40);
    assert_eq!(read(&[]), 0);
}

proptest! {
    #[test]
    fn no_file_is_too_hostile(text in "(TCP|FWM|  ->|SCTP|AH)? ?[0-9A-F:\\[\\]]{0,20}[ a-zé0-9\n]{0,60}") {
        let head: String = FILE.lines().take(3).map(|line| format!("{line}\n")).collect();
        let _unread = (glance::parse(&text), glance::parse(&(head + &text)));
    }
}
