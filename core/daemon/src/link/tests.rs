use std::collections::BTreeSet;
use std::io::Write;
use std::os::fd::AsFd;

use model::ids::ExecId;
use model::link::ToGuardian;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[test]
fn frames_survive_any_cut() {
    let frames = [
        ToGuardian::Ready,
        ToGuardian::Granted {
            commands: Vec::new(),
            hidden: vec!["TOKEN".into()],
            ways: BTreeSet::new(),
        },
        ToGuardian::Ready,
    ];
    let bytes: Vec<u8> = frames
        .iter()
        .flat_map(|frame| encode(frame).expect("small"))
        .collect();
    for cut in 1..bytes.len() {
        let mut decoder = Decoder::default();
        let mut seen = Vec::new();
        for piece in bytes.chunks(cut) {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame::<ToGuardian>().expect("whole frames") {
                seen.push(frame);
            }
        }
        assert_eq!(seen, frames, "cut at {cut}");
    }
}

#[test]
fn a_frame_that_is_too_long_ends_the_link() {
    let mut decoder = Decoder::default();
    decoder.push(&u32::MAX.to_le_bytes());
    let error = decoder.next_frame::<ToGuardian>().expect_err("too long");
    insta::assert_snapshot!(error, @"a frame announces 4294967295 bytes, more than 16777216");
}

#[test]
fn nonsense_ends_the_link() {
    let mut decoder = Decoder::default();
    decoder.push(&[4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    assert!(decoder.next_frame::<ToGuardian>().is_err());
}

#[tokio::test]
async fn tasks_carry_frames_and_report_the_end() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let (heard, mut hear) = mpsc::channel(8);
    let port: Port<ExecId> = serve(ours, heard, Some::<Incoming<ExecId>>).expect("a socket");
    theirs.set_nonblocking(true).expect("a socket");
    let mut theirs = tokio::net::UnixStream::from_std(theirs).expect("a socket");
    let sent = [7, 8, 9].map(ExecId);
    assert!(sent.iter().all(|frame| port.send(*frame)));
    let (mut decoder, mut seen) = (Decoder::default(), Vec::new());
    let mut buffer = [0; 64];
    while seen.len() < sent.len() {
        let length = theirs.read(&mut buffer).await.expect("frames");
        decoder.push(&buffer[..length]);
        while let Some(frame) = decoder.next_frame::<ExecId>().expect("whole") {
            seen.push(frame);
        }
    }
    assert_eq!(seen, sent);
    let echoed = encode(&seen[0]).expect("small");
    theirs.write_all(&echoed).await.expect("written");
    assert!(matches!(
        hear.recv().await,
        Some(Incoming::Frame(ExecId(7), None))
    ));
    drop(theirs);
    assert!(matches!(hear.recv().await, Some(Incoming::Closed(_))));
}

#[tokio::test]
async fn a_link_ends_with_its_last_port() {
    let (ours, mut theirs) = UnixStream::pair().expect("a pair");
    let (heard, mut hear) = mpsc::channel(8);
    let port: Port<ExecId> = serve(ours, heard, Some::<Incoming<ExecId>>).expect("a socket");
    drop(port);
    assert!(matches!(hear.recv().await, Some(Incoming::Closed(_))));
    assert_eq!(theirs.read(&mut [0; 8]).expect("its end"), 0);
}

/// What a link carries in the last turn of its runtime is written before that ends.
#[test]
fn last_words_are_written_before_a_runtime_ends() {
    let (ours, mut theirs) = UnixStream::pair().expect("a pair");
    let said = [1, 2, 3].map(ExecId);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (heard, _hear) = mpsc::channel(8);
        let port: Port<ExecId> = serve(ours, heard, Some::<Incoming<ExecId>>).expect("a socket");
        assert!(said.iter().all(|frame| port.send(*frame)));
        port.flush().await;
    });
    runtime.shutdown_background();
    let mut decoder = Decoder::default();
    assert!(!read_available(&mut theirs, &mut decoder).expect("their end"));
    let words = std::iter::from_fn(|| decoder.next_frame::<ExecId>().expect("whole"));
    assert_eq!(words.collect::<Vec<_>>(), said);
}

#[tokio::test]
async fn nobody_waits_for_words_that_a_link_cannot_carry() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let (heard, mut hear) = mpsc::channel(8);
    let port: Port<ExecId> = serve(ours, heard, Some::<Incoming<ExecId>>).expect("a socket");
    drop(theirs);
    assert!(matches!(hear.recv().await, Some(Incoming::Closed(_))));
    port.send(ExecId(1));
    port.flush().await;
}

/// More than a socket holds, to a reader that takes its time.
#[tokio::test]
async fn a_writer_waits_for_room() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let (heard, _hear) = mpsc::channel(8);
    let port: Port<String> = serve(ours, heard, Some::<Incoming<String>>).expect("a socket");
    let said: Vec<String> = (0..8).map(|number| number.to_string().repeat(1 << 20)).collect();
    assert!(said.iter().all(|frame| port.send(frame.clone())));
    // It has written what fits, and waits.
    tokio::task::yield_now().await;
    let (heard, mut hear) = mpsc::channel(1);
    let _port: Port<String> = serve(theirs, heard, Some::<Incoming<String>>).expect("a socket");
    for frame in said {
        assert!(matches!(hear.recv().await, Some(Incoming::Frame(got, None)) if got == frame));
    }
}

#[tokio::test]
async fn a_descriptor_stays_with_its_frame() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let (passed, _other) = UnixStream::pair().expect("a pair");
    let frame = |number| encode(&ExecId(number)).expect("small");
    // All of it waits before the reader starts, so that frames come together; the last one in two pieces.
    (&theirs).write_all(&frame(1)).expect("room");
    linux::passing::send_fd(&theirs, &frame(2), passed.as_fd()).expect("room");
    (&theirs).write_all(&frame(3)).expect("room");
    let fourth = frame(4);
    let (head, tail) = fourth.split_at(2);
    linux::passing::send_fd(&theirs, head, passed.as_fd()).expect("room");
    (&theirs).write_all(tail).expect("room");
    (&theirs).write_all(&frame(5)).expect("room");
    drop(theirs);
    let (heard, mut hear) = mpsc::channel(8);
    let _port: Port<ExecId> = serve(ours, heard, Some::<Incoming<ExecId>>).expect("a socket");
    let mut seen = Vec::new();
    while let Some(Incoming::Frame(ExecId(number), descriptor)) = hear.recv().await {
        seen.push((number, descriptor.is_some()));
    }
    assert_eq!(seen, [(1, false), (2, true), (3, false), (4, true), (5, false)]);
}
