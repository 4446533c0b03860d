use std::collections::BTreeMap;
use std::time::Duration;

use model::ids::{Generation, PluginName, TrackerName};
use model::ipvs::{DestinationKey, ServiceKey};
use model::net::Family;
use model::plan::{CheckPlan, OnUnknown, Via};
use model::probe::{REASON_MAX, Status, Subject, Verdict};

use super::*;

fn plan() -> CheckPlan {
    CheckPlan {
        plugin: PluginName::from("tcp"),
        parameters: BTreeMap::new(),
        address: None,
        port: None,
        via: Via::default(),
        interval: Duration::from_secs(10),
        warmup: None,
        retry_interval: Some(Duration::from_secs(1)),
        timeout: Duration::from_secs(5),
        rise: 2,
        fall: 3,
        on_unknown: OnUnknown::Keep,
        sets_weight: true,
    }
}

fn aim(name: &str) -> Aim {
    Aim {
        subject: Subject::Tracker(TrackerName::from(name)),
        target: None,
    }
}

fn verdict(ask: AskId, status: Status) -> Verdict {
    Verdict {
        ask,
        status,
        reason: "because".to_owned(),
        weight: None,
        took: Duration::from_millis(3),
        generation: Generation(1),
    }
}

fn seconds(count: f64) -> Instant {
    Instant::from_nanos(0) + Duration::from_secs_f64(count)
}

/// Verdicts in a row (`u`p, `d`own, `?` unknown) give standings in a row (`G`ood, `F`ailed, `P`ending).
fn standings(plan: CheckPlan, first: Standing, verdicts: &str) -> String {
    let mut check = Check::new(plan, first);
    let letter = |standing| match standing {
        Standing::Good => 'G',
        Standing::Failed => 'F',
        Standing::Pending => 'P',
    };
    let mut seen = String::new();
    for word in verdicts.chars() {
        let status = match word {
            'u' => Status::Up,
            'd' => Status::Down,
            _ => Status::Unknown,
        };
        check.handle_verdict(verdict(AskId(0), status));
        seen.push(letter(check.standing()));
    }
    seen
}

#[test]
fn rise_fall_and_the_first_verdict() {
    let keep = plan();
    let fail = CheckPlan {
        on_unknown: OnUnknown::Fail,
        ..plan()
    };
    let once = CheckPlan {
        rise: 1,
        fall: 1,
        ..plan()
    };
    let cases = [
        (&keep, Standing::Good, "uddd", "GGGF"),
        (&keep, Standing::Good, "uddudd", "GGGGGG"),
        (&keep, Standing::Good, "dduu", "FFFG"),
        (&keep, Standing::Failed, "udddduu", "GGGFFFG"),
        (&keep, Standing::Pending, "u", "G"),
        (&keep, Standing::Pending, "duu", "FFG"),
        (&keep, Standing::Pending, "??u", "PPG"),
        (&keep, Standing::Good, "?d", "GF"),
        (&keep, Standing::Good, "udd??d", "GGGGGF"),
        (&fail, Standing::Good, "u???", "GGGF"),
        (&fail, Standing::Good, "?", "F"),
        (&once, Standing::Good, "udud", "GFGF"),
    ];
    for (plan, first, verdicts, wanted) in cases {
        let found = standings(plan.clone(), first, verdicts);
        assert_eq!(found, wanted, "{verdicts} from {first:?}");
    }
}

#[test]
fn a_verdict_is_tamed() {
    let mut check = Check::new(plan(), Standing::Good);
    let mut hostile = verdict(AskId(0), Status::Up);
    hostile.reason = format!("a\nb\u{1b}[31m{}", "é".repeat(REASON_MAX));
    hostile.weight = Some(65_535);
    check.handle_verdict(hostile.clone());
    assert_eq!(check.weight(), Some(65_535));
    assert!(check.reason().len() <= REASON_MAX && check.reason().starts_with("a b [31mé"));
    hostile.weight = Some(65_536);
    check.handle_verdict(hostile);
    assert_eq!(check.weight(), Some(65_535), "the last weight stands");
    assert_eq!(check.reason(), "plugin tcp proposed weight 65536, above 65535");
}

