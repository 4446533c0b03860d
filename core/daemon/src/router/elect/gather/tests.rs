use super::*;

const START: Instant = Instant::from_nanos(1_000_000_000);

fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

#[test]
fn a_packet_that_comes_alone_is_followed_by_no_rest() {
    let mut gather = Gather::default();
    for n in 0..10 {
        gather.handle_read(START + us(1000) * n, || unreachable!("nobody asks"));
        assert_eq!(gather.take_rest(), None);
    }
}

#[test]
fn packets_that_follow_closely_gather_as_long_as_the_elections_allow() {
    for (patience, rest) in [(49, None), (50, Some(50)), (300, Some(300)), (5000, Some(1000))] {
        let mut gather = Gather::default();
        gather.handle_read(START, || us(patience));
        gather.handle_read(START + us(20), || us(patience));
        assert_eq!(gather.take_rest(), rest.map(|rest| START + us(20 + rest)));
        assert_eq!(gather.take_rest(), None, "once");
    }
}
