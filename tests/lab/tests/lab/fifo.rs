//! Named pipes that tell what happens.

use std::os::unix::fs::FileTypeExt;

use lab::{Bellwether, Net, until};
use model::transition::State;

use crate::conf;

#[test]
fn a_reader_is_told_of_transitions_through_a_named_pipe() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let (pipe, heard) = (node.path("events"), node.path("heard"));
    let reader = node.write_program(
        "reader",
        &format!("#!/bin/sh\nexec cat \"$2\" >> {}\n", heard.display()),
    );
    let globals = format!(
        "global_defs {{\n    notify_fifo {}\n    notify_fifo_script \"{} -v\" root\n}}\n",
        pipe.display(),
        reader.display()
    );
    let text = conf::keepalived(3, 150, "");
    let a = Bellwether::start(&node, "keepalived.conf", &format!("{globals}{text}"));
    let tells = |lines: &str| {
        until("the reader to be told", || {
            match std::fs::read_to_string(&heard) {
                Ok(found) if found == lines => Ok(()),
                found => Err(format!("{found:?}\n{}", a.log())),
            }
        });
    };
    a.becomes("web", State::Master);
    tells("INSTANCE \"web\" BACKUP 150\nINSTANCE \"web\" MASTER 150\n");
    node.unplug();
    tells("INSTANCE \"web\" BACKUP 150\nINSTANCE \"web\" MASTER 150\nINSTANCE \"web\" FAULT 150\n");
    let found = std::fs::symlink_metadata(&pipe).expect("it is there");
    assert!(found.file_type().is_fifo());
    a.stop();
    until("the pipe to go with its daemon", || {
        if pipe.exists() { Err("it is there") } else { Ok(()) }
    });
}

#[test]
fn a_pipe_that_somebody_else_put_there_is_refused() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let pipe = node.write("events", "no pipe");
    let text = format!(
        "[fifo.events]\npath = \"{}\"\n{}",
        pipe.display(),
        conf::web(150, "")
    );
    let a = Bellwether::start(&node, "bellwether.toml", &text);
    a.becomes("web", State::Master);
    assert!(a.log().contains("is no named pipe; remove it"), "{}", a.log());
    assert_eq!(node.read("events"), "no pipe");
}

#[test]
fn a_pipe_is_told_of_priorities_and_of_a_deletion_and_again_after_a_reading() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let (pipe, heard, number) = (
        node.path("events"),
        node.path("heard"),
        node.write("number", "0\n"),
    );
    let reader = node.write_program(
        "reader",
        &format!("#!/bin/sh\nexec cat \"$1\" >> {}\n", heard.display()),
    );
    let globals = format!(
        "global_defs {{\n    notify_fifo {}\n    notify_fifo_script {} root\n    vrrp_notify_priority_changes\n    \
         fifo_write_vrrp_states_on_reload\n}}\ntrack_file number {{\n    file {}\n    weight 1\n}}\n",
        pipe.display(),
        reader.display(),
        number.display()
    );
    let own = "    track_file { number }\n    notify_deleted\n";
    let text = format!("{globals}{}", conf::keepalived(3, 150, own));
    let a = Bellwether::start(&node, "keepalived.conf", &text);
    let mut lines = String::new();
    let mut tells = |line: &str| {
        lines.push_str(line);
        until("the reader to be told", || {
            match std::fs::read_to_string(&heard) {
                Ok(found) if found == lines => Ok(()),
                found => Err(format!("{found:?}, not {lines:?}\n{}", a.log())),
            }
        });
    };
    a.becomes("web", State::Master);
    tells("INSTANCE \"web\" BACKUP 150\nINSTANCE \"web\" MASTER 150\n");
    node.write("number", "20\n");
    tells("INSTANCE \"web\" MASTER_PRIORITY 170\n");
    a.reload();
    tells("INSTANCE \"web\" MASTER 170\n");
    node.write("keepalived.conf", &globals);
    a.reload();
    tells("INSTANCE \"web\" DELETED 170\n");
}
