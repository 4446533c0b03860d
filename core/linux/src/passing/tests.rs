use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use rustix::io::{FdFlags, fcntl_getfd};

use super::{memory, pair, recv_with_fd, send_fd};

#[test]
fn memory_is_read_from_the_start() {
    let mut file = File::from(memory(b"what is served").expect("memory"));
    let mut text = String::new();
    file.read_to_string(&mut text).expect("text");
    assert_eq!(text, "what is served");
}

#[test]
fn a_descriptor_arrives_with_its_bytes_and_closed_at_exec() {
    let (here, there) = pair().expect("a pair");
    let (mut read, write) = io::pipe().expect("a pipe");
    assert_eq!(send_fd(&here, b"take this", write.as_fd()).expect("it goes"), 9);
    drop(write);
    let mut buffer = [0; 64];
    let (count, fd) = recv_with_fd(&there, &mut buffer).expect("it comes");
    assert_eq!(&buffer[..count], b"take this");
    let fd = fd.expect("a descriptor");
    assert!(fcntl_getfd(&fd).expect("flags").contains(FdFlags::CLOEXEC));
    File::from(fd).write_all(b"through").expect("writable");
    let mut text = String::new();
    read.read_to_string(&mut text)
        .expect("until the last writer is gone");
    assert_eq!(text, "through");
}

#[test]
fn bytes_alone_and_the_end_are_told_apart() {
    let (mut here, there) = pair().expect("a pair");
    here.write_all(b"x").expect("room");
    let mut buffer = [0; 4];
    let (count, fd) = recv_with_fd(&there, &mut buffer).expect("a byte");
    assert_eq!((count, fd.is_none()), (1, true));
    there.set_nonblocking(true).expect("allowed");
    let error = recv_with_fd(&there, &mut buffer).expect_err("nothing there");
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    drop(here);
    assert_eq!(recv_with_fd(&there, &mut buffer).expect("the end").0, 0);
}

#[test]
fn a_descriptor_without_a_byte_is_refused() {
    let (here, there) = pair().expect("a pair");
    assert_eq!(
        send_fd(&here, b"", there.as_fd()).expect_err("refused").kind(),
        io::ErrorKind::InvalidInput
    );
}
