//! A plugin's file changes while a hundred checks run with it: the shipped HTTP check, once in Lua and once as a
//! component, against a real web server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lab::process::Running;
use lab::{Bellwether, Net, Node, bellwether, until};
use model::status::{CheckStatus, DaemonStatus};
use model::transition::State;

use crate::conf;
use crate::gone::Still;

const CHECKS: usize = 100;
const SERVERS: usize = 20;

/// The code of a plugin, and how its file is called.
struct Code {
    file: &'static str,
    bytes: Vec<u8>,
}

impl Code {
    /// The check that is embedded in the daemon, from its file.
    fn lua() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/http.lua");
        Self {
            file: "http.lua",
            bytes: fs::read(path).expect("a file of this tree"),
        }
    }

    /// The same check as a component.
    fn component() -> Self {
        let path = bellwether::guest("http");
        let bytes = fs::read(&path);
        let bytes = bytes
            .unwrap_or_else(|e| panic!("cannot read {}: {e}; build it with `make guests`", path.display()));
        Self {
            file: "http.wasm",
            bytes,
        }
    }

    /// Another edition, which says `edited` where this one says `status`.
    fn edited(&self) -> Vec<u8> {
        let (old, new) = (b": status ", b": edited ");
        let mut bytes = self.bytes.clone();
        let mut at = 0;
        while let Some(found) = bytes[at..].windows(old.len()).position(|window| window == old) {
            at += found;
            bytes[at..at + new.len()].copy_from_slice(new);
        }
        assert_ne!(bytes, self.bytes, "nothing to edit in {}", self.file);
        bytes
    }

    /// Something that is no plugin any more.
    fn broken(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes.truncate(bytes.len() / 2);
        bytes
    }
}

/// Web servers on all addresses of the node, enough of them that a hundred questions at once fill no queue.
fn web_servers(node: &Node) -> Vec<Running> {
    node.write("www/index.html", "well\n");
    let start = |port: usize| {
        let mut command = node.command("busybox");
        command
            .args(["httpd", "-f", "-p", &format!("0.0.0.0:{port}"), "-h"])
            .arg(node.path("www"));
        Running::start("busybox httpd", command, &node.path("httpd.log"))
            .expect("packaging/set-up installs busybox")
    };
    (0..SERVERS).map(|n| start(8080 + n)).collect()
}

/// Starts a Master whose checks all say `status 200`. The generation that serves, too.
fn start(node: &Node, code: &Code) -> (Bellwether, u32) {
    node.write_bytes(code.file, &code.bytes);
    let servers: Vec<String> = (1..=CHECKS)
        .map(|n| format!("\"127.0.1.{n}:{}\"", 8080 + n % SERVERS))
        .collect();
    let balanced = format!(
        "[plugin.ask]\nfile = \"{}\"\n[service.web]\naddress = \"192.0.2.100:80\"\nservers = [{}]\n\
         check = {{ plugin = \"ask\", path = \"/\", interval = \"500ms\", timeout = \"5s\", fall = 3 }}\n",
        code.file,
        servers.join(", ")
    );
    let daemon = Bellwether::start(node, "bellwether.toml", &conf::web(150, &balanced));
    daemon.becomes("web", State::Master);
    daemon.says("the first verdict of every check", |status| {
        let checks = checks(status);
        let good = checks
            .values()
            .filter(|check| check.up && check.reason.contains("status 200"))
            .count();
        (good == CHECKS).then_some(())
    });
    let (generation, error) = serving(&daemon);
    assert_eq!(error, None);
    (daemon, generation)
}

fn checks(status: &DaemonStatus) -> BTreeMap<String, CheckStatus> {
    let servers = status.services.iter().flat_map(|service| &service.servers);
    servers
        .filter_map(|s| Some((s.server.clone(), s.checks.first()?.clone())))
        .collect()
}

