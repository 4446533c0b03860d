//! The work of a check without a plugin: two threads, asked over a channel, each with a task for each check.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hostcall::kv::Scope;
use hostcall::log::Level;
use hostcall::node::Instances;
use hostcall::{Call, Host, Services};
use model::plan::Limits;
use plugin::Roots;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use super::cost::Work;
use super::rig;

const THREADS: u32 = 2;
const QUEUE: usize = 1024;

/// By which means it works.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// As anybody would write it.
    Plain,
    /// By the calls that plugins have.
    Calls,
}

/// The threads. They end with it.
pub(super) struct Native {
    name: &'static str,
    threads: Vec<mpsc::Sender<Job>>,
}

struct Job {
    n: u32,
    act: &'static str,
    address: SocketAddr,
    reply: oneshot::Sender<Result<()>>,
}

impl Native {
    pub(super) fn start(name: &'static str, style: Style) -> Result<Self> {
        let state = Arc::new(State {
            style,
            host: host(),
            counts: Mutex::default(),
        });
        let start = |number| {
            let (sender, jobs) = mpsc::channel(QUEUE);
            let state = Arc::clone(&state);
            let thread = std::thread::Builder::new().name(format!("{name}-{number}"));
            thread.spawn(move || serve(jobs, &state))?;
            Ok(sender)
        };
        let threads = (0..THREADS).map(start).collect::<Result<_>>()?;
        Ok(Self { name, threads })
    }

    /// How the names of its threads begin.
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) async fn ask(&self, n: u32, work: Work, address: SocketAddr) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            n,
            act: work.act,
            address,
            reply,
        };
        let thread = self.threads.get((n % THREADS) as usize).context("no thread")?;
        thread.send(job).await.ok().context("the thread is gone")?;
        answer.await?
    }
}

fn serve(mut jobs: mpsc::Receiver<Job>, state: &Arc<State>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return;
    };
    LocalSet::new().block_on(&runtime, async {
        while let Some(job) = jobs.recv().await {
            let state = Arc::clone(state);
            tokio::task::spawn_local(async move {
                let result = match state.style {
                    Style::Plain => state.plain(&job).await,
                    Style::Calls => state.calls(&job).await,
                };
                // Whoever asked has ended.
                let _ = job.reply.send(result);
            });
        }
    });
}

struct State {
    style: Style,
    host: Arc<Host>,
    counts: Mutex<BTreeMap<u32, u64>>,
}

impl State {
    async fn plain(&self, job: &Job) -> Result<()> {
        if job.act == "waits" {
            for _ in 0..3 {
                tokio::time::sleep(Duration::ZERO).await;
            }
        } else {
            let mut stream = BufReader::new(TcpStream::connect(job.address).await?);
            let mut line = Vec::new();
            stream.read_until(b'\n', &mut line).await?;
            stream.get_mut().write_all(b"ping\r\n").await?;
            line.clear();
            stream.read_until(b'\n', &mut line).await?;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(job.n).or_default() += 1;
        Ok(())
    }

    async fn calls(&self, job: &Job) -> Result<()> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let host = Arc::clone(&self.host);
        let call = Call::new(host, format!("n{}", job.n), Some(job.address), deadline);
        if job.act == "waits" {
            for _ in 0..3 {
                call.sleep(Duration::ZERO).await;
            }
        } else {
            let (host, port) = (job.address.ip().to_string(), job.address.port());
            let mut connection = call.connect(&host, port, None).await?;
            connection.read_until(&call, b"\n", 100, None).await?;
            connection.write(&call, b"ping\r\n", None).await?;
            connection.read_until(&call, b"\n", 100, None).await?;
            connection.close();
        }
        call.kv_increment(Scope::Target, "n", 1)?;
        call.log(Level::Debug, "looked");
        Ok(())
    }
}

fn host() -> Arc<Host> {
    let services = Services {
        broker: rig::broker(),
        roots: Roots::from_der([]),
        observer: None,
        instances: Instances::default(),
    };
    let plan = rig::plan("native", "native.lua", Limits::default());
    Arc::new(Host::new(
        "native".into(),
        plan.grants,
        plan.limits,
        services,
        Arc::default(),
    ))
}
