//! Files of packets in the form of pcap 2.4 over Ethernet, little-endian, with microseconds: what tcpdump writes.

/// Magic number, version, and the kind of link (pcap-savefile(5)).
const MAGIC: u32 = 0xa1b2_c3d4;
const VERSION: [u16; 2] = [2, 4];
const ETHERNET: u32 = 1;
/// Longest packet that is in a file.
const LONGEST: u32 = 262_144;

/// What was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Seconds since 1970.
    pub seconds: u32,
    /// And millionths of them.
    pub micros: u32,
    /// From the link-layer destination on.
    pub frame: Vec<u8>,
}

/// Reads a file; `None` when it is of another kind, or ends too early.
pub fn parse(file: &[u8]) -> Option<Vec<Captured>> {
    let (header, mut rest) = file.split_first_chunk::<24>()?;
    if *header != head() {
        return None;
    }
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (record, after) = rest.split_first_chunk::<16>()?;
        let (words, _) = record.as_chunks::<4>();
        let [seconds, micros, kept, long] = *words else {
            return None;
        };
        let [seconds, micros, kept, long] = [seconds, micros, kept, long].map(u32::from_le_bytes);
        // A packet that was cut cannot be made again.
        if kept != long {
            return None;
        }
        let (frame, after) = after.split_at_checked(usize::try_from(kept).ok()?)?;
        let frame = frame.to_vec();
        all.push(Captured {
            seconds,
            micros,
            frame,
        });
        rest = after;
    }
    Some(all)
}

/// Writes a file.
pub fn print(all: &[Captured]) -> Vec<u8> {
    let mut file = head().to_vec();
    for captured in all {
        let length = u32::try_from(captured.frame.len()).unwrap_or(u32::MAX);
        for word in [captured.seconds, captured.micros, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&captured.frame);
    }
    file
}

fn head() -> [u8; 24] {
    let mut head = [0; 24];
    head[..4].copy_from_slice(&MAGIC.to_le_bytes());
    head[4..6].copy_from_slice(&VERSION[0].to_le_bytes());
    head[6..8].copy_from_slice(&VERSION[1].to_le_bytes());
    head[16..20].copy_from_slice(&LONGEST.to_le_bytes());
    head[20..].copy_from_slice(&ETHERNET.to_le_bytes());
    head
}
