//! The thread that puts addresses, routes and rules into the kernel and takes them out, and hears of interfaces, so
//! that a slow kernel delays no advert. What the elections order in one turn reaches the kernel by one call, and its
//! news come back as one.

use std::io;
use std::thread;
use std::time::Duration;

use linux::monitor::Monitor;
use linux::tables::{Change, Done, Tables};
use model::effect::{AddressOrder, EntryOrder};
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

/// How often routes and rules are put in again, in case that somebody took one out. The kernel says at once of each
/// whether exactly it is there; of most losses over a link that was down it tells nobody.
const KEEP_EVERY: Duration = Duration::from_secs(2);

/// What the elections want of the kernel's tables.
#[derive(Debug)]
pub(super) enum KernelOrder {
    AddAddress(AddressOrder),
    RemoveAddress(AddressOrder),
    AddEntry(EntryOrder),
    RemoveEntry(EntryOrder),
}

impl KernelOrder {
    pub(super) fn id(&self) -> OrderId {
        match self {
            Self::AddAddress(order) | Self::RemoveAddress(order) => order.order,
            Self::AddEntry(order) | Self::RemoveEntry(order) => order.order,
        }
    }

    fn change(&self) -> Change<'_> {
        match self {
            Self::AddAddress(order) => Change::AddAddress(order.link, order.net, &order.options),
            Self::RemoveAddress(order) => Change::RemoveAddress(order.link, order.net),
            Self::AddEntry(order) => Change::AddEntry(&order.entry),
            Self::RemoveEntry(order) => Change::RemoveEntry(&order.entry),
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
            let tables = Tables::open()?;
            let monitor = Monitor::start().await?;
            for link in monitor.links() {
                elect.send(ElectInput::Link(LinkNews::Is(link)));
            }
            // Who started this waits for it.
            let _ = known.send(());
            tokio::task::spawn_local(watch(monitor, elect.clone()));
            serve(orders, tables, elect).await;
            io::Result::Ok(())
        });
        if let Err(error) = served {
            tracing::error!(%error, "cannot speak to the kernel about addresses; needs CAP_NET_ADMIN");
            std::process::abort();
        }
    })?;
    wait.recv().map_err(io::Error::other)
}

/// Carries orders out, and looks after what they put in.
async fn serve(mut orders: mpsc::Receiver<KernelOrder>, mut tables: Tables, elect: ElectPort) {
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
                elect.send(ElectInput::Outcomes(carry_out(&mut batch, &mut tables, &mut keeper)));
            }
            () = std::future::ready(()), if keeper.is_on_round() => {
                let news = look_after(&mut tables, &mut keeper);
                if !news.is_empty() {
                    elect.send(ElectInput::Kept(news));
                }
            }
            _ = rounds.tick() => keeper.begin_round(),
        }
        // The other task, too.
        tokio::task::yield_now().await;
    }
}

fn carry_out(batch: &mut Vec<KernelOrder>, tables: &mut Tables, keeper: &mut Keeper) -> Vec<Outcome> {
    let changes: Vec<Change<'_>> = batch.iter().map(KernelOrder::change).collect();
    let results = tables.apply(&changes);
    let answered = batch.drain(..).zip(results);
    let outcomes = answered.map(|(order, result)| {
        let id = order.id();
        keeper.handle_done(order, result.is_ok());
        Outcome {
            order: id,
            result: result.map(|_| ()),
        }
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

async fn watch(mut monitor: Monitor, elect: ElectPort) {
    while let Some(news) = monitor.next().await {
        elect.send(ElectInput::Link(news));
    }
    tracing::error!("the kernel tells nothing more about interfaces");
    std::process::abort();
}
