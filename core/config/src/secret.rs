//! What both languages know of `auth_hmac`: keys that routers share, as text, as `hex:...`, or as `file:/path` to one
//! of these; and how far clocks may differ.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use model::plan::Key;
use model::units::Centis;

/// What keepalived 2.4 asks of a key, in bytes: half a digest at least, a block at most.
const BYTES: std::ops::RangeInclusive<usize> = 32..=64;
/// A key file that is longer is none.
const FILE_KIB_MAX: u64 = 4;

/// Reads a key; otherwise says what is wrong with it, without saying what it is.
pub(crate) fn key(text: &str) -> Result<Key, String> {
    match text.strip_prefix("file:") {
        Some(path) => literal(read(Path::new(path))?.trim()),
        None => literal(text),
    }
}

/// Whether a key's text only says where it is.
pub(crate) fn is_elsewhere(text: &str) -> bool {
    text.starts_with("file:")
}

fn read(path: &Path) -> Result<String, String> {
    let refused = |why: &dyn fmt::Display| format!("cannot read the key in {}: {why}", path.display());
    let bytes = crate::file::read(path, FILE_KIB_MAX).map_err(|error| refused(&error))?;
    String::from_utf8(bytes).map_err(|_| refused(&"it is no text; write the key as hex:..."))
}

fn literal(text: &str) -> Result<Key, String> {
    let bytes = match text.strip_prefix("hex:") {
        Some(digits) => hex(digits).ok_or("the key is not pairs of hexadecimal digits")?,
        None => text.as_bytes().to_vec(),
    };
    if !BYTES.contains(&bytes.len()) {
        return Err(format!("a key has 32 to 64 bytes, this one has {}", bytes.len()));
    }
    Ok(Key::new(&bytes))
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
    pairs.iter().map(byte).collect()
}

/// Three intervals, and five seconds at least, in whole seconds: what keepalived takes where nothing is written.
pub(crate) fn default_window(interval: Centis) -> Duration {
    let whole = u64::from(interval.get()).saturating_mul(3).div_ceil(100);
    Duration::from_secs(whole.max(5))
}

#[cfg(test)]
mod tests;
