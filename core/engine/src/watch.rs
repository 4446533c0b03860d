//! Watches: files and processes of this machine that move priorities (`track_file`, `vrrp_track_process`). Somebody
//! else reads them; what a reading means, and when a change is believed, is decided here.
//!
//! After each `handle_*`, drain [`poll_effect`](Watches::poll_effect), then ask [`poll_timeout`](Watches::poll_timeout).

use std::collections::{BTreeMap, VecDeque};

use model::fact::TrackerState;
use model::ids::TrackerName;
use model::plan::{ProcessPattern, ProcessWatch, WatchPlan, WatchSubject};
use model::status::TrackerStatus;
use model::time::Instant;

/// All watches.
#[derive(Debug, Default)]
pub struct Watches {
    list: Vec<Watch>,
    effects: VecDeque<(TrackerName, TrackerState)>,
}

#[derive(Debug)]
struct Watch {
    plan: WatchPlan,
    told: TrackerState,
    /// Words of the last reading.
    reason: String,
    /// When what was read last is believed, if it stays so.
    turns: Option<Instant>,
}

impl Watches {
    /// Takes a plan. What stays as it was keeps its state.
    pub fn handle_plan(&mut self, plans: &[WatchPlan]) {
        let mut old = std::mem::take(&mut self.list);
        for plan in plans {
            let known = old.iter().position(|watch| watch.plan == *plan);
            let watch = known.map(|at| old.swap_remove(at)).unwrap_or_else(|| {
                self.effects.push_back((plan.name.clone(), TrackerState::Pending));
                Watch {
                    plan: plan.clone(),
                    told: TrackerState::Pending,
                    reason: "not read yet".to_owned(),
                    turns: None,
                }
            });
            self.list.push(watch);
        }
    }

    /// Takes what is in a file; `None` when there is no such file. A number that cannot be read changes nothing.
    pub fn handle_file(&mut self, name: &TrackerName, content: Result<Option<String>, String>) {
        let Some(watch) = self.list.iter_mut().find(|watch| watch.plan.name == *name) else {
            return;
        };
        let WatchSubject::File(file) = &watch.plan.subject else {
            return;
        };
        let (number, reason) = match content {
            Ok(None) => (Some(file.absent), "there is no such file".to_owned()),
            Ok(Some(text)) => match text.trim().parse::<i32>() {
                Ok(number) => (Some(number), "as the file says".to_owned()),
                Err(_) => (None, "no whole number is in the file".to_owned()),
            },
            Err(words) => (None, words),
        };
        watch.reason = reason;
        let known = match watch.told {
            TrackerState::Number(known) => known,
            TrackerState::Pending | TrackerState::Good | TrackerState::Failed => file.absent,
        };
        watch.tell(TrackerState::Number(number.unwrap_or(known)), &mut self.effects);
    }

    /// Takes how many processes of each kind there are.
    pub fn handle_processes(&mut self, counts: &BTreeMap<ProcessPattern, u32>, now: Instant) {
        for watch in &mut self.list {
            let WatchSubject::Process(process) = &watch.plan.subject else {
                continue;
            };
            let Some(count) = counts.get(&process.pattern) else {
                continue;
            };
            watch.reason = match count {
                1 => "1 process".to_owned(),
                count => format!("{count} processes"),
            };
            let state = judge(process, *count);
            if watch.told == TrackerState::Pending || watch.told == state {
                watch.turns = None;
                watch.tell(state, &mut self.effects);
            } else {
                let after = match state {
                    TrackerState::Good => process.good_after,
                    TrackerState::Failed | TrackerState::Pending | TrackerState::Number(_) => {
                        process.failed_after
                    }
                };
                watch.turns.get_or_insert(now + after);
            }
        }
        self.handle_timeout(now);
    }

    /// The next instant at which a reading is believed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.list.iter().filter_map(|watch| watch.turns).min()
    }

    /// Believes what has stayed so for long enough.
    pub fn handle_timeout(&mut self, now: Instant) {
        for watch in &mut self.list {
            if watch.turns.take_if(|at| *at <= now).is_some() {
                let turned = match watch.told {
                    TrackerState::Good => TrackerState::Failed,
                    TrackerState::Failed | TrackerState::Pending | TrackerState::Number(_) => {
                        TrackerState::Good
                    }
                };
                watch.tell(turned, &mut self.effects);
            }
        }
    }

    /// The next state to tell the elections, until `None`.
    pub fn poll_effect(&mut self) -> Option<(TrackerName, TrackerState)> {
        self.effects.pop_front()
    }

    /// Each as it is now.
    pub fn status(&self) -> impl Iterator<Item = TrackerStatus> + '_ {
        self.list.iter().map(|watch| TrackerStatus {
            name: watch.plan.name.to_string(),
            state: match watch.told {
                TrackerState::Pending => "pending".to_owned(),
                TrackerState::Good => "good".to_owned(),
                TrackerState::Failed => "failed".to_owned(),
                TrackerState::Number(number) => number.to_string(),
            },
            reason: watch.reason.clone(),
        })
    }
}

impl Watch {
    fn tell(&mut self, state: TrackerState, effects: &mut VecDeque<(TrackerName, TrackerState)>) {
        if self.told != state {
            self.told = state;
            effects.push_back((self.plan.name.clone(), state));
        }
    }
}

/// What a number of processes counts as.
fn judge(process: &ProcessWatch, count: u32) -> TrackerState {
    if count >= process.at_least && process.at_most.is_none_or(|most| count <= most) {
        TrackerState::Good
    } else {
        TrackerState::Failed
    }
}

#[cfg(test)]
mod tests;
