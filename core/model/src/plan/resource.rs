//! What is true while Master, and only then.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::PluginName;
use crate::value::Parameters;

/// Something outside this node's addresses that an instance or group holds while it is Master: an address in a cloud, a
/// rule, a route, a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourcePlan {
    /// The plugin that verifies, applies and undoes it.
    pub plugin: PluginName,
    /// Handed to it as they are.
    pub parameters: Parameters,
    /// From one look to the next while it is held.
    pub interval: Duration,
    /// Longest time of one step; it is ended then.
    pub timeout: Duration,
}
