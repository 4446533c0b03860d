//! A datagram of netlink taken apart. Every length is checked.

/// Length of `struct nlmsghdr` (linux/netlink.h), and kinds of messages that end an exchange.
const HEADER: usize = 16;
pub(crate) const NLMSG_ERROR: u16 = 2;
pub(crate) const NLMSG_DONE: u16 = 3;

/// One netlink message of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) sequence: u32,
    pub(crate) payload: &'a [u8],
}

impl Message<'_> {
    /// The errno of an NLMSG_ERROR or NLMSG_DONE, positive; 0 is success.
    pub(crate) fn errno(&self) -> i32 {
        self.payload
            .first_chunk()
            .map_or(0, |code| i32::from_ne_bytes(*code).saturating_neg())
    }
}

/// The messages of a datagram; ends at the first malformed one.
pub(crate) fn messages(mut datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let (header, _) = datagram.split_first_chunk::<HEADER>()?;
        let [a, b, c, d, k, l, f, g, s, t, u, v, ..] = *header;
        let length = usize::try_from(u32::from_ne_bytes([a, b, c, d])).ok()?;
        let payload = datagram.get(HEADER..length)?;
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message {
            kind: u16::from_ne_bytes([k, l]),
            flags: u16::from_ne_bytes([f, g]),
            sequence: u32::from_ne_bytes([s, t, u, v]),
            payload,
        })
    })
}
