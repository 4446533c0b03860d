use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use linux::process::{Output, Spawn, spawn};
use linux::sandbox::{Confinement, confine_worker};
use rustix::net::{AddressFamily, SocketType, socket};
use rustix::process::{WaitOptions, waitpid};
use socket2::{Domain, Protocol, Socket, Type};

const INSIDE: &str = "SANDBOX_INSIDE";

/// The checks, in a process of its own. Each word of the report is one that held.
fn inside() -> Result<String, String> {
    // The test harness has threads, which is refused; a fork of it has one.
    let report = confine_worker(&Confinement {
        user: Some((4242, 4242)),
    })?;
    if !report.is_empty() {
        return Err(report.join("; "));
    }
    let mut held = vec![];
    let mut check = |what: &'static str, good: bool| held.push((what, good));
    check("no exec", Command::new("/bin/true").status().is_err());
    check("no write", fs::write("/tmp/bellwether-sandbox", "x").is_err());
    check(
        "no write to null",
        fs::OpenOptions::new().write(true).open("/dev/null").is_err(),
    );
    check("reads", fs::read_to_string("/etc/passwd").is_ok());
    check(
        "threads",
        std::thread::spawn(|| 7).join().is_ok_and(|seven| seven == 7),
    );
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let to = listener.local_addr().map_err(|error| error.to_string())?;
    check("tcp", TcpStream::connect(to).is_ok());
    let refused = |result: io::Result<Socket>| result.is_err_and(|e| e.raw_os_error() == Some(libc::EPERM));
    check(
        "no raw",
        refused(Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))),
    );
    check(
        "no packet",
        refused(Socket::new(Domain::PACKET, Type::DGRAM, None)),
    );
    let netlink = socket(AddressFamily::NETLINK, SocketType::DGRAM, None);
    check(
        "no netlink",
        netlink.is_err_and(|error| error == rustix::io::Errno::PERM),
    );
    check(
        "no signal",
        rustix::process::test_kill_process(rustix::process::getpid()).is_err(),
    );
    let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    for line in [
        "Uid:\t4242\t4242\t4242\t4242",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "CapBnd:\t0000000000000000",
    ] {
        check("status", status.contains(line));
    }
    check("no capability", status.contains("CapEff:\t0000000000000000"));
    check("executable memory", executable_memory());
    let failed: Vec<&str> = held
        .iter()
        .filter(|(_, good)| !good)
        .map(|(what, _)| *what)
        .collect();
    if failed.is_empty() {
        Ok(String::from("all held"))
    } else {
        Err(failed.join(", "))
    }
}

/// What a compiler at run time does: writes memory, then makes it executable.
#[allow(unsafe_code, reason = "memory protection")]
fn executable_memory() -> bool {
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
    // JUSTIFICATION: this is what is tested.
    // SAFETY: new memory at an address of the kernel's choice, which nothing else uses.
    let Ok(at) = (unsafe {
        mmap_anonymous(
            std::ptr::null_mut(),
            4096,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE,
        )
    }) else {
        return false;
    };
    // JUSTIFICATION: as above.
    // SAFETY: the page just made.
    unsafe { mprotect(at, 4096, MprotectFlags::READ | MprotectFlags::EXEC) }.is_ok()
}

#[test]
fn a_worker_is_held_by_its_walls() {
    if let Ok(path) = std::env::var(INSIDE) {
        // The file is opened before the walls are up.
        let mut file = fs::File::create(path).expect("a file");
        let verdict = in_a_fork(inside);
        io::Write::write_all(&mut file, verdict.as_bytes()).expect("written");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("verdict");
    let mut order = Spawn::new("/proc/self/exe");
    order.args = vec!["--exact".into(), "sandbox::a_worker_is_held_by_its_walls".into()];
    order.environment = vec![(INSIDE.into(), path.clone().into())];
    order.stdout = Output::Null;
    let child = spawn(order).expect("started; needs root");
    waitpid(Some(child.pid), WaitOptions::empty()).expect("our child");
    assert_eq!(fs::read_to_string(path).expect("a verdict"), "all held");
}

/// Runs it in a fork of this thread alone and gives its words.
#[allow(unsafe_code, reason = "fork")]
fn in_a_fork(run: fn() -> Result<String, String>) -> String {
    let (mut read, mut write) = io::pipe().expect("a pipe");
    // JUSTIFICATION: a harness has threads, and the walls are for a process that has none yet.
    // SAFETY: the other threads of this re-executed harness only wait; glibc keeps its allocator usable in the child.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        drop(read);
        let words = run().unwrap_or_else(|error| format!("failed: {error}"));
        // Read as missing by the parent if it fails.
        let _ = io::Write::write_all(&mut write, words.as_bytes());
        // SAFETY: ends the child without running the harness's exit handlers.
        unsafe { libc::_exit(0) };
    }
    drop(write);
    let mut words = String::new();
    io::Read::read_to_string(&mut read, &mut words).expect("words");
    words
}

#[test]
fn a_process_with_threads_is_refused() {
    let waiting = std::thread::spawn(std::thread::park);
    let refusal = confine_worker(&Confinement::default()).expect_err("refused");
    insta::assert_snapshot!(refusal, @"cannot confine the worker: it has more than one thread already");
    waiting.thread().unpark();
    waiting.join().expect("ended");
}
