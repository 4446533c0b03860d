use super::*;

/// Processor time, and not that of the wall: a thread that sleeps inside its turn stands for one that is put off.
#[test]
fn who_is_put_off_the_processor_is_not_charged_for_it() {
    let mut left = Duration::from_secs(10);
    slice(&mut left, || std::thread::sleep(Duration::from_millis(50)));
    let used = Duration::from_secs(10) - left;
    assert!(used < Duration::from_millis(50), "{used:?}");
}

#[test]
fn what_is_used_in_short_turns_adds_up() {
    let limit = Duration::from_millis(20);
    let mut left = limit;
    let mut turns = 0_u32;
    let began = thread_time();
    while !left.is_zero() {
        slice(&mut left, || spin(Duration::from_micros(200)));
        turns += 1;
    }
    // The wall's clock is never behind, so nobody gets more than his time and one turn.
    let used = thread_time().saturating_sub(began);
    assert!(turns > 1);
    assert!(used < limit * 2, "{used:?} in {turns} turns");
}

#[test]
fn one_whose_time_is_used_up_is_told_so_until_it_ends() {
    let mut left = Duration::ZERO;
    let paces = slice(&mut left, || [pace(), pace()]);
    assert_eq!(paces, [Pace::Stop, Pace::Stop]);
    assert_eq!(pace(), Pace::Go, "nobody runs");
}

fn spin(time: Duration) {
    let began = thread_time();
    while thread_time().saturating_sub(began) < time {}
}
