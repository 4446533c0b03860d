//! Checks that leave by a way of their own, as their servers see them come.

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use lab::{Bellwether, Net, Node};
use model::status::CheckStatus;

/// An address that only a marked packet finds the way to (TEST-NET-3, RFC 5737).
const BEYOND: &str = "203.0.113.9";
/// A second address of the director.
const SECOND: &str = "192.0.2.77";

/// Longest time for what is soon there.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a node, and from where its clients come.
fn tcp_server(node: &Node, address: &str) -> Receiver<SocketAddr> {
    let listener = node
        .inside(|| TcpListener::bind(address))
        .expect("the node is there")
        .expect("the port is free");
    let (seen, clients) = channel();
    thread::spawn(move || {
        // Ends with the test's interest, or with the test.
        while let Ok((_, client)) = listener.accept() {
            if seen.send(client).is_err() {
                return;
            }
        }
    });
    clients
}

/// The same, for datagrams, which it sends back.
fn udp_server(node: &Node, address: &str) -> Receiver<SocketAddr> {
    let socket = node
        .inside(|| UdpSocket::bind(address))
        .expect("the node is there")
        .expect("the port is free");
    let (seen, clients) = channel();
    thread::spawn(move || {
        let mut bytes = [0; 64];
        while let Ok((count, client)) = socket.recv_from(&mut bytes) {
            // A client that is gone asks again.
            let _ = socket.send_to(&bytes[..count], client);
            if seen.send(client).is_err() {
                return;
            }
        }
    });
    clients
}

/// A service of servers that are checked twice a second; one table of `servers` each.
fn service(servers: &[String]) -> String {
    let tables = servers
        .iter()
        .map(|server| format!("[[service.web.server]]\n{server}\n"));
    format!(
        "[service.web]\naddress = \"192.0.2.100:80\"\n{}",
        tables.collect::<String>()
    )
}

fn server(address: &str, plugin: &str, via: &str) -> String {
    format!(
        "address = \"{address}\"\ncheck = {{ plugin = \"{plugin}\", interval = \"500ms\", timeout = \"5s\", via = {{ {via} }} }}"
    )
}

fn check(daemon: &Bellwether, address: &str) -> CheckStatus {
    daemon.says("a verdict", |status| {
        let mut servers = status.services.iter().flat_map(|service| &service.servers);
        let found = servers.find(|server| server.server == address)?;
        found.checks.first().filter(|check| check.verdicts > 0).cloned()
    })
}

#[test]
fn servers_see_the_address_the_port_and_the_namespace_that_checks_leave_by() {
    let net = Net::new(&["director", "server", "tenant"]);
    let (director, other, tenant) = (net.node("director"), net.node("server"), net.node("tenant"));
    director.ip(&["address", "add", &format!("{SECOND}/24"), "dev", "eth0"]);
    let by_tcp = tcp_server(&other, "0.0.0.0:7001");
    let by_port = tcp_server(&other, "0.0.0.0:7002");
    let by_udp = udp_server(&other, "0.0.0.0:7003");
    let inside = tcp_server(&tenant, "127.0.0.1:7004");
    let to = |port| format!("{}:{port}", other.ipv4());
    let from = format!("source = \"{SECOND}\"");
    let daemon = Bellwether::start(
        &director,
        "bellwether.toml",
        &service(&[
            server(&to(7001), "tcp", &from),
            server(&to(7002), "tcp", &format!("{from}, source_port = 4000")),
            server(&to(7003), "udp\", payload = \"00ff\", reply = \"00ff", &from),
            server(
                "127.0.0.1:7004",
                "tcp",
                &format!("netns = \"{}\"", tenant.namespace()),
            ),
        ]),
    );
    let second: IpAddr = SECOND.parse().expect("an address");
    for clients in [&by_tcp, &by_udp] {
        assert_eq!(
            clients.recv_timeout(PATIENCE).expect("a check comes").ip(),
            second
        );
    }
    // The same port again and again: no check waits until the one before is forgotten.
    for _ in 0..3 {
        let client = by_port.recv_timeout(PATIENCE).expect("a check comes");
        assert_eq!(client, SocketAddr::new(second, 4000));
    }
    let client = inside.recv_timeout(PATIENCE).expect("a check comes");
    assert!(client.ip().is_loopback());
    for address in [&to(7001), &to(7002), &to(7003), "127.0.0.1:7004"] {
        let check = check(&daemon, address);
        assert!(check.up && check.failures == 0, "{address}: {check:?}");
    }
    daemon.stop();
}

#[test]
fn a_mark_finds_the_way_and_a_device_bars_it() {
    let net = Net::new(&["director", "server"]);
    let (director, other) = (net.node("director"), net.node("server"));
    director.sysctl("net/ipv4/ping_group_range", "0 2147483647");
    other.ip(&["address", "add", &format!("{BEYOND}/32"), "dev", "eth0"]);
    let gateway = other.ipv4();
    director.ip(&["route", "add", BEYOND, "via", &gateway, "table", "107"]);
    director.ip(&["rule", "add", "fwmark", "7", "lookup", "107"]);
    let clients = tcp_server(&other, "0.0.0.0:7001");
    let beyond = |port: u16| format!("{BEYOND}:{port}");
    let near = |port| format!("{gateway}:{port}");
    let daemon = Bellwether::start(
        &director,
        "bellwether.toml",
        &service(&[
            server(&beyond(7001), "tcp", "fwmark = 7"),
            server(&beyond(7002), "ping", "fwmark = 7"),
            server(&beyond(7003), "tcp", "fwmark = 8"),
            server(&near(7001), "tcp", "interface = \"eth0\""),
            server(&near(7004), "tcp", "interface = \"lo\""),
            server(&near(7005), "tcp", "interface = \"eth9\""),
            server(&near(7006), "tcp", "source = \"198.51.100.1\""),
            server(&near(7007), "tcp", "netns = \"nowhere\""),
        ]),
    );
    clients.recv_timeout(PATIENCE).expect("a check comes");
    let up = [beyond(7001), beyond(7002), near(7001)];
    for address in &up {
        let check = check(&daemon, address);
        assert!(check.up, "{address}: {check:?}");
    }
    let why = |address: &str| {
        let check = check(&daemon, address);
        assert!(!check.up, "{address}: {check:?}");
        check.reason
    };
    assert!(
        why(&beyond(7003)).contains("unreachable"),
        "{}",
        why(&beyond(7003))
    );
    why(&near(7004));
    let words = [near(7005), near(7006), near(7007)].map(|address| why(&address));
    assert!(words[0].contains("there is no interface eth9"), "{words:?}");
    assert!(
        words[1].contains("198.51.100.1 is no address of this machine"),
        "{words:?}"
    );
    assert!(
        words[2].contains("there is no network namespace nowhere"),
        "{words:?}"
    );
    daemon.stop();
}
