use insta::assert_snapshot;
use ipnet::IpNet;
use model::ids::LinkIndex;

use super::{Verb, settle};

fn net(text: &str) -> IpNet {
    text.parse().expect("an address")
}

#[test]
fn what_is_so_already_is_a_success() {
    let (link, net) = (LinkIndex(1), net("10.0.0.5/32"));
    assert_eq!(settle(Verb::Add, link, net, 0), Ok(()));
    assert_eq!(settle(Verb::Add, link, net, -libc::EEXIST), Ok(()));
    assert_eq!(settle(Verb::Remove, link, net, -libc::EADDRNOTAVAIL), Ok(()));
    assert_eq!(settle(Verb::Remove, link, net, -libc::ENODEV), Ok(()));
}

#[test]
fn a_refusal_says_what_and_the_cure() {
    let message =
        |verb, errno: i32| settle(verb, LinkIndex(1), net("10.0.0.5/32"), -errno).expect_err("a refusal");
    assert_snapshot!(message(Verb::Add, libc::EPERM), @"cannot add 10.0.0.5/32 to lo: permission denied; needs CAP_NET_ADMIN");
    assert_snapshot!(message(Verb::Remove, libc::EPERM), @"cannot remove 10.0.0.5/32 from lo: permission denied; needs CAP_NET_ADMIN");
    assert_snapshot!(message(Verb::Add, libc::EACCES), @"cannot add 10.0.0.5/32 to lo: permission denied; ipv6 is disabled there (net.ipv6.conf.lo.disable_ipv6)");
    assert_snapshot!(message(Verb::Add, libc::ENODEV), @"cannot add 10.0.0.5/32 to lo: no such device; the interface is gone");
    assert_snapshot!(message(Verb::Add, libc::EINVAL), @"cannot add 10.0.0.5/32 to lo: invalid argument");
}
