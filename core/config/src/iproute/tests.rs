use std::fmt::Write as _;

use insta::assert_snapshot;

use super::{RouteNames, route, rule};

fn names() -> RouteNames {
    let mut names = RouteNames::default();
    let file = "#\n# reserved values\n255\tlocal\n0x64\tblue # ours\n101 green\nx y\n";
    RouteNames::read(file, &mut names.tables);
    names
}

/// Each line, and what became of it.
fn all<T: std::fmt::Display>(lines: &[&str], read: impl Fn(&[&str]) -> Result<T, super::Mistake>) -> String {
    let mut told = String::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let read = match read(&words) {
            Ok(value) => value.to_string(),
            Err(mistake) => {
                let word = words.get(mistake.at).copied().unwrap_or_default();
                format!("at {word}: {}; {}", mistake.message, mistake.cure)
            }
        };
        let line = if line.is_empty() { "(nothing)" } else { line };
        writeln!(told, "{line}\n    {read}").expect("a string takes all");
    }
    told
}

fn routes(lines: &[&str]) -> String {
    all(lines, |words| {
        route(words, &names()).map(|line| {
            let ignored: Vec<&str> = line.ignored.iter().map(|at| words[*at]).collect();
            let ignored = if ignored.is_empty() {
                String::new()
            } else {
                format!(" without {}", ignored.join(", "))
            };
            format!("{}{ignored}", line.value)
        })
    })
}

fn rules(lines: &[&str]) -> String {
    all(lines, |words| {
        rule(words, &names()).map(|line| {
            let (rule, priority) = line.value;
            format!("{rule} ({priority:?})")
        })
    })
}

