//! Named pipes that the router writes to: the guardian makes them, since the router may not give files away, and
//! removes them when nobody wants them any more.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use model::plan::FifoPlan;

use super::broker::resolve;

#[derive(Debug, Default)]
pub(super) struct Fifos {
    made: Vec<FifoPlan>,
}

/// What comes of a plan.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// Pipes whose readers are to end: they are to be others, or none.
    pub(super) ended: Vec<PathBuf>,
    /// The writing end of each pipe.
    pub(super) open: Vec<(PathBuf, OwnedFd)>,
}

impl Fifos {
    /// Makes those that are wanted and removes the others. One with another owner is another pipe.
    pub(super) fn handle_plan(&mut self, plans: &[FifoPlan]) -> Opened {
        let mut opened = Opened::default();
        for was in std::mem::take(&mut self.made) {
            let wanted = plans.iter().find(|plan| plan.path == was.path);
            if wanted.is_none_or(|plan| owner(plan) != owner(&was)) {
                remove(&was.path);
            }
            if wanted != Some(&was) {
                opened.ended.push(was.path);
            }
        }
        for plan in plans {
            let owner = owner(plan).map(|(user, group)| resolve(user, group.as_deref()));
            let pipe = owner
                .transpose()
                .and_then(|owner| linux::fifo::open_owned(&plan.path, owner));
            match pipe {
                Ok(pipe) => {
                    self.made.push(plan.clone());
                    opened.open.push((plan.path.clone(), pipe));
                }
                Err(error) => tracing::error!(error, "nothing is told through a named pipe"),
            }
        }
        opened
    }

    /// Removes all.
    pub(super) fn leave(&mut self) {
        self.made.drain(..).for_each(|plan| remove(&plan.path));
    }
}

/// Whose it is: who was named, else whoever the reader runs as, who could not open it otherwise.
fn owner(plan: &FifoPlan) -> Option<&(String, Option<String>)> {
    let reads = plan.reader.as_ref().and_then(|reader| reader.user.as_ref());
    plan.owner.as_ref().or(reads)
}

fn remove(path: &Path) {
    // Somebody may have removed it before.
    let _ = std::fs::remove_file(path);
}
