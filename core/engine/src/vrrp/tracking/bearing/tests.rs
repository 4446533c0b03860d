use super::*;

#[test]
fn each_state_with_each_kind_of_weight_both_ways_round() {
    use TrackerState::{Failed, Good, Number, Pending};
    let table = [
        // state, weight, as it stands, reversed
        (Pending, 0, Bearing::Wait, Bearing::Wait),
        (Pending, 9, Bearing::Shift(0), Bearing::Shift(0)),
        (Good, 0, Bearing::Shift(0), Bearing::Fault),
        (Failed, 0, Bearing::Fault, Bearing::Shift(0)),
        (Good, 9, Bearing::Shift(9), Bearing::Shift(-9)),
        (Failed, 9, Bearing::Shift(0), Bearing::Shift(0)),
        (Good, -9, Bearing::Shift(0), Bearing::Shift(0)),
        (Failed, -9, Bearing::Shift(-9), Bearing::Shift(9)),
        (Number(0), 0, Bearing::Shift(0), Bearing::Fault),
        (Number(1), 0, Bearing::Fault, Bearing::Shift(0)),
        (Number(-1), 0, Bearing::Fault, Bearing::Shift(0)),
        (Number(0), 9, Bearing::Shift(0), Bearing::Shift(0)),
        (Number(3), 9, Bearing::Shift(27), Bearing::Shift(-27)),
        (Number(-3), 2, Bearing::Shift(-6), Bearing::Shift(6)),
        (Number(253), 1, Bearing::Shift(253), Bearing::Shift(-253)),
        (Number(254), 1, Bearing::Shift(253), Bearing::Fault),
        (Number(i32::MAX), 254, Bearing::Shift(253), Bearing::Fault),
        (Number(i32::MIN), 254, Bearing::Fault, Bearing::Shift(253)),
    ];
    for (state, weight, straight, reversed) in table {
        assert_eq!(bearing(state, weight, false), straight, "{state:?} {weight}");
        assert_eq!(
            bearing(state, weight, true),
            reversed,
            "{state:?} {weight} reverse"
        );
    }
}