#[test]
fn a_weight_counts_only_where_the_plan_lets_it() {
    let mut check = Check::new(
        CheckPlan {
            sets_weight: false,
            ..plan()
        },
        Standing::Good,
    );
    check.handle_verdict(Verdict {
        weight: Some(7),
        ..verdict(AskId(0), Status::Up)
    });
    assert_eq!(check.weight(), None);
}

/// Answers every question at once with `status` until `end`; gives the instants of the questions.
fn run(prober: &mut Prober, end: Instant, status: impl Fn(usize) -> Option<Status>) -> Vec<f64> {
    run_for(1, prober, end, status)
}

/// The same, where each answer is for so many checks.
fn run_for(
    users: usize,
    prober: &mut Prober,
    end: Instant,
    status: impl Fn(usize) -> Option<Status>,
) -> Vec<f64> {
    let mut asked = Vec::new();
    while let Some(at) = prober.poll_timeout().filter(|at| *at <= end) {
        while let Some(due) = prober.poll_due(at) {
            let Due::Ask(ask) = due else { continue };
            asked.push(at.as_nanos() as f64 / 1e9);
            if let Some(status) = status(asked.len() - 1) {
                assert_eq!(prober.handle_verdict(&verdict(ask.id, status), at).len(), users);
                assert_eq!(
                    prober.handle_verdict(&verdict(ask.id, status), at),
                    [],
                    "an answer counts once"
                );
            }
        }
    }
    asked
}

fn gaps(instants: &[f64]) -> Vec<u32> {
    instants
        .windows(2)
        .map(|pair| ((pair[1] - pair[0]) * 1000.0).round() as u32)
        .collect()
}

#[test]
fn nothing_is_asked_without_a_worker() {
    let mut prober = Prober::new(1);
    prober.add(aim("a"), plan(), Standing::Pending, seconds(0.0));
    assert_eq!(prober.poll_timeout(), None);
    assert_eq!(prober.poll_due(seconds(99.0)), None);
}

#[test]
fn the_first_question_comes_within_a_second_and_the_others_at_the_interval() {
    for seed in 0..50 {
        let mut prober = Prober::new(seed);
        prober.handle_worker(true, seconds(0.0));
        prober.add(aim("a"), plan(), Standing::Pending, seconds(0.0));
        let asked = run(&mut prober, seconds(60.0), |_| Some(Status::Up));
        assert!(asked[0] < 1.0);
        let gaps = gaps(&asked);
        // Half an interval, and up to a beat less.
        assert!((4_843..=10_000).contains(&gaps[0]), "{gaps:?}");
        assert!(gaps[1..].iter().all(|gap| *gap == 10_000), "{gaps:?}");
    }
}

#[test]
fn checks_made_at_once_are_spread_over_half_their_interval() {
    let mut prober = Prober::new(3);
    prober.handle_worker(true, seconds(0.0));
    for _ in 0..1000 {
        prober.add(aim("a"), plan(), Standing::Good, seconds(0.0));
    }
    let asked = run(&mut prober, seconds(100.0), |_| Some(Status::Up));
    let (mut early, mut each_second) = (0, BTreeMap::new());
    for at in asked {
        early += usize::from(at < 1.0);
        if (90.0..100.0).contains(&at) {
            *each_second.entry(at as u32).or_insert(0) += 1;
        }
    }
    assert_eq!(early, 1000);
    let busiest = each_second.values().max().copied().unwrap_or(0);
    assert!(busiest < 300, "{each_second:?}");
}

#[test]
fn what_is_due_close_together_is_asked_together_for_good() {
    let mut prober = Prober::new(3);
    prober.handle_worker(true, seconds(0.0));
    let each_second = CheckPlan {
        interval: Duration::from_secs(1),
        ..plan()
    };
    for _ in 0..500 {
        prober.add(aim("a"), each_second.clone(), Standing::Good, seconds(0.0));
    }
    let (mut wakings, mut questions) = (BTreeMap::new(), 0);
    while let Some(at) = prober.poll_timeout().filter(|at| *at < seconds(60.0)) {
        // As late as timers and a busy loop are.
        let now = at + Duration::from_millis(at.as_nanos() % 7);
        while let Some(due) = prober.poll_due(now) {
            let Due::Ask(ask) = due else { continue };
            prober.handle_verdict(&verdict(ask.id, Status::Up), now);
            questions += usize::from(at >= seconds(10.0));
        }
        *wakings.entry(at.as_nanos() / 1_000_000_000).or_insert(0) += 1;
    }
    assert_eq!(questions, 500 * 50, "they do not drift");
    let settled = wakings.range(10..);
    assert!(
        settled.clone().all(|(_, count)| (8..=16).contains(count)),
        "{wakings:?}"
    );
}

