//! Named pipes that the router writes to: the guardian makes them, since the router may not give files away, and
//! removes them when nobody wants them any more.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use model::plan::FifoPlan;

use super::broker::resolve;

#[derive(Debug, Default)]
pub(super) struct Fifos {
    made: Vec<PathBuf>,
}

impl Fifos {
    /// Makes those that are wanted, removes the others, and gives the writing ends.
    pub(super) fn handle_plan(&mut self, plans: &[FifoPlan]) -> Vec<(PathBuf, OwnedFd)> {
        let is_wanted = |path: &Path| plans.iter().any(|plan| plan.path == path);
        self.made
            .extract_if(.., |path| !is_wanted(path))
            .for_each(|path| remove(&path));
        let mut open = Vec::new();
        for plan in plans {
            let owner = plan.owner.as_ref();
            let owner = owner.map(|(user, group)| resolve(user, group.as_deref()));
            let opened = owner
                .transpose()
                .and_then(|owner| linux::fifo::open_owned(&plan.path, owner));
            match opened {
                Ok(pipe) => {
                    if !self.made.contains(&plan.path) {
                        self.made.push(plan.path.clone());
                    }
                    open.push((plan.path.clone(), pipe));
                }
                Err(error) => tracing::error!(error, "nothing is told through a named pipe"),
            }
        }
        open
    }

    /// Removes all.
    pub(super) fn leave(&mut self) {
        self.made.drain(..).for_each(|path| remove(&path));
    }
}

fn remove(path: &Path) {
    // Somebody may have removed it before.
    let _ = std::fs::remove_file(path);
}
