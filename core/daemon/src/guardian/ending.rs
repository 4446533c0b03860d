//! The very end: the router is gone, and with it all that could not wait.

use std::time::Duration;

use linux::clock;
use model::link::ExecRequest;
use model::time::Instant;

use super::station::Role;
use super::{Guardian, broker};

/// How often it is looked whether somebody has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl Guardian {
    pub(super) fn leave(&mut self, code: u8) {
        self.exit = Some(code);
        self.let_readers_end();
        self.broker.kill_all();
        self.fifos.leave();
        self.worker.kill();
        if let Some(request) = self.last.take() {
            self.run_last(request);
        }
    }

    /// Readers of named pipes act on the last lines, which are those of this stop.
    fn let_readers_end(&mut self) {
        let until = clock::now() + broker::KILL_AFTER;
        self.broker.handle_loss(Role::Router, clock::now());
        self.broker.handle_deadlines(clock::now());
        self.wait(until, |guardian| !guardian.broker.has_readers());
    }

    /// The operator's last command, when nothing of ours is left.
    fn run_last(&mut self, request: ExecRequest) {
        let (what, now) = (request.argv.join(" "), clock::now());
        // What is over its time is ended, which takes two signals and a moment after each.
        let until = now + request.timeout + broker::KILL_AFTER * 3;
        match self.broker.handle_request(Role::Router, request, now) {
            Some(refused) => tracing::warn!(command = what, ?refused, "the last command does not run"),
            None => {
                tracing::info!(command = what, "the last command runs");
                self.wait(until, |guardian| guardian.broker.is_idle());
            }
        }
    }

    fn wait(&mut self, until: Instant, is_over: impl Fn(&Self) -> bool) {
        while !is_over(self) && clock::now() < until {
            std::thread::sleep(LOOK_EVERY);
            self.broker.read_pipes();
            self.handle_deaths();
            self.broker.handle_deadlines(clock::now());
        }
    }
}
