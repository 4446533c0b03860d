//! The client of the demonstration. One process asks the virtual address every two milliseconds and says each change
//! of what it gets; another asks a balanced service so many times and says who answered.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use super::seen::Seen;

/// From one question to the next.
pub(super) const CADENCE: Duration = Duration::from_millis(2);
/// Unanswered for this long is worth a line while it lasts.
const SILENCE: Duration = Duration::from_millis(30);
/// Questions whose time of asking is remembered; older ones count as lost.
const REMEMBERED: usize = 1 << 16;

/// Options of a process that asks.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Ask this address for ever with datagrams, and watch whose link-layer address it has.
    #[arg(long)]
    watch: Option<SocketAddr>,
    /// Ask this address by HTTP, a new connection each time.
    #[arg(long, requires = "times")]
    http: Option<SocketAddr>,
    /// How often to ask by HTTP.
    #[arg(long)]
    times: Option<u32>,
}

/// Ask, and say on standard output what was seen.
pub fn run(options: Options) -> Result<()> {
    if let Some(address) = options.watch {
        return watch(address);
    }
    if let Some(address) = options.http {
        ask_http(address, options.times.unwrap_or(1));
    }
    Ok(())
}

/// When each question was asked, by its number; in microseconds since the epoch, 0 for not asked yet.
type Asked = Arc<[AtomicU64]>;

fn watch(address: SocketAddr) -> Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0").context("cannot open a socket to ask with")?;
    socket.set_read_timeout(Some(SILENCE))?;
    let asked: Asked = (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect();
    let asking = socket.try_clone()?;
    let times = Arc::clone(&asked);
    thread::spawn(move || ask_for_ever(&asking, address, &times));
    thread::spawn(move || watch_neighbour(address.ip()));
    listen(&socket, &asked)
}

/// A question every [`CADENCE`]: its number, counted from 1.
fn ask_for_ever(socket: &UdpSocket, address: SocketAddr, asked: &Asked) {
    for number in 1_u64.. {
        slot(asked, number).store(now_us(), Ordering::Release);
        // No route or no neighbour is a lost question like any other.
        let _ = socket.send_to(&number.to_be_bytes(), address);
        thread::sleep(CADENCE);
    }
}

/// Say who answers, and what remained unanswered.
fn listen(socket: &UdpSocket, asked: &Asked) -> Result<()> {
    let mut buffer = [0; 64];
    let (mut last, mut who, mut is_silent) = (0, String::new(), false);
    loop {
        let Some((number, name)) = receive(socket, &mut buffer) else {
            let first_lost = slot(asked, last + 1).load(Ordering::Acquire);
            if !is_silent && last > 0 && first_lost > 0 {
                is_silent = true;
                say(&Seen::Silent { at_us: first_lost });
            }
            continue;
        };
        // An answer that was overtaken was waited for in vain; its question counted as lost.
        if number <= last {
            continue;
        }
        let first = slot(asked, last + 1).load(Ordering::Acquire);
        let lost = number - last - 1;
        if last > 0 && (is_silent || lost > 0) {
            // After a silence even an answer to the first question came late; without one, what counts is what is lost.
            let back_us = if is_silent {
                now_us()
            } else {
                slot(asked, number).load(Ordering::Acquire)
            };
            say(&Seen::Gap {
                at_us: back_us,
                lost_us: back_us.saturating_sub(first),
                lost,
            });
        }
        if name != who {
            say(&Seen::From {
                at_us: now_us(),
                name: name.clone(),
            });
            who = name;
        }
        (last, is_silent) = (number, false);
    }
}

/// An answer's number and who gave it, or `None` when there was none for [`SILENCE`].
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(u64, String)> {
    let length = socket.recv(buffer).ok()?;
    let (number, name) = buffer.get(..length)?.split_first_chunk::<8>()?;
    Some((
        u64::from_be_bytes(*number),
        String::from_utf8_lossy(name).into_owned(),
    ))
}

/// Say each change of the kernel's neighbour entry for `address`: what a gratuitous ARP does.
fn watch_neighbour(address: IpAddr) {
    let address = address.to_string();
    let mut last = String::new();
    loop {
        let table = fs::read_to_string("/proc/net/arp").unwrap_or_default();
        // Columns: IP address, HW type, flags, HW address, mask, device.
        let row = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mac = row
            .filter(|row| row.first() == Some(&address.as_str()))
            .find_map(|row| row.get(3).map(|mac| (*mac).to_owned()));
        if let Some(mac) = mac.filter(|mac| *mac != last && mac != "00:00:00:00:00:00") {
            let (at_us, moved) = (now_us(), !last.is_empty());
            say(&Seen::Neighbour {
                at_us,
                mac: mac.clone(),
                moved,
            });
            last = mac;
        }
        thread::sleep(Duration::from_millis(4));
    }
}

/// Ask `times` times and say how often each server answered.
fn ask_http(address: SocketAddr, times: u32) {
    let mut answers: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..times {
        let name = ask_http_once(address).unwrap_or_else(|error| format!("none ({})", error.kind()));
        *answers.entry(name).or_default() += 1;
    }
    for (name, count) in answers {
        say(&Seen::Answers { name, count });
    }
}

fn ask_http_once(address: SocketAddr) -> io::Result<String> {
    let limit = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.trim().to_owned());
    body.filter(|body| !body.is_empty())
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn slot(asked: &[AtomicU64], number: u64) -> &AtomicU64 {
    let index = usize::try_from(number).unwrap_or_default() % REMEMBERED;
    &asked[index]
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Says it, or ends this process: whoever listened is gone.
fn say(seen: &Seen) {
    let mut out = io::stdout().lock();
    if writeln!(out, "{seen}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}
