use super::*;

fn at(seconds: u64) -> Instant {
    Instant::from_nanos(seconds * 1_000_000_000)
}

#[test]
fn a_rare_death_is_answered_at_once() {
    let mut restarts = Restarts::default();
    for n in 0..20 {
        let again = restarts.handle_death(at(n * 11));
        assert_eq!(
            again,
            Again {
                at: at(n * 11),
                in_despair: false
            }
        );
    }
}

#[test]
fn deaths_in_a_row_lead_to_despair_and_growing_pauses() {
    let mut restarts = Restarts::default();
    let mut now = at(100);
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let again = restarts.handle_death(now);
        pauses.push((again.at.since(now).as_secs(), again.in_despair));
        now = again.at;
    }
    let wanted = [0, 0, 0, 1, 2, 4, 8, 16, 30, 30];
    assert_eq!(pauses.iter().map(|(pause, _)| *pause).collect::<Vec<_>>(), wanted);
    assert!(pauses.iter().skip(3).all(|(_, despair)| *despair));
}
