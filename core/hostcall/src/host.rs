//! What a plugin sees of the host, and one run of it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::ids::PluginName;
use model::plan::{Grants, Limits, Via};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::error::{Code, Error};
use crate::kv::Kv;
use crate::log::Limiter;
use crate::metric::Metrics;
use crate::node::Instances;
use crate::pattern::Patterns;
use crate::process::Broker;
use crate::secret::{Secrets, Values};
use crate::tls::Roots;
use crate::trace::Observer;

/// Connections that one run may have open at once.
const SOCKETS_MAX: usize = 8;

/// What all plugins share.
#[derive(Clone)]
pub struct Services {
    /// Runs commands and binds sockets.
    pub broker: Arc<dyn Broker>,
    /// Whom TLS trusts.
    pub roots: Roots,
    /// Is told what runs do; nobody in the daemon.
    pub observer: Option<Arc<dyn Observer>>,
    /// The router's word on its instances.
    pub instances: Instances,
}

/// What outlives a plugin's versions and configurations.
#[derive(Default)]
pub struct Kept {
    /// Its entries.
    pub(crate) kv: Kv,
    /// Its numbers.
    pub metrics: Metrics,
}

impl Kept {
    /// The same, from now on for itself.
    fn copy(&self) -> Self {
        Self {
            kv: self.kv.copy(),
            metrics: self.metrics.copy(),
        }
    }
}

/// One plugin's side of the host: lives as long as the plugin is configured, over all its versions.
pub struct Host {
    pub(crate) name: PluginName,
    pub(crate) grants: Grants,
    pub(crate) services: Services,
    pub(crate) kept: Arc<Kept>,
    pub(crate) secrets: Secrets,
    pub(crate) limiter: Limiter,
    pub(crate) patterns: Patterns,
}

impl Host {
    /// A host for a plugin as configured. What an earlier configuration of it kept goes on in `kept`.
    pub fn new(
        name: PluginName,
        grants: Grants,
        limits: Limits,
        services: Services,
        kept: Arc<Kept>,
    ) -> Self {
        let limiter = Limiter::new(limits.log_rate);
        Self {
            name,
            grants,
            services,
            kept,
            secrets: Secrets::default(),
            limiter,
            patterns: Patterns::default(),
        }
    }

    /// The same for a run aside: what it keeps and counts is nobody else's.
    pub fn aside(&self) -> Self {
        let kept = Arc::new(self.kept.copy());
        let aside = Self {
            name: self.name.clone(),
            grants: self.grants.clone(),
            services: self.services.clone(),
            kept,
            secrets: Secrets::default(),
            limiter: self.limiter.another(),
            patterns: Patterns::default(),
        };
        aside.set_secrets(Values::clone(&self.secrets.get()));
        aside
    }

    /// What is kept for the plugin.
    pub fn kept(&self) -> &Arc<Kept> {
        &self.kept
    }

    /// The plugin's name.
    pub fn name(&self) -> &PluginName {
        &self.name
    }

    /// What the plugin may touch.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }
}

/// One run of a plugin.
pub struct Call {
    pub(crate) host: Arc<Host>,
    /// What the run is about, in words: names the log lines and the `target` scope of kv.
    pub(crate) about: String,
    pub(crate) target: Option<SocketAddr>,
    pub(crate) deadline: Instant,
    pub(crate) via: Via,
    sockets: Arc<Semaphore>,
}

impl Call {
    /// A run about something, that ends at `deadline`.
    pub fn new(host: Arc<Host>, about: String, target: Option<SocketAddr>, deadline: Instant) -> Self {
        let sockets = Arc::new(Semaphore::new(SOCKETS_MAX));
        Self {
            host,
            about,
            target,
            deadline,
            via: Via::default(),
            sockets,
        }
    }

    /// The same run, whose packets leave by `via`.
    pub fn leaving(self, via: Via) -> Self {
        Self { via, ..self }
    }

    /// The plugin's side of the host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// What the run is about, in words.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// When the run ends.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Time left before the run is ended.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// `work`, but no longer than its own time and the run's.
    pub(crate) async fn within<T>(
        &self,
        own: Option<Duration>,
        what: impl FnOnce() -> String,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let own_end = own.and_then(|own| Instant::now().checked_add(own));
        let (end, code) = match own_end {
            Some(end) if end < self.deadline => (end, Code::Timeout),
            _ => (self.deadline, Code::Deadline),
        };
        match timeout_at(end, work).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(code, format_args!("{}: timed out", what()))),
        }
    }

    /// The right to one more connection.
    pub(crate) fn socket(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.sockets).try_acquire_owned().map_err(|_| {
            Error::new(
                Code::Busy,
                format_args!("{SOCKETS_MAX} connections are open in this run; close one first"),
            )
        })
    }
}
