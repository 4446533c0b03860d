use model::ids::SocketId;
use model::link::SocketKind;
use model::net::Family;

use super::*;

fn from(source: &str) -> Via {
    Via {
        source: Some(source.parse().expect("an address")),
        ..Via::default()
    }
}

fn ask(sockets: &Sockets, via: Via) -> (Result<(), String>, bool) {
    let request = SocketRequest {
        id: SocketId(3),
        kind: SocketKind::Tcp,
        family: Family::V4,
        via,
    };
    match sockets.handle_request(&request) {
        (
            FromGuardian::Socket {
                id: SocketId(3),
                result,
            },
            socket,
        ) => (result, socket.is_some()),
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn only_what_the_configuration_names_is_opened() {
    let mut sockets = Sockets::default();
    let local = from("127.0.0.1");
    let refused = (Err("no check leaves from 127.0.0.1".to_owned()), false);
    assert_eq!(ask(&sockets, local.clone()), refused);
    sockets.handle_grants([local.clone()].into());
    assert_eq!(ask(&sockets, local.clone()), (Ok(()), true));
    let more = Via {
        namespace: Some("red".to_owned()),
        ..local.clone()
    };
    let (result, came) = ask(&sockets, more);
    assert!(result.is_err() && !came);
    sockets.handle_grants(BTreeSet::new());
    assert_eq!(ask(&sockets, local), refused);
}

#[test]
fn what_the_kernel_refuses_is_told_and_no_socket_comes() {
    let mut sockets = Sockets::default();
    // TEST-NET-2 (RFC 5737): no machine has it.
    let absent = from("198.51.100.77");
    sockets.handle_grants([absent.clone()].into());
    let (result, came) = ask(&sockets, absent);
    insta::assert_snapshot!(result.expect_err("no address of this machine"), @"198.51.100.77 is no address of this machine; add it, or bind to one that is");
    assert!(!came);
}