#[test]
fn a_failure_that_does_not_count_yet_is_looked_at_sooner() {
    let mut prober = Prober::new(1);
    prober.handle_worker(true, seconds(0.0));
    let id = prober.add(aim("a"), plan(), Standing::Good, seconds(0.0));
    let asked = run(&mut prober, seconds(45.0), |number| {
        Some(if number < 2 { Status::Up } else { Status::Down })
    });
    // The retries end beside its beat, to which it goes back.
    assert_eq!(gaps(&asked)[1..], [10_000, 1_000, 1_000, 9_875, 10_000]);
    assert_eq!(prober.check(id).map(Check::standing), Some(Standing::Failed));
}

#[test]
fn a_question_without_an_answer_lapses_and_is_never_doubled() {
    let mut prober = Prober::new(1);
    prober.handle_worker(true, seconds(0.0));
    let short = CheckPlan {
        interval: Duration::from_secs(2),
        on_unknown: OnUnknown::Fail,
        retry_interval: None,
        ..plan()
    };
    let id = prober.add(aim("a"), short, Standing::Good, seconds(0.0));
    let asked = run(&mut prober, seconds(40.0), |_| None);
    assert!(
        gaps(&asked).iter().all(|gap| *gap == 6_000),
        "timeout and grace, then at once: {asked:?}"
    );
    let check = prober.check(id).unwrap();
    assert_eq!(check.standing(), Standing::Failed);
    assert_eq!(check.reason(), "no answer from the worker within 6s");
}

#[test]
fn a_lost_worker_takes_its_questions_along_and_leaves_the_verdicts() {
    let mut prober = Prober::new(1);
    prober.handle_worker(true, seconds(0.0));
    let id = prober.add(aim("a"), plan(), Standing::Good, seconds(0.0));
    let Some(Due::Ask(ask)) = prober.poll_due(seconds(1.0)) else {
        panic!("nothing was asked");
    };
    prober.handle_worker(false, seconds(2.0));
    assert_eq!(prober.poll_timeout(), None);
    assert_eq!(
        prober.handle_verdict(&verdict(ask.id, Status::Down), seconds(3.0)),
        []
    );
    assert_eq!(prober.check(id).map(Check::standing), Some(Standing::Good));
    prober.handle_worker(true, seconds(50.0));
    let at = prober.poll_timeout().unwrap();
    assert!(at >= seconds(50.0) && at < seconds(51.0));
    let Some(Due::Ask(again)) = prober.poll_due(at) else {
        panic!("nothing was asked");
    };
    assert_ne!(again.id, ask.id);
}

#[test]
fn a_shorter_interval_counts_from_now() {
    let mut prober = Prober::new(1);
    prober.handle_worker(true, seconds(0.0));
    let id = prober.add(aim("a"), plan(), Standing::Good, seconds(0.0));
    run(&mut prober, seconds(1.0), |_| Some(Status::Up));
    let quick = CheckPlan {
        interval: Duration::from_millis(500),
        ..plan()
    };
    prober.update(id, aim("a"), quick, seconds(2.0));
    assert_eq!(prober.poll_timeout(), Some(seconds(2.5)));
    assert_eq!(prober.check(id).map(Check::verdicts), Some(1));
    prober.remove(id);
    assert_eq!(prober.poll_timeout(), None);
}

/// A check of one server by the service with this mark.
fn of_service(mark: u32) -> Aim {
    let address = [198, 51, 100, 1].into();
    Aim {
        subject: Subject::Server {
            service: ServiceKey::Mark {
                family: Family::V4,
                mark,
            },
            server: DestinationKey { address, port: 80 },
            check: 0,
        },
        target: Some(SocketAddr::new(address, 80)),
    }
}

