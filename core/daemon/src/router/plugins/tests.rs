use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, channel};

use hostcall::codec::{Algorithm, digest};
use model::link::Secret;
use model::plan::{Grants, Limits, PluginPlan, SecretSource};
use model::status::{Standing, VersionStatus};

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
        ToWorker::Condemned { code, why, .. } => format!("not {}: {why}", String::from_utf8_lossy(code)),
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

/// What a worker says of the plugin, of which these versions served, oldest first.
fn status(versions: &[(&str, Standing)], error: Option<&str>) -> PluginStatus {
    let versions = versions
        .iter()
        .zip(1..)
        .map(|((code, standing), generation)| VersionStatus {
            generation,
            digest: digest(Algorithm::Sha256, code.as_bytes())
                .chars()
                .take(12)
                .collect(),
            at: 0,
            took_ms: 0.0,
            standing: *standing,
        });
    PluginStatus {
        name: "it".to_owned(),
        runtime: "lua".to_owned(),
        source: "/mnt/it.lua".to_owned(),
        generation: 1,
        error: error.map(str::to_owned),
        versions: versions.collect(),
        rollbacks: 0,
        calls: 0,
        faults: 0,
        metrics: BTreeMap::new(),
        declared: None,
    }
}

/// What a worker is told that knows nothing, of the code.
fn told_of_code(plugins: &mut Plugins, plan: &Plan) -> String {
    let (port, frames, _end) = worker();
    plugins.tell_all(plan, &port);
    // The last of all.
    port.send(ToWorker::Instances(Vec::new()));
    let all = frames.iter().skip(2).map(|frame| word(&frame));
    let all: Vec<String> = all.take_while(|word| word != "instances").collect();
    all.join("; ")
}

#[test]
fn what_was_taken_back_is_not_tried_by_the_next_worker() {
    let (plan, mut plugins) = (plan(), Plugins::default());
    let source = reading::supplies(&plan).last().expect("its code");
    let (first, _frames, _end) = worker();
    let read = |plugins: &mut Plugins, text: &str| {
        plugins.handle_read(source.clone(), content(&source, text), &first);
    };
    read(&mut plugins, "good");
    plugins.handle_status(&[status(&[("good", Standing::OnTrial)], None)]);
    assert_eq!(told_of_code(&mut plugins, &plan), "code good");

    read(&mut plugins, "bad");
    plugins.handle_status(&[status(
        &[("good", Standing::Replaced), ("bad", Standing::OnTrial)],
        None,
    )]);
    assert_eq!(
        told_of_code(&mut plugins, &plan),
        "code bad",
        "nothing is held against it"
    );
    plugins.handle_status(&[status(
        &[("good", Standing::Good), ("bad", Standing::RolledBack)],
        Some("rolled back"),
    )]);
    assert_eq!(
        told_of_code(&mut plugins, &plan),
        "code good; not bad: rolled back"
    );
    // That worker knows only what it was told.
    plugins.handle_status(&[status(&[("good", Standing::OnTrial)], Some("rolled back"))]);
    assert_eq!(
        told_of_code(&mut plugins, &plan),
        "code good; not bad: rolled back"
    );

    // Another is bad as well: the good one is still there.
    read(&mut plugins, "worse");
    assert_eq!(told_of_code(&mut plugins, &plan), "code worse");
    plugins.handle_status(&[status(
        &[("good", Standing::Good), ("worse", Standing::RolledBack)],
        Some("rolled back again"),
    )]);
    assert_eq!(
        told_of_code(&mut plugins, &plan),
        "code good; not worse: rolled back again"
    );

    read(&mut plugins, "better");
    plugins.handle_status(&[status(
        &[("good", Standing::Replaced), ("better", Standing::Good)],
        None,
    )]);
    assert_eq!(told_of_code(&mut plugins, &plan), "code better");
    // From now on that is what there is to return to.
    read(&mut plugins, "bad");
    plugins.handle_status(&[status(
        &[("better", Standing::Good), ("bad", Standing::RolledBack)],
        Some("rolled back"),
    )]);
    assert_eq!(
        told_of_code(&mut plugins, &plan),
        "code better; not bad: rolled back"
    );
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
