//! A link between two of our processes: length-delimited frames over a stream socket. A frame longer than
//! [`FRAME_MAX`], or one that does not decode, ends the link: the other side is broken or hostile.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use model::link::FRAME_MAX;
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, oneshot};

#[cfg(test)]
mod tests;

/// Frames that wait for a slow reader. When full, the sender is told and the frame is not sent.
const QUEUE: usize = 4096;
/// Most frames of one write.
const AT_ONCE: usize = 64;
/// Bytes of a frame's length, little endian, which stands before it.
const HEADER: usize = 4;

/// What a link brings.
#[derive(Debug)]
pub enum Incoming<T> {
    /// A frame, and a file descriptor when one came with it.
    Frame(T, Option<OwnedFd>),
    /// The link is over: the other side went away, or broke the rules.
    Closed(String),
}

/// One frame as bytes.
pub fn encode<T: Serialize>(frame: &T) -> io::Result<Vec<u8>> {
    append(Vec::new(), frame)
}

/// `bytes` with one more frame.
fn append<T: Serialize>(mut bytes: Vec<u8>, frame: &T) -> io::Result<Vec<u8>> {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEADER]);
    let mut bytes = postcard::to_extend(frame, bytes).map_err(io::Error::other)?;
    let body = bytes.len() - start - HEADER;
    let length = u32::try_from(body).ok().filter(|_| body <= FRAME_MAX);
    let length = length.ok_or_else(|| io::Error::other(format!("a frame of {body} bytes is too long")))?;
    if let Some(header) = bytes.get_mut(start..start + HEADER) {
        header.copy_from_slice(&length.to_le_bytes());
    }
    Ok(bytes)
}

/// Puts frames together from whatever pieces the socket gives.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// Of `bytes`, how many were frames that are handed out.
    done: usize,
}

impl Decoder {
    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.done));
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether nothing waits, not even the beginning of a frame.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == self.done
    }

    /// The next whole frame. An error ends the link.
    pub fn next_frame<T: DeserializeOwned>(&mut self) -> Result<Option<T>, String> {
        let waiting = self.bytes.get(self.done..).unwrap_or_default();
        let Some((header, rest)) = waiting.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*header) as usize;
        if length > FRAME_MAX {
            return Err(format!("a frame announces {length} bytes, more than {FRAME_MAX}"));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let frame =
            postcard::from_bytes(body).map_err(|error| format!("a frame does not decode: {error}"))?;
        self.done += HEADER + length;
        Ok(Some(frame))
    }
}

/// What waits to be written.
#[derive(Debug)]
enum Entry<Out> {
    Frame(Out),
    /// Somebody wants to know when all before it is written.
    Mark(oneshot::Sender<()>),
}

/// The sending end of a link that is served.
#[derive(Debug)]
pub struct Port<Out> {
    queue: mpsc::Sender<Entry<Out>>,
}

impl<Out> Clone for Port<Out> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<Out> Port<Out> {
    /// Sends a frame without waiting, from any thread. False when the link is over, or so far behind that the frame was
    /// dropped.
    pub fn send(&self, frame: Out) -> bool {
        self.queue.try_send(Entry::Frame(frame)).is_ok()
    }

    /// Waits until the other side's socket has all that was sent before, or the link is over. Whoever ends the runtime
    /// ends what writes: its last frames would go with it. To be bounded by the caller, for the other side may not read.
    pub async fn flush(&self) {
        let (mark, written) = oneshot::channel();
        if self.queue.send(Entry::Mark(mark)).await.is_ok() {
            // A link that is over has written what it could.
            let _ = written.await;
        }
    }
}

/// Serves a link in the running runtime: what is sent into the port while others have their turn is written at once, and
/// what comes becomes events by `tell`; while those find no room the other side waits too. It ends with the link, or
/// with its last port.
///
/// # Errors
/// When the socket cannot be watched.
pub fn serve<In, Out, Event>(
    stream: UnixStream,
    events: mpsc::Sender<Event>,
    tell: impl FnMut(Incoming<In>) -> Option<Event> + Send + 'static,
) -> io::Result<Port<Out>>
where
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + Send + 'static,
    Event: Send + 'static,
{
    stream.set_nonblocking(true)?;
    let writing = stream.try_clone()?;
    // Of reading only: else each frame that the other side takes would wake us, to tell of room that nobody waits for.
    let reading = linux::watched::watched(stream, Interest::READABLE)?;
    let (queue, waiting) = mpsc::channel(QUEUE);
    // Owned by the link: each ends when the other shuts it down.
    tokio::spawn(write_all(writing, waiting));
    tokio::spawn(read_all(reading, events, tell));
    Ok(Port { queue })
}

