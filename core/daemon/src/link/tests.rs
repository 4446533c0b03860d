use std::collections::BTreeSet;

use model::ids::ExecId;
use model::link::ToGuardian;

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

#[test]
fn threads_carry_frames_and_report_the_end() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let (heard, hear) = std::sync::mpsc::channel();
    let port: Port<ExecId> = serve::<ExecId, _>("test", ours, move |incoming| {
        // The test may be over before the link is.
        let _ = heard.send(incoming);
    })
    .expect("threads");
    let mut theirs = theirs;
    assert!(port.send(ExecId(7)));
    let mut decoder = Decoder::default();
    let mut buffer = [0; 64];
    let echoed = loop {
        let length = theirs.read(&mut buffer).expect("a frame");
        decoder.push(&buffer[..length]);
        if let Some(frame) = decoder.next_frame::<ExecId>().expect("whole") {
            break frame;
        }
    };
    theirs
        .write_all(&encode(&echoed).expect("small"))
        .expect("written");
    assert!(matches!(hear.recv(), Ok(Incoming::Frame(ExecId(7), None))));
    drop(theirs);
    assert!(matches!(hear.recv(), Ok(Incoming::Closed(_))));
}

#[test]
fn a_descriptor_stays_with_its_frame() {
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
    let mut seen = Vec::new();
    read_all::<ExecId>(ours, |incoming| {
        if let Incoming::Frame(ExecId(number), descriptor) = incoming {
            seen.push((number, descriptor.is_some()));
        }
    });
    assert_eq!(seen, [(1, false), (2, true), (3, false), (4, true), (5, false)]);
}
