//! How processes share the machine with others.

use std::fs;
use std::path::Path;

use lab::bellwether::Part;
use lab::{Bellwether, Net, until};
use model::transition::State;

use crate::conf;

/// What /proc says of a thread (proc_pid_stat(5), proc_pid_status(5)).
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    /// Name of the thread.
    name: String,
    nice: i32,
    real_time: u32,
    processors: String,
}

fn threads(of: &Bellwether, part: Part) -> Vec<Standing> {
    let Some(pid) = of.find(part) else {
        return Vec::new();
    };
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    tasks.filter_map(|task| standing(&task.ok()?.path())).collect()
}

fn standing(task: &Path) -> Option<Standing> {
    let stat = fs::read_to_string(task.join("stat")).ok()?;
    let words: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let status = fs::read_to_string(task.join("status")).ok()?;
    let processors = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(Standing {
        name: fs::read_to_string(task.join("comm")).ok()?.trim().to_owned(),
        // Fields 19 and 40; the first of these is the third.
        nice: words.get(16)?.parse().ok()?,
        real_time: words.get(37)?.parse().ok()?,
        processors: processors.trim().to_owned(),
    })
}

#[test]
fn elections_and_checks_have_the_share_of_the_machine_that_is_written() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let globals = "global_defs {\n    vrrp_rt_priority 37\n    vrrp_rlimit_rttime 5000000\n    vrrp_cpu_affinity 0\n    \
                   checker_priority 7\n    checker_cpu_affinity 0\n}\n";
    let text = conf::keepalived(3, 150, "");
    let a = Bellwether::start(&node, "keepalived.conf", &format!("{globals}{text}"));
    a.becomes("web", State::Master);
    until("elections and checks to have their shares", || {
        let (router, worker) = (threads(&a, Part::Router), threads(&a, Part::Worker));
        let elects = router
            .iter()
            .any(|thread| thread.name == "elect" && thread.real_time == 37 && thread.processors == "0");
        let checks = worker
            .iter()
            .all(|thread| thread.nice == 7 && thread.real_time == 0 && thread.processors == "0");
        if elects && checks && !worker.is_empty() {
            Ok(())
        } else {
            Err(format!("{router:?}\n{worker:?}\n{}", a.log()))
        }
    });
    let usual = standing(Path::new("/proc/self")).expect("we run");
    node.write("keepalived.conf", &text);
    until("both to have what is usual again", || {
        let (router, worker) = (threads(&a, Part::Router), threads(&a, Part::Worker));
        let elects = router.iter().any(|thread| {
            thread.name == "elect" && thread.real_time == 20 && thread.processors == usual.processors
        });
        let checks = worker
            .iter()
            .all(|thread| thread.nice == usual.nice && thread.processors == usual.processors);
        if elects && checks {
            Ok(())
        } else {
            Err(format!("{router:?}\n{worker:?}\n{}", a.log()))
        }
    });
}

#[test]
fn what_the_machine_refuses_is_said_and_elections_go_on() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let text = format!("[machine.elections]\nprocessors = [1023]\n{}", conf::web(150, ""));
    let a = Bellwether::start(&node, "bellwether.toml", &text);
    a.becomes("web", State::Master);
    assert!(a.log().contains("cannot run on processors 1023"), "{}", a.log());
}

#[test]
fn a_command_runs_before_the_start_and_another_after_the_end() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let script = |name: &str| {
        let says = format!(
            "#!/bin/sh\nif ip addr show eth0 | grep -q {}; then echo {name} with; else echo {name} without; fi >> {}\n",
            conf::ADDRESS,
            node.path("said").display()
        );
        node.write_program(name, &says).display().to_string()
    };
    let globals = format!(
        "global_defs {{\n    startup_script {} root\n    shutdown_script {} root\n    shutdown_script_timeout 60\n}}\n",
        script("before"),
        script("after")
    );
    let text = conf::keepalived(3, 150, "");
    let a = Bellwether::start(&node, "keepalived.conf", &format!("{globals}{text}"));
    a.becomes("web", State::Master);
    assert_eq!(node.read("said"), "before without\n");
    let was = a.kill_part(Part::Router);
    until("another router", || match a.find(Part::Router) {
        Some(now) if now != was => Ok(()),
        _ => Err("none yet"),
    });
    a.becomes("web", State::Master);
    a.stop();
    assert_eq!(node.read("said"), "before without\nafter without\n");
}
