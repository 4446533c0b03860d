use insta::assert_snapshot;
use ipnet::IpNet;
use model::ids::LinkIndex;
use model::plan::AddressOptions;

use super::{Change, Done, settle};

const LO: LinkIndex = LinkIndex(1);

fn net() -> IpNet {
    "10.0.0.5/32".parse().expect("an address")
}

#[test]
fn what_is_so_already_is_a_success() {
    let options = AddressOptions::default();
    let (add, remove) = (
        Change::AddAddress(LO, net(), &options),
        Change::RemoveAddress(LO, net()),
    );
    assert_eq!(settle(add, 0), Ok(Done::Now));
    assert_eq!(settle(add, -libc::EEXIST), Ok(Done::Before));
    assert_eq!(settle(remove, -libc::EADDRNOTAVAIL), Ok(Done::Before));
    assert_eq!(settle(remove, -libc::ENODEV), Ok(Done::Before));
}

#[test]
fn a_refusal_says_what_and_the_cure() {
    let options = AddressOptions::default();
    let (add, remove) = (
        Change::AddAddress(LO, net(), &options),
        Change::RemoveAddress(LO, net()),
    );
    let message = |change, errno: i32| settle(change, -errno).expect_err("a refusal");
    assert_snapshot!(message(add, libc::EPERM), @"cannot add 10.0.0.5/32 to lo: permission denied; needs CAP_NET_ADMIN");
    assert_snapshot!(message(remove, libc::EPERM), @"cannot remove 10.0.0.5/32 from lo: permission denied; needs CAP_NET_ADMIN");
    assert_snapshot!(message(add, libc::EACCES), @"cannot add 10.0.0.5/32 to lo: permission denied; ipv6 is disabled there (net.ipv6.conf.lo.disable_ipv6)");
    assert_snapshot!(message(add, libc::ENODEV), @"cannot add 10.0.0.5/32 to lo: no such device; the interface is gone");
    assert_snapshot!(message(add, libc::EINVAL), @"cannot add 10.0.0.5/32 to lo: invalid argument");
}
