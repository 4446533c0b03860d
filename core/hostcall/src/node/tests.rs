use super::*;
use crate::testing;

#[test]
fn the_kernel_s_words_are_understood() {
    let found = load("0.10 0.20 12.30 1/200 4711\n").expect("good");
    assert_eq!((found.one, found.five, found.fifteen), (0.1, 0.2, 12.3));
    assert_eq!(load("0.10 x"), None);
    let text = "MemTotal:  16 kB\nMemFree: 1 kB\nMemAvailable:  4 kB\n";
    let wanted = Memory {
        total: 16_384,
        available: 4096,
    };
    assert_eq!(memory(text), Some(wanted));
    assert_eq!(
        memory("MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB"),
        None
    );
    assert_eq!(
        uptime("350735.47 234388.90\n"),
        Some(Duration::from_secs_f64(350_735.47))
    );
    assert_eq!(uptime("-1"), None);
}

#[test]
fn this_machine_tells_them() {
    let call = testing::call(None, Duration::from_secs(1));
    assert!(call.node_load().expect("there").one >= 0.0);
    let memory = call.node_memory().expect("there");
    assert!(memory.available <= memory.total, "{memory:?}");
    assert!(call.node_uptime().expect("there") > Duration::ZERO);
}

#[test]
fn instants_of_the_router_are_understood() {
    assert!(since(Instant::from_nanos(0)) > Duration::ZERO);
    assert_eq!(since(Instant::from_nanos(u64::MAX)), Duration::ZERO);
}
