//! Authentication of version 2 (RFC 2338 §5.3.6): a plain password, and the header before the message.

use model::transition::State;

use super::Case;
use super::stage::{Stage, nobody_moves, settles};
use crate::router::Wanted;

/// With one password there is an election; with two there are two Masters, and the log says why.
pub(super) fn password(case: Case) {
    let stage = Stage::new(case);
    let with = |priority, password: &str| authenticated(&stage, priority, "PASS", password);
    let (first, second) = stage.elect(&with(150, "s3cret"), &with(100, "s3cret"));
    second.stop();
    let second = stage.second(&with(100, "other"));
    second.becomes(State::Master);
    nobody_moves(&[&first, &second], || ());
    let ours = [&first, &second].into_iter().filter_map(|router| router.ours());
    for daemon in ours {
        daemon.says("that the password is wrong", |status| {
            let dropped = status.instances.first()?.counters.get("dropped_auth_failure");
            dropped.filter(|count| **count > 0).map(|_| ())
        });
    }
    second.stop();
    stage.finish();
}

fn authenticated(stage: &Stage, priority: u8, kind: &str, password: &str) -> Wanted {
    let mut wanted = stage.wanted(priority);
    wanted.more =
        format!("    authentication {{\n        auth_type {kind}\n        auth_pass {password}\n    }}");
    wanted
}

/// Both count their adverts, and go on where the other stopped: whichever begins anew, by a crash or in order, is heard
/// and hears.
pub(super) fn header(case: Case) {
    let stage = Stage::new(case);
    let with = |priority| authenticated(&stage, priority, "AH", "s3cret");
    let (first, second) = stage.elect(&with(150), &with(100));
    first.kill();
    second.becomes(State::Master);
    let first = stage.first(&with(150));
    settles(&first, &second);
    second.kill();
    let second = stage.second(&with(100));
    settles(&first, &second);
    first.stop();
    second.becomes(State::Master);
    let first = stage.first(&with(150));
    settles(&first, &second);
    stage.only(&[&first, &second], &first);
    nobody_moves(&[&first, &second], || ());
    stage.finish();
}
