//! Named pipes that tell what happens.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::CommandPlan;

/// A named pipe to which each change is written as a line (`notify_fifo`). Who reads too slowly loses lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FifoPlan {
    /// Where it is; absolute.
    pub path: PathBuf,
    /// It tells of instances and groups.
    pub elections: bool,
    /// It tells of virtual and real servers.
    pub services: bool,
    /// The states of all instances and groups are told again after each reading of the configuration
    /// (`fifo_write_vrrp_states_on_reload`).
    pub retells: bool,
    /// Who may read it beside root: user and group by name.
    pub owner: Option<(String, Option<String>)>,
    /// A program that reads it, which is given the path as its last argument and started again when it ends.
    pub reader: Option<CommandPlan>,
}
