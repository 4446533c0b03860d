//! What a tracked thing does to an instance, by its state and the weight that the operator gave it (KA-056, KA-057).

use model::fact::TrackerState;

/// Largest amount by which one thing moves a priority; a number of a file that asks for less is a Fault.
const SHIFT_MAX: i32 = 253;

/// What a tracked thing does to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vrrp) enum Bearing {
    /// It puts it in Fault.
    Fault,
    /// It is waited for.
    Wait,
    /// It is added to the priority.
    Shift(i32),
}

/// `weight` is 0 for what must not fail, and `reverse` turns its meaning round.
pub(in crate::vrrp) fn bearing(state: TrackerState, weight: i16, reverse: bool) -> Bearing {
    let signed = i32::from(weight) * if reverse { -1 } else { 1 };
    let must_be = |good: bool| {
        if good == reverse {
            Bearing::Fault
        } else {
            Bearing::Shift(0)
        }
    };
    match (state, weight) {
        (TrackerState::Pending, 0) => Bearing::Wait,
        (TrackerState::Pending, _) => Bearing::Shift(0),
        (TrackerState::Good, 0) => must_be(true),
        (TrackerState::Failed, 0) => must_be(false),
        (TrackerState::Number(number), 0) => must_be(number == 0),
        (TrackerState::Good, 1..) | (TrackerState::Failed, ..0) => Bearing::Shift(signed),
        (TrackerState::Good, ..0) | (TrackerState::Failed, 1..) => Bearing::Shift(0),
        (TrackerState::Number(number), _) => match number.saturating_mul(signed) {
            product if product < -SHIFT_MAX => Bearing::Fault,
            product => Bearing::Shift(product.min(SHIFT_MAX)),
        },
    }
}

#[cfg(test)]
mod tests;
