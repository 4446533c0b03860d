//! A client.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use socket2::{Domain, Protocol, Socket, Type};

/// Longest wait for a connection or an answer; an answer that does not come is `none`.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest silence of a stream, failover included.
const SILENCE: Duration = Duration::from_secs(20);

/// Asks `count` times, and prints who answered.
pub(super) fn ask(kind: &str, to: SocketAddr, count: u16, first_port: Option<u16>) -> Result<()> {
    let mut one = None;
    let mut names = Vec::new();
    for number in 0..count {
        let port = first_port.map_or(0, |first| first + number);
        let answer = match kind {
            "tcp" => connection(to, Protocol::TCP, port),
            "sctp" => connection(to, super::SCTP, port),
            "udp" => bound(to, port).and_then(|socket| datagram(&socket, to)),
            "udp-one" => {
                let socket = match one.take() {
                    Some(socket) => socket,
                    None => bound(to, port)?,
                };
                let answer = datagram(&socket, to);
                one = Some(socket);
                answer
            }
            other => bail!("`{other}` is not tcp, sctp, udp or udp-one"),
        };
        names.push(answer.unwrap_or_else(|_| "none".to_owned()));
    }
    if first_port.is_some() {
        println!("each {}", names.join(" "));
    }
    println!("{}", counted(&names));
    Ok(())
}

/// `rs1=4 rs2=4`.
fn counted(names: &[String]) -> String {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let words: Vec<_> = counts
        .iter()
        .map(|(name, count)| format!("{name}={count}"))
        .collect();
    words.join(" ")
}

fn any(to: SocketAddr, port: u16) -> SocketAddr {
    match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, port).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, port).into(),
    }
}

fn connection(to: SocketAddr, protocol: Protocol, port: u16) -> std::io::Result<String> {
    let mut socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(protocol))?;
    socket.set_reuse_address(true)?;
    socket.bind(&any(to, port).into())?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect_timeout(&to.into(), PATIENCE)?;
    let mut buffer = [0; 64];
    let size = socket.read(&mut buffer)?;
    name(buffer.get(..size).unwrap_or_default())
}

fn bound(to: SocketAddr, port: u16) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(any(to, port))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

fn datagram(socket: &UdpSocket, to: SocketAddr) -> std::io::Result<String> {
    socket.send_to(b"?", to)?;
    let mut buffer = [0; 64];
    let (size, _) = socket.recv_from(&mut buffer)?;
    name(buffer.get(..size).unwrap_or_default())
}

fn name(line: &[u8]) -> std::io::Result<String> {
    let text = String::from_utf8_lossy(line).trim().to_owned();
    if text.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text)
}

/// Reads streams to their ends, and prints whose were complete.
pub(super) fn follow(to: SocketAddr, streams: usize, lines: usize) -> Result<()> {
    let mut readers = Vec::new();
    for _ in 0..streams {
        let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
        stream.set_read_timeout(Some(SILENCE))?;
        readers.push(thread::spawn(move || read(stream, lines)));
    }
    println!("following");
    let names: Vec<String> = readers
        .into_iter()
        .map(|reader| reader.join().unwrap_or_else(|_| "broken".to_owned()))
        .collect();
    println!("complete {}", counted(&names));
    Ok(())
}

/// The one name that all lines have.
fn read(stream: TcpStream, lines: usize) -> String {
    let mut found: Vec<String> = Vec::new();
    for line in BufReader::new(stream).lines().take(lines) {
        match line {
            Ok(line) => found.push(line),
            Err(error) => return format!("broken({error})"),
        }
    }
    let whole = found.len() == lines;
    found.dedup();
    match found.as_slice() {
        [name] if whole => name.clone(),
        _ => "broken".to_owned(),
    }
}
