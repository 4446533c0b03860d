//! What the operator wants, whichever front door it came through. A start is a change from the empty plan.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::ids::TrackerName;

pub mod auth;
pub mod fifo;
pub mod hook;
pub mod life;
pub mod lvs;
pub mod machine;
pub mod plugin;
pub mod resource;
pub mod via;
pub mod vrrp;

pub use auth::{Auth, Freshness, HmacKey, HmacMode, HmacPlan, Key};
pub use fifo::FifoPlan;
pub use hook::{Arguments, CommandPlan, HookAction, HookPlan, Phase};
pub use life::{LifePlan, ScriptPlan};
pub use lvs::{CheckPlan, IpvsPlan, OnUnknown, QuorumPlan, ServerPlan, ServicePlan, SorryPlan, SyncPlan};
pub use machine::{ElectionShare, MachinePlan, Share};
pub use plugin::{ExecGrant, Grants, Limits, NetGrant, PluginPlan, PluginSource, SecretSource};
pub use resource::ResourcePlan;
pub use via::Via;
pub use vrrp::{
    AddressOptions, Announcement, ArgumentMatch, ChecksumForm, Conduct, DeviceKind, DevicePlan, FileWatch,
    GroupPlan, Hops, InstancePlan, LinkPlan, Lists, Peer, Preempt, ProcessPattern, ProcessWatch, RouterKey,
    StartPlan, StaticPlan, TrackLink, TrackTracker, TrackerPlan, Transport, Version, VirtualAddress,
    WatchPlan, WatchSubject,
};
pub use vrrp::{SwitchPlan, Tells};

/// The whole configuration, checked and complete: every name in it refers to something in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What this node calls itself in messages; the host name when empty.
    pub node: String,
    /// Virtual routers.
    pub instances: Vec<InstancePlan>,
    /// Instances that move together.
    pub groups: Vec<GroupPlan>,
    /// What is there from start to stop.
    pub statics: StaticPlan,
    /// Checks of this node that move priorities.
    pub trackers: Vec<TrackerPlan>,
    /// How our processes share the machine with others.
    pub machine: MachinePlan,
    /// What runs around all else.
    pub life: LifePlan,
    /// When elections begin.
    pub start: StartPlan,
    /// Interfaces whose changes are doubted at first.
    pub links: Vec<LinkPlan>,
    /// Interfaces whose announcements keep a distance together.
    pub switches: Vec<SwitchPlan>,
    /// Files and processes of this node that move priorities.
    pub watches: Vec<WatchPlan>,
    /// Named pipes that tell what happens.
    pub fifos: Vec<FifoPlan>,
    /// Balanced services.
    pub services: Vec<ServicePlan>,
    /// The kernel's balancer itself.
    pub ipvs: IpvsPlan,
    /// Plugins that a check, tracker or hook of this plan uses.
    pub plugins: Vec<PluginPlan>,
}

impl Plan {
    /// The files whose numbers move priorities, each with the name of its watch.
    pub fn numbers(&self) -> impl Iterator<Item = (&TrackerName, &Path)> {
        self.watches.iter().filter_map(|watch| match &watch.subject {
            WatchSubject::File(file) => Some((&watch.name, file.path.as_path())),
            WatchSubject::Process(_) => None,
        })
    }

    /// The ways that checks leave by, where that is not the kernel's own choice.
    pub fn ways(&self) -> BTreeSet<Via> {
        let servers = self.services.iter().flat_map(|service| &service.servers);
        let checks = servers.flat_map(|server| &server.checks);
        let all = checks.chain(self.trackers.iter().map(|tracker| &tracker.check));
        all.map(|check| &check.via)
            .filter(|via| !via.is_open())
            .cloned()
            .collect()
    }
}
