//! What runs at a transition: one at a time and in order for each instance or group. What has not begun when a newer
//! state comes is skipped; what has begun is awaited, at most for its own time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use model::ids::{ExecId, HookId, PluginName};
use model::link::{ExecOutcome, ExecRequest, HookCall, HookEvent};
use model::plan::{Arguments, CommandPlan, HookAction, HookPlan, Phase, ScriptPlan};
use model::value::Parameters;

mod event;
#[cfg(test)]
mod tests;

pub(super) use event::{events, news};

/// Output of a command kept for the log, in bytes.
const OUTPUT_MAX: u32 = 1024;
/// Longest time for a command that has no time of its own.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// What a hook needs done. Each is answered by `handle_done` with the same number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum HookEffect {
    /// Run a command.
    Exec(ExecRequest),
    /// Call a plugin.
    Call(HookCall),
}

/// All hooks that run or wait.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    next_id: u64,
    lanes: BTreeMap<String, Lane>,
    effects: VecDeque<HookEffect>,
}

/// What runs and waits for one instance, group, service or real server.
#[derive(Debug, Default)]
struct Lane {
    running: Option<Running>,
    waiting: VecDeque<Job>,
}

#[derive(Debug)]
struct Running {
    id: u64,
    what: String,
    /// A plugin's, which is lost with the worker.
    is_call: bool,
}

#[derive(Debug)]
enum Job {
    Command {
        command: CommandPlan,
        event: Option<HookEvent>,
        timeout: Duration,
    },
    Call {
        plugin: PluginName,
        parameters: Parameters,
        event: HookEvent,
        timeout: Duration,
    },
}

impl Hooks {
    /// An instance or group changed its state: its hooks are queued, those of older states that have not begun are
    /// dropped.
    pub(super) fn handle_event(&mut self, lane: String, event: &HookEvent, hooks: &[HookPlan]) {
        let wanted = hooks.iter().filter(|hook| hook.phases.contains(&event.phase));
        self.queue(lane, wanted.map(|hook| Job::new(hook, event)).collect());
    }

    /// Something happened in a state: its hooks are queued behind what waits. Of one kind only the latest waits.
    pub(super) fn handle_news(&mut self, lane: String, event: &HookEvent, hooks: &[HookPlan]) {
        let wanted: Vec<&HookPlan> = hooks
            .iter()
            .filter(|hook| hook.phases.contains(&event.phase))
            .collect();
        if wanted.is_empty() {
            return;
        }
        let queue = self.lanes.entry(lane).or_default();
        queue.waiting.retain(|job| job.phase() != Some(event.phase));
        queue
            .waiting
            .extend(wanted.into_iter().map(|hook| Job::new(hook, event)));
        self.advance();
    }

    /// A command outside any transition: `notify_up` of a real server, `quorum_down` of a service.
    pub(super) fn handle_command(&mut self, lane: String, command: CommandPlan) {
        self.handle_script(
            lane,
            ScriptPlan {
                command,
                timeout: COMMAND_TIMEOUT,
            },
        );
    }

    /// The same with a time of its own.
    pub(super) fn handle_script(&mut self, lane: String, script: ScriptPlan) {
        let ScriptPlan { command, timeout } = script;
        let event = None;
        self.queue(
            lane,
            vec![Job::Command {
                command,
                event,
                timeout,
            }],
        );
    }

    fn queue(&mut self, lane: String, jobs: Vec<Job>) {
        let queue = self.lanes.entry(lane).or_default();
        if !queue.waiting.is_empty() {
            tracing::warn!(
                skipped = queue.waiting.len(),
                "a newer state came before these hooks began"
            );
            queue.waiting.clear();
        }
        queue.waiting.extend(jobs);
        self.advance();
    }

    /// A command ended.
    pub(super) fn handle_exec_done(&mut self, id: ExecId, result: Result<ExecOutcome, String>) {
        let result = result.and_then(
            |outcome| match (outcome.timed_out, outcome.code, outcome.signal) {
                (true, ..) => Err(format!("ended after {:.1?}: over its time", outcome.took)),
                (false, Some(0), _) => Ok(()),
                (false, Some(code), _) => Err(format!("exit code {code}")),
                (false, None, signal) => Err(format!("ended by signal {}", signal.unwrap_or_default())),
            },
        );
        self.handle_done(id.0, result);
    }