/// Which generation of the plugin serves, and why the newest file does not.
fn serving(daemon: &Bellwether) -> (u32, Option<String>) {
    daemon.says("the plugin", |status| {
        let plugin = status.plugins.iter().find(|plugin| plugin.name == "ask")?;
        Some((plugin.generation, plugin.error.clone()))
    })
}

/// No server may leave while plugins are changed.
fn nobody_left(status: &DaemonStatus) {
    let servers: Vec<_> = status
        .services
        .iter()
        .flat_map(|service| &service.servers)
        .collect();
    assert_eq!(servers.len(), CHECKS);
    let gone: Vec<_> = servers.into_iter().filter(|server| !server.up).collect();
    assert!(gone.is_empty(), "servers left: {gone:?}");
}

/// Waits until every check has given verdicts of `generation` that hold `word`, while no server leaves. Two older ones
/// may come first, from before the swap: one that is on its way, and one of a run that had begun.
#[track_caller]
fn next_verdicts(daemon: &Bellwether, before: &BTreeMap<String, CheckStatus>, generation: u32, word: &str) {
    daemon.says("the next verdicts of every check", |status| {
        nobody_left(status);
        let now = checks(status);
        let old = |name: &str| before[name].verdicts;
        for (name, check) in now.iter().filter(|(name, check)| check.verdicts > old(name) + 2) {
            assert_eq!(check.generation, generation, "{name}: {}", check.reason);
        }
        // A question may time out on a busy machine; which code asked it is told above, and nobody leaves for one.
        let new = |check: &CheckStatus| check.generation == generation && check.reason.contains(word);
        now.iter()
            .all(|(name, check)| check.verdicts > old(name) && new(check))
            .then_some(())
    });
}

fn an_edit_gives_the_next_verdict_of_every_check(code: &Code) {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let _servers = web_servers(&node);
    let (daemon, first) = start(&node, code);
    let still = Still::watch(&daemon, "web");

    node.write_bytes(code.file, &code.edited());
    let at_swap = daemon.says("the swap", |status| {
        nobody_left(status);
        let plugin = status.plugins.iter().find(|plugin| plugin.name == "ask")?;
        (plugin.generation > first).then(|| checks(status))
    });
    let (second, error) = serving(&daemon);
    assert_eq!(error, None);
    next_verdicts(&daemon, &at_swap, second, "edited 200");
    still.holds(&daemon);
}

fn a_broken_edit_leaves_the_old_code_serving(code: &Code) {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let _servers = web_servers(&node);
    let (daemon, first) = start(&node, code);
    let still = Still::watch(&daemon, "web");

    node.write_bytes(code.file, &code.broken());
    let why = until("the reason", || serving(&daemon).1.ok_or("none yet"));
    assert!(why.contains(code.file), "it does not name the file: {why}");
    assert_eq!(serving(&daemon).0, first, "the old code serves");
    let before = daemon.says("its checks", |status| Some(checks(status)));
    next_verdicts(&daemon, &before, first, "status 200");

    node.write_bytes(code.file, &code.edited());
    let second = until("the mended code", || match serving(&daemon) {
        (generation, None) if generation > first => Ok(generation),
        other => Err(format!("{other:?}")),
    });
    let before = daemon.says("its checks", |status| Some(checks(status)));
    next_verdicts(&daemon, &before, second, "edited 200");
    still.holds(&daemon);
}

#[test]
fn an_edited_lua_file_gives_the_next_verdict_of_every_check() {
    an_edit_gives_the_next_verdict_of_every_check(&Code::lua());
}

#[test]
fn an_edited_component_gives_the_next_verdict_of_every_check() {
    an_edit_gives_the_next_verdict_of_every_check(&Code::component());
}

#[test]
fn a_broken_lua_file_leaves_the_old_code_serving() {
    a_broken_edit_leaves_the_old_code_serving(&Code::lua());
}

#[test]
fn a_broken_component_leaves_the_old_code_serving() {
    a_broken_edit_leaves_the_old_code_serving(&Code::component());
}
