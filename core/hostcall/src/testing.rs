//! Helpers of this room's tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::link::{ExecOutcome, Secret};
use model::plan::{Grants, Limits, NetGrant, SecretSource};
use tokio::time::Instant;

use crate::host::{Call, Host, Kept, Services};
use crate::node::Instances;
use crate::process::Broker;
use crate::tls::Roots;

struct NoBroker;

impl Broker for NoBroker {
    fn run(&self, _: Vec<String>, _: Duration, _: u32) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        Box::pin(async { Err("this test runs no commands".to_owned()) })
    }
}

pub(crate) fn host() -> Arc<Host> {
    host_with(Roots::from_der([]))
}

fn host_with(roots: Roots) -> Arc<Host> {
    let grants = Grants {
        net: vec![NetGrant::Target],
        ..Grants::default()
    };
    Arc::new(host_of(roots, grants))
}

pub(crate) fn host_granted(grants: Grants) -> Host {
    host_of(Roots::from_der([]), grants)
}

pub(crate) fn host_served(broker: Arc<dyn Broker>, grants: Grants) -> Host {
    host_with_both(broker, Roots::from_der([]), grants)
}

fn host_of(roots: Roots, grants: Grants) -> Host {
    host_with_both(Arc::new(NoBroker), roots, grants)
}

fn host_with_both(broker: Arc<dyn Broker>, roots: Roots, grants: Grants) -> Host {
    let services = Services {
        broker,
        roots,
        observer: None,
        instances: Instances::default(),
    };
    Host::new(
        "tested".into(),
        grants,
        Limits::default(),
        services,
        Arc::new(Kept::default()),
    )
}

pub(crate) fn call(target: Option<SocketAddr>, time: Duration) -> Call {
    Call::new(host(), "tested".to_owned(), target, Instant::now() + time)
}

pub(crate) fn call_with(roots: Roots, target: Option<SocketAddr>, time: Duration) -> Call {
    Call::new(
        host_with(roots),
        "tested".to_owned(),
        target,
        Instant::now() + time,
    )
}

/// A run about `target` with secrets.
pub(crate) fn call_with_secrets(target: SocketAddr, secrets: &[(&str, &str)]) -> Call {
    let source = |name: &str| (name.to_owned(), SecretSource::Environment("X".to_owned()));
    let host = host_granted(Grants {
        net: vec![NetGrant::Target],
        secret: secrets.iter().map(|(name, _)| source(name)).collect(),
        ..Grants::default()
    });
    let value = |text: &str| Ok(Secret(text.to_owned()));
    host.set_secrets(
        secrets
            .iter()
            .map(|(name, text)| ((*name).to_owned(), value(text)))
            .collect(),
    );
    let deadline = Instant::now() + Duration::from_secs(60);
    Call::new(Arc::new(host), "tested".to_owned(), Some(target), deadline)
}
