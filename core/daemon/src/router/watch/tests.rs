use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Changed, Files, open};
use crate::router::Event;

const CONFIGURATION: Changed = Changed {
    configuration: true,
    code: false,
    numbers: false,
};

/// Runs a test with a watcher, whose events it gets.
fn run(test: impl AsyncFnOnce(super::Watch, mpsc::Receiver<Event>)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (events, inbox) = mpsc::channel(16);
        test(open(events).expect("a watcher"), inbox).await;
    });
}

fn write(directory: &Path, file: &str, text: &str) {
    fs::create_dir_all(directory).expect("a directory");
    fs::write(directory.join(file), text).expect("written");
}

/// Waits until such a change is told.
async fn told(inbox: &mut mpsc::Receiver<Event>, is_it: impl Fn(Changed) -> bool) {
    let told = async {
        while let Some(Event::Files(changed)) = inbox.recv().await {
            if is_it(changed) {
                return;
            }
        }
        panic!("nothing more is told");
    };
    let told = tokio::time::timeout(Duration::from_secs(60), told).await;
    told.expect("it is told");
}

#[test]
fn a_directory_in_the_place_of_another_is_seen_and_watched() {
    run(async |mut watch, mut inbox| {
        let root = tempfile::tempdir().expect("a directory");
        let conf = root.path().join("conf.d");
        write(&conf, "a.toml", "1");
        watch.set(&Files {
            paths: vec![conf.clone()],
            configuration: vec![conf.join("a.toml")],
            code: vec![conf.join("check.lua")],
            ..Files::default()
        });
        assert_eq!(watch.look(), Changed::default());
        write(&root.path().join("new"), "a.toml", "2");
        fs::rename(&conf, root.path().join("old")).expect("moved away");
        fs::rename(root.path().join("new"), &conf).expect("moved here");
        assert_eq!(watch.look(), CONFIGURATION);
        write(&conf, "check.lua", "3");
        told(&mut inbox, |changed| changed.code).await;
    });
}

#[test]
fn a_directory_that_comes_back_is_seen_and_watched() {
    run(async |mut watch, mut inbox| {
        let root = tempfile::tempdir().expect("a directory");
        let conf = root.path().join("conf.d");
        write(&conf, "a.toml", "1");
        let files = vec![conf.join("a.toml")];
        watch.set(&Files {
            paths: vec![conf.clone()],
            configuration: files,
            code: vec![conf.join("check.lua")],
            ..Files::default()
        });
        fs::remove_dir_all(&conf).expect("removed");
        told(&mut inbox, |changed| changed.configuration).await;
        assert_eq!(watch.look(), Changed::default(), "there is nothing to read");
        write(&conf, "a.toml", "1");
        assert_eq!(watch.look(), CONFIGURATION);
        write(&conf, "check.lua", "3");
        told(&mut inbox, |changed| changed.code).await;
    });
}

/// As in a volume of Kubernetes, where each file is a link through one that is turned.
#[test]
fn another_target_of_a_link_is_seen() {
    run(async |mut watch, _inbox| {
        let root = tempfile::tempdir().expect("a directory");
        let conf = root.path().join("conf.d");
        write(&conf.join("..1"), "a.toml", "1");
        write(&conf.join("..2"), "a.toml", "2");
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, conf.join("..next")).expect("a link");
            fs::rename(conf.join("..next"), conf.join(name)).expect("turned");
        };
        link("..1", "..data");
        link("..data/a.toml", "a.toml");
        watch.set(&Files {
            paths: vec![conf.clone()],
            configuration: vec![conf.join("a.toml")],
            ..Files::default()
        });
        assert_eq!(watch.look(), Changed::default());
        link("..2", "..data");
        assert_eq!(watch.look(), CONFIGURATION);
        assert_eq!(watch.look(), Changed::default());
    });
}
