use super::*;

fn broken() -> Fault {
    Fault {
        text: "it.lua:3: stopped".to_owned(),
        blame: Blame::Limit,
    }
}

#[tokio::test(start_paused = true)]
async fn rests_grow_and_a_good_run_ends_them() {
    let bench = Bench::default();
    for _ in 1..PATIENCE {
        assert!(!bench.count(Some(&broken())));
    }
    assert_eq!(bench.admit(), Ok(()));
    assert!(bench.count(Some(&broken())));
    insta::assert_snapshot!(
        bench.admit().expect_err("it rests"),
        @"benched for 1 s: it broke its limits 5 times in a row, last: it.lua:3: stopped"
    );
    assert!(!bench.count(Some(&broken())), "one that was in flight");
    let mut rests = Vec::new();
    for _ in 0..8 {
        let rest = bench.0.lock().expect("no panic").rest;
        rests.push(rest.as_secs());
        tokio::time::advance(rest).await;
        assert_eq!(bench.admit(), Ok(()), "it is tried again");
        assert!(bench.admit().is_err(), "by one at a time");
        assert!(bench.status().is_some(), "and not yet trusted");
        assert!(bench.count(Some(&broken())));
    }
    assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert!(bench.count(None));
    assert_eq!(bench.status(), None);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_lost_after_a_rest_is_followed_by_another() {
    let bench = Bench::default();
    for _ in 0..PATIENCE {
        bench.count(Some(&broken()));
    }
    for _ in 0..2 {
        tokio::time::advance(FIRST).await;
        assert_eq!(bench.admit(), Ok(()));
        assert!(bench.admit().is_err());
    }
    assert!(bench.count(None));
    assert_eq!((bench.admit(), bench.admit()), (Ok(()), Ok(())));
}

#[tokio::test(start_paused = true)]
async fn errors_that_cost_nothing_bench_nobody() {
    let bench = Bench::default();
    for _ in 0..100 {
        bench.count(Some(&Fault::from("it.lua:3: attempt to index nil".to_owned())));
    }
    assert_eq!(bench.admit(), Ok(()));
}
