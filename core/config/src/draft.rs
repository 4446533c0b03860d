//! What a language reader hands on: plan values, each beside the place it was written at.

use std::collections::BTreeMap;

use ipnet::IpNet;
use model::ids::{InstanceName, PluginName, TrackerName};
use model::ipvs::DestinationKey;
use model::plan::{
    CheckPlan, ExecGrant, FifoPlan, Grants, GroupPlan, InstancePlan, IpvsPlan, LifePlan, LinkPlan,
    MachinePlan, NetGrant, PluginPlan, ServerPlan, ServicePlan, StartPlan, StaticPlan, SwitchPlan, SyncPlan,
    TrackerPlan, WatchPlan,
};
use model::value::Value;

use crate::iproute::{Priorities, RouteNames};
use crate::plugins;
use crate::source::Span;

/// Everything read so far, of both languages.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) node: String,
    pub(crate) machine: MachinePlan,
    pub(crate) start: StartPlan,
    pub(crate) life: LifePlan,
    pub(crate) links: Vec<LinkPlan>,
    pub(crate) switches: Vec<SwitchPlan>,
    /// Names of tables and the like on this machine.
    pub(crate) names: RouteNames,
    /// Of rules that were written without one.
    pub(crate) priorities: Priorities,
    pub(crate) statics: StaticPlan,
    pub(crate) instances: Vec<InstanceDraft>,
    pub(crate) groups: Vec<GroupDraft>,
    pub(crate) trackers: Vec<TrackerDraft>,
    pub(crate) watches: Vec<WatchDraft>,
    pub(crate) fifos: Vec<FifoDraft>,
    /// Trackers that were refused: a reference to one is not called undefined as well.
    pub(crate) broken_trackers: Vec<TrackerName>,
    pub(crate) services: Vec<ServiceDraft>,
    pub(crate) ipvs: IpvsPlan,
    /// Where a sync daemon was asked for, and in which language; its identifier if it was written.
    pub(crate) sync: Option<SyncDraft>,
    pub(crate) plugins: Vec<PluginDraft>,
    /// Every use of a plugin.
    pub(crate) uses: Vec<PluginUse>,
}

/// A sync daemon whose instance and identifier are still to be settled.
#[derive(Debug)]
pub(crate) struct SyncDraft {
    pub(crate) plan: SyncPlan,
    pub(crate) id: Option<u8>,
    /// Where it was written, and where its instance.
    pub(crate) head: Span,
    pub(crate) follow: Span,
}

/// Which language something was written in: the same mistake is judged and cured differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Toml,
    Keepalived,
}

/// Places of the parts of one thing, by the name of the part. What was not written is at the head.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) head: Span,
    parts: BTreeMap<&'static str, Span>,
}

impl Places {
    pub(crate) fn new(head: &Span) -> Self {
        Self {
            head: head.clone(),
            parts: BTreeMap::new(),
        }
    }

    pub(crate) fn put(&mut self, part: &'static str, span: &Span) {
        self.parts.insert(part, span.clone());
    }

    pub(crate) fn written(&self, part: &str) -> Option<&Span> {
        self.parts.get(part)
    }

    pub(crate) fn of(&self, part: &str) -> &Span {
        self.parts.get(part).unwrap_or(&self.head)
    }
}

#[derive(Debug)]
pub(crate) struct InstanceDraft {
    pub(crate) language: Language,
    pub(crate) plan: InstancePlan,
    pub(crate) places: Places,
    /// One for each of `plan.addresses`.
    pub(crate) addresses: Vec<Span>,
    /// One for each of `plan.excluded`.
    pub(crate) excluded: Vec<Span>,
    /// One for each of `plan.track`.
    pub(crate) track: Vec<Span>,
    /// Whether it asks to be held to the letter of its RFC.
    pub(crate) strict: bool,
    /// Something in it was wrong and is reported; what follows from it is not.
    pub(crate) broken: bool,
}

