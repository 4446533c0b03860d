use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::process::Command;

use linux::journal::Journal;
use linux::process::privilege::Capabilities;
use linux::process::{Output, Pid, Signal, Spawn, kill_group, spawn};
use model::time::Instant;
use rustix::process::{WaitOptions, test_kill_process, waitpid};

/// Starts a shell with these lines and gives all that it says.
fn shell(lines: &str, order: impl FnOnce(&mut Spawn)) -> String {
    let (mut read, write) = io::pipe().expect("a pipe");
    let mut spawn_order = Spawn::new("/bin/sh");
    spawn_order.args = vec!["-c".into(), lines.into()];
    spawn_order.stdout = Output::To(write.into());
    order(&mut spawn_order);
    let child = spawn(spawn_order).expect("started; needs root");
    let mut text = String::new();
    read.read_to_string(&mut text).expect("text");
    end(child.pid);
    text
}

fn end(pid: Pid) {
    waitpid(Some(pid), WaitOptions::empty()).expect("our child");
}

fn open(text: &str) -> OwnedFd {
    let (read, mut write) = io::pipe().expect("a pipe");
    io::Write::write_all(&mut write, text.as_bytes()).expect("room");
    read.into()
}

const STATUS: &str = "grep -E '^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Bnd|Amb)):' /proc/self/status | tr -d '\\t '";

#[test]
fn capabilities_are_exactly_those_kept() {
    let text = shell(STATUS, |order| {
        order.user = Some((4242, 4343));
        order.capabilities = Some(Capabilities::NET_ADMIN | Capabilities::NET_RAW);
    });
    insta::assert_snapshot!(text, @r"
    Uid:4242424242424242
    Gid:4343434343434343
    Groups:
    CapInh:0000000000003000
    CapPrm:0000000000003000
    CapEff:0000000000003000
    CapBnd:0000000000003000
    CapAmb:0000000000003000
    ");
}

#[test]
fn blocked_signals_are_unblocked_unless_they_are_to_stay() {
    let set = "kill -TERM $$; echo lives";
    let run = |keeps_blocked| {
        let text = std::thread::spawn(move || {
            // In a thread of its own, since the mask is inherited.
            let _signals = linux::process::signals::Signals::open().expect("a descriptor");
            shell(set, |order| order.keeps_blocked = keeps_blocked)
        });
        text.join().expect("no panic")
    };
    assert_eq!(run(true), "lives\n");
    assert_eq!(run(false), "");
}

#[test]
fn root_without_capabilities_does_not_get_them_back() {
    let text = shell(STATUS, |order| order.capabilities = Some(Capabilities::empty()));
    assert!(
        text.contains("CapEff:0000000000000000") && text.contains("CapBnd:0000000000000000"),
        "{text}"
    );
}

#[test]
fn descriptors_arrive_under_their_numbers_even_crosswise() {
    let text = shell("cat <&3; cat <&4; cat <&9", |order| {
        order.fds = vec![(open("three "), 3), (open("four "), 4), (open("nine "), 9)];
    });
    assert_eq!(text, "three four nine ");
}

#[test]
fn no_other_descriptor_is_inherited() {
    // Neither of ours that is open at exec.
    let _leak = rustix::io::dup(io::stderr()).expect("a descriptor");
    let (mut read, write) = io::pipe().expect("a pipe");
    let mut order = Spawn::new("/bin/ls");
    order.args = vec!["/proc/self/fd".into()];
    order.stdout = Output::To(write.into());
    order.fds = vec![(open(""), 9)];
    end(spawn(order).expect("started").pid);
    let mut text = String::new();
    read.read_to_string(&mut text).expect("text");
    // 3 is ls's own directory.
    assert_eq!(
        text.split_whitespace().collect::<Vec<_>>(),
        ["0", "1", "2", "3", "9"]
    );
}

#[test]
fn the_environment_is_clean_of_traps() {
    let text = shell("echo \"[$LD_PRELOAD][$LD_DEBUG][$OURS]\"", |order| {
        order.environment = vec![("OURS".into(), "here".into())];
    });
    assert_eq!(text, "[][][here]\n");
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    assert_eq!(
        spawn(Spawn::new("/nonexistent")).expect_err("refused").kind(),
        io::ErrorKind::NotFound
    );
    let mut order = Spawn::new("/bin/true");
    order.fds = vec![(open(""), 1)];
    assert_eq!(
        spawn(order).expect_err("refused").kind(),
        io::ErrorKind::InvalidInput
    );
}

#[test]
fn a_group_ends_with_its_grandchildren() {
    let (mut read, write) = io::pipe().expect("a pipe");
    let mut order = Spawn::new("/bin/sh");
    order.args = vec!["-c".into(), "sleep 1000 & echo $!; wait".into()];
    order.stdout = Output::To(write.into());
    order.new_group = true;
    let child = spawn(order).expect("started");
    let mut line = [0; 16];
    let count = read.read(&mut line).expect("a number");
    let grandchild = std::str::from_utf8(&line[..count])
        .expect("digits")
        .trim()
        .parse()
        .expect("a number");
    kill_group(child.pid, Signal::KILL).expect("killed");
    end(child.pid);
    // The pipe ends when the last of them is gone.
    assert_eq!(read.read(&mut line).expect("the end"), 0);
    let grandchild = Pid::from_raw(grandchild).expect("a number");
    while test_kill_process(grandchild).is_ok() && !is_zombie(grandchild) {
        std::thread::yield_now();
    }
    kill_group(child.pid, Signal::KILL).expect("gone is gone");
}

fn is_zombie(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .is_none_or(|rest| rest.trim_start().starts_with('Z'))
}

#[test]
fn a_journal_outlives_its_writer() {
    if let Ok(number) = std::env::var("JOURNAL_FD") {
        let fd = linux::process::spawn::inherited(number.parse().expect("a number")).expect("inherited");
        let journal = Journal::from_fd(fd).expect("a journal");
        assert_eq!(journal.load().as_deref(), Some(&b"from the guardian"[..]));
        journal.store(b"from the router").expect("room");
        journal.heartbeat(Instant::from_nanos(77));
        std::process::abort();
    }
    let journal = Journal::create().expect("a journal");
    journal.store(b"from the guardian").expect("room");
    let mut order = Spawn::new("/proc/self/exe");
    order.args = vec!["--exact".into(), "process::a_journal_outlives_its_writer".into()];
    order.environment = vec![("JOURNAL_FD".into(), "5".into())];
    order.fds = vec![(journal.as_fd().try_clone_to_owned().expect("a descriptor"), 5)];
    order.stdout = Output::Null;
    order.stderr = Output::Null;
    end(spawn(order).expect("started").pid);
    assert_eq!(journal.load().as_deref(), Some(&b"from the router"[..]));
    assert_eq!(journal.last_heartbeat(), Some(Instant::from_nanos(77)));
}

#[test]
fn real_time_is_entered_or_refused_in_words() {
    assert!(File::open("/proc/self/stat").is_ok());
    insta::assert_snapshot!(linux::realtime::enter(0, None).expect_err("refused"), @"cannot run with real-time priority 0: it must be 1 to 99");
    linux::realtime::enter(20, None).expect("root may");
    let policy = Command::new("chrt")
        .arg("-p")
        .arg(rustix::thread::gettid().as_raw_nonzero().to_string())
        .output();
    let policy = String::from_utf8(policy.expect("chrt, of util-linux").stdout).expect("text");
    assert!(
        policy.contains("SCHED_RR") && policy.contains("priority: 20"),
        "{policy}"
    );
}
