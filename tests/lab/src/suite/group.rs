//! Two virtual routers on two links that move together.

use model::transition::State;

use super::Case;
use super::stage::Stage;
use crate::router::{Router, Wanted};

/// What one of both loses, both lose.
pub(super) fn run(case: Case) {
    let stage = Stage::new(case);
    stage.net.lay_second_link();
    let first = stage.first(&wanted(&stage, 150));
    let second = stage.second(&wanted(&stage, 100));
    both_are(&first, State::Master);
    both_are(&second, State::Backup);
    let inner = first.node().port("eth1");
    inner.unplug();
    both_are(&first, State::Fault);
    both_are(&second, State::Master);
    inner.plug();
    both_are(&first, State::Master);
    both_are(&second, State::Backup);
    stage.only(&[&first, &second], &first);
    first.kill();
    both_are(&second, State::Master);
    stage.finish();
}

#[track_caller]
fn both_are(router: &Router, state: State) {
    router.becomes(state);
    router.instance_becomes("inner", state);
}

fn wanted(stage: &Stage, priority: u8) -> Wanted {
    let mut inner = stage.wanted(priority);
    inner.name = "inner".to_owned();
    inner.interface = "eth1".to_owned();
    inner.vrid = 52;
    inner.addresses = vec!["198.51.100.100/24".to_owned()];
    let mut wanted = stage.wanted(priority);
    wanted.before = "vrrp_sync_group both {\n    group {\n        web\n        inner\n    }\n}\n".to_owned();
    wanted.behind = inner.instance();
    wanted
}
