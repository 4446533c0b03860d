//! Wrong bytes out of good ones, the same for the same seed.

/// A generator of numbers that are random enough to choose what to break (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Equal seeds give equal numbers.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`; 0 when that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(end).unwrap_or(0)).unwrap_or(0)
    }

    /// Eight bits.
    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

/// Breaks `bytes` in one to four places. Pieces may come from `other`.
pub fn broken(bytes: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        break_one(&mut bytes, other, dice);
    }
    bytes
}

fn break_one(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    /// Numbers at which lengths and counts are decided.
    const EDGES: [u8; 8] = [0, 1, 2, 4, 0x7f, 0x80, 0xfe, 0xff];
    let at = dice.below(bytes.len());
    let range = {
        let (one, two) = (dice.below(bytes.len() + 1), dice.below(bytes.len() + 1));
        one.min(two)..one.max(two)
    };
    match dice.below(8) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = EDGES[dice.below(EDGES.len())];
            }
        }
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = dice.byte();
            }
        }
        3 => bytes.truncate(at),
        4 => {
            bytes.drain(range);
        }
        5 => {
            let twice = bytes.get(range).unwrap_or_default().to_vec();
            bytes.splice(at..at, twice);
        }
        6 => bytes.insert(at, dice.byte()),
        _ => {
            let from = dice.below(other.len());
            let piece = other.get(from..).unwrap_or_default();
            let piece = piece.get(..dice.below(32)).unwrap_or(piece).to_vec();
            bytes.splice(at..at, piece);
        }
    }
}
