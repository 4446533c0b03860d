//! The thread that speaks to the kernel's balancer, and what it is told. The engine orders at most one thing at a
//! time, and hears of its end.

use std::io;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use linux::clock;
use linux::ipvs::{Applied, Client, IpvsError, glance};
use model::ipvs::{Change, Glance, ServiceKey, Settings, Statistics, Table};
use tokio::sync::mpsc;

use super::Event;

/// Orders that wait: one for the table, one for settings, one for statistics, and the last ones of a stop.
const ORDERS: usize = 8;

/// What the balancer's engine wants of the kernel.
#[derive(Debug)]
pub(super) enum IpvsOrder {
    Read,
    Glance,
    Apply(Vec<Change>),
    Configure(Settings),
    /// Counters of these services.
    Count(Vec<ServiceKey>),
}

/// What the kernel said.
#[derive(Debug)]
pub(super) enum IpvsAnswer {
    Table(Result<Table, String>),
    Glance(Result<Glance, String>),
    Applied(Result<(), String>),
    /// Time-outs as they were found, and whether all is as wanted.
    Configured(Option<Settings>, Result<(), String>),
    /// Counters, and how long it took to read them.
    Counted(Statistics, Duration),
}

/// Orders for the kernel's balancer.
#[derive(Clone, Debug)]
pub(super) struct IpvsPort(SyncSender<IpvsOrder>);

impl IpvsPort {
    /// Hands over an order. Gives it back when the thread is gone or has too much to do.
    pub(super) fn send(&self, order: IpvsOrder) -> Result<(), IpvsOrder> {
        self.0.try_send(order).map_err(|refused| match refused {
            TrySendError::Full(order) | TrySendError::Disconnected(order) => order,
        })
    }
}

/// Starts the thread. The kernel's interface is opened at the first order, and again after it failed.
pub(super) fn start(events: mpsc::Sender<Event>) -> io::Result<IpvsPort> {
    let (port, orders) = sync_channel(ORDERS);
    thread::Builder::new().name("ipvs".into()).spawn(move || {
        let mut client = None;
        for order in orders {
            if events
                .blocking_send(Event::Ipvs(carry_out(&mut client, order)))
                .is_err()
            {
                return;
            }
        }
    })?;
    Ok(IpvsPort(port))
}

fn carry_out(client: &mut Option<Client>, order: IpvsOrder) -> IpvsAnswer {
    match order {
        IpvsOrder::Read => IpvsAnswer::Table(with(client, Client::read).map_err(|error| error.to_string())),
        IpvsOrder::Glance => IpvsAnswer::Glance(glance().map_err(|error| error.to_string())),
        IpvsOrder::Apply(changes) => IpvsAnswer::Applied(
            with(client, |client| client.apply(&changes))
                .map_err(|error| error.to_string())
                .and_then(Applied::into_result),
        ),
        IpvsOrder::Configure(settings) => {
            let mut before = None;
            let result = with(client, |client| {
                let (found, result) = client.configure(&settings);
                before = found;
                result
            });
            IpvsAnswer::Configured(before, result.map_err(|error| error.to_string()))
        }
        IpvsOrder::Count(keys) => {
            let start = clock::now();
            // The engine's own exchanges tell why the kernel does not answer.
            let counted = with(client, |client| client.statistics(&keys)).unwrap_or_default();
            IpvsAnswer::Counted(counted, clock::now().since(start))
        }
    }
}

/// Does something with the client; one that failed is not used again.
fn with<T>(
    client: &mut Option<Client>,
    job: impl FnOnce(&mut Client) -> Result<T, IpvsError>,
) -> Result<T, IpvsError> {
    let mut open = match client.take() {
        Some(open) => open,
        None => Client::open()?,
    };
    let done = job(&mut open)?;
    *client = Some(open);
    Ok(done)
}
