//! The thread that puts devices, addresses, routes, rules and the filter of what is not accepted into the kernel and
//! takes them out, and hears of interfaces, so that a slow kernel delays no advert. What the elections order in one turn reaches the kernel by one call, and its
//! news come back as one.

use std::io;
use std::thread;
use std::time::Duration;

use linux::device::Devices;
use linux::monitor::Monitor;
use linux::shield;
use linux::tables::{Change, Done, Tables};
use model::effect::{AddressOrder, DeviceOrder, EntryOrder, ShieldOrder};
use model::fact::{LinkNews, Outcome};
use model::ids::OrderId;
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::MissedTickBehavior;

use super::elect::{ElectInput, ElectPort};

mod keeper;

use keeper::Keeper;

/// Orders that wait for the kernel: 255 instances of 20 addresses each. When full, the order is refused and the
/// engine asks again later.
pub(super) const ORDERS: usize = 5120;

/// Orders carried out together. The news of interfaces wait meanwhile, and so do the answers.
const TOGETHER: usize = 128;

/// How often routes, rules and the filter are put in again, in case that somebody took one out. The kernel says at once of each
/// whether exactly it is there; of most losses over a link that was down it tells nobody.
const KEEP_EVERY: Duration = Duration::from_secs(2);

/// What the elections want of the kernel's tables.
#[derive(Debug)]
pub(super) enum KernelOrder {
    AddAddress(AddressOrder),
    RemoveAddress(AddressOrder),
    AddEntry(EntryOrder),
    RemoveEntry(EntryOrder),
    Device(DeviceOrder),
    Shield(ShieldOrder),
}

impl KernelOrder {
    pub(super) fn id(&self) -> OrderId {
        match self {
            Self::AddAddress(order) | Self::RemoveAddress(order) => order.order,
            Self::AddEntry(order) | Self::RemoveEntry(order) => order.order,
            Self::Device(order) => order.order,
            Self::Shield(order) => order.order,
        }
    }

    /// As a change of tables; `None` for what is done by itself.
    fn change(&self) -> Option<Change<'_>> {
        match self {
            Self::AddAddress(order) => Some(Change::AddAddress(order.link, order.net, &order.options)),
            Self::RemoveAddress(order) => Some(Change::RemoveAddress(order.link, order.net)),
            Self::AddEntry(order) => Some(Change::AddEntry(&order.entry)),
            Self::RemoveEntry(order) => Some(Change::RemoveEntry(&order.entry)),
            Self::Device(_) | Self::Shield(_) => None,
        }
    }
}

/// Starts the thread, and waits until the elections know all interfaces there are.
pub(super) fn start(orders: mpsc::Receiver<KernelOrder>, elect: ElectPort) -> io::Result<()> {
    let (known, wait) = std::sync::mpsc::sync_channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new().name("kernel".into()).spawn(move || {
        let tasks = LocalSet::new();
        let served = tasks.block_on(&runtime, async {
            let hands = Hands {
                tables: Tables::open()?,
                devices: Devices::open()?,
            };
            let monitor = Monitor::start().await?;
            for link in monitor.links() {
                elect.send(ElectInput::Link(LinkNews::Is(link)));
            }
            // Who started this waits for it.
            let _ = known.send(());
            tokio::task::spawn_local(watch(monitor, elect.clone()));
            serve(orders, hands, elect).await;
            io::Result::Ok(())
        });
        if let Err(error) = served {
            tracing::error!(%error, "cannot speak to the kernel about addresses; needs CAP_NET_ADMIN");
            std::process::abort();
        }
    })?;
    wait.recv().map_err(io::Error::other)
}

/// What carries orders out.
struct Hands {
    tables: Tables,
    devices: Devices,
}

impl Hands {
    /// In their order, as what comes later may stand on what came before.
    fn carry_out(&mut self, orders: &[KernelOrder]) -> Vec<Result<(), String>> {
        let mut results = Vec::with_capacity(orders.len());
        for run in orders.chunk_by(|one, next| one.change().is_some() && next.change().is_some()) {
            match run {
                [KernelOrder::Device(order)] => results.push(self.devices.apply(order)),
                [KernelOrder::Shield(order)] => results.push(shield::apply(order)),
                changes => {
                    let changes: Vec<Change<'_>> = changes.iter().filter_map(KernelOrder::change).collect();
                    let done = self.tables.apply(&changes).into_iter();
                    results.extend(done.map(|result| result.map(drop)));
                }
            }
        }
        results
    }
}

/// Carries orders out, and looks after what they put in.
async fn serve(mut orders: mpsc::Receiver<KernelOrder>, mut hands: Hands, elect: ElectPort) {
    let mut keeper = Keeper::default();
    let mut batch = Vec::new();
    let mut rounds = tokio::time::interval(KEEP_EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Cancel-safe, all of them. Orders go first: no takeover waits for a round.
        tokio::select! {
            biased;
            taken = orders.recv_many(&mut batch, TOGETHER) => {
                if taken == 0 {
                    return;
                }
                elect.send(ElectInput::Outcomes(carry_out(&mut batch, &mut hands, &mut keeper)));
            }
            () = std::future::ready(()), if keeper.is_on_round() => {
                let news = look_after(&mut hands.tables, &mut keeper);
                if !news.is_empty() {
                    elect.send(ElectInput::Kept(news));
                }
            }
            _ = rounds.tick() => {
                keeper.begin_round();
                if let Some(news) = look_after_shield(&keeper) {
                    elect.send(ElectInput::Kept(vec![news]));
                }
            }
        }
        // The other task, too.
        tokio::task::yield_now().await;
    }
}

fn carry_out(batch: &mut Vec<KernelOrder>, hands: &mut Hands, keeper: &mut Keeper) -> Vec<Outcome> {
    let results = hands.carry_out(batch);
    let answered = batch.drain(..).zip(results);
    let outcomes = answered.map(|(order, result)| {
        let id = order.id();
        keeper.handle_done(order, result.is_ok());
        Outcome { order: id, result }
    });
    outcomes.collect()
}

/// Puts in again what the next step of a round is about. News are what had gone, or cannot be put back.
fn look_after(tables: &mut Tables, keeper: &mut Keeper) -> Vec<Outcome> {
    let kept = keeper.step(TOGETHER);
    let changes: Vec<Change<'_>> = kept.iter().map(|order| Change::AddEntry(&order.entry)).collect();
    let results = tables.apply(&changes);
    let looked = kept.into_iter().zip(results);
    let news = looked.filter_map(|(EntryOrder { order, entry }, result)| {
        let result = match result {
            Ok(Done::Before) => return None,
            Ok(Done::Now) => Ok(()),
            Err(words) => {
                keeper.forget(&entry);
                Err(words)
            }
        };
        Some(Outcome { order, result })
    });
    news.collect()
}

/// Puts the filter back when it is gone: a firewall that is loaded anew begins with an empty one.
fn look_after_shield(keeper: &Keeper) -> Option<Outcome> {
    let order = keeper.shield().filter(|_| !shield::is_there())?;
    Some(Outcome {
        order: order.order,
        result: shield::apply(order),
    })
}

async fn watch(mut monitor: Monitor, elect: ElectPort) {
    while let Some(news) = monitor.next().await {
        elect.send(ElectInput::Link(news));
    }
    tracing::error!("the kernel tells nothing more about interfaces");
    std::process::abort();
}
