//! The thread that puts addresses on and takes them off, and hears of interfaces, so that a slow kernel delays no
//! advert. What the elections order in one turn reaches the kernel by one call, and its news come back as one.

use std::io;
use std::thread;

use linux::address::{Addresses, Verb};
use linux::monitor::Monitor;
use model::effect::AddressOrder;
use model::fact::{LinkNews, Outcome};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::elect::{ElectInput, ElectPort};

/// Orders that wait for the kernel: 255 instances of 20 addresses each. When full, the order is refused and the
/// engine asks again later.
pub(super) const ORDERS: usize = 5120;

/// Orders carried out together. The news of interfaces wait meanwhile, and so do the answers.
const TOGETHER: usize = 128;

/// An order about an address.
pub(super) type AddressCommand = (Verb, AddressOrder);

/// Starts the thread, and waits until the elections know all interfaces there are.
pub(super) fn start(mut orders: mpsc::Receiver<AddressCommand>, elect: ElectPort) -> io::Result<()> {
    let (known, wait) = std::sync::mpsc::sync_channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new().name("address".into()).spawn(move || {
        let tasks = LocalSet::new();
        let served = tasks.block_on(&runtime, async {
            let mut addresses = Addresses::open()?;
            let monitor = Monitor::start().await?;
            for link in monitor.links() {
                elect.send(ElectInput::Link(LinkNews::Is(link)));
            }
            // Who started this waits for it.
            let _ = known.send(());
            tokio::task::spawn_local(watch(monitor, elect.clone()));
            let mut batch = Vec::new();
            while orders.recv_many(&mut batch, TOGETHER).await > 0 {
                let results = addresses.apply(&batch);
                let answered = batch.drain(..).zip(results);
                let outcomes =
                    answered.map(|((_, AddressOrder { order, .. }), result)| Outcome { order, result });
                elect.send(ElectInput::Outcomes(outcomes.collect()));
                // The other task, too.
                tokio::task::yield_now().await;
            }
            io::Result::Ok(())
        });
        if let Err(error) = served {
            tracing::error!(%error, "cannot speak to the kernel about addresses; needs CAP_NET_ADMIN");
            std::process::abort();
        }
    })?;
    wait.recv().map_err(io::Error::other)
}

async fn watch(mut monitor: Monitor, elect: ElectPort) {
    while let Some(news) = monitor.next().await {
        elect.send(ElectInput::Link(news));
    }
    tracing::error!("the kernel tells nothing more about interfaces");
    std::process::abort();
}
