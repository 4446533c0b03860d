//! Sockets that leave by a way of their own, on a kernel that has VRFs.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use model::link::SocketKind;
use model::net::Family;
use model::plan::Via;
use socket2::Socket;

const NEAR: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1));
const FAR: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 2));

/// The far end of a cable is in a namespace, the near one in a VRF: only what is bound to the VRF finds it.
pub(super) fn check() -> Result<()> {
    for words in [
        "link add blue type vrf table 42",
        "link set blue up",
        "netns add far",
        "link add near type veth peer name e0 netns far",
        "link set near master blue up",
        "address add 10.9.0.1/24 dev near",
        "-n far link set e0 up",
        "-n far address add 10.9.0.2/24 dev e0",
    ] {
        ip(words)?;
    }
    let far = Via {
        namespace: Some("far".to_owned()),
        source: Some(FAR),
        port: Some(7001),
        ..Via::default()
    };
    let listener: TcpListener = open(&far)?.into();
    listener.set_nonblocking(false)?;
    Socket::from(listener.try_clone()?).listen(8)?;
    let blue = Via {
        device: Some("blue".into()),
        ..Via::default()
    };
    let bound = Via {
        source: Some(NEAR),
        ..blue.clone()
    };
    for via in [&blue, &bound] {
        let stream = connect(via)?.with_context(|| format!("{via}: refused"))?;
        let (_, client) = listener.accept()?;
        ensure!(client == stream.local_addr()?, "{via}: came from {client}");
        ensure!(client.ip() == NEAR, "{via}: came from {client}");
    }
    ensure!(connect(&Via::default())?.is_none(), "the VRF is no secret");
    let lost = Via {
        source: Some(NEAR),
        ..Via::default()
    };
    match open(&lost) {
        Err(why) => ensure!(why.to_string().contains("no address of this machine"), "{why}"),
        Ok(_) => bail!("the address of a VRF is known outside it"),
    }
    Ok(())
}

fn open(via: &Via) -> Result<Socket> {
    let socket = linux::bound::open(SocketKind::Tcp, Family::V4, via).map_err(anyhow::Error::msg)?;
    Ok(socket.into())
}

/// A connection to the far end; `None` when there is no way.
fn connect(via: &Via) -> Result<Option<TcpStream>> {
    let socket = open(via)?;
    socket.set_nonblocking(false)?;
    match socket.connect(&SocketAddr::new(FAR, 7001).into()) {
        Ok(()) => Ok(Some(socket.into())),
        Err(error) if error.kind() == ErrorKind::NetworkUnreachable => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn ip(words: &str) -> Result<()> {
    let status = Command::new("ip").args(words.split(' ')).status()?;
    ensure!(status.success(), "ip {words}: {status}");
    Ok(())
}
