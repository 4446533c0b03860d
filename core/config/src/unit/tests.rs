use std::time::Duration;

use super::{addresses, bytes, duration, network, seconds, socket, sockets, user};

#[test]
fn times_have_a_unit() {
    assert_eq!(duration("1s"), Some(Duration::from_secs(1)));
    assert_eq!(duration("10ms"), Some(Duration::from_millis(10)));
    assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
    assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
    assert_eq!(duration("1h"), Some(Duration::from_secs(3600)));
    for bad in [
        "",
        "1",
        "s",
        ".s",
        "-1s",
        "1.2.3s",
        "1 year",
        "99999999999999999999h",
        "1e3s",
    ] {
        assert_eq!(duration(bad), None, "{bad}");
    }
}

#[test]
fn keepalived_counts_decimal_seconds() {
    assert_eq!(seconds("0.01"), Some(Duration::from_millis(10)));
    assert_eq!(seconds("3"), Some(Duration::from_secs(3)));
    assert_eq!(seconds("3;"), None);
}

#[test]
fn sizes_networks_sockets_and_users() {
    assert_eq!(bytes("16MiB"), Some(16 << 20));
    assert_eq!(bytes("1 banana"), None);
    assert_eq!(network("192.0.2.1").map(|net| net.prefix_len()), Some(32));
    assert_eq!(network("2001:db8::1/64").map(|net| net.prefix_len()), Some(64));
    for bad in ["192.0.2.1/33", "192.0.2.1/+3", "192.0.2.1/", "/24", "x"] {
        assert_eq!(network(bad), None, "{bad}");
    }
    assert_eq!(socket("[::1]:80").map(|socket| socket.port()), Some(80));
    assert_eq!(socket("::1").map(|socket| socket.port()), Some(0));
    assert_eq!(
        user("nobody:nogroup"),
        Some(("nobody".to_owned(), Some("nogroup".to_owned())))
    );
    assert_eq!(user("no body"), None);
}

#[test]
fn ranges_of_addresses() {
    let all = |text| {
        let words: Option<Vec<String>> =
            addresses(text).map(|all| all.iter().map(ToString::to_string).collect());
        words.map(|words| words.join(" "))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(all("10.0.0.1"), some("10.0.0.1"));
    assert_eq!(all("10.0.0.1-3"), some("10.0.0.1 10.0.0.2 10.0.0.3"));
    assert_eq!(all("10.0.0.255-10.0.1.0"), some("10.0.0.255 10.0.1.0"));
    assert_eq!(all("10.0.0.8/31"), some("10.0.0.8 10.0.0.9"));
    assert_eq!(all("fd00::f-11"), some("fd00::f fd00::10 fd00::11"));
    assert_eq!(all("fd00::8/127"), some("fd00::8 fd00::9"));
    for wrong in [
        "10.0.0.3-1",
        "10.0.0.9/30",
        "10.0.0.1-fd00::1",
        "10.0.0.1-256",
        "10.0.0.0/8",
        "fd00::/64",
        "-",
        "a-b",
    ] {
        assert_eq!(all(wrong), None, "{wrong}");
    }
    let count = |text| sockets(text).map(|all| all.len());
    assert_eq!(count("10.0.0.1-3:80"), Some(3));
    assert_eq!(count("[fd00::1-3]:80"), Some(3));
    assert_eq!(count("fd00::1-3"), Some(3));
    assert_eq!(count("10.0.0.1-3:http"), None);
}
