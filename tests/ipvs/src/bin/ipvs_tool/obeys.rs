//! The kernel beside its reference: the same messages to both.

use anyhow::{Context, Result, ensure};
use ipvs::random::{Random, change};
use ipvs::rules::{Errno, Kernel};
use linux::ipvs::Client;
use model::ipvs::Change;

const ROUNDS: u64 = 10;
/// More than fit into one datagram.
const MESSAGES: usize = 300;

/// Any messages at all, most of them about what is not there, is there already, or cannot be.
pub(super) fn check() -> Result<()> {
    let mut client = Client::open()?;
    let mut reference = Kernel {
        table: client.read()?,
    };
    let (mut taken, mut told) = (0, 0);
    for seed in 0..ROUNDS {
        let mut random = Random::new(seed);
        let changes: Vec<_> = (0..MESSAGES).map(|_| change(&mut random)).collect();
        let applied = client.apply(&changes)?;
        let (mut drifted, mut refused) = (Vec::new(), Vec::new());
        for change in changes {
            match reference.take(&change) {
                Ok(()) => taken += 1,
                Err(errno) if is_done(&change, errno) => {}
                Err(errno) if is_drift(&change, errno) => drifted.push(change),
                Err(errno) => refused.push((change, errno.number())),
            }
        }
        let found: Vec<_> = applied
            .refusals
            .into_iter()
            .map(|refusal| (refusal.change, refusal.errno))
            .collect();
        told += found.len() + drifted.len();
        same(&applied.drifted, &drifted).with_context(|| format!("drift, seed {seed}"))?;
        same(&found, &refused).with_context(|| format!("refusals, seed {seed}"))?;
        let table = client.read()?;
        ensure!(
            table == reference.table,
            "seed {seed}:\n{table:#?}\nwanted:\n{:#?}",
            reference.table
        );
    }
    println!("{ROUNDS} times {MESSAGES} messages: {taken} taken, {told} not");
    Ok(())
}

fn is_done(change: &Change, errno: Errno) -> bool {
    matches!(
        (change, errno),
        (Change::DeleteService(_), Errno::NoService)
            | (Change::DeleteDestination(..), Errno::NoService | Errno::Missing)
    )
}

fn is_drift(change: &Change, errno: Errno) -> bool {
    let is_service = matches!(change, Change::AddService(_) | Change::SetService(_));
    match errno {
        Errno::Exists | Errno::NoService => true,
        Errno::Missing => !is_service,
        Errno::Invalid | Errno::Range => false,
    }
}

/// The first place where they differ is enough.
fn same<T: PartialEq + std::fmt::Debug>(found: &[T], wanted: &[T]) -> Result<()> {
    for (number, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        ensure!(found == wanted, "number {number}: {found:?}, not {wanted:?}");
    }
    ensure!(
        found.len() == wanted.len(),
        "{} of {}; the first more is {:?}",
        found.len(),
        wanted.len(),
        found.get(wanted.len()).or(wanted.get(found.len()))
    );
    Ok(())
}
