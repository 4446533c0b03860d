//! Sockets for the worker, which has no right to bind them as its checks ask.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;

use model::link::{FromGuardian, SocketRequest};
use model::plan::Via;

#[derive(Debug, Default)]
pub(super) struct Sockets {
    granted: BTreeSet<Via>,
}

impl Sockets {
    /// Sockets may leave by these ways from now on, and by no others.
    pub(super) fn handle_grants(&mut self, ways: BTreeSet<Via>) {
        self.granted = ways;
    }

    /// Opens a socket, or says why not.
    pub(super) fn handle_request(&self, request: &SocketRequest) -> (FromGuardian, Option<OwnedFd>) {
        let opened = if self.granted.contains(&request.via) {
            linux::bound::open(request.kind, request.family, &request.via)
        } else {
            Err(format!("no check leaves {}", request.via))
        };
        let id = request.id;
        match opened {
            Ok(socket) => (FromGuardian::Socket { id, result: Ok(()) }, Some(socket)),
            Err(why) => (FromGuardian::Socket { id, result: Err(why) }, None),
        }
    }
}

#[cfg(test)]
mod tests;
