use std::os::fd::AsFd as _;
use std::time::Duration;

use linux::clock;
use linux::reactor::Reactor;
use rustix::event::{EventfdFlags, eventfd};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_rest_leaves_sockets_alone_until_its_end() {
    let (mut reactor, _waker) = Reactor::new().expect("a reactor");
    let readable = eventfd(1, EventfdFlags::CLOEXEC).expect("an eventfd");
    reactor.add(readable.as_fd(), 7).expect("watched");
    let until = clock::now() + Duration::from_millis(2);
    reactor.rest(until).expect("a rest");
    assert!(clock::now() >= until);
    // One that is over already.
    reactor.rest(until).expect("a rest");
    assert_eq!(reactor.wait().expect("a turn").tokens, [7]);
}

#[test]
fn a_ring_and_a_deadline_end_a_rest_and_are_there_to_be_found() {
    let (mut reactor, waker) = Reactor::new().expect("a reactor");
    waker.wake();
    reactor.rest(clock::now() + LONG).expect("a rest");
    assert!(reactor.wait().expect("a turn").woken);
    reactor.set_deadline(Some(clock::now())).expect("set");
    reactor.rest(clock::now() + LONG).expect("a rest");
    assert!(reactor.wait().expect("a turn").timed_out);
}
