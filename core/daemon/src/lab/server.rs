//! What answers in the demonstration: a small web server on each real server, and on each director something that
//! listens on the virtual address and says who it is. Each is a process of its own, in the namespace of its machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Options of a process that answers.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// What it answers: this name.
    name: String,
    /// HTTP over TCP on this address.
    #[arg(long)]
    http: Option<SocketAddr>,
    /// Datagrams on this address.
    #[arg(long)]
    echo: Option<SocketAddr>,
}

/// Answer until the process is ended.
pub fn run(options: Options) -> Result<()> {
    if let Some(address) = options.echo {
        let socket = UdpSocket::bind(address).with_context(|| format!("cannot listen on udp {address}"))?;
        let name = options.name.clone();
        thread::spawn(move || answer_datagrams(&socket, &name));
    }
    if let Some(address) = options.http {
        let listener =
            TcpListener::bind(address).with_context(|| format!("cannot listen on tcp {address}"))?;
        answer_http(&listener, &options.name);
    }
    loop {
        thread::park();
    }
}

/// To each datagram its own first bytes, and who answered.
fn answer_datagrams(socket: &UdpSocket, name: &str) {
    let mut buffer = [0; 64];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let number = buffer.get(..length.min(8)).unwrap_or_default();
        // Whoever asked asks again.
        let _ = socket.send_to(&[number, name.as_bytes()].concat(), from);
    }
}

fn answer_http(listener: &TcpListener, name: &str) {
    for stream in listener.incoming().flatten() {
        let name = name.to_owned();
        thread::spawn(move || {
            // A client that went away needs no answer.
            let _ = answer_request(stream, &name);
        });
    }
}

fn answer_request(stream: TcpStream, name: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let body = format!("{name}\n");
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nserver: lab\r\nconnection: close\r\n\r\n",
        body.len()
    );
    reader.get_mut().write_all((head + &body).as_bytes())
}
