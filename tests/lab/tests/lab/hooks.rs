//! What runs at a transition.

use lab::{Bellwether, Net, Node, until};
use model::transition::State;

use crate::conf::{self, ADDRESS};

/// Writes its arguments to a file, one line for each run.
fn script(node: &Node) -> String {
    let log = node.path("hooks.log");
    let text = format!("#!/bin/sh\necho \"$*\" >>{}\n", log.display());
    node.write_program("notify.sh", &text).display().to_string()
}

fn lines(node: &Node, name: &str, count: usize) -> Vec<String> {
    until(&format!("{count} lines in {name}"), || {
        let lines: Vec<String> = node.read(name).lines().map(str::to_owned).collect();
        if lines.len() >= count {
            Ok(lines)
        } else {
            Err(format!("{lines:?}"))
        }
    })
}

// holds VRRP-126
#[test]
fn scripts_get_keepalived_s_arguments_in_order() {
    let net = Net::new(&["a", "b"]);
    let node = net.node("a");
    let script = script(&node);
    let more = format!(
        "notify_master \"{script} on master\"\n    notify_backup \"{script} on backup\"\n    \
         notify_fault \"{script} on fault\"\n    notify_stop \"{script} on stop\"\n    notify {script}"
    );
    let a = Bellwether::start(&node, "keepalived.conf", &conf::keepalived(3, 150, &more));
    a.becomes("web", State::Master);
    lines(&node, "hooks.log", 4);
    node.unplug();
    a.becomes("web", State::Fault);
    lines(&node, "hooks.log", 6);
    node.plug();
    a.becomes("web", State::Master);
    lines(&node, "hooks.log", 10);
    a.stop();
    let said = lines(&node, "hooks.log", 12);
    let wanted = [
        "on backup",
        "INSTANCE web BACKUP 150",
        "on master",
        "INSTANCE web MASTER 150",
        "on fault",
        "INSTANCE web FAULT 150",
        "on backup",
        "INSTANCE web BACKUP 150",
        "on master",
        "INSTANCE web MASTER 150",
        "on stop",
        "INSTANCE web STOP 150",
    ];
    assert_eq!(said, wanted);
}

#[test]
fn a_slow_script_holds_up_nobody() {
    let net = Net::new(&["a", "b"]);
    let node = net.node("a");
    let slow = node.write_program("slow.sh", "#!/bin/sh\nexec sleep 1000\n");
    let hook = format!(
        "[[instance.web.hook]]\non = \"master\"\ncommand = [\"{}\"]\ntimeout = \"1000s\"\n",
        slow.display()
    );
    let a = Bellwether::start(&node, "bellwether.toml", &conf::web(150, &hook));
    let b = Bellwether::start(&net.node("b"), "bellwether.toml", &conf::web(100, ""));
    a.becomes("web", State::Master);
    b.becomes("web", State::Backup);
    node.unplug();
    b.becomes("web", State::Master);
    node.plug();
    a.becomes("web", State::Master);
    net.only_holder(ADDRESS, "a");
}

const PLUGIN: &str = "
local plugin = {}
function plugin.on_change(event)
  host.log.write(\"info\", \"moved to \" .. event.state)
  local outcome, err = host.process.run({
    event.parameters.program, event.name, event.previous, event.state, tostring(event.priority), event.network_interface,
    event.addresses[1], event.cause,
  })
  if not outcome then return nil, err.message end
  return true
end
return plugin
";

#[test]
fn a_lua_plugin_is_told_everything() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let script = script(&node);
    node.write("tell.lua", PLUGIN);
    let more = format!(
        "[[instance.web.hook]]\non = [\"master\", \"backup\"]\nplugin = \"tell\"\nparameters = {{ program = \"{script}\" }}\n\
         [plugin.tell]\nfile = \"tell.lua\"\ngrants = {{ exec = [[\"{script}\", \"*\"]] }}\n"
    );
    let a = Bellwether::start(&node, "bellwether.toml", &conf::web(150, &more));
    a.becomes("web", State::Master);
    let said = lines(&node, "hooks.log", 2);
    assert!(
        said[0].starts_with("web Initialize BACKUP 150 eth0 192.0.2.100"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("web Backup MASTER 150 eth0 192.0.2.100"),
        "{said:?}"
    );
    until("its words in the log", || {
        if a.log().contains("moved to MASTER") {
            Ok(())
        } else {
            Err(a.log())
        }
    });
}
