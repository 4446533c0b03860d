use std::time::Duration;

use model::plan::{ArgumentMatch, FileWatch};

use super::*;

const START: Instant = Instant::from_nanos(5_000_000_000);

fn file(name: &str, absent: i32) -> WatchPlan {
    WatchPlan {
        name: name.into(),
        subject: WatchSubject::File(FileWatch {
            path: "/run/weight".into(),
            absent,
        }),
    }
}

fn pattern() -> ProcessPattern {
    ProcessPattern {
        command: "haproxy".to_owned(),
        arguments: None,
        matching: ArgumentMatch::Exact,
    }
}

fn process(at_least: u32, at_most: Option<u32>) -> WatchPlan {
    WatchPlan {
        name: "proxy".into(),
        subject: WatchSubject::Process(ProcessWatch {
            pattern: pattern(),
            at_least,
            at_most,
            good_after: Duration::from_secs(2),
            failed_after: Duration::from_secs(1),
        }),
    }
}

fn told(watches: &mut Watches) -> String {
    std::iter::from_fn(|| watches.poll_effect())
        .map(|(name, state)| format!("{name} {state:?}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn words(watches: &Watches) -> String {
    watches
        .status()
        .map(|one| format!("{}: {}", one.state, one.reason))
        .collect()
}

#[test]
fn a_file_says_a_number_and_nonsense_changes_nothing() {
    let mut watches = Watches::default();
    watches.handle_plan(&[file("load", -7)]);
    assert_eq!(told(&mut watches), "load Pending");
    let name = TrackerName::from("load");
    let text = |text: &str| Ok(Some(text.to_owned()));
    let table = [
        (
            text("nonsense"),
            "load Number(-7)",
            "-7: no whole number is in the file",
        ),
        (text(" 12\n"), "load Number(12)", "12: as the file says"),
        (text("12"), "", "12: as the file says"),
        (text(""), "", "12: no whole number is in the file"),
        (text("99999999999"), "", "12: no whole number is in the file"),
        (text("-254"), "load Number(-254)", "-254: as the file says"),
        (Err("cannot read it".to_owned()), "", "-254: cannot read it"),
        (Ok(None), "load Number(-7)", "-7: there is no such file"),
    ];
    for (content, effects, status) in table {
        watches.handle_file(&name, content);
        assert_eq!(
            (told(&mut watches).as_str(), words(&watches).as_str()),
            (effects, status)
        );
    }
    watches.handle_plan(&[file("load", -7)]);
    assert_eq!(told(&mut watches), "", "what stays as it was keeps its state");
    watches.handle_plan(&[file("load", 0)]);
    assert_eq!(told(&mut watches), "load Pending");
}

#[test]
fn a_number_of_processes_counts_between_its_bounds() {
    let table = [
        (1, None, [false, true, true, true]),
        (2, Some(2), [false, false, true, false]),
        (0, Some(0), [true, false, false, false]),
    ];
    for (at_least, at_most, good) in table {
        for (count, good) in (0..).zip(good) {
            let mut watches = Watches::default();
            watches.handle_plan(&[process(at_least, at_most)]);
            watches.handle_processes(&BTreeMap::from([(pattern(), count)]), START);
            let want = if good { "Good" } else { "Failed" };
            assert_eq!(
                told(&mut watches),
                format!("proxy Pending, proxy {want}"),
                "{count}"
            );
        }
    }
}

#[test]
fn a_change_is_believed_when_it_has_stayed() {
    let mut watches = Watches::default();
    watches.handle_plan(&[process(1, None)]);
    let count = |watches: &mut Watches, count, millis| {
        let now = START + Duration::from_millis(millis);
        watches.handle_processes(&BTreeMap::from([(pattern(), count)]), now);
        told(watches)
    };
    assert_eq!(count(&mut watches, 1, 0), "proxy Pending, proxy Good");
    assert_eq!(watches.poll_timeout(), None);
    // A restart that is over in time is no news.
    assert_eq!(count(&mut watches, 0, 100), "");
    assert_eq!(watches.poll_timeout(), Some(START + Duration::from_millis(1100)));
    assert_eq!(count(&mut watches, 1, 1000), "");
    assert_eq!(watches.poll_timeout(), None);
    // One that takes longer is, at its time, and not later because of a second look.
    assert_eq!(count(&mut watches, 0, 2000), "");
    assert_eq!(count(&mut watches, 0, 2500), "");
    watches.handle_timeout(START + Duration::from_millis(2999));
    assert_eq!(told(&mut watches), "");
    watches.handle_timeout(START + Duration::from_millis(3000));
    assert_eq!(told(&mut watches), "proxy Failed");
    assert_eq!(count(&mut watches, 3, 3000), "");
    assert_eq!(count(&mut watches, 3, 5000), "proxy Good");
    assert_eq!(words(&watches), "good: 3 processes");
}
