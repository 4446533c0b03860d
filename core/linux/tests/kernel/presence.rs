use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

use linux::presence::Presence;

use crate::bed;

#[test]
fn each_daemon_of_a_network_has_a_number_of_its_own() {
    bed::run_alone(async |_| {
        let first = Presence::begin().expect("a number");
        assert_eq!(first.others(), []);
        let second = Presence::begin().expect("another");
        let own = i32::try_from(std::process::id()).expect("a process");
        assert_eq!(second.others(), [own]);
        // A router goes on with its guardian's number, which nobody gets before both are gone.
        let heir = first.as_fd().try_clone_to_owned().expect("a copy");
        let heir = Presence::inherited(heir).expect("a presence");
        drop(first);
        assert_eq!(second.others(), [own]);
        drop(heir);
        assert_eq!(second.others(), []);
    });
}

/// More of them than a listener's queue holds.
#[test]
fn however_many_ask_each_is_told_who_it_is() {
    bed::run_alone(async |_| {
        let asked = Presence::begin().expect("a number");
        let asker = Presence::begin().expect("another");
        let own = i32::try_from(std::process::id()).expect("a process");
        for _ in 0..10_000 {
            assert_eq!(asker.others(), [own]);
            asked.let_go();
        }
    });
}

#[test]
fn nobody_keeps_a_daemon_from_its_number_by_taking_all() {
    bed::run_alone(async |_| {
        let name = |number: u32| SocketAddr::from_abstract_name(format!("bellwether/{number}"));
        let taken = (1..=16).map(|number| UnixListener::bind_addr(&name(number).expect("a name")));
        let _taken: Vec<UnixListener> = taken.map(|listener| listener.expect("free")).collect();
        Presence::begin().expect("a number all the same");
    });
}

#[test]
fn another_descriptor_is_no_presence() {
    let (one, _other) = std::os::unix::net::UnixStream::pair().expect("a pair");
    Presence::inherited(one.into()).expect_err("no name");
}
