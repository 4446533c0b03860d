//! What runs when something changed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::PluginName;
use crate::value::Parameters;

/// One thing to run at one or more phases of a transition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HookPlan {
    /// When.
    pub phases: Vec<Phase>,
    /// What.
    pub action: HookAction,
    /// Longest time it may take; it is ended then.
    pub timeout: Duration,
}

/// What a hook can wait for: that a state is entered, or what happens in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Became Master (`notify_master`).
    Master,
    /// Became Backup (`notify_backup`).
    Backup,
    /// Went to Fault (`notify_fault`).
    Fault,
    /// Is leaving for good (`notify_stop`).
    Stop,
    /// Was taken out of the configuration (`notify_deleted`). Where nobody waits for this, it is `Stop`.
    Deleted,
    /// As Master it heard one of lower priority (`notify_master_rx_lower_pri`).
    LowerMaster,
    /// As Master it has another priority (`notify_priority_changes`).
    MasterPriority,
    /// The same as Backup.
    BackupPriority,
}

impl Phase {
    /// The word that keepalived's scripts and named pipes are given.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Master => "MASTER",
            Self::Backup => "BACKUP",
            Self::Fault => "FAULT",
            Self::Stop => "STOP",
            Self::Deleted => "DELETED",
            Self::LowerMaster => "MASTER_RX_LOWER_PRI",
            Self::MasterPriority => "MASTER_PRIORITY",
            Self::BackupPriority => "BACKUP_PRIORITY",
        }
    }

    /// The state that it belongs to: one of the first four, which plugins are told.
    pub const fn state(self) -> Self {
        match self {
            Self::Master | Self::LowerMaster | Self::MasterPriority => Self::Master,
            Self::Backup | Self::BackupPriority => Self::Backup,
            Self::Fault => Self::Fault,
            Self::Stop | Self::Deleted => Self::Stop,
        }
    }
}

/// What a hook runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum HookAction {
    /// The `hook` function of a plugin.
    Plugin {
        /// Plugin.
        plugin: PluginName,
        /// Handed to it as they are.
        parameters: Parameters,
    },
    /// A program.
    Command(CommandPlan),
}

/// A program that the guardian starts, without a shell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommandPlan {
    /// Program (absolute, or a bare name searched in PATH) and its arguments; never empty.
    pub argv: Vec<String>,
    /// Who it runs as: user and group by name; the daemon's own when absent.
    pub user: Option<(String, Option<String>)>,
    /// What is added to the arguments.
    pub arguments: Arguments,
}

/// Arguments added to a command when it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Arguments {
    /// None.
    AsWritten,
    /// keepalived's four: `INSTANCE` or `GROUP`, name, state, priority (keepalived.conf(5), `notify`).
    Keepalived,
}
