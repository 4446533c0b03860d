//! Both ends of the traffic that a director balances, inside the guest.
//!
//! * `traffic_end serve NAME WHERE...`: serves its name at each `KIND:ADDRESS:PORT`
//! * `traffic_end ask KIND ADDRESS:PORT COUNT [FIRST_PORT]`: asks, each time from a new port, and prints who answered how
//!   often; with a first port also who answered to each port from there on
//! * `traffic_end follow ADDRESS:PORT STREAMS LINES`: opens so many streams at once, reads so many lines of each, and
//!   prints whose were complete
//!
//! Kinds: `http` (to serve: one page), `tcp` and `sctp` (one line, then the end), `stream` (TCP, a line every 100 ms for ever), `udp` (a datagram for
//! each), and to ask, `udp-one`: all from one port.

#![forbid(unsafe_code)]

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};

mod ask;
mod serve;

/// SCTP's number; one association is used like a TCP connection.
const SCTP: socket2::Protocol = socket2::Protocol::SCTP;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", name, places @ ..] => serve::all(name, places),
        ["ask", kind, address, count] => ask::ask(kind, socket(address)?, count.parse()?, None),
        ["ask", kind, address, count, port] => {
            ask::ask(kind, socket(address)?, count.parse()?, Some(port.parse()?))
        }
        ["follow", address, streams, lines] => {
            ask::follow(socket(address)?, streams.parse()?, lines.parse()?)
        }
        _ => bail!("usage: traffic_end serve|ask|follow ..."),
    }
}

fn socket(text: &str) -> Result<SocketAddr> {
    text.parse()
        .with_context(|| format!("`{text}` is not an address with a port"))
}
