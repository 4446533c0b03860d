//! Names by which the parts of a configuration refer to each other, and numbers that tie an answer to its question.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as the operator wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(Arc::from(name))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $int);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

name!(
    /// A virtual router on this node (`vrrp_instance` in keepalived's language).
    InstanceName
);
name!(
    /// A set of instances that move together (`vrrp_sync_group`).
    GroupName
);
name!(
    /// Something watched on this node whose verdict moves priorities (`vrrp_script`).
    TrackerName
);
name!(
    /// A plugin, shipped or the user's own.
    PluginName
);
name!(
    /// A network interface, by the name the kernel gives it.
    LinkName
);

number!(
    /// A network interface, by kernel index.
    LinkIndex(u32)
);
number!(
    /// Ties the kernel's answer to the engine's order.
    OrderId(u64)
);
number!(
    /// Ties a verdict to the question it answers. Never reused while a router lives.
    AskId(u64)
);
number!(
    /// Ties a hook's result to its call.
    HookId(u64)
);
number!(
    /// Ties a resource's answer to the step that was asked of it. Never reused while a router lives.
    StepId(u64)
);
number!(
    /// Ties a command's result to the request.
    ExecId(u64)
);
number!(
    /// Ties a socket to the request for it.
    SocketId(u64)
);
number!(
    /// Which version of a plugin answered: counts from 1, one up with each swap.
    Generation(u32)
);
