//! Every function of the contract, in both runtimes: `make conformance` prints the table.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use Place::{Greeter, Names, Newer, Nowhere, Redirecting, Tls, Web};
use Says::{All, Part};

use super::granted::{instances, loaded, unix_server};
use super::tls;
use crate::tests::contract;
use crate::tests::kit::{PROBE_LUA, does, http2_server, probes, server, udp_server};

/// An act of the probes, and what it shows.
struct Row {
    act: &'static str,
    at: Place,
    says: Says,
    /// Functions of the contract that it calls.
    of: &'static [&'static str],
}

/// What an act is about.
#[derive(Clone, Copy)]
enum Place {
    Nowhere,
    Greeter,
    Web,
    Redirecting,
    /// HTTP/2.
    Newer,
    Names,
    Tls,
}

/// What both runtimes say.
#[derive(Clone, Copy)]
enum Says {
    /// Exactly this.
    All(&'static str),
    /// One of these is in it: it depends on the machine.
    Part(&'static [&'static str]),
}

const fn row(act: &'static str, at: Place, says: Says, of: &'static [&'static str]) -> Row {
    Row { act, at, says, of }
}

const ROWS: [Row; 28] = [
    row("log hello", Nowhere, All("up: logged"), &["log.write"]),
    row(
        "clock",
        Nowhere,
        All("up: true true true"),
        &["clock.monotonic", "clock.wall", "clock.remaining", "clock.sleep"],
    ),
    row(
        "kv",
        Nowhere,
        All("up: 1 of 1 kept true"),
        &["kv.get", "kv.set", "kv.delete", "kv.increment"],
    ),
    row("kv", Nowhere, All("up: 2 of 2 kept true"), &["kv.increment"]),
    row(
        "metric",
        Nowhere,
        All("up: true"),
        &["metric.count", "metric.set"],
    ),
    row("secret token", Nowhere, All("up: [secret]"), &["secret.get"]),
    row(
        "digest",
        Nowhere,
        All("up: 900150983cd24fb0d6963f7d28e17f72"),
        &["codec.digest"],
    ),
    row(
        "hmac",
        Nowhere,
        All("up: 104152c5bfdca07bc633eebd46199f0255c9f49d"),
        &["codec.hmac"],
    ),
    row(
        "pbkdf2",
        Nowhere,
        All("up: ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        &["codec.pbkdf2"],
    ),
    row(
        "base64",
        Nowhere,
        All("up: YWJj 3 true"),
        &["codec.base64-encode", "codec.base64-decode"],
    ),
    row(
        "json",
        Nowhere,
        All(r#"up: 1.5 x true {"b":null} none"#),
        &["json.find"],
    ),
    row(
        "prometheus",
        Nowhere,
        All("up: 2 job=a 1.5"),
        &["prometheus.find"],
    ),
    row("regex", Nowhere, All("up: b=12,b,12, true"), &["regex.find"]),
    row(
        "tcp",
        Greeter,
        All("up: 220 hi pong 0 true true true"),
        &[
            "tcp.connect",
            "tcp.connection.read",
            "tcp.connection.read-exact",
            "tcp.connection.read-until",
            "tcp.connection.write",
            "tcp.connection.local-endpoint",
            "tcp.connection.remote-endpoint",
            "tcp.connection.close",
        ],
    ),
    row(
        "tls authority",
        Tls,
        All("up: true www.example.com h2"),
        &[
            "tcp.connection.start-tls",
            "tcp.connection.peer-certificate",
            "tcp.connection.protocol",
        ],
    ),
    row(
        "unix SOCKET",
        Nowhere,
        All("up: show info 0"),
        &["tcp.connect-unix"],
    ),
    row("http /x?y", Web, All("up: 201 01234 true"), &["http.send"]),
    row(
        "redirect /first",
        Redirecting,
        All("up: 302 true"),
        &["http.send"],
    ),
    row("h2 /", Newer, All("up: 200 hello 7"), &["http.send"]),
    row("udp", Names, All("up: abc"), &["udp.exchange"]),
    row(
        "ping 127.0.0.1",
        Greeter,
        Part(&["up: answered true", "net.ipv4.ping_group_range"]),
        &["icmp.ping"],
    ),
    row(
        "dns example",
        Names,
        All("up: NOERROR true example. A 60 192.0.2.1"),
        &["dns.query"],
    ),
    row(
        "read /proc/version",
        Nowhere,
        All("up: Lin 0 true false true"),
        &["files.read", "files.facts"],
    ),
    row(
        "processes no-such-program",
        Nowhere,
        All("up: false"),
        &["files.processes"],
    ),
    row(
        "node",
        Nowhere,
        All("up: true true"),
        &["node.load", "node.memory", "node.uptime"],
    ),
    row(
        "instances",
        Nowhere,
        All("up: 1 Master,Backup,no Master was heard,eth0 150 192.0.2.1/24 192.0.2.3 true true"),
        &["node.instances", "node.instance"],
    ),
    row(
        "unit unused.service",
        Nowhere,
        Part(&["up: inactive dead", "system_bus_socket"]),
        &["systemd.unit"],
    ),
    row("run /bin/echo hi", Nowhere, All("up: 0 hi"), &["process.run"]),
];

/// What the acts are about.
struct World {
    greeter: SocketAddr,
    web: SocketAddr,
    redirecting: SocketAddr,
    newer: SocketAddr,
    names: SocketAddr,
    tls: SocketAddr,
    socket: PathBuf,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let (dir, socket) = unix_server();
        let redirect = "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
        Self {
            greeter: server("220 hi\r\n", "pong").await.0,
            web: server("", "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n0123456789")
                .await
                .0,
            redirecting: server("", redirect).await.0,
            newer: http2_server(b"hello", "7").await,
            names: udp_server().await,
            tls: tls::server().await,
            socket,
            _dir: dir,
        }
    }

    fn address(&self, place: Place) -> Option<SocketAddr> {
        match place {
            Nowhere => None,
            Greeter => Some(self.greeter),
            Web => Some(self.web),
            Redirecting => Some(self.redirecting),
            Newer => Some(self.newer),
            Names => Some(self.names),
            Tls => Some(self.tls),
        }
    }
}

/// What each act makes a probe say, in the order of the rows.
async fn told(file: &str, bytes: Vec<u8>, world: &World) -> Vec<String> {
    let platform = loaded(file, bytes, &world.socket).await;
    platform.set_instances(instances());
    let mut told = Vec::new();
    for row in &ROWS {
        let act = row.act.replace("SOCKET", &world.socket.display().to_string());
        let verdict = does(&platform, world.address(row.at), &act).await;
        told.push(format!("{}: {}", verdict.status.word(), verdict.reason));
    }
    told
}

impl Row {
    /// `pass`, or what it said instead.
    fn judge(&self, said: &str) -> String {
        let passes = match self.says {
            All(wanted) => said == wanted,
            Part(parts) => parts.iter().any(|part| said.contains(part)),
        };
        if passes {
            "pass".to_owned()
        } else {
            format!("FAIL {said}")
        }
    }
}

#[tokio::test]
async fn every_function_passes_in_both_runtimes() {
    let world = World::new().await;
    let [(lua, lua_code), (wasm, wasm_code)] = probes();
    let (lua, wasm) = (
        told(lua, lua_code, &world).await,
        told(wasm, wasm_code, &world).await,
    );
    let mut table = format!(
        "{:<32} {:<6} {:<12} shown by\n",
        "host function", "Lua", "WebAssembly"
    );
    for name in contract::host_functions() {
        let shown = ROWS
            .iter()
            .zip(lua.iter().zip(&wasm))
            .filter(|(row, _)| row.of.contains(&&*name));
        for (row, (lua, wasm)) in shown {
            let (lua, wasm) = (row.judge(lua), row.judge(wasm));
            let _ = writeln!(table, "{name:<32} {lua:<6} {wasm:<12} {}", row.act); // A string takes it.
        }
    }
    println!("{table}");
    assert!(!table.contains("FAIL"), "{table}");
}

#[test]
fn no_function_is_in_no_row() {
    let functions = contract::host_functions();
    let rows: Vec<&str> = ROWS.iter().flat_map(|row| row.of).copied().collect();
    for name in &functions {
        assert!(rows.contains(&name.as_str()), "{name} of sdk/wit is in no row");
    }
    for name in rows {
        assert!(
            functions.iter().any(|known| known == name),
            "{name} is not in sdk/wit"
        );
    }
}

/// A row cannot claim what its probes never call.
#[test]
fn both_probes_call_each_function() {
    let rust = [
        include_str!("../../../../../sdk/rust/probe/src/lib.rs"),
        include_str!("../../../../../sdk/rust/probe/src/facts.rs"),
    ]
    .concat();
    for name in contract::host_functions() {
        let lua_name = name.replace('-', "_");
        let (lua, component) = match lua_name.strip_prefix("tcp.connection.") {
            Some(method) => (format!(":{method}("), format!(".{method}(")),
            None => (
                format!("host.{lua_name}"),
                format!("{}(", lua_name.replace('.', "::")),
            ),
        };
        assert!(PROBE_LUA.contains(&lua), "the probe in Lua does not call {name}");
        assert!(
            rust.contains(&component),
            "the probe in Rust does not call {name}"
        );
    }
}