#[derive(Debug)]
pub(crate) struct GroupDraft {
    pub(crate) language: Language,
    pub(crate) plan: GroupPlan,
    pub(crate) head: Span,
    pub(crate) members: Vec<(InstanceName, Span)>,
    /// One for each of `plan.track`.
    pub(crate) track: Vec<Span>,
}

#[derive(Debug)]
pub(crate) struct TrackerDraft {
    pub(crate) plan: TrackerPlan,
    /// Where the instance that refers to it gives none.
    pub(crate) weight: Weight,
    pub(crate) head: Span,
}

#[derive(Debug)]
pub(crate) struct WatchDraft {
    pub(crate) plan: WatchPlan,
    /// Where the instance that refers to it gives none.
    pub(crate) weight: Weight,
    pub(crate) head: Span,
}

#[derive(Debug)]
pub(crate) struct FifoDraft {
    pub(crate) plan: FifoPlan,
    /// Where its path is written.
    pub(crate) head: Span,
}

/// How much a tracked thing counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    pub(crate) by: i16,
    pub(crate) reverse: bool,
}

impl Weight {
    /// Stands in a draft for "the tracker's own"; no weight can be it (-254..=254).
    pub(crate) const OF_TRACKER: Self = Self {
        by: i16::MIN,
        reverse: false,
    };
}

#[derive(Debug)]
pub(crate) struct ServiceDraft {
    pub(crate) language: Language,
    pub(crate) plan: ServicePlan,
    pub(crate) places: Places,
    /// One for each of `plan.servers`.
    pub(crate) servers: Vec<Span>,
}

#[derive(Debug)]
pub(crate) struct PluginDraft {
    /// Where its file is named; of its name when it has none.
    pub(crate) span: Span,
    pub(crate) plan: PluginPlan,
}

/// A place that needs a plugin, and what the plugin needs for it.
#[derive(Clone, Debug)]
pub(crate) struct PluginUse {
    pub(crate) plugin: PluginName,
    pub(crate) span: Span,
    /// What the operator wrote for it to do.
    pub(crate) needs: Grants,
    /// The parameters that it is given, where they stand.
    pub(crate) given: Vec<Given>,
}

/// A parameter and its place.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// A command and who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exec {
    pub(crate) argv: Vec<String>,
    pub(crate) user: User,
}

/// User and group by name; the daemon's own when absent.
pub(crate) type User = Option<(String, Option<String>)>;

impl PluginUse {
    pub(crate) fn of(check: &CheckPlan, span: &Span, exec: Option<Exec>) -> Self {
        let mut needs = plugins::needs(check.plugin.as_str(), &check.parameters);
        needs.exec.extend(exec.map(|exec| ExecGrant {
            argv: exec.argv,
            any_arguments: false,
            user: exec.user,
        }));
        needs.net.extend(check.address.map(|address| NetGrant::Net {
            net: IpNet::from(address),
            port: None,
        }));
        let given = check.parameters.iter().map(|(name, value)| Given {
            name: name.clone(),
            span: span.clone(),
            value: value.clone(),
        });
        Self {
            plugin: check.plugin.clone(),
            span: span.clone(),
            needs,
            given: given.collect(),
        }
    }

    /// Says where parameters stand, of those that have a place of their own.
    pub(crate) fn with_places(mut self, places: &BTreeMap<String, Span>) -> Self {
        for given in &mut self.given {
            if let Some(span) = places.get(&given.name) {
                given.span = span.clone();
            }
        }
        self
    }
}

/// A server as both languages build it, before the service's defaults are known to fit.
pub(crate) fn server(key: DestinationKey, forward: model::ipvs::Forward) -> ServerPlan {
    ServerPlan {
        key,
        forward,
        weight: 1,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        starts_down: false,
        checks: Vec::new(),
        needed: None,
        slow_start: None,
        backup: false,
        up: None,
        down: None,
    }
}
