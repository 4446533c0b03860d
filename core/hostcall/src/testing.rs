//! Helpers of this room's tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::link::ExecOutcome;
use model::plan::{Grants, Limits, NetGrant};
use tokio::time::Instant;

use crate::host::{Call, Host, Services};
use crate::kv::Kv;
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

fn host_of(roots: Roots, grants: Grants) -> Host {
    let services = Services {
        broker: Arc::new(NoBroker),
        roots,
        observer: None,
    };
    Host::new(
        "tested".into(),
        grants,
        Limits::default(),
        services,
        Arc::new(Kv::default()),
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
