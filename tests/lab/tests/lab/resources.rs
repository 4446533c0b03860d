//! What is held while Master: routes and rules of the kernel, through the shipped scripts.

use std::path::Path;

use lab::bellwether::Part;
use lab::{Bellwether, Net, Node, until};
use model::status::ResourceStatus;
use model::transition::State;

use crate::conf;

const ROUTE: &str = "203.0.113.0/24";
const TABLE: &str = "master_only";

/// What a program prints on a node.
fn prints(node: &Node, program: &str, arguments: &[&str]) -> String {
    let output = node.command(Path::new(program)).args(arguments).output();
    String::from_utf8_lossy(&output.expect("the program is there").stdout).into_owned()
}

fn has_route(node: &Node) -> bool {
    !prints(node, "/usr/sbin/ip", &["route", "show", ROUTE]).is_empty()
}

fn has_rule(node: &Node) -> bool {
    prints(node, "/usr/sbin/nft", &["list", "table", "inet", TABLE]).contains("dport 8080")
}

/// Waits until both are there, or neither.
fn holds(node: &Node, wanted: bool) {
    until(&format!("{} holds them: {wanted}", node.name), || {
        let found = (has_route(node), has_rule(node));
        if found == (wanted, wanted) {
            Ok(())
        } else {
            Err(format!("route and rule: {found:?}"))
        }
    });
}

fn configuration(node: &Node, priority: u8) -> String {
    for name in ["route.lua", "nft-rule.lua"] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../scripts")
            .join(name);
        let text = std::fs::read_to_string(source).expect("a shipped script");
        node.write(name, &text);
    }
    let more = format!(
        "[[instance.web.resource]]\nplugin = \"route\"\ninterval = \"1s\"\nparameters = {{ route = \"{ROUTE} dev eth0\" }}\n\
         [[instance.web.resource]]\nplugin = \"nft-rule\"\ninterval = \"1s\"\nparameters = {{ table = \"inet {TABLE}\", \
         rules = \"chain input {{ type filter hook input priority 0; tcp dport 8080 accept; }}\" }}\n\
         [plugin.route]\nfile = \"route.lua\"\ngrants.exec = [[\"/usr/sbin/ip\", \"*\"]]\n\
         [plugin.nft-rule]\nfile = \"nft-rule.lua\"\ngrants.exec = [[\"/usr/sbin/nft\", \"*\"]]\n"
    );
    conf::web(priority, &more)
}

fn resource<'a>(status: &'a [ResourceStatus], plugin: &str) -> Option<&'a ResourceStatus> {
    status.iter().find(|resource| resource.plugin == plugin)
}

#[test]
fn a_route_and_a_rule_are_where_the_master_is() {
    let net = Net::new(&["a", "b"]);
    let (one, two) = (net.node("a"), net.node("b"));
    let a = Bellwether::start(&one, "bellwether.toml", &configuration(&one, 150));
    let b = Bellwether::start(&two, "bellwether.toml", &configuration(&two, 100));
    a.becomes("web", State::Master);
    holds(&one, true);
    b.becomes("web", State::Backup);
    holds(&two, false);
    // Somebody takes both: they are made again.
    one.ip(&["route", "del", ROUTE]);
    prints(&one, "/usr/sbin/nft", &["flush", "table", "inet", TABLE]);
    holds(&one, true);
    a.says("both were lost", |status| {
        let lost = |plugin| Some(resource(&status.resources, plugin)?.lost >= 1);
        (lost("route")? && lost("nft-rule")?).then_some(())
    });
    // A takeover moves them.
    one.part();
    b.becomes("web", State::Master);
    holds(&two, true);
    one.join();
    b.becomes("web", State::Backup);
    holds(&two, false);
    holds(&one, true);
    // A worker that died is asked anew; nothing is taken away for it.
    a.kill_part(Part::Worker);
    holds(&one, true);
    a.says("they are held", |status| {
        let held = |plugin| resource(&status.resources, plugin)?.held;
        (held("route") == Some(true) && held("nft-rule") == Some(true)).then_some(())
    });
    // A fault gives them up, and so does a stop.
    one.unplug();
    a.becomes("web", State::Fault);
    until("the rule is gone", || {
        if has_rule(&one) {
            Err("it is there")
        } else {
            Ok(())
        }
    });
    one.plug();
    a.becomes("web", State::Master);
    holds(&one, true);
    a.stop();
    holds(&one, false);
    b.stop();
    holds(&two, false);
}
