use std::io::Write as _;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

/// Reads a pipe as if it were a file: hangs until somebody writes.
fn hanging(source: &Source) -> Content {
    match source {
        Source::Number(name, path) => {
            let text = std::fs::read_to_string(path).map(Some);
            Content::Number(name.clone(), text.map_err(|error| error.to_string()))
        }
        Source::Code(..) | Source::Secrets(..) => source.read(),
    }
}

fn number(name: &str, path: &Path) -> Source {
    Source::Number(name.into(), path.to_owned())
}

async fn next(inbox: &mut mpsc::Receiver<Event>) -> (Source, Content) {
    match inbox.recv().await {
        Some(Event::Read(source, content)) => (source, content),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_hangs_is_told_and_holds_up_nothing_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let (pipe, file) = (dir.path().join("pipe"), dir.path().join("file"));
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from(0o600), 0).expect("made");
    std::fs::write(&file, "7\n").expect("written");
    let (events, mut inbox) = mpsc::channel(8);
    let mut readings = Readings::new(events);
    let began = Instant::default();
    let (hangs, well) = (number("hangs", &pipe), number("well", &file));
    readings.begin_by(hangs.clone(), began, hanging);
    readings.begin_by(well.clone(), began, hanging);
    let seven = Content::Number("well".into(), Ok(Some("7\n".to_owned())));
    assert_eq!(next(&mut inbox).await, (well.clone(), seven));
    readings.handle_read(&well, began);
    // Asked for again while it hangs: nothing is begun twice.
    readings.begin_by(hangs.clone(), began, hanging);
    let late = began + PATIENCE;
    assert_eq!(readings.poll_timeout(), Some(late));
    assert_eq!(readings.poll_late(began), None);
    assert_eq!(readings.poll_late(late), Some(hangs.clone()));
    assert_eq!((readings.poll_late(late), readings.poll_timeout()), (None, None));
    // The pipe is written at last, and what was asked for meanwhile is read: by the rule, a pipe is no number.
    let mut writer = std::fs::OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("a reader waits");
    writer.write_all(b"3").expect("written");
    drop(writer);
    let three = Content::Number("hangs".into(), Ok(Some("3".to_owned())));
    assert_eq!(next(&mut inbox).await, (hangs.clone(), three));
    readings.handle_read(&hangs, late);
    let (again, content) = next(&mut inbox).await;
    assert_eq!(again, hangs);
    assert!(matches!(content, Content::Number(_, Err(why)) if why.contains("not a file")));
    readings.handle_read(&hangs, late);
    assert_eq!(readings.poll_timeout(), None);
}

#[test]
fn what_is_late_says_where_it_looked() {
    let late = number("load", Path::new("/mnt/load")).unread();
    let Content::Number(_, Err(why)) = late else {
        panic!("{late:?}");
    };
    insta::assert_snapshot!(why, @"cannot read /mnt/load: no answer within 5 s; does its mount hang?");
    let sources = BTreeMap::from([
        ("file".to_owned(), SecretSource::File("/mnt/secret".into())),
        ("there".to_owned(), SecretSource::Environment("PATH".to_owned())),
    ]);
    let Content::Secrets(_, values) = Source::Secrets("it".into(), sources).unread() else {
        panic!("not secrets");
    };
    assert!(values["file"].is_err());
    assert!(values["there"].is_ok());
}