async fn write_all<Out: Serialize>(stream: UnixStream, mut waiting: mpsc::Receiver<Entry<Out>>) {
    let mut entries = Vec::new();
    while waiting.recv_many(&mut entries, AT_ONCE).await > 0 {
        let mut marks = Vec::new();
        let encoded = entries
            .drain(..)
            .try_fold(Vec::new(), |bytes, entry| match entry {
                Entry::Frame(frame) => append(bytes, &frame),
                // What stands behind it is written as well before it is told: later than need be, never too early.
                Entry::Mark(mark) => {
                    marks.push(mark);
                    Ok(bytes)
                }
            });
        let written = match encoded {
            Ok(encoded) => write(&stream, &encoded).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::debug!(%error, "a link cannot be written");
            break;
        }
        for mark in marks {
            // Whoever wanted to know may have had enough.
            let _ = mark.send(());
        }
    }
    // The reader wakes and reports the end. Nothing is left to do where the socket is closed already.
    let _ = linux::passing::shutdown(&stream);
}

async fn write(mut stream: &UnixStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(length) => bytes = bytes.get(length..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => has_room(stream).await?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits until something can be written. Watched for as long as it is waited for.
async fn has_room(stream: &UnixStream) -> io::Result<()> {
    let watched = linux::watched::watched(stream.try_clone()?, Interest::WRITABLE)?;
    // That it was is all we want to know.
    watched.writable().await.map(drop)
}

async fn read_all<In: DeserializeOwned, Event>(
    stream: AsyncFd<UnixStream>,
    events: mpsc::Sender<Event>,
    mut tell: impl FnMut(Incoming<In>) -> Option<Event>,
) {
    let mut reader = Reader::default();
    let mut buffer = vec![0; 64 << 10];
    let reason = 'link: loop {
        let some = |stream: &UnixStream| linux::passing::recv_with_fd(stream, &mut buffer);
        match stream.async_io(Interest::READABLE, some).await {
            Ok((0, _)) => break "the other side closed it".to_owned(),
            Ok((length, passed)) => {
                if length < buffer.len() && passed.is_none() {
                    wait_for_more(&stream);
                }
                reader.push(buffer.get(..length).unwrap_or_default(), passed);
            }
            Err(error) => break format!("it cannot be read: {error}"),
        }
        loop {
            let incoming = match reader.next_frame() {
                Ok(Some((frame, descriptor))) => Incoming::Frame(frame, descriptor),
                Ok(None) => break,
                Err(broken) => break 'link broken,
            };
            if let Some(event) = tell(incoming)
                && events.send(event).await.is_err()
            {
                // The loop is over: so is the process.
                return;
            }
        }
    };
    if let Some(event) = tell(Incoming::Closed(reason)) {
        // As above.
        let _ = events.send(event).await;
    }
}

/// Has the next read wait until the kernel tells of more. For after one that found less than it had room for and was not
/// ended by a descriptor (unix(7)): another would find nothing. What comes after it is told again, for the runtime has
/// one thread and asks the kernel only between tasks.
fn wait_for_more(stream: &AsyncFd<UnixStream>) {
    let nothing = |_: &UnixStream| Err::<(), _>(io::ErrorKind::WouldBlock.into());
    // That nothing is there is what it is told.
    let _ = stream.try_io(Interest::READABLE, nothing);
}

/// Puts frames together, each with the descriptor that came with it.
#[derive(Debug, Default)]
struct Reader {
    decoder: Decoder,
    /// Of what was read last.
    passed: Option<OwnedFd>,
    /// Of a frame whose end is still to come.
    waiting: Option<OwnedFd>,
}

impl Reader {
    /// Takes what one read gave.
    fn push(&mut self, bytes: &[u8], descriptor: Option<OwnedFd>) {
        self.decoder.push(bytes);
        self.passed = descriptor;
    }

    /// The next whole frame. To be called until there is none. An error ends the link.
    fn next_frame<In: DeserializeOwned>(&mut self) -> Result<Option<(In, Option<OwnedFd>)>, String> {
        let Some(frame) = self.decoder.next_frame()? else {
            self.waiting = self.waiting.take().or_else(|| self.passed.take());
            return Ok(None);
        };
        // A descriptor ends what one read gives (unix(7)), but frames without one may stand before it: it belongs to the
        // frame of the last byte.
        let own = || self.passed.take_if(|_| self.decoder.is_empty());
        let descriptor = self.waiting.take().or_else(own);
        Ok(Some((frame, descriptor)))
    }
}

/// Reads what is there without waiting: `Ok(false)` when the other side closed.
pub fn read_available(stream: &mut UnixStream, decoder: &mut Decoder) -> io::Result<bool> {
    let mut buffer = [0; 16 << 10];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(length) => decoder.push(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
