//! Memory of the whole daemon, over all its processes, beside keepalived's.

use std::fmt::Write as _;

use anyhow::Result;
use lab::{Bellwether, Keepalived, Net};
use model::transition::State;

use super::process::memory_of_all;
use super::rig;

/// Real servers, each with a check.
const SERVERS: u8 = 20;

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
pub(super) fn measure() -> Result<()> {
    println!("\nMemory of all processes, shared pages by share: one instance, {SERVERS} checks of tcp\n");
    println!("{:<44}{:>10}{:>10}", "", "MiB", "at most");
    println!("{:<44}{:>10.1}", "keepalived", keepalived()?);
    let net = Net::new(&["a"]);
    println!(
        "{:<44}{:>10.1}{:>10}",
        "bellwether, Lua alone",
        bellwether(&net, "tcp", "")?,
        16
    );
    let node = net.node("a");
    node.write_bytes("probe.wasm", &rig::component()?);
    let plugin = "[plugin.probe]\nfile = \"probe.wasm\"\ngrants = { net = [\"target\"], read = [\"/proc\"], \
                  exec = [[\"/bin/true\"]], units = [\"none.service\"], secret = { none = \"env:PATH\" } }\n";
    println!(
        "{:<44}{:>10.1}{:>10}",
        "bellwether, WebAssembly too",
        bellwether(&net, "probe", plugin)?,
        32
    );
    Ok(())
}

fn bellwether(net: &Net, plugin: &str, plugins: &str) -> Result<f64> {
    let servers: Vec<String> = (1..=SERVERS).map(|n| format!("\"127.0.1.{n}:1\"")).collect();
    let act = if plugin == "probe" {
        ", act = \"digest\""
    } else {
        ""
    };
    let text = format!(
        "{plugins}[instance.web]\ninterface = \"eth0\"\nvrid = 51\naddresses = [\"192.0.2.10/24\"]\n\
         [service.web]\naddress = \"192.0.2.100:80\"\nservers = [{}]\n\
         check = {{ plugin = \"{plugin}\", interval = \"1s\"{act} }}\n",
        servers.join(", ")
    );
    let daemon = Bellwether::start(&net.node("a"), "bellwether.toml", &text);
    daemon.becomes("web", State::Master);
    daemon.says("ten verdicts of every check", |status| {
        let mut checks = status
            .services
            .iter()
            .flat_map(|s| &s.servers)
            .flat_map(|server| &server.checks);
        checks.all(|check| check.verdicts >= 10).then_some(())
    });
    let memory = memory_of_all(daemon.guardian())? / 1024.0;
    daemon.stop();
    Ok(memory)
}

fn keepalived() -> Result<f64> {
    let mut text = "vrrp_instance web {\n state MASTER\n interface eth0\n virtual_router_id 51\n priority 150\n \
                    virtual_ipaddress {\n 192.0.2.10/24\n }\n}\nvirtual_server 192.0.2.100 80 {\n protocol TCP\n"
        .to_owned();
    for n in 1..=SERVERS {
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            " real_server 127.0.1.{n} 1 {{\n TCP_CHECK {{\n connect_timeout 1\n }}\n }}\n"
        );
    }
    text.push_str("}\n");
    let net = Net::new(&["a"]);
    let daemon = Keepalived::start(&net.node("a"), &text);
    lab::until("keepalived's Master", || {
        let is_master = daemon.states().values().any(|state| state == "MASTER");
        is_master.then_some(()).ok_or("not yet")
    });
    std::thread::sleep(std::time::Duration::from_secs(10));
    let memory = memory_of_all(daemon.pid())? / 1024.0;
    daemon.stop();
    Ok(memory)
}
