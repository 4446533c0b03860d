//! What a Master sends.

use std::time::Duration;

use super::probe::Probe;
use super::{Finding, Verdict};
use crate::router::{Form, Wanted};
use crate::stranger::Message;
use crate::wait::until;

const ADDRESS: &str = "192.0.2.100";

fn each_second() -> Wanted {
    let mut wanted = Wanted::new(Form::V3, 100);
    wanted.interval = Duration::from_secs(1);
    wanted
}

pub(super) fn answers() -> Finding {
    let lower = Message {
        interval: [0, 100],
        ..Message::v3(50, &[ADDRESS])
    };
    let count = |wanted: &Wanted| Probe::master(wanted).adverts_during(&lower, 20, Duration::from_millis(50));
    let usual = count(&each_second());
    let mut strict = each_second();
    strict.more = "    strict_mode on".to_owned();
    let strict = count(&strict);
    Finding {
        sent: "to a Master that advertises each second: 20 adverts of priority 50 within one".to_owned(),
        did: format!("it sent {usual} adverts meanwhile, and {strict} with strict_mode"),
        verdict: Verdict::of(&[usual >= 10, strict <= 3]),
    }
}

pub(super) fn silenced() -> Finding {
    let wanted = {
        let mut wanted = Wanted::new(Form::V3, 100);
        wanted.interval = Duration::from_millis(500);
        wanted
    };
    let wrong = Message {
        checksum_error: 1,
        ..Message::v3(200, &[ADDRESS])
    };
    let probe = Probe::master(&wanted);
    let count = |message: &Message| probe.adverts_during(message, 50, Duration::from_millis(100));
    let checksum = count(&wrong);
    let version = count(&Message::v2(200, &[ADDRESS]));
    let elsewhere = count(&Message {
        vrid: 99,
        ..wrong.clone()
    });
    Finding {
        sent: "to a Master that advertises each 500 ms, for 5 s one packet each 100 ms: with a wrong checksum; of version 2; \
               with a wrong checksum for another VRID"
            .to_owned(),
        did: format!("it sent {checksum}, {version} and {elsewhere} adverts meanwhile; 10 are due"),
        verdict: Verdict::of(&[checksum <= 3, version <= 3]),
    }
}

pub(super) fn leaves() -> Finding {
    let mut wanted = Wanted::new(Form::V3, 100);
    let goodbyes = |probe: &Probe| probe.adverts(|priority| priority == 0);

    let probe = Probe::master(&wanted);
    probe.after(&Message::v3(200, &[ADDRESS]));
    let yielding = goodbyes(&probe);
    let Probe {
        net, capture, daemon, ..
    } = probe;
    daemon.stop();
    let zeros = || capture.look("vrrp.prio == 0", &["ip.src"]).len();
    let stopping = until("its last word", || match zeros() {
        0 => Err("none"),
        count => Ok(count),
    }) - yielding;
    drop(net);

    wanted.before =
        "vrrp_script good {\n    script \"/usr/bin/test -e /run/keepalived-claim\"\n    interval 1\n    \
                     fall 1\n    rise 1\n    init_fail\n}\n"
            .to_owned();
    wanted.more = "    track_script {\n        good\n    }".to_owned();
    let flag = std::path::Path::new("/run/keepalived-claim");
    std::fs::write(flag, "").expect("root may write to /run");
    let probe = Probe::master(&wanted);
    std::fs::remove_file(flag).expect("it was just written");
    probe.daemon.becomes("web", "FAULT");
    let faulty = until("its word at the fault", || match goodbyes(&probe) {
        0 => Err("none"),
        count => Ok(count),
    });
    Finding {
        sent: "to a Master: priority 200; then SIGTERM; to another, a tracked script that fails".to_owned(),
        did: format!(
            "it sent priority 0 {yielding} times when it yielded, {stopping} times when it stopped, {faulty} times at the \
             fault"
        ),
        verdict: Verdict::of(&[yielding == 0, stopping >= 1, faulty == 2]),
    }
}
