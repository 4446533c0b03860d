//! When a Master tells its segment where an address is: at once, once more a little later because switches forget,
//! and then as often as the operator asks.

use std::time::Duration;

mod pace;

pub(super) use pace::Pace;

use model::plan::Announcement;
use model::time::Instant;

/// The bursts of one address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bursts {
    next: Option<(Instant, Burst)>,
}

#[derive(Clone, Copy, Debug)]
enum Burst {
    First,
    Second,
    Refresh,
    /// Because a lower Master was heard (KA-044).
    Heal,
    SecondHeal,
}

impl Bursts {
    /// Begins with a burst that is due now.
    pub(super) const fn begin(now: Instant) -> Self {
        Self {
            next: Some((now, Burst::First)),
        }
    }

    /// Begins again, because somebody else was believed to have the address.
    pub(super) const fn heal(now: Instant) -> Self {
        Self {
            next: Some((now, Burst::Heal)),
        }
    }

    /// When the next burst is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next.map(|(at, _)| at)
    }

    /// How many announcements are due now. After a stall there is one burst, not all that were missed.
    pub(super) fn take(&mut self, plan: &Announcement, now: Instant) -> u8 {
        let Some((at, burst)) = self.next else { return 0 };
        if at > now {
            return 0;
        }
        let refresh = (plan.refresh > Duration::ZERO).then(|| (now + plan.refresh, Burst::Refresh));
        let (count, next) = match burst {
            Burst::First if plan.second_after > Duration::ZERO => {
                (plan.repeat, Some((now + plan.second_after, Burst::Second)))
            }
            Burst::First | Burst::Second => (plan.repeat, refresh),
            Burst::Heal if plan.lower_second_after > Duration::ZERO => {
                let again = (now + plan.lower_second_after, Burst::SecondHeal);
                (plan.lower_repeat, Some(again))
            }
            Burst::Heal | Burst::SecondHeal => (plan.lower_repeat, refresh),
            Burst::Refresh => (plan.refresh_repeat, refresh),
        };
        self.next = next;
        count
    }
}
