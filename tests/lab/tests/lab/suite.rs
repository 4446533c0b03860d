//! Every scenario beside every make of router.

use lab::{Make, suite};

/// A test for each scenario and each make that it names.
macro_rules! scenarios {
    ($($test:ident: $name:literal beside $($peer:ident)+;)+) => {
        $(mod $test {
            use super::{Make, suite};
            $(#[test]
            #[expect(non_snake_case, reason = "makes are types")]
            fn $peer() {
                suite::hold($name, Make::$peer);
            })+
        })+

        #[test]
        fn none_is_left_out() {
            let tested: Vec<_> = [$(($name, [$(Make::$peer),+].to_vec())),+].to_vec();
            let table = suite::SCENARIOS.iter().map(|scenario| {
                let peers = [Make::Ours, Make::Keepalived, Make::Frr];
                (scenario.name, peers.into_iter().filter(|peer| scenario.has(*peer)).collect())
            });
            assert_eq!(table.collect::<Vec<(_, Vec<_>)>>(), tested);
        }
    };
}

scenarios! {
    story: "election, crash, graceful stop" beside Ours Keepalived Frr;
    no_preemption: "no preemption" beside Ours Keepalived Frr;
    delayed_preemption: "preemption after a delay" beside Ours Keepalived;
    owner: "address owner" beside Ours Keepalived Frr;
    tie: "equal priorities" beside Ours Keepalived Frr;
    link: "link down and up" beside Ours Keepalived Frr;
    partition: "partition, and a host's neighbour cache" beside Ours Keepalived Frr;
    addresses: "different lists of addresses" beside Ours Keepalived Frr;
    interval: "different intervals" beside Ours Keepalived Frr;
    interval_of_version_2: "different intervals in version 2" beside Ours Keepalived;
    password: "password of version 2" beside Ours Keepalived;
    header: "authentication header of version 2" beside Ours Keepalived;
    unicast: "unicast, two and three" beside Ours Keepalived;
    group: "group over two links" beside Ours Keepalived;
    script: "tracked script" beside Ours Keepalived;
    interface: "tracked interface" beside Ours Keepalived;
    vmac: "virtual MAC address" beside Ours Keepalived Frr;
    no_vmac: "no virtual MAC address" beside Ours Keepalived;
    accept: "accept mode" beside Ours Keepalived;
    storm: "reload storm" beside Ours Keepalived Frr;
    master_stalls: "Master stands still" beside Ours Keepalived Frr;
    backup_stalls: "Backup stands still" beside Ours Keepalived;
    flood: "flood of invalid packets" beside Ours;
    many_addresses: "500 addresses" beside Ours Keepalived;
    many_routers: "255 virtual routers" beside Ours;
    soak: "bad lines" beside Ours Keepalived Frr;
}
