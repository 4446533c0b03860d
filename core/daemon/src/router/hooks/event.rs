//! What hooks are told: of a transition once for the instance, and once for its group when that moves; of what happens
//! in a state once for the instance.

use model::effect::{InstanceNews, News};
use model::link::HookEvent;
use model::plan::{HookPlan, InstancePlan, Phase, Plan};
use model::transition::{Cause, State, Transition};

/// Who is told, what, and by which hooks.
pub(in crate::router) type Told<'a> = (String, HookEvent, &'a [HookPlan]);

/// Who is told what of a transition.
pub(in crate::router) fn events<'a>(plan: &'a Plan, transition: &Transition) -> Vec<Told<'a>> {
    let mut events = Vec::new();
    let event = HookEvent {
        is_group: false,
        name: transition.instance.to_string(),
        phase: phase(transition.to),
        // The predecessor may have died before its hooks were done: they are told again, but of no new state.
        previous: if transition.cause == Cause::Adopted {
            transition.to
        } else {
            transition.from
        },
        cause: transition.cause.to_string(),
        priority: transition.priority,
        interface: String::new(),
        addresses: Vec::new(),
    };
    let instance = plan
        .instances
        .iter()
        .find(|instance| instance.name == transition.instance);
    if let Some(instance) = instance {
        let is_deletion = transition.cause == Cause::Removed && instance.tells.deletion;
        let phase = if is_deletion { Phase::Deleted } else { event.phase };
        events.push(told(
            instance,
            HookEvent {
                phase,
                ..event.clone()
            },
        ));
    }
    // All members move in one step; the first of them speaks for the group.
    let group = plan
        .groups
        .iter()
        .find(|group| Some(&group.name) == transition.group.as_ref());
    if let Some(group) = group.filter(|group| group.members.first() == Some(&transition.instance)) {
        let event = HookEvent {
            is_group: true,
            name: group.name.to_string(),
            priority: 0,
            ..event
        };
        events.push((format!("group {}", group.name), event, group.hooks.as_slice()));
    }
    events
}

/// Who is told what of news, and whether named pipes are.
pub(in crate::router) fn news<'a>(plan: &'a Plan, news: &InstanceNews) -> Option<(Told<'a>, bool)> {
    let instance = plan
        .instances
        .iter()
        .find(|instance| instance.name == news.instance)?;
    let (phase, cause, to_pipes) = match news.what {
        News::LowerMaster { master, priority } => {
            let cause = format!("heard {master}, whose priority is {priority}");
            (Phase::LowerMaster, cause, true)
        }
        News::Priority { before } => {
            let phase = match news.state {
                State::Master => Phase::MasterPriority,
                State::Initialize | State::Backup | State::Fault => Phase::BackupPriority,
            };
            let cause = format!("priority {before} -> {}", news.priority);
            (phase, cause, instance.tells.priority)
        }
    };
    let event = HookEvent {
        is_group: false,
        name: news.instance.to_string(),
        phase,
        previous: news.state,
        cause,
        priority: news.priority,
        interface: String::new(),
        addresses: Vec::new(),
    };
    Some((told(instance, event), to_pipes))
}

fn told(instance: &InstancePlan, event: HookEvent) -> Told<'_> {
    let addresses = instance.addresses.iter().chain(&instance.excluded);
    let event = HookEvent {
        interface: instance.interface.to_string(),
        addresses: addresses.map(|address| address.net).collect(),
        ..event
    };
    (
        format!("instance {}", instance.name),
        event,
        instance.hooks.as_slice(),
    )
}

/// The phase that entering a state is.
const fn phase(to: State) -> Phase {
    match to {
        State::Master => Phase::Master,
        State::Backup => Phase::Backup,
        State::Fault => Phase::Fault,
        State::Initialize => Phase::Stop,
    }
}
