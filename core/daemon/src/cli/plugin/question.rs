//! What a plugin is asked by hand: a check, a hook or a step of a resource, about things that stand for true ones.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use model::ids::{AskId, HookId, PluginName, StepId};
use model::link::{HookCall, HookEvent, Step, StepCall};
use model::plan::{Phase, Via};
use model::probe::{Ask, Subject, Verdict};
use model::transition::State;
use model::value::Parameters;
use plugin::Platform;

/// What is asked.
pub(super) struct Question {
    pub(super) plugin: PluginName,
    pub(super) parameters: Parameters,
    /// Longest time for the answer.
    pub(super) timeout: Duration,
    /// What a check is about; nobody when absent, as by a tracker.
    pub(super) target: Option<SocketAddr>,
    /// Have a resource take this step.
    pub(super) step: Option<Step>,
    /// Or else tell a hook of this. Otherwise a check is asked.
    pub(super) event: Option<Phase>,
}

/// What became of it.
pub(super) enum Said {
    Check(Verdict),
    Hook(Result<(), String>),
    Step(Result<bool, String>),
}

impl Question {
    pub(super) async fn ask(self, platform: &Platform) -> Said {
        let Self {
            plugin,
            parameters,
            timeout,
            target,
            step,
            event: phase,
        } = self;
        if let Some(step) = step {
            let call = StepCall {
                id: StepId(0),
                plugin,
                parameters,
                timeout,
                step,
                event: event(phase_of(step)),
            };
            return Said::Step(platform.step(call).await);
        }
        if let Some(phase) = phase {
            let call = HookCall {
                id: HookId(0),
                plugin,
                parameters,
                timeout,
                event: event(phase),
            };
            return Said::Hook(platform.hook(call).await);
        }
        let ask = Ask {
            id: AskId(0),
            subject: Subject::Tracker(plugin.as_str().into()),
            plugin,
            target,
            via: Via::default(),
            parameters,
            timeout,
        };
        Said::Check(platform.ask(ask).await)
    }
}

/// A transition as an instance would tell it.
fn event(phase: Phase) -> HookEvent {
    HookEvent {
        is_group: false,
        name: "example".to_owned(),
        phase,
        previous: if phase == Phase::Master {
            State::Backup
        } else {
            State::Master
        },
        cause: "tried by hand".to_owned(),
        priority: 100,
        interface: "lo".to_owned(),
        addresses: vec![IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)).into()],
    }
}

/// When an instance has a resource take this step.
fn phase_of(step: Step) -> Phase {
    match step {
        Step::Verify | Step::Apply => Phase::Master,
        Step::Undo => Phase::Backup,
    }
}
