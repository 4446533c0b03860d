//! The plain password of version 2 (RFC 2338 §5.3.6).

use model::transition::State;

use super::Case;
use super::stage::{Stage, nobody_moves};

/// With one password there is an election; with two there are two Masters, and the log says why.
pub(super) fn password(case: Case) {
    let stage = Stage::new(case);
    let with = |priority, password: &str| {
        let mut wanted = stage.wanted(priority);
        wanted.more =
            format!("    authentication {{\n        auth_type PASS\n        auth_pass {password}\n    }}");
        wanted
    };
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
