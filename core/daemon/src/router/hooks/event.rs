//! From a transition to what hooks are told: once for the instance, and once for its group when that moves.

use model::link::HookEvent;
use model::plan::{HookPlan, Phase, Plan};
use model::transition::{Cause, State, Transition};

/// Who is told what, and by which hooks: lane, event, hooks.
pub(in crate::router) fn events<'a>(
    plan: &'a Plan,
    transition: &Transition,
) -> Vec<(String, HookEvent, &'a [HookPlan])> {
    let mut events = Vec::new();
    let phase = phase(transition.to);
    let event = HookEvent {
        is_group: false,
        name: transition.instance.to_string(),
        phase,
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
    if let Some(instance) = plan
        .instances
        .iter()
        .find(|instance| instance.name == transition.instance)
    {
        let event = HookEvent {
            interface: instance.interface.to_string(),
            addresses: instance
                .addresses
                .iter()
                .chain(&instance.excluded)
                .map(|address| address.net)
                .collect(),
            ..event.clone()
        };
        events.push((
            format!("instance {}", instance.name),
            event,
            instance.hooks.as_slice(),
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

/// The phase that entering a state is.
const fn phase(to: State) -> Phase {
    match to {
        State::Master => Phase::Master,
        State::Backup => Phase::Backup,
        State::Fault => Phase::Fault,
        State::Initialize => Phase::Stop,
    }
}
