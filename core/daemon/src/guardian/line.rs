//! The guardian's end of a link: never waits, neither to read nor to write.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use model::link::{FromGuardian, ToGuardian};
use rustix::event::PollFlags;

use crate::link::{Decoder, encode, read_available};

/// Frames that wait for a child that does not read. One more ends the line: such a child is stuck.
const QUEUE: usize = 4096;

pub(super) struct Line {
    stream: UnixStream,
    decoder: Decoder,
    queue: VecDeque<Waiting>,
    broken: Option<String>,
}

struct Waiting {
    bytes: Vec<u8>,
    sent: usize,
    descriptor: Option<OwnedFd>,
}

impl Line {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            decoder: Decoder::default(),
            queue: VecDeque::new(),
            broken: None,
        })
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    pub(super) fn interest(&self) -> PollFlags {
        if self.queue.is_empty() {
            PollFlags::IN
        } else {
            PollFlags::IN | PollFlags::OUT
        }
    }

    pub(super) fn send(&mut self, frame: &FromGuardian, descriptor: Option<OwnedFd>) {
        if self.queue.len() >= QUEUE {
            self.broken
                .get_or_insert_with(|| "the child does not read".to_owned());
            return;
        }
        match encode(frame) {
            Ok(bytes) => self.queue.push_back(Waiting {
                bytes,
                sent: 0,
                descriptor,
            }),
            Err(error) => tracing::error!(%error, "cannot send a frame"),
        }
        self.flush();
    }

    pub(super) fn flush(&mut self) {
        while let Some(first) = self.queue.front_mut() {
            let rest = first.bytes.get(first.sent..).unwrap_or_default();
            let written = match &first.descriptor {
                Some(descriptor) => linux::passing::send_fd(&self.stream, rest, descriptor.as_fd()),
                None => self.stream.write(rest),
            };
            match written {
                Ok(length) => {
                    first.sent += length;
                    first.descriptor = None;
                    if first.sent >= first.bytes.len() {
                        self.queue.pop_front();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.broken.get_or_insert_with(|| error.to_string());
                    return;
                }
            }
        }
    }

    pub(super) fn receive(&mut self) -> Result<Vec<ToGuardian>, String> {
        let open = read_available(&mut self.stream, &mut self.decoder).map_err(|error| error.to_string())?;
        let mut frames = Vec::new();
        while let Some(frame) = self.decoder.next_frame()? {
            frames.push(frame);
        }
        match self.broken.take() {
            Some(reason) => Err(reason),
            None if !open && frames.is_empty() => Err("the child closed it".to_owned()),
            None => Ok(frames),
        }
    }
}
