//! What a certificate says, as far as a check wants to know it (RFC 5280). It was verified, or not, by others: this
//! only reads, and what it cannot read is `None`.

mod der;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{SystemTime, UNIX_EPOCH};

use der::{Reader, Tag};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Names that are told of one certificate.
const NAMES_MAX: usize = 100;
/// Object identifiers of id-at-commonName and id-ce-subjectAltName, as DER writes them.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 29, 17];

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Common name of its subject, empty when it has none.
    pub subject: String,
    /// Names and addresses that it is good for.
    pub names: Vec<String>,
    /// Common name of who signed it, empty when it has none.
    pub issuer: String,
    /// Seconds since 1970.
    pub valid_from: i64,
    /// Seconds since 1970.
    pub valid_until: i64,
}

impl Certificate {
    /// Reads one.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let mut whole = Reader::new(der).enter(Tag::SEQUENCE)?;
        let mut body = whole.enter(Tag::SEQUENCE)?;
        body.skip_if(Tag::context(0))?; // version
        body.skip()?; // serial number
        body.skip()?; // algorithm of the signature
        let issuer = common_name(body.enter(Tag::SEQUENCE)?)?;
        let mut validity = body.enter(Tag::SEQUENCE)?;
        let (valid_from, valid_until) = (time(&mut validity)?, time(&mut validity)?);
        let subject = common_name(body.enter(Tag::SEQUENCE)?)?;
        body.skip()?; // public key
        Some(Self {
            subject,
            names: names(body).unwrap_or_default(),
            issuer,
            valid_from,
            valid_until,
        })
    }

    /// Whole days from now until it is over, negative when it is.
    pub fn days_left(&self) -> i32 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let days = self.valid_until.saturating_sub(now).div_euclid(DAY);
        i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX })
    }
}

/// The last common name of a Name; there is seldom more than one.
fn common_name(mut name: Reader<'_>) -> Option<String> {
    let mut found = String::new();
    while !name.is_empty() {
        let mut set = name.enter(Tag::SET)?;
        while !set.is_empty() {
            let mut pair = set.enter(Tag::SEQUENCE)?;
            if pair.take(Tag::OBJECT_IDENTIFIER)? == COMMON_NAME {
                found = printable(pair.next()?.1);
            }
        }
    }
    Some(found)
}

/// UTCTime or GeneralizedTime, both in seconds and with Z (RFC 5280 §4.1.2.5), as seconds since 1970.
fn time(reader: &mut Reader<'_>) -> Option<i64> {
    let (tag, bytes) = reader.next()?;
    let text = std::str::from_utf8(bytes).ok()?;
    let (year, rest) = match tag {
        // §4.1.2.5.1: two digits are of 1950 to 2049.
        Tag::UTC_TIME => {
            let year = number(text.get(..2)?)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        Tag::GENERALIZED_TIME => (number(text.get(..4)?)?, text.get(4..)?),
        _ => return None,
    };
    let part = |at: usize| number(rest.get(at..at + 2)?);
    let (month, day, hour, minute, second) = (part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    let fits =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    (fits && rest.get(10..) == Some("Z"))
        .then(|| days(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

fn number(digits: &str) -> Option<i64> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// Days from 1970-01-01 to a day of the Gregorian calendar: years begin in March, so that the leap day is their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The subject's alternative names, from what follows the public key.
fn names(mut rest: Reader<'_>) -> Option<Vec<String>> {
    while !rest.is_empty() {
        let (tag, bytes) = rest.next()?;
        if tag != Tag::context(3) {
            continue;
        }
        let mut extensions = Reader::new(bytes).enter(Tag::SEQUENCE)?;
        while !extensions.is_empty() {
            let mut extension = extensions.enter(Tag::SEQUENCE)?;
            if extension.take(Tag::OBJECT_IDENTIFIER)? != ALTERNATIVE_NAMES {
                continue;
            }
            extension.skip_if(Tag::BOOLEAN)?; // whether it is critical
            let value = extension.take(Tag::OCTET_STRING)?;
            return general_names(Reader::new(value).enter(Tag::SEQUENCE)?);
        }
    }
    Some(Vec::new())
}

/// Names of hosts and addresses (RFC 5280 §4.2.1.6: dNSName is \[2\], iPAddress \[7\]).
fn general_names(mut all: Reader<'_>) -> Option<Vec<String>> {
    let mut found = Vec::new();
    while !all.is_empty() && found.len() < NAMES_MAX {
        let (tag, bytes) = all.next()?;
        if tag == Tag::implicit(2) {
            found.push(printable(bytes));
        } else if tag == Tag::implicit(7) {
            if let Ok(four) = <[u8; 4]>::try_from(bytes) {
                found.push(Ipv4Addr::from(four).to_string());
            } else if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
                found.push(Ipv6Addr::from(sixteen).to_string());
            }
        }
    }
    Some(found)
}

fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
