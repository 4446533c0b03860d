//! bfd: against what vtysh of FRR 8.4.4 says (`vtysh -c "show bfd peer ADDRESS json"`).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hostcall::{Broker, Roots};
use model::link::ExecOutcome;
use model::plan::{ExecGrant, PluginSource};
use model::value::{Parameters, Value};

use super::super::kit::{ask, plan};
use super::parameters;
use crate::{Options, Platform};

/// Status of a session, our diagnostic and the neighbour's.
type Session = (&'static str, &'static str, &'static str);

/// Answers as vtysh does, by the neighbour that is asked about.
#[derive(Default)]
struct Vtysh {
    /// Of the neighbour 192.0.2.8: one for each question.
    next: Mutex<VecDeque<Session>>,
}

impl Broker for Vtysh {
    fn run(&self, argv: Vec<String>, _: Duration, _: u32) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        let session = |status: &str, own: &str, remote: &str| {
            let text = format!(
                "{{\n  \"multihop\":false,\n  \"peer\":\"192.0.2.2\",\n  \"id\":618036840,\n  \"status\":\"{status}\",\n  \
                 \"diagnostic\":\"{own}\",\n  \"remote-diagnostic\":\"{remote}\"\n}}\n"
            );
            (0, text)
        };
        let (code, text) = match argv[2].as_str() {
            "show bfd peer 192.0.2.2 json" => session("up", "ok", "ok"),
            "show bfd peer 192.0.2.3 json" => session("down", "control detection time expired", "ok"),
            "show bfd peer 192.0.2.4 json" => session("shutdown", "ok", "ok"),
            "show bfd peer 192.0.2.5 json" => {
                session("down", "neighbor signaled session down", "administratively down")
            }
            "show bfd peer 192.0.2.8 json" => {
                let next = self.next.lock().expect("nobody panics").pop_front();
                let (status, own, remote) = next.expect("one for each question");
                session(status, own, remote)
            }
            "show bfd peer 2001:db8::6 json" => (1, "bfdd is not running\n".to_owned()),
            "show bfd peer 192.0.2.7 json" => (0, "{}\n".to_owned()),
            other => panic!("{other}"),
        };
        let outcome = ExecOutcome {
            code: Some(code),
            signal: None,
            timed_out: false,
            stdout: text.into_bytes(),
            took: Duration::ZERO,
        };
        Box::pin(async { Ok(outcome) })
    }
}

fn following(vtysh: Vtysh) -> Platform {
    let options = Options {
        threads: 1,
        roots: Roots::from_der([]),
        observer: None,
    };
    let platform = Platform::start(Arc::new(vtysh), options);
    let mut bfd = plan("bfd", "");
    bfd.source = PluginSource::Embedded;
    bfd.grants.exec = vec![ExecGrant {
        argv: vec!["/usr/bin/vtysh".into()],
        any_arguments: true,
        user: None,
    }];
    platform.set_plugins(vec![bfd]);
    platform
}

#[tokio::test]
async fn a_session_of_another_daemon_is_followed() {
    let platform = following(Vtysh::default());
    let mut all = Vec::new();
    let peers = [
        "192.0.2.2",
        "192.0.2.3",
        "192.0.2.4",
        "192.0.2.5",
        "2001:db8::6",
        "192.0.2.7",
    ];
    let peers = peers.map(|peer| parameters([("peer", Value::from(peer))]));
    for given in peers.into_iter().chain([
        Parameters::new(),
        parameters([("neighbour", Value::from("192.0.2.2"))]),
    ]) {
        let verdict = platform.ask(ask("bfd", None, given)).await;
        all.push(format!("{:?} {}", verdict.status, verdict.reason));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    Up the session with 192.0.2.2 is up
    Down the session with 192.0.2.3 is down: control detection time expired
    Unknown the session with 192.0.2.4 is shutdown
    Unknown the session with 192.0.2.5 is down: neighbor signaled session down
    Unknown no session with 2001:db8::6: bfdd is not running
    Unknown no session with 192.0.2.7: {}
    Unknown bfd needs the parameter peer, such as peer = "192.0.2.2"
    Unknown bfd takes peer, which is a text; not neighbour
    "#);
}

/// As FRR 8.4.4 tells it when one side shuts the session down, and takes that back.
// holds VRRP-264
#[tokio::test]
async fn a_session_that_was_shut_down_may_come_up_again_before_it_counts() {
    const OK: &str = "ok";
    const SIGNALED: &str = "neighbor signaled session down";
    const EXPIRED: &str = "control detection time expired";
    let far = [
        ("up", OK, OK),
        ("down", SIGNALED, OK),
        ("init", SIGNALED, OK),
        ("up", OK, OK),
        // It is up, so that what comes now counts again.
        ("init", SIGNALED, OK),
    ];
    let near = [
        ("shutdown", OK, SIGNALED),
        ("down", OK, SIGNALED),
        ("down", EXPIRED, OK),
    ];
    // The neighbour lost us, which nobody ordered.
    let lost = [
        ("up", OK, OK),
        ("down", SIGNALED, EXPIRED),
        ("init", SIGNALED, EXPIRED),
    ];
    let told: VecDeque<Session> = far.into_iter().chain(near).chain(lost).collect();
    let count = told.len();
    let platform = following(Vtysh {
        next: Mutex::new(told),
    });
    let mut all = Vec::new();
    for _ in 0..count {
        let peer = parameters([("peer", Value::from("192.0.2.8"))]);
        let verdict = platform.ask(ask("bfd", None, peer)).await;
        all.push(format!("{:?} {}", verdict.status, verdict.reason));
    }
    insta::assert_snapshot!(all.join("\n"), @r"
    Up the session with 192.0.2.8 is up
    Unknown the session with 192.0.2.8 is down: neighbor signaled session down
    Unknown the session with 192.0.2.8 is init: neighbor signaled session down
    Up the session with 192.0.2.8 is up
    Down the session with 192.0.2.8 is init: neighbor signaled session down
    Unknown the session with 192.0.2.8 is shutdown
    Unknown the session with 192.0.2.8 is down
    Down the session with 192.0.2.8 is down: control detection time expired
    Up the session with 192.0.2.8 is up
    Down the session with 192.0.2.8 is down: neighbor signaled session down
    Down the session with 192.0.2.8 is init: neighbor signaled session down
    ");
}