#[test]
fn checks_that_ask_the_same_are_asked_once_and_judged_apart() {
    let mut prober = Prober::new(1);
    prober.handle_worker(true, seconds(0.0));
    let patient = CheckPlan { fall: 5, ..plan() };
    let hasty = prober.add(of_service(1), plan(), Standing::Good, seconds(0.0));
    let patient = prober.add(of_service(2), patient, Standing::Good, seconds(0.0));
    let other = CheckPlan {
        parameters: BTreeMap::from([("path".to_owned(), model::value::Value::Boolean(true))]),
        ..plan()
    };
    let alone = prober.add(of_service(3), other, Standing::Good, seconds(0.0));
    prober.remove(alone);
    let asked = run_for(2, &mut prober, seconds(33.0), |number| {
        Some(if number == 0 { Status::Up } else { Status::Down })
    });
    // Pending for one of them is enough to look again soon.
    assert_eq!(gaps(&asked)[1..4], [1_000, 1_000, 1_000]);
    let standing = |id| prober.check(id).map(Check::standing);
    assert_eq!(
        (standing(hasty), standing(patient)),
        (Some(Standing::Failed), Some(Standing::Failed))
    );
    assert_eq!(prober.check(hasty).map(Check::verdicts), Some(asked.len() as u64));
    // A third one joins and has an answer within a second; it stays when the first ones go.
    let third = prober.add(of_service(3), plan(), Standing::Good, seconds(33.0));
    let asked = run_for(3, &mut prober, seconds(34.0), |_| Some(Status::Up));
    assert_eq!(asked.len(), 1);
    assert_eq!(prober.check(third).map(Check::verdicts), Some(1));
    prober.remove(hasty);
    prober.suspend(patient, true, seconds(34.0));
    assert!(!run_for(1, &mut prober, seconds(60.0), |_| Some(Status::Up)).is_empty());
    prober.remove(third);
    assert_eq!(prober.poll_timeout(), None, "nobody is awake");
    prober.suspend(patient, false, seconds(60.0));
    assert_eq!(
        run_for(1, &mut prober, seconds(61.0), |_| Some(Status::Up)).len(),
        1
    );
}

#[test]
fn a_check_that_comes_to_ask_something_else_leaves_the_others() {
    let mut prober = Prober::new(1);
    prober.handle_worker(true, seconds(0.0));
    let first = prober.add(of_service(1), plan(), Standing::Good, seconds(0.0));
    let second = prober.add(of_service(2), plan(), Standing::Good, seconds(0.0));
    let Some(Due::Ask(ask)) = prober.poll_due(seconds(1.0)) else {
        panic!("nothing was asked");
    };
    let quick = CheckPlan {
        interval: Duration::from_secs(1),
        ..plan()
    };
    prober.update(second, of_service(2), quick.clone(), seconds(1.0));
    let judged = prober.handle_verdict(&verdict(ask.id, Status::Up), seconds(1.0));
    assert_eq!(judged, [first], "the second asks for itself now");
    run_for(1, &mut prober, seconds(10.0), |_| Some(Status::Up));
    prober.update(first, of_service(1), quick, seconds(10.0));
    let asked = run_for(2, &mut prober, seconds(20.0), |_| Some(Status::Up));
    assert!((9..=11).contains(&asked.len()), "together again: {asked:?}");
}

#[test]
fn the_same_by_another_way_is_another_question() {
    let mut prober = Prober::new(1);
    prober.handle_worker(true, seconds(0.0));
    let marked = CheckPlan {
        via: Via {
            mark: Some(7),
            ..Via::default()
        },
        ..plan()
    };
    prober.add(of_service(1), plan(), Standing::Good, seconds(0.0));
    prober.add(of_service(2), marked.clone(), Standing::Good, seconds(0.0));
    prober.add(of_service(3), marked, Standing::Good, seconds(0.0));
    let mut asked = Vec::new();
    while let Some(Due::Ask(ask)) = prober.poll_due(seconds(1.0)) {
        asked.push(ask.via.mark);
    }
    asked.sort();
    assert_eq!(asked, [None, Some(7)]);
}
