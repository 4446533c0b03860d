use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::link::{ExecOutcome, SocketKind};
use model::net::Family;
use model::plan::{Grants, NetGrant, Via};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::time::Instant;

use super::*;
use crate::process::Broker;
use crate::testing;

/// Binds to the address, and can do nothing else.
struct Binds;

impl Broker for Binds {
    fn run(&self, _: Vec<String>, _: Duration, _: u32) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        Box::pin(async { Err("runs no commands".to_owned()) })
    }

    fn open(
        &self,
        kind: SocketKind,
        family: Family,
        via: Via,
    ) -> BoxFuture<'static, Result<OwnedFd, String>> {
        let opened = || -> Result<OwnedFd, String> {
            let source = via.source.ok_or("binds to addresses only")?;
            let form = match kind {
                SocketKind::Tcp => Type::STREAM,
                SocketKind::Udp | SocketKind::Ping => Type::DGRAM,
            };
            let domain = match family {
                Family::V4 => Domain::IPV4,
                Family::V6 => Domain::IPV6,
            };
            let socket = Socket::new(domain, form.nonblocking(), None).map_err(|error| error.to_string())?;
            let source = SockAddr::from(SocketAddr::new(source, 0));
            socket.bind(&source).map_err(|error| error.to_string())?;
            Ok(socket.into())
        };
        Box::pin(std::future::ready(opened()))
    }
}

fn call_to(target: SocketAddr, via: Via) -> Call {
    let grants = Grants {
        net: vec![NetGrant::Target],
        ..Grants::default()
    };
    let host = Arc::new(testing::host_served(Arc::new(Binds), grants));
    let deadline = Instant::now() + Duration::from_secs(60);
    Call::new(host, "tested".to_owned(), Some(target), deadline).leaving(via)
}

fn from(source: IpAddr) -> Via {
    Via {
        source: Some(source),
        ..Via::default()
    }
}

const ANOTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 77));

#[tokio::test]
async fn a_connection_comes_from_where_the_check_says() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = server.local_addr().expect("bound");
    let call = call_to(target, from(ANOTHER));
    let connection = call.connect("127.0.0.1", target.port(), None).await;
    let (_, client) = server.accept().expect("somebody");
    assert_eq!(client.ip(), ANOTHER);
    let connection = connection.expect("connected");
    assert_eq!(connection.local().endpoint().0, "127.0.0.77");
}

#[tokio::test]
async fn a_datagram_too() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let target = server.local_addr().expect("bound");
    let answering = std::thread::spawn(move || {
        let mut bytes = [0; 16];
        let (count, client) = server.recv_from(&mut bytes).expect("a datagram");
        server
            .send_to(bytes.get(..count).expect("came"), client)
            .expect("sent");
        client.ip()
    });
    let call = call_to(target, from(ANOTHER));
    let answer = call
        .udp_exchange("127.0.0.1", target.port(), b"hello", None)
        .await;
    assert_eq!(answer.expect("answered"), b"hello");
    assert_eq!(answering.join().expect("no panic"), ANOTHER);
}

#[tokio::test]
async fn what_cannot_be_bound_says_nothing_about_the_target() {
    let target: SocketAddr = "127.0.0.1:9".parse().expect("an address");
    let call = call_to(target, from(Ipv6Addr::LOCALHOST.into()));
    let refused = call.connect("127.0.0.1", 9, None).await.map(drop);
    assert_eq!(refused.expect_err("another family").code, Code::Denied);
    let marked = Via {
        mark: Some(7),
        ..Via::default()
    };
    let pinging = call_to(target, marked);
    let refused = pinging
        .ping("127.0.0.1", None, None)
        .await
        .expect_err("not bound");
    insta::assert_snapshot!(refused, @"a socket to 127.0.0.1:0: binds to addresses only");
}
