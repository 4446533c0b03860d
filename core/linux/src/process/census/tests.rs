use std::process::{Command, Stdio};
use std::time::Instant;

use super::*;

fn pattern(command: &str, arguments: Option<&[&str]>, matching: ArgumentMatch) -> ProcessPattern {
    ProcessPattern {
        command: command.to_owned(),
        arguments: arguments.map(|words| words.iter().map(|word| (*word).to_owned()).collect()),
        matching,
    }
}

#[test]
fn a_name_may_have_brackets_in_it() {
    assert_eq!(
        comm_and_state(b"17 (a) b) c) S 1 17"),
        Some((&b"a) b) c"[..], b'S'))
    );
    for bad in [&b""[..], b"17", b"17 (a", b"17 (a)", b"17 )a( S", b"17 (a) "] {
        assert_eq!(comm_and_state(bad), None, "{bad:?}");
    }
}

#[test]
fn a_command_line_is_compared_as_asked() {
    use ArgumentMatch::{Exact, Initial, Partial};
    let line = b"/usr/sbin/nginx\0-c\0/etc/lb.conf\0";
    let table: [(&str, Option<&[&str]>, ArgumentMatch, bool); 12] = [
        ("/usr/sbin/nginx", None, Exact, true),
        ("/sbin/nginx", None, Exact, false),
        ("nginx", Some(&["-c", "/etc/lb.conf"]), Exact, true),
        ("nginx", Some(&["-c"]), Exact, false),
        ("nginx", Some(&[]), Exact, false),
        ("nginx", Some(&["-c"]), Initial, true),
        ("nginx", Some(&[]), Initial, true),
        ("nginx", Some(&["-c", "/etc/"]), Initial, false),
        ("nginx", Some(&["-c", "/etc/"]), Partial, true),
        ("nginx", Some(&["-", "/etc/"]), Partial, false),
        ("nginx", Some(&["-c", "/etc/lb.conf", "-g"]), Partial, false),
        ("ngin", Some(&["-c", "/etc/lb.conf"]), Exact, false),
    ];
    for (command, arguments, matching, want) in table {
        let pattern = pattern(command, arguments, matching);
        assert_eq!(line_fits(line, &pattern), want, "{pattern:?}");
    }
    assert!(
        !line_fits(b"", &pattern("nginx", Some(&[]), Initial)),
        "a kernel thread"
    );
}

#[test]
fn processes_are_counted_and_the_end_of_one_is_told_at_once() {
    let time = format!("{}.25", 5000 + std::process::id());
    let mut child = Command::new("sleep")
        .arg(&time)
        .stdin(Stdio::null())
        .spawn()
        .expect("sleep is everywhere");
    let wanted = pattern("sleep", Some(&[&time]), ArgumentMatch::Exact);
    let mut census = Census::default();
    let count = |census: &mut Census| {
        let counts = census
            .count(std::slice::from_ref(&wanted))
            .expect("/proc is there");
        counts.get(&wanted).copied()
    };
    // Between fork and exec the child has our own command line.
    let deadline = Instant::now() + Duration::from_secs(60);
    while count(&mut census) != Some(1) {
        assert!(Instant::now() < deadline, "it is never seen");
        std::thread::yield_now();
    }
    child.kill().expect("it is ours");
    census
        .wait(Duration::from_secs(3600))
        .expect("pidfds can be polled");
    assert_eq!(count(&mut census), Some(0), "a zombie is none");
    child.wait().expect("it is ours");
}
