use std::net::IpAddr;

use model::effect::{InstanceNews, News};
use model::ids::InstanceName;
use model::plan::{InstancePlan, Phase, Plan};
use model::time::Instant;
use model::transition::{Cause, State, Transition};
use model::units::{Centis, Priority, Vrid};

use super::*;

fn command(word: &str, arguments: Arguments, phases: &[Phase]) -> HookPlan {
    HookPlan {
        phases: phases.to_vec(),
        action: HookAction::Command(CommandPlan {
            argv: vec![word.to_owned()],
            user: None,
            arguments,
        }),
        timeout: Duration::from_secs(5),
    }
}

fn plan(hooks: Vec<HookPlan>) -> Plan {
    let group: IpAddr = [224, 0, 0, 18].into();
    let instance = InstancePlan {
        name: "web".into(),
        interface: "eth0".into(),
        vrid: Vrid::try_from(51).expect("in range"),
        family: model::net::Family::V4,
        version: model::plan::Version::V3,
        priority: Priority::DEFAULT,
        advert_interval: Centis::new(100),
        preempt: model::plan::Preempt::Yes,
        down_adverts: 3,
        transport: model::plan::Transport::Multicast(group),
        source: None,
        auth: model::plan::Auth::None,
        hmac: None,
        checksum: model::plan::ChecksumForm::MessageOnly,
        answer_lower: true,
        conduct: model::plan::Conduct::default(),
        addresses: Vec::new(),
        excluded: Vec::new(),
        routes: Vec::new(),
        rules: Vec::new(),
        device: None,
        accept: true,
        announcement: model::plan::Announcement::default(),
        track_own_link: true,
        track_source: false,
        track_links: Vec::new(),
        track: Vec::new(),
        tells: model::plan::Tells::default(),
        hooks,
        resources: Vec::new(),
    };
    Plan {
        instances: vec![instance],
        ..Plan::default()
    }
}

fn transition(to: State) -> Transition {
    Transition {
        instance: InstanceName::from("web"),
        group: None,
        from: State::Backup,
        to,
        cause: Cause::NoMaster,
        priority: 100,
        at: Instant::default(),
    }
}

fn tell(hooks: &mut Hooks, plan: &Plan, to: State) {
    for (lane, event, of) in events(plan, &transition(to)) {
        hooks.handle_event(lane, &event, of);
    }
}

fn drain(hooks: &mut Hooks) -> Vec<(ExecId, String)> {
    std::iter::from_fn(|| hooks.poll_effect())
        .map(|effect| match effect {
            HookEffect::Exec(request) => (request.id, request.argv.join(" ")),
            HookEffect::Call(call) => (ExecId(call.id.0), format!("call {}", call.plugin)),
        })
        .collect()
}

fn good() -> Result<ExecOutcome, String> {
    Ok(ExecOutcome {
        code: Some(0),
        signal: None,
        timed_out: false,
        stdout: Vec::new(),
        took: Duration::ZERO,
    })
}

#[test]
fn hooks_run_in_order_one_at_a_time_with_the_arguments_of_keepalived() {
    let every = [Phase::Master, Phase::Backup, Phase::Fault, Phase::Stop];
    let plan = plan(vec![
        command("/first", Arguments::AsWritten, &[Phase::Master]),
        command("/other", Arguments::AsWritten, &[Phase::Backup]),
        command("/generic", Arguments::Keepalived, &every),
    ]);
    let mut hooks = Hooks::default();
    tell(&mut hooks, &plan, State::Master);
    let first = drain(&mut hooks);
    assert_eq!(first, [(ExecId(1), "/first".to_owned())]);
    hooks.handle_exec_done(ExecId(1), Err("no such program".to_owned()));
    let second = drain(&mut hooks);
    assert_eq!(
        second,
        [(ExecId(2), "/generic INSTANCE web MASTER 100".to_owned())]
    );
    hooks.handle_exec_done(ExecId(2), good());
    assert!(hooks.is_idle() && drain(&mut hooks).is_empty());
}

#[test]
fn a_newer_state_is_awaited_and_skips_what_has_not_begun() {
    let plan = plan(vec![
        command("/a", Arguments::AsWritten, &[Phase::Master]),
        command("/b", Arguments::AsWritten, &[Phase::Master]),
        command("/c", Arguments::AsWritten, &[Phase::Backup]),
    ]);
    let mut hooks = Hooks::default();
    tell(&mut hooks, &plan, State::Master);
    assert_eq!(drain(&mut hooks).len(), 1);
    tell(&mut hooks, &plan, State::Backup);
    assert!(drain(&mut hooks).is_empty(), "/a runs still");
    hooks.handle_exec_done(ExecId(1), good());
    assert_eq!(drain(&mut hooks), [(ExecId(2), "/c".to_owned())]);
}

fn hear(hooks: &mut Hooks, plan: &Plan, what: News) -> bool {
    let happened = InstanceNews {
        instance: InstanceName::from("web"),
        state: State::Master,
        priority: 90,
        what,
    };
    let ((lane, event, of), to_pipes) = news(plan, &happened).expect("it is in the plan");
    hooks.handle_news(lane, &event, of);
    to_pipes
}

#[test]
fn news_wait_behind_a_transition_and_only_the_latest_of_a_kind_is_told() {
    let plan = plan(vec![
        command("/a", Arguments::AsWritten, &[Phase::Master]),
        command("/b", Arguments::AsWritten, &[Phase::Master]),
        command("/lower", Arguments::AsWritten, &[Phase::LowerMaster]),
        command("/priority", Arguments::Keepalived, &[Phase::MasterPriority]),
    ]);
    let mut hooks = Hooks::default();
    tell(&mut hooks, &plan, State::Master);
    assert_eq!(drain(&mut hooks).len(), 1);
    let lower = News::LowerMaster {
        master: [10, 0, 0, 9].into(),
        priority: 50,
    };
    assert!(hear(&mut hooks, &plan, lower) && hear(&mut hooks, &plan, lower));
    assert!(
        !hear(&mut hooks, &plan, News::Priority { before: 100 }),
        "pipes did not ask"
    );
    let mut ran = Vec::new();
    for id in 1.. {
        hooks.handle_exec_done(ExecId(id), good());
        let Some((_, what)) = drain(&mut hooks).pop() else {
            break;
        };
        ran.push(what);
    }
    assert_eq!(ran, ["/b", "/lower", "/priority INSTANCE web MASTER_PRIORITY 90"]);
}

#[test]
fn who_waits_for_a_deletion_is_told_of_no_stop() {
    let removed = Transition {
        cause: Cause::Removed,
        ..transition(State::Initialize)
    };
    let mut plan = plan(Vec::new());
    for (deletion, cause, word) in [
        (false, Cause::Removed, Phase::Stop),
        (true, Cause::Removed, Phase::Deleted),
        (true, Cause::Stopped, Phase::Stop),
    ] {
        plan.instances[0].tells.deletion = deletion;
        let transition = Transition {
            cause,
            ..removed.clone()
        };
        assert_eq!(events(&plan, &transition)[0].1.phase, word);
    }
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut hooks = Hooks::default();
    hooks.handle_exec_done(ExecId(9), good());
    hooks.handle_worker_lost();
    assert!(hooks.is_idle() && drain(&mut hooks).is_empty());
}
