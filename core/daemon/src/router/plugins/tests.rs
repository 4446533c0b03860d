use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, channel};

use model::link::Secret;
use model::plan::{Grants, Limits, PluginPlan, SecretSource};

use super::*;
use crate::link::Incoming;

/// A worker that only listens, as long as its own end is there.
fn worker() -> (Port<ToWorker>, Receiver<ToWorker>, Port<ToWorker>) {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let (heard, frames) = channel();
    let (made, ports) = channel();
    // A loop of its own carries the frames, for the tests wait for them.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let (events, mut inbox) = tokio::sync::mpsc::channel(8);
            let each = |incoming| match incoming {
                Incoming::Frame(frame, _) => Some(frame),
                Incoming::Closed(_) => None,
            };
            let port: Port<ToWorker> = crate::link::serve(ours, events.clone(), each).expect("a socket");
            let end: Port<ToWorker> = crate::link::serve(theirs, events, each).expect("a socket");
            made.send((port, end)).expect("the test waits");
            while let Some(frame) = inbox.recv().await {
                // The test may have heard enough.
                let _: Result<(), std::sync::mpsc::SendError<ToWorker>> = heard.send(frame);
            }
        });
    });
    let (port, end) = ports.recv().expect("both ends");
    (port, frames, end)
}

fn plan() -> Plan {
    let secret = BTreeMap::from([("token".to_owned(), SecretSource::File("/mnt/token".into()))]);
    let plugin = PluginPlan {
        name: "it".into(),
        source: PluginSource::File("/mnt/it.lua".into()),
        grants: Grants {
            secret,
            ..Grants::default()
        },
        limits: Limits::default(),
    };
    Plan {
        plugins: vec![plugin],
        ..Plan::default()
    }
}

fn content(source: &Source, text: &str) -> Content {
    match source {
        Source::Code(plugin, _) => Content::Code(plugin.clone(), Ok(text.into())),
        Source::Secrets(plugin, _) => {
            let values = BTreeMap::from([("token".to_owned(), Ok(Secret(text.to_owned())))]);
            Content::Secrets(plugin.clone(), values)
        }
        Source::Number(..) => panic!("no plugin has numbers"),
    }
}

/// What a frame is about.
fn word(frame: &ToWorker) -> String {
    match frame {
        ToWorker::Plugins(_) => "plugins".to_owned(),
        ToWorker::Instances(_) => "instances".to_owned(),
        ToWorker::Code { code, .. } => match code {
            Ok(code) => format!("code {}", String::from_utf8_lossy(code)),
            Err(why) => format!("no code: {why}"),
        },
        ToWorker::Secrets { values, .. } => match &values["token"] {
            Ok(Secret(secret)) => format!("secret {secret}"),
            Err(why) => format!("no secret: {why}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_read_last_is_told_to_every_worker_before_it_is_asked() {
    let (plan, mut plugins) = (plan(), Plugins::default());
    let sources: Vec<Source> = reading::supplies(&plan).collect();
    let (first, frames, _end) = worker();
    plugins.tell_all(&plan, &first);
    assert!(!plugins.are_secrets_known(&plan));
    for text in ["one", "one", "two"] {
        for source in &sources {
            plugins.handle_read(source.clone(), content(source, text), &first);
        }
    }
    assert!(plugins.are_secrets_known(&plan));
    let heard = |frames: Receiver<ToWorker>, count| -> Vec<String> {
        let all = frames.iter().take(count);
        all.map(|frame| word(&frame)).collect()
    };
    let told = [
        "plugins",
        "instances",
        "secret one",
        "code one",
        "secret two",
        "code two",
    ];
    assert_eq!(heard(frames, told.len()), told);
    // Its successor need not wait for a mount that hangs now.
    let (second, frames, _end) = worker();
    plugins.tell_all(&plan, &second);
    for source in &sources {
        plugins.handle_late(source.clone(), &second);
    }
    let told = ["plugins", "instances", "secret two", "code two"];
    assert_eq!(heard(frames, told.len()), told);
}

#[test]
fn what_was_never_read_is_told_as_such() {
    let (plan, mut plugins) = (plan(), Plugins::default());
    let (port, frames, _end) = worker();
    for source in reading::supplies(&plan) {
        plugins.handle_late(source, &port);
    }
    assert!(plugins.are_secrets_known(&plan));
    let told: Vec<String> = frames.iter().take(2).map(|frame| word(&frame)).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    no secret: cannot read /mnt/token: no answer within 5 s; does its mount hang?
    no code: cannot read /mnt/it.lua: no answer within 5 s; does its mount hang?
    ");
}
