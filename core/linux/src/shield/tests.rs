use insta::assert_snapshot;

use super::{batch, daemon, explain, table};
use crate::netlink::messages;

#[test]
fn a_batch_is_whole_and_only_its_inner_messages_are_answered() {
    let many: Vec<std::net::IpAddr> = (0..2500u16)
        .map(|i| [10, 0, (i >> 8) as u8, (i & 0xff) as u8].into())
        .collect();
    let batch = batch::replace("bellwether", &many);
    let all: Vec<_> = messages(&batch.bytes).collect();
    let length: usize = all.iter().map(|message| 16 + message.payload.len()).sum();
    assert_eq!(length, batch.bytes.len());
    assert_eq!(
        all.first().map(|first| (first.kind, first.flags)),
        Some((0x10, 1))
    );
    assert_eq!(all.last().map(|last| last.kind), Some(0x11));
    assert_eq!(all.len() - 1, usize::try_from(batch.last).expect("small"));
}

#[test]
fn a_table_says_whose_it_is() {
    for number in [1, 2, 16, u32::MAX] {
        assert_eq!(daemon(&table(number)), Some(number));
    }
    for theirs in ["filter", "bellwether2", "bellwether-", "bellwether-x", ""] {
        assert_eq!(daemon(theirs), None, "{theirs}");
    }
}

#[test]
fn a_refusal_says_what_and_the_cure() {
    let message = |errno| explain("drop packets to", &std::io::Error::from_raw_os_error(errno));
    assert_snapshot!(message(libc::EPERM), @"cannot drop packets to the virtual addresses: permission denied; needs CAP_NET_ADMIN");
    assert_snapshot!(message(libc::EOPNOTSUPP), @"cannot drop packets to the virtual addresses: operation not supported; this kernel has no nf_tables for it: load it (modprobe nf_tables), or let them be accepted (accept = true)");
    assert_snapshot!(message(libc::EINVAL), @"cannot drop packets to the virtual addresses: invalid argument");
}