    /// A plugin's hook ended.
    pub(super) fn handle_call_done(&mut self, id: HookId, result: Result<(), String>) {
        self.handle_done(id.0, result);
    }

    /// The worker is gone. Its calls are not made again, since nobody knows how far they came.
    pub(super) fn handle_worker_lost(&mut self) {
        self.fail_running(true, "the worker died");
    }

    /// The guardian is gone, and with it whoever could tell how a command ended.
    pub(super) fn handle_guardian_lost(&mut self) {
        self.fail_running(false, "the guardian died");
    }

    fn fail_running(&mut self, calls: bool, reason: &str) {
        let running = self.lanes.values().filter_map(|lane| lane.running.as_ref());
        let ids: Vec<u64> = running
            .filter(|running| running.is_call == calls)
            .map(|running| running.id)
            .collect();
        for id in ids {
            self.handle_done(id, Err(reason.to_owned()));
        }
    }

    fn handle_done(&mut self, id: u64, result: Result<(), String>) {
        for (lane, queue) in &mut self.lanes {
            let Some(Running { what, .. }) = queue.running.take_if(|running| running.id == id) else {
                continue;
            };
            match result {
                Ok(()) => tracing::info!(of = lane, hook = what, "hook done"),
                Err(reason) => tracing::warn!(of = lane, hook = what, reason, "hook failed"),
            }
            break;
        }
        self.advance();
    }

    /// Whether nothing runs or waits.
    pub(super) fn is_idle(&self) -> bool {
        self.lanes
            .values()
            .all(|lane| lane.running.is_none() && lane.waiting.is_empty())
    }

    /// The next thing to do.
    pub(super) fn poll_effect(&mut self) -> Option<HookEffect> {
        self.effects.pop_front()
    }

    fn advance(&mut self) {
        for lane in self.lanes.values_mut().filter(|lane| lane.running.is_none()) {
            let Some(job) = lane.waiting.pop_front() else {
                continue;
            };
            self.next_id += 1;
            let (running, effect) = job.begin(self.next_id);
            lane.running = Some(running);
            self.effects.push_back(effect);
        }
    }
}

impl Job {
    fn new(hook: &HookPlan, event: &HookEvent) -> Self {
        let (event, timeout) = (event.clone(), hook.timeout);
        match hook.action.clone() {
            HookAction::Command(command) => Self::Command {
                command,
                event: Some(event),
                timeout,
            },
            HookAction::Plugin { plugin, parameters } => Self::Call {
                plugin,
                parameters,
                event,
                timeout,
            },
        }
    }

    /// What it waits for; none outside any event.
    fn phase(&self) -> Option<Phase> {
        match self {
            Self::Command { event, .. } => event.as_ref().map(|event| event.phase),
            Self::Call { event, .. } => Some(event.phase),
        }
    }

    fn begin(self, id: u64) -> (Running, HookEffect) {
        match self {
            Self::Command {
                command,
                event,
                timeout,
            } => {
                let running = Running {
                    id,
                    what: command.argv.join(" "),
                    is_call: false,
                };
                (
                    running,
                    HookEffect::Exec(request(id, &command, event.as_ref(), timeout)),
                )
            }
            Self::Call {
                plugin,
                parameters,
                event,
                timeout,
            } => {
                let running = Running {
                    id,
                    what: format!("plugin {plugin}"),
                    is_call: true,
                };
                (
                    running,
                    HookEffect::Call(HookCall {
                        id: HookId(id),
                        plugin,
                        parameters,
                        timeout,
                        event,
                    }),
                )
            }
        }
    }
}

/// The request for a command that stands alone.
pub(super) fn lone(script: &ScriptPlan) -> ExecRequest {
    request(0, &script.command, None, script.timeout)
}

fn request(id: u64, command: &CommandPlan, event: Option<&HookEvent>, timeout: Duration) -> ExecRequest {
    let mut argv = command.argv.clone();
    if let (Arguments::Keepalived, Some(event)) = (command.arguments, event) {
        let kind = if event.is_group { "GROUP" } else { "INSTANCE" };
        argv.extend([
            kind.to_owned(),
            event.name.clone(),
            event.phase.word().to_owned(),
            event.priority.to_string(),
        ]);
    }
    ExecRequest {
        id: ExecId(id),
        argv,
        user: command.user.clone(),
        timeout,
        output_max: OUTPUT_MAX,
        reads: None,
    }
}
