//! Messages and attributes as bytes, for families that have no crate.

/// Appends a message: its header, and what `inner` appends.
pub(crate) fn message(
    out: &mut Vec<u8>,
    kind: u16,
    flags: u16,
    sequence: u32,
    inner: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]); // length, known at the end
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(&flags.to_ne_bytes());
    out.extend_from_slice(&sequence.to_ne_bytes());
    out.extend_from_slice(&[0; 4]); // port: the kernel knows it
    inner(out);
    let length = u32::try_from(out.len() - start).expect("one message is some kilobytes at most");
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&length.to_ne_bytes());
    }
}

/// Appends an attribute with its padding.
pub(crate) fn attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    nest(out, kind, |out| out.extend_from_slice(value));
}

/// Appends an attribute that holds what `inner` appends. NLA_F_NESTED is the caller's: some families want it.
pub(crate) fn nest(out: &mut Vec<u8>, kind: u16, inner: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 2]); // length, known at the end
    out.extend_from_slice(&kind.to_ne_bytes());
    inner(out);
    let length = u16::try_from(out.len() - start).expect("one attribute is some kilobytes at most");
    if let Some(field) = out.get_mut(start..start + 2) {
        field.copy_from_slice(&length.to_ne_bytes());
    }
    out.resize(out.len().next_multiple_of(4), 0);
}
