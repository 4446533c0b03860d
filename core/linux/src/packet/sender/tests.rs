use super::*;

fn said(errno: i32) -> String {
    let advert = SendAdvert {
        link: LinkIndex(u32::MAX),
        source: [192, 0, 2, 1].into(),
        destination: [224, 0, 0, 18].into(),
        hop_limit: 255,
        mac: None,
        payload: [].into(),
        seal: model::seal::Seal::Bare,
    };
    explain(&advert, &io::Error::from_raw_os_error(errno)).to_string()
}

#[test]
fn what_the_kernel_refuses_has_a_cure() {
    let refusals = [libc::EPERM, libc::ENOBUFS, libc::ENETDOWN].map(said);
    insta::assert_snapshot!(refusals.join("\n"), @r"
    cannot send an advert from 192.0.2.1 to 224.0.0.18 on interface 4294967295: operation not permitted; needs CAP_NET_RAW, and no firewall rule against protocol 112 or 51
    cannot send an advert from 192.0.2.1 to 224.0.0.18 on interface 4294967295: no buffer space available; a queue of the interface drops it, see `tc -s qdisc` and `tc -s filter`
    cannot send an advert from 192.0.2.1 to 224.0.0.18 on interface 4294967295: network is down
    ");
}
