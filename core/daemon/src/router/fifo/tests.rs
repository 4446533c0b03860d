use std::io::Read;

use model::ids::InstanceName;
use model::net::Family;
use model::plan::{Arguments, CommandPlan, Phase};
use model::transition::State;

use super::*;

fn plan(path: &str, elections: bool, services: bool) -> FifoPlan {
    FifoPlan {
        path: path.into(),
        elections,
        services,
        retells: false,
        owner: None,
        reader: None,
    }
}

fn event(is_group: bool, name: &str, phase: Phase, priority: u8) -> HookEvent {
    HookEvent {
        is_group,
        name: InstanceName::from(name).to_string(),
        phase,
        previous: State::Backup,
        cause: String::new(),
        priority,
        interface: String::new(),
        addresses: Vec::new(),
    }
}

fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// A pipe that does not wait, as the guardian opens it.
fn pipe() -> (std::fs::File, OwnedFd) {
    let flags = rustix::pipe::PipeFlags::NONBLOCK;
    let (read, write) = rustix::pipe::pipe_with(flags).expect("a pipe");
    (read.into(), write)
}

fn read(pipe: &mut std::fs::File) -> String {
    let mut bytes = vec![0; 1 << 16];
    let length = pipe.read(&mut bytes).unwrap_or_default();
    String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned()
}

#[test]
fn lines_are_keepalived_s_and_wait_for_their_pipe() {
    let mut fifos = Fifos::default();
    fifos.handle_plan(&[plan("/all", true, true), plan("/lvs", false, true)]);
    fifos.handle_event(&event(false, "web", Phase::Master, 150));
    fifos.handle_event(&event(true, "pair", Phase::Fault, 0));
    let (mut all, end) = pipe();
    fifos.handle_open(Path::new("/all"), end, at(0));
    let (mut lvs, end) = pipe();
    fifos.handle_open(Path::new("/lvs"), end, at(0));
    let service = ServiceKey::Address {
        protocol: Protocol::Udp,
        address: "2001:db8::1".parse().expect("an address"),
        port: 53,
    };
    let server = DestinationKey {
        address: "10.0.0.1".parse().expect("an address"),
        port: 53,
    };
    for (service, up) in [
        (service, true),
        (
            ServiceKey::Mark {
                family: Family::V4,
                mark: 7,
            },
            false,
        ),
    ] {
        fifos.handle_server(&ServerChange {
            service,
            server,
            up,
            reason: String::new(),
            command: None,
        });
        fifos.handle_service(&ServiceChange {
            service,
            up,
            weight: 1,
            command: None,
        });
    }
    insta::assert_snapshot!(read(&mut all), @r#"
    INSTANCE "web" MASTER 150
    GROUP "pair" FAULT 0
    RS [10.0.0.1]:udp:53 [2001:db8::1]:udp:53 UP
    VS [2001:db8::1]:udp:53 UP
    RS [10.0.0.1]:tcp:53 FWM 7 DOWN
    VS FWM 7 DOWN
    "#);
    insta::assert_snapshot!(read(&mut lvs), @r"
    RS [10.0.0.1]:udp:53 [2001:db8::1]:udp:53 UP
    VS [2001:db8::1]:udp:53 UP
    RS [10.0.0.1]:tcp:53 FWM 7 DOWN
    VS FWM 7 DOWN
    ");
}

#[test]
fn only_who_asks_is_told_again_after_a_reading() {
    let mut fifos = Fifos::default();
    let again = FifoPlan {
        retells: true,
        ..plan("/again", true, false)
    };
    fifos.handle_plan(&[again, plan("/once", true, true)]);
    let ((mut again, end), (mut once, other)) = (pipe(), pipe());
    fifos.handle_open(Path::new("/again"), end, at(0));
    fifos.handle_open(Path::new("/once"), other, at(0));
    fifos.handle_reading(&event(false, "web", Phase::Master, 150));
    assert_eq!(read(&mut again), "INSTANCE \"web\" MASTER 150\n");
    assert_eq!(read(&mut once), "");
}

#[test]
fn a_pipe_that_nobody_reads_loses_lines_and_holds_nobody_up() {
    let mut fifos = Fifos::default();
    fifos.handle_plan(&[plan("/all", true, true)]);
    let (mut all, end) = pipe();
    fifos.handle_open(Path::new("/all"), end, at(0));
    for _ in 0..10_000 {
        fifos.handle_event(&event(false, "web", Phase::Backup, 1));
    }
    assert!(
        read(&mut all).ends_with("INSTANCE \"web\" BACKUP 1\n"),
        "whole lines"
    );
    fifos.handle_event(&event(false, "web", Phase::Master, 1));
    assert_eq!(read(&mut all), "INSTANCE \"web\" MASTER 1\n");
}

#[test]
fn a_reader_is_started_once_and_again_when_it_ended() {
    let mut fifos = Fifos::default();
    let plans = [FifoPlan {
        reader: Some(CommandPlan {
            argv: vec!["/bin/reader".into(), "-v".into()],
            user: Some(("nobody".into(), None)),
            arguments: Arguments::AsWritten,
        }),
        ..plan("/all", true, true)
    }];
    fifos.handle_plan(&plans);
    assert_eq!(fifos.poll_reader(at(0)), None, "not before its pipe is there");
    fifos.handle_open(Path::new("/all"), pipe().1, at(5));
    let first = fifos.poll_reader(at(5)).expect("due");
    assert_eq!(first.argv, ["/bin/reader", "-v", "/all"]);
    fifos.handle_plan(&plans);
    fifos.handle_open(Path::new("/all"), pipe().1, at(6));
    assert_eq!(fifos.poll_reader(at(9)), None, "a reload leaves it alone");
    assert!(!fifos.handle_exec_done(ExecId(1), at(10)), "a hook's");
    assert!(fifos.handle_exec_done(first.id, at(10)));
    assert_eq!(fifos.poll_timeout(), Some(at(1010)));
    assert_eq!(fifos.poll_reader(at(1009)), None);
    let second = fifos.poll_reader(at(1010)).expect("due");
    assert_ne!(second.id, first.id);
    fifos.handle_plan(&[]);
    assert!(
        fifos.handle_exec_done(second.id, at(2000)),
        "no hook's either way"
    );
    assert_eq!(fifos.poll_timeout(), None);
}
