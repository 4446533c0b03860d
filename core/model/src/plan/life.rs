//! What runs around all else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::CommandPlan;

/// What runs before anything begins, and after everything ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifePlan {
    /// Elections and checks begin when it ended, however it did. A router that is started again does not run it.
    pub before: Option<ScriptPlan>,
    /// It runs when the addresses, rows and pipes are gone.
    pub after: Option<ScriptPlan>,
}

/// A command that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptPlan {
    /// What.
    pub command: CommandPlan,
    /// Longest time it may take; it is ended then.
    pub timeout: Duration,
}
