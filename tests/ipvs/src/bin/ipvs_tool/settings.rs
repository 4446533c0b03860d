//! Time-outs, sync daemons and counters against the kernel.

use anyhow::{Result, ensure};
use linux::ipvs::Client;
use model::ids::LinkName;
use model::ipvs::{Change, Settings, SyncAttributes, SyncDaemon, SyncRole, Timeouts};

fn daemon(role: SyncRole, link: &str) -> SyncDaemon {
    SyncDaemon {
        role,
        attributes: SyncAttributes {
            link: LinkName::from(link),
            id: 51,
            max_length: Some(1400),
            port: Some(8849),
            ttl: Some(2),
            group: Some([224, 0, 0, 82].into()),
        },
    }
}

fn made(client: &mut Client, timeouts: Timeouts, daemons: Option<Vec<SyncDaemon>>) -> Result<(), String> {
    let (_, result) = client.configure(&Settings {
        timeouts,
        daemons,
        ..Settings::default()
    });
    result.map_err(|error| error.to_string())
}

/// Set, found set, changed, put back; and a second time sends nothing.
pub(super) fn check() -> Result<()> {
    super::run("ip link add wire0 type dummy")?;
    super::run("ip address add 10.88.0.1/24 dev wire0")?;
    super::run("ip link set wire0 up")?;
    let mut client = Client::open()?;
    let before = client.timeouts()?;
    let wanted = Timeouts {
        tcp_s: Some(77),
        tcp_fin_s: None,
        udp_s: Some(33),
    };
    let settings = |timeouts| Settings {
        timeouts,
        ..Settings::default()
    };
    let (found, result) = client.configure(&settings(wanted));
    result?;
    ensure!(found.is_some_and(|found| found.timeouts == before));
    ensure!(
        client.timeouts()? == wanted.or(before),
        "{:?}",
        client.timeouts()?
    );
    client.configure(&settings(wanted)).1?;
    ensure!(
        client.counts().writes == 1,
        "a second time sends nothing: {:?}",
        client.counts()
    );
    client.configure(&settings(before)).1?;
    ensure!(client.timeouts()? == before);
    sysctls(&mut client)?;
    roles(&mut client)?;
    refusals(&mut client)
}

/// Set, found as it was, and refused where there is none.
fn sysctls(client: &mut Client) -> Result<()> {
    let name = "expire_nodest_conn";
    let settings = |name: &str, value| Settings {
        sysctls: [(name.to_owned(), value)].into(),
        ..Settings::default()
    };
    let (before, result) = client.configure(&settings(name, 1));
    result?;
    let before = before.and_then(|found| found.sysctls.get(name).copied());
    ensure!(before == Some(0) && linux::ipvs::sysctls().get(name) == Some(&1));
    client.configure(&settings(name, 0)).1?;
    ensure!(linux::ipvs::sysctls().get(name) == Some(&0));
    let (_, result) = client.configure(&settings("no_such", 1));
    let why = result.map_err(|error| error.to_string());
    let wanted =
        "cannot set net.ipv4.vs.no_such to 1: this kernel has none; remove it from the configuration";
    ensure!(why == Err(wanted.to_owned()), "{why:?}");
    Ok(())
}

/// Every change of role there is, as fast as can be: requests that the kernel never answers are among them.
fn roles(client: &mut Client) -> Result<()> {
    let (master, backup) = (
        daemon(SyncRole::Master, "wire0"),
        daemon(SyncRole::Backup, "wire0"),
    );
    let start = std::time::Instant::now();
    let both = vec![master.clone(), backup.clone()];
    for round in 0..5 {
        for wanted in [
            vec![backup.clone()],
            vec![master.clone()],
            both.clone(),
            vec![master.clone()],
            vec![],
        ] {
            let mut tries = 0;
            // As the engine does: what is not so yet is tried again.
            while let Err(error) = made(client, Timeouts::default(), Some(wanted.clone())) {
                tries += 1;
                ensure!(tries < 5, "round {round}, {wanted:?}: {error}");
            }
            let found = client.daemons()?;
            ensure!(found.len() == wanted.len(), "{found:?}, not {wanted:?}");
            ensure!(
                found
                    .iter()
                    .all(|daemon| wanted.iter().any(|wanted| wanted.role == daemon.role))
            );
        }
    }
    println!("25 changes of sync daemons in {:?}", start.elapsed());
    let mut other = master.clone();
    other.attributes.id = 52;
    made(client, Timeouts::default(), Some(vec![master.clone()])).map_err(anyhow::Error::msg)?;
    let writes = client.counts().writes;
    made(client, Timeouts::default(), Some(vec![master])).map_err(anyhow::Error::msg)?;
    made(client, Timeouts::default(), None).map_err(anyhow::Error::msg)?;
    ensure!(client.counts().writes == writes, "a second time sends nothing");
    made(client, Timeouts::default(), Some(vec![other])).map_err(anyhow::Error::msg)?;
    ensure!(client.daemons()?.iter().all(|daemon| daemon.attributes.id == 52));
    made(client, Timeouts::default(), Some(Vec::new())).map_err(anyhow::Error::msg)
}

fn refusals(client: &mut Client) -> Result<()> {
    let nowhere = daemon(SyncRole::Master, "nowhere0");
    let found = made(client, Timeouts::default(), Some(vec![nowhere]));
    let wanted = "cannot start the sync daemon (master on nowhere0, id 51): there is no interface nowhere0; name one \
                  that is there";
    ensure!(found == Err(wanted.to_owned()), "{found:?}");
    Ok(())
}

/// Counters of services that are there, and of no others.
pub(super) fn counters() -> Result<()> {
    let mut client = Client::open()?;
    let table = ipvs::random::table(&mut ipvs::random::Random::new(3));
    super::make(&mut client, &table)?;
    let keys: Vec<_> = table.services.keys().copied().collect();
    let all = client.statistics(&keys)?;
    ensure!(all.services.len() == keys.len());
    for (key, entry) in &table.services {
        let (_, servers) = all.services.get(key).expect("as many as keys");
        ensure!(servers.keys().eq(entry.destinations.keys()), "{key}");
    }
    let Some((first, rest)) = keys.split_first() else {
        anyhow::bail!("the table of this seed is empty");
    };
    client.apply(&[Change::DeleteService(*first)])?;
    let before = client.counts();
    ensure!(client.statistics(&keys)?.services.len() == rest.len());
    let after = client.counts();
    ensure!(after.writes == before.writes && after.dumps == before.dumps + keys.len() as u64);
    Ok(())
}
