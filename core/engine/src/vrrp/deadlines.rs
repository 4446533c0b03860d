//! The earliest of many deadlines, of which any may move at any time. A node of hundreds of instances wakes for one of
//! them thousands of times a second, and must not look at all the others each time.

use model::time::Instant;

/// Stands for no deadline.
const NEVER: Instant = Instant::from_nanos(u64::MAX);

/// One deadline for each key from 0 on, in a tournament: a binary tree whose nodes hold the earlier of their two
/// children. Moving one costs the height of the tree, and no memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    /// The root at 1, the children of `n` at `2n` and `2n + 1`, the key `k` at `keys + k`.
    tree: Vec<Instant>,
    /// A power of two.
    keys: usize,
}

impl Deadlines {
    /// Room for `keys`, each without a deadline.
    pub(super) fn reset(&mut self, keys: usize) {
        self.keys = keys.next_power_of_two();
        self.tree.clear();
        self.tree.resize(self.keys * 2, NEVER);
    }

    /// Moves the deadline of a key. One without room is ignored.
    pub(super) fn set(&mut self, key: usize, at: Option<Instant>) {
        let mut node = self.keys + key;
        let Some(leaf) = self.tree.get_mut(node) else {
            return;
        };
        *leaf = at.unwrap_or(NEVER);
        while node > 1 {
            node /= 2;
            let earlier = self.at(node * 2).min(self.at(node * 2 + 1));
            if let Some(parent) = self.tree.get_mut(node) {
                *parent = earlier;
            }
        }
    }

    /// The earliest deadline and its key; of equal ones, that of the lowest key.
    pub(super) fn first(&self) -> Option<(Instant, usize)> {
        let earliest = self.at(1);
        if earliest == NEVER {
            return None;
        }
        let mut node = 1;
        while node < self.keys {
            node = if self.at(node * 2) == earliest {
                node * 2
            } else {
                node * 2 + 1
            };
        }
        Some((earliest, node - self.keys))
    }

    /// Puts the keys that are due by `now` into `due`, in their order.
    pub(super) fn collect(&self, now: Instant, due: &mut Vec<usize>) {
        due.clear();
        self.collect_below(1, now, due);
    }

    fn collect_below(&self, node: usize, now: Instant, due: &mut Vec<usize>) {
        let at = self.at(node);
        if at > now || at == NEVER {
            return;
        }
        if node >= self.keys {
            due.push(node - self.keys);
            return;
        }
        self.collect_below(node * 2, now, due);
        self.collect_below(node * 2 + 1, now, due);
    }

    fn at(&self, node: usize) -> Instant {
        self.tree.get(node).copied().unwrap_or(NEVER)
    }
}

#[cfg(test)]
mod tests;