#[test]
fn routes_in_keepalived_s_and_iproute2_s_words() {
    let lines = [
        "default via 192.0.2.1",
        "default gw 192.0.2.1",
        "default6 via 2001:db8::1 dev eth0",
        "default via inet6 2001:db8::1",
        "src 192.0.2.2 to 198.51.100.0/24 via 192.0.2.1 dev eth1",
        "198.51.100.0/24 dev eth0 table blue metric 5 scope link protocol static",
        "198.51.100.7 via 192.0.2.1 or 192.0.2.2",
        "198.51.100.0/24 nexthop via 192.0.2.1 dev eth0 weight 2 onlink nexthop via 192.0.2.2 weight 256 table green",
        "blackhole 198.51.100.0/24",
        "unreachable default table 0x65",
        "throw 198.51.100.0/24 table 100",
        "prohibit 2001:db8::/32",
        "default via 192.0.2.1 dev eth0 onlink mtu lock 1400 advmss 1360 rto_min 5ms quickack 1 tos 0x10",
        "198.51.100.0/24 via 2001:db8::1 dev eth0",
        "default via 192.0.2.1 no_track realms 1/2 append",
    ];
    assert_snapshot!(routes(&lines), @r"
    default via 192.0.2.1
        default via 192.0.2.1
    default gw 192.0.2.1
        default via 192.0.2.1
    default6 via 2001:db8::1 dev eth0
        ::/0 via 2001:db8::1 dev eth0
    default via inet6 2001:db8::1
        ::/0 via 2001:db8::1
    src 192.0.2.2 to 198.51.100.0/24 via 192.0.2.1 dev eth1
        198.51.100.0/24 via 192.0.2.1 dev eth1 src 192.0.2.2
    198.51.100.0/24 dev eth0 table blue metric 5 scope link protocol static
        198.51.100.0/24 dev eth0 table 100 metric 5
    198.51.100.7 via 192.0.2.1 or 192.0.2.2
        198.51.100.7 nexthop via 192.0.2.1 weight 1 nexthop via 192.0.2.2 weight 1
    198.51.100.0/24 nexthop via 192.0.2.1 dev eth0 weight 2 onlink nexthop via 192.0.2.2 weight 256 table green
        198.51.100.0/24 nexthop via 192.0.2.1 dev eth0 onlink weight 2 nexthop via 192.0.2.2 weight 256 table 101
    blackhole 198.51.100.0/24
        blackhole 198.51.100.0/24
    unreachable default table 0x65
        unreachable default table 101
    throw 198.51.100.0/24 table 100
        throw 198.51.100.0/24 table 100
    prohibit 2001:db8::/32
        prohibit 2001:db8::/32
    default via 192.0.2.1 dev eth0 onlink mtu lock 1400 advmss 1360 rto_min 5ms quickack 1 tos 0x10
        default via 192.0.2.1 dev eth0 onlink tos 0x10 mtu lock 1400 advmss 1360 quickack 1 rto_min 5
    198.51.100.0/24 via 2001:db8::1 dev eth0
        198.51.100.0/24 via 2001:db8::1 dev eth0
    default via 192.0.2.1 no_track realms 1/2 append
        default via 192.0.2.1 without realms, append
    ");
}

#[test]
fn a_route_that_cannot_be_done_says_why() {
    let lines = [
        "",
        "default",
        "via 192.0.2.1",
        "198.51.100.1/24 via 192.0.2.1",
        "somewhere via 192.0.2.1",
        "default via here",
        "default via",
        "default via 192.0.2.1 table nowhere",
        "default via 192.0.2.1 dev averyverylongname",
        "default via 192.0.2.1 metric -1",
        "blackhole 198.51.100.0/24 dev eth0",
        "default nexthop weight 1",
        "default nexthop via 192.0.2.1 weight 257",
        "2001:db8::/32 via 192.0.2.1",
        "default via 192.0.2.1 src 2001:db8::1",
        "default via 192.0.2.1 encap mpls 3",
        "local 192.0.2.1 dev lo",
        "default via 192.0.2.1 mtu big",
    ];
    assert_snapshot!(routes(&lines), @r"
    (nothing)
        at : a route that leads nowhere; add via 192.0.2.1, or dev eth0, or write blackhole before it
    default
        at default: a route that leads nowhere; add via 192.0.2.1, or dev eth0, or write blackhole before it
    via 192.0.2.1
        at 192.0.2.1: a route without destination; begin with default, or a network
    198.51.100.1/24 via 192.0.2.1
        at 198.51.100.1/24: `198.51.100.1/24` has bits beyond its prefix length; write 198.51.100.0/24
    somewhere via 192.0.2.1
        at somewhere: `somewhere` is not a network; write it like 192.0.2.0/24
    default via here
        at here: `here` is not an address; write via 192.0.2.1
    default via
        at via: `via` needs a parameter; write via 192.0.2.1
    default via 192.0.2.1 table nowhere
        at nowhere: `nowhere` is not a table: a number, or a name of /etc/iproute2/rt_tables; write table 100
    default via 192.0.2.1 dev averyverylongname
        at averyverylongname: `averyverylongname` is not a name that an interface can have; write dev eth0
    default via 192.0.2.1 metric -1
        at -1: `-1` is not a number; write metric 100
    blackhole 198.51.100.0/24 dev eth0
        at eth0: a blackhole route has no next hop; remove via and dev
    default nexthop weight 1
        at 1: a nexthop that leads nowhere; write nexthop via 192.0.2.1 dev eth0 weight 1
    default nexthop via 192.0.2.1 weight 257
        at 257: `257` is not a number from 1 to 256; write weight 1
    2001:db8::/32 via 192.0.2.1
        at 192.0.2.1: 192.0.2.1 and 2001:db8::/32 are of two families; write addresses of one family
    default via 192.0.2.1 src 2001:db8::1
        at 2001:db8::1: 192.0.2.1 and ::/0 are of two families; write addresses of one family
    default via 192.0.2.1 encap mpls 3
        at encap: not supported by bellwether: encap; put this route in by a hook at master and backup
    local 192.0.2.1 dev lo
        at local: not supported by bellwether: local; put this route in by a hook at master and backup
    default via 192.0.2.1 mtu big
        at big: `big` is not a number; write mtu 1400
    ");
}

#[test]
fn rules_in_keepalived_s_and_iproute2_s_words() {
    let lines = [
        "from 192.0.2.0/24 table blue priority 1000",
        "from all lookup 100",
        "inet6 table 100 pref 5",
        "not from 2001:db8::/32 to 2001:db8:1::/48 lookup main",
        "iif eth0 oif eth1 fwmark 0x1/0xff tos 8 table 100",
        "fwmark 7 ipproto tcp sport 1-1023 dport 80 uidrange 0-99 table 100",
        "from 192.0.2.1 blackhole",
        "to 192.0.2.1 type prohibit",
        "goto 2000 preference 9",
        "table main suppress_prefixlength 0 no_track",
    ];
    assert_snapshot!(rules(&lines), @r"
    from 192.0.2.0/24 table blue priority 1000
        1000: from 192.0.2.0/24 lookup 100 (Some(1000))
    from all lookup 100
        0: from all lookup 100 (None)
    inet6 table 100 pref 5
        5: inet6 from all lookup 100 (Some(5))
    not from 2001:db8::/32 to 2001:db8:1::/48 lookup main
        0: not from 2001:db8::/32 to 2001:db8:1::/48 lookup 254 (None)
    iif eth0 oif eth1 fwmark 0x1/0xff tos 8 table 100
        0: from all iif eth0 oif eth1 tos 0x8 fwmark 0x1/0xff lookup 100 (None)
    fwmark 7 ipproto tcp sport 1-1023 dport 80 uidrange 0-99 table 100
        0: from all fwmark 0x7 ipproto 6 sport 1-1023 dport 80 uidrange 0-99 lookup 100 (None)
    from 192.0.2.1 blackhole
        0: from 192.0.2.1 blackhole (None)
    to 192.0.2.1 type prohibit
        0: from all to 192.0.2.1 prohibit (None)
    goto 2000 preference 9
        9: from all goto 2000 (Some(9))
    table main suppress_prefixlength 0 no_track
        0: from all lookup 254 suppress_prefixlength 0 (None)
    ");
}

#[test]
fn a_rule_that_cannot_be_done_says_why() {
    let lines = [
        "",
        "from 192.0.2.0/24",
        "from 192.0.2.1/24 table 100",
        "from 192.0.2.0/24 to 2001:db8::/32 table 100",
        "inet6 from 192.0.2.0/24 table 100",
        "table 0",
        "table nowhere",
        "from 192.0.2.0/24 realms 1 table 100",
        "sport 9-1 table 100",
        "dport 70000 table 100",
        "fwmark x table 100",
        "ipproto xtp table 100",
        "table 100 everything",
        "type",
        "goto 0",
    ];
    assert_snapshot!(rules(&lines), @r"
    (nothing)
        at : a rule that does nothing; add table 100
    from 192.0.2.0/24
        at 192.0.2.0/24: a rule that does nothing; add table 100
    from 192.0.2.1/24 table 100
        at 192.0.2.1/24: `192.0.2.1/24` has bits beyond its prefix length; write 192.0.2.0/24
    from 192.0.2.0/24 to 2001:db8::/32 table 100
        at 100: 2001:db8::/32 is not IPv4; write addresses of one family
    inet6 from 192.0.2.0/24 table 100
        at 100: 192.0.2.0/24 is not IPv6; write addresses of one family
    table 0
        at 0: there is no table 0; write table 100
    table nowhere
        at nowhere: `nowhere` is not a table: a number, or a name of /etc/iproute2/rt_tables; write table 100
    from 192.0.2.0/24 realms 1 table 100
        at realms: not supported by bellwether: realms; put this rule in by a hook at master and backup
    sport 9-1 table 100
        at 9-1: `9-1` is not a number or a range of numbers; write sport 1-1023
    dport 70000 table 100
        at 70000: `70000` is not a number or a range of numbers; write dport 80
    fwmark x table 100
        at x: `x` is not a mark; write fwmark 0x1/0xff
    ipproto xtp table 100
        at xtp: `xtp` is not an IP protocol: a number, tcp, udp, sctp, icmp or icmpv6; write ipproto tcp
    table 100 everything
        at everything: `everything` is not a word of a rule; write it as `ip rule` does: from 192.0.2.0/24 table 100 priority 1000
    type
        at type: `type` needs a parameter; write type blackhole
    goto 0
        at 0: `0` is not a number from 1 to 4294967295; write goto 2000
    ");
}
