//! A real server.

use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use socket2::{Domain, Protocol, Socket, Type};

/// From one line of a stream to the next.
const CADENCE: Duration = Duration::from_millis(100);
/// Connections that wait to be taken.
const BACKLOG: i32 = 1024;

/// Serves at all places, for ever. Says `ready` once all are open.
pub(super) fn all(name: &str, places: &[&str]) -> Result<()> {
    let mut threads = Vec::new();
    for place in places {
        let (kind, address) = place.split_once(':').context("a place is KIND:ADDRESS:PORT")?;
        let (address, line) = (super::socket(address)?, format!("{name}\n"));
        threads.push(match kind {
            "udp" => {
                let socket = UdpSocket::bind(address).with_context(|| format!("cannot bind {place}"))?;
                thread::spawn(move || answer(&socket, &line))
            }
            "tcp" => accept(listen(address, Protocol::TCP)?, line, false),
            "stream" => accept(listen(address, Protocol::TCP)?, line, true),
            "http" => pages(listen(address, Protocol::TCP)?, name),
            "sctp" => accept(listen(address, super::SCTP)?, line, false),
            other => bail!("`{other}` is not tcp, stream, http, udp or sctp"),
        });
    }
    println!("ready");
    for thread in threads {
        // It ends by a panic only.
        let _ = thread.join();
    }
    bail!("a server ended")
}

fn listen(address: SocketAddr, protocol: Protocol) -> Result<Socket> {
    let open = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(protocol))?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok::<_, std::io::Error>(socket)
    };
    open().with_context(|| format!("cannot listen at {address}"))
}

fn accept(listener: Socket, line: String, goes_on: bool) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        while let Ok((mut peer, _)) = listener.accept() {
            let line = line.clone();
            thread::spawn(move || {
                // Until the client has gone.
                while peer.write_all(line.as_bytes()).is_ok() && goes_on {
                    thread::sleep(CADENCE);
                }
            });
        }
    })
}

/// One client after the other, so that it takes as little of the processor as can be.
fn pages(listener: Socket, name: &str) -> thread::JoinHandle<()> {
    let page = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
    thread::spawn(move || {
        let mut request = [0; 1024];
        while let Ok((mut peer, _)) = listener.accept() {
            // A client that only connects ends the connection, and has no answer.
            if matches!(peer.read(&mut request), Ok(1..)) {
                let _ = peer.write_all(page.as_bytes());
            }
        }
    })
}

fn answer(socket: &UdpSocket, line: &str) {
    let mut buffer = [0; 64];
    while let Ok((_, from)) = socket.recv_from(&mut buffer) {
        // A client that has gone gets none.
        let _ = socket.send_to(line.as_bytes(), from);
    }
}
