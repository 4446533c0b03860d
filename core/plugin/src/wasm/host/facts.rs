//! What the host knows: secrets, this node, its instances, systemd's units; and what a plugin tells of itself.

use model::link::InstanceFacts;

use super::super::bindings::bellwether::plugin::types::Error;
use super::super::bindings::bellwether::plugin::{metric, node, secret, systemd};
use super::Run;
use crate::subject::whole_millis;

impl metric::Host for Run {
    fn count(&mut self, name: String, delta: Option<f64>) -> Result<(), Error> {
        Ok(self.call.metric_count(&name, delta)?)
    }

    fn set(&mut self, name: String, value: f64) -> Result<(), Error> {
        Ok(self.call.metric_set(&name, value)?)
    }
}

impl secret::Host for Run {
    fn get(&mut self, name: String) -> Result<String, Error> {
        Ok(self.call.secret(&name)?)
    }
}

impl systemd::Host for Run {
    async fn unit(&mut self, name: String) -> Result<systemd::UnitState, Error> {
        let unit = self.call.unit(&name).await?;
        Ok(systemd::UnitState {
            active: unit.active,
            sub: unit.sub,
        })
    }
}

impl node::Host for Run {
    fn load(&mut self) -> Result<node::Averages, Error> {
        let load = self.call.node_load()?;
        Ok(node::Averages {
            one: load.one,
            five: load.five,
            fifteen: load.fifteen,
        })
    }

    fn memory(&mut self) -> Result<node::MemorySize, Error> {
        let memory = self.call.node_memory()?;
        Ok(node::MemorySize {
            total: memory.total,
            available: memory.available,
        })
    }

    fn uptime(&mut self) -> Result<u64, Error> {
        let uptime = self.call.node_uptime()?;
        Ok(u64::try_from(uptime.as_micros()).unwrap_or(u64::MAX))
    }

    fn instances(&mut self) -> Vec<node::InstanceFacts> {
        self.call.node_instances().iter().map(instance).collect()
    }

    fn instance(&mut self, name: String) -> Option<node::InstanceFacts> {
        let all = self.call.node_instances();
        all.iter().find(|facts| facts.name == name).map(instance)
    }
}

fn instance(facts: &InstanceFacts) -> node::InstanceFacts {
    node::InstanceFacts {
        name: facts.name.clone(),
        state: facts.state.word().to_owned(),
        previous: facts.previous.word().to_owned(),
        cause: facts.cause.clone(),
        since: whole_millis(hostcall::node::since(facts.since)),
        priority: facts.priority,
        network_interface: facts.interface.clone(),
        addresses: facts.addresses.iter().map(ToString::to_string).collect(),
        peers: facts.peers.iter().map(ToString::to_string).collect(),
    }
}
