//! Which plugins the plan uses, and what each may do.

use model::ids::PluginName;
use model::plan::{CheckPlan, HookAction, Limits, NetGrant, PluginPlan, PluginSource};
use model::value::Value;

use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, PluginUse};
use crate::unit;

mod declared;
mod shipped;

pub(crate) use declared::check_declared;
pub(crate) use shipped::{DNS_TYPES, check_parameters, is_hex, is_md5, parameters_of};
pub use shipped::{EMBEDDED, grants_of, needs};

/// Lets the answers of a check set the server's weight. `misc` has to be told what exit codes mean then.
pub(crate) fn let_set_weight(plan: &mut CheckPlan) {
    plan.sets_weight = true;
    if plan.plugin.as_str() == "misc" {
        plan.parameters.insert("dynamic".to_owned(), Value::Boolean(true));
    }
}

/// `target`, `10.0.0.0/8`, `10.0.0.0/8:443`, `[2001:db8::/32]:443`, `unix:/run/haproxy/admin.sock`: where a plugin may
/// connect.
pub fn net_grant(text: &str) -> Option<NetGrant> {
    if text == "target" {
        return Some(NetGrant::Target);
    }
    if let Some(path) = text.strip_prefix("unix:") {
        return path.starts_with('/').then(|| NetGrant::Unix(path.into()));
    }
    if let Some(net) = unit::network(text) {
        return Some(NetGrant::Net { net, port: None });
    }
    let (net, port) = text.rsplit_once(':')?;
    let bare = net.strip_prefix('[').and_then(|net| net.strip_suffix(']'));
    let net = unit::network(bare.unwrap_or(net))?;
    let port = port.parse::<u16>().ok().filter(|port| *port != 0)?;
    Some(NetGrant::Net {
        net,
        port: Some(port),
    })
}

/// The plugins that are used, each once: as configured, else as embedded.
pub(crate) fn collect(draft: &Draft, d: &mut Diagnostics) -> Vec<PluginPlan> {
    let mut plans: Vec<PluginPlan> = Vec::new();
    let mut missing: Vec<&PluginName> = Vec::new();
    for used in &draft.uses {
        let place = match plans.iter().position(|plan| plan.name == used.plugin) {
            Some(place) => place,
            None => match find(draft, used) {
                Some(plan) => {
                    plans.push(plan);
                    plans.len() - 1
                }
                None => {
                    if !missing.contains(&&used.plugin) {
                        missing.push(&used.plugin);
                        undefined(draft, used, d);
                    }
                    continue;
                }
            },
        };
        if let Some(plan) = plans.get_mut(place) {
            plan.grants.add(&used.needs);
        }
    }
    debug_assert!(
        hooks_are_listed(draft),
        "every hook that runs a plugin is a use of it"
    );
    plans
}

fn find(draft: &Draft, used: &PluginUse) -> Option<PluginPlan> {
    let own = draft
        .plugins
        .iter()
        .find(|plugin| plugin.plan.name == used.plugin);
    if let Some(own) = own {
        return Some(own.plan.clone());
    }
    let name = used.plugin.as_str();
    EMBEDDED.contains(&name).then(|| PluginPlan {
        name: used.plugin.clone(),
        source: PluginSource::Embedded,
        grants: shipped::grants_of(name),
        limits: Limits::default(),
    })
}

fn undefined(draft: &Draft, used: &PluginUse, d: &mut Diagnostics) {
    let name = used.plugin.as_str();
    let known: Vec<&str> = EMBEDDED
        .into_iter()
        .chain(draft.plugins.iter().map(|plugin| plugin.plan.name.as_str()))
        .collect();
    d.undefined(
        &used.span,
        "plugin",
        name,
        known,
        &format!("[plugin.{name}] with file = \"plugins/{name}.lua\""),
    );
}

fn hooks_are_listed(draft: &Draft) -> bool {
    let instances = draft.instances.iter().flat_map(|instance| &instance.plan.hooks);
    let groups = draft.groups.iter().flat_map(|group| &group.plan.hooks);
    instances.chain(groups).all(|hook| match &hook.action {
        HookAction::Plugin { plugin, .. } => draft.uses.iter().any(|used| used.plugin == *plugin),
        HookAction::Command(_) => true,
    })
}
