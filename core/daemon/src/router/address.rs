//! The thread that puts addresses on and takes them off, and hears of interfaces: a tokio runtime of its own around
//! rtnetlink, so that a slow kernel delays no advert.

use std::io;
use std::thread;

use linux::address::Addresses;
use linux::monitor::Monitor;
use model::effect::AddressOrder;
use model::fact::{LinkNews, Outcome};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::elect::{ElectInput, ElectPort};

/// Orders that wait for the kernel: 255 instances of 20 addresses each. When full, the order is refused and the
/// engine asks again later.
pub(super) const ORDERS: usize = 5120;

/// An order about an address.
#[derive(Debug)]
pub(super) enum AddressCommand {
    Add(AddressOrder),
    Remove(AddressOrder),
}

/// Starts the thread, and waits until the elections know all interfaces there are.
pub(super) fn start(mut orders: mpsc::Receiver<AddressCommand>, elect: ElectPort) -> io::Result<()> {
    let (known, wait) = std::sync::mpsc::sync_channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new().name("address".into()).spawn(move || {
        let tasks = LocalSet::new();
        let served = tasks.block_on(&runtime, async {
            let addresses = Addresses::start()?;
            let monitor = Monitor::start().await?;
            for link in monitor.links() {
                elect.send(ElectInput::Link(LinkNews::Is(link)));
            }
            // Who started this waits for it.
            let _ = known.send(());
            tokio::task::spawn_local(watch(monitor, elect.clone()));
            while let Some(command) = orders.recv().await {
                // In order: requests reach the kernel in the order in which their tasks are made.
                tokio::task::spawn_local(carry_out(addresses.clone(), command, elect.clone()));
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

async fn carry_out(addresses: Addresses, command: AddressCommand, elect: ElectPort) {
    let (order, result) = match command {
        AddressCommand::Add(order) => (order.order, addresses.add(&order).await),
        AddressCommand::Remove(order) => (order.order, addresses.remove(&order).await),
    };
    elect.send(ElectInput::Outcome(Outcome { order, result }));
}

async fn watch(mut monitor: Monitor, elect: ElectPort) {
    while let Some(news) = monitor.next().await {
        elect.send(ElectInput::Link(news));
    }
    tracing::error!("the kernel tells nothing more about interfaces");
    std::process::abort();
}
