//! RFC 1035 §4, as much as one question and its answer need.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::Error;

/// Records kept of an answer.
const RECORDS_MAX: usize = 100;
/// Longest name in its presentation, RFC 1035 §2.3.4.
const NAME_MAX: usize = 255;
/// Pointers followed in one name: each goes backwards, so that this only bounds work.
const JUMPS_MAX: usize = 32;
const HEADER: usize = 12;
const IN: u16 = 1;

/// Types by their names.
const KINDS: [(&str, u16); 10] = [
    ("A", 1),
    ("NS", 2),
    ("CNAME", 5),
    ("SOA", 6),
    ("PTR", 12),
    ("MX", 15),
    ("TXT", 16),
    ("AAAA", 28),
    ("SRV", 33),
    ("CAA", 257),
];

/// Response codes by number.
const CODES: [&str; 6] = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// NOERROR, NXDOMAIN, ...; `RCODE9` for one without a name here.
    pub code: String,
    /// Whether the server speaks for the zone.
    pub authoritative: bool,
    /// Whether the answer was cut.
    pub truncated: bool,
    /// The answer section.
    pub records: Vec<Record>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Owner.
    pub name: String,
    /// Type.
    pub kind: String,
    /// Seconds it may be kept.
    pub ttl: u32,
    /// As zone files write it; hexadecimal for a type without a form here.
    pub data: String,
}

/// What is asked.
pub(super) struct Question {
    id: u16,
    name: Vec<u8>,
    kind: u16,
}

impl Question {
    pub(super) fn new(id: u16, name: &str, kind: &str) -> Result<Self, Error> {
        let upper = kind.to_ascii_uppercase();
        let known = KINDS.iter().find(|(word, _)| *word == upper);
        let Some((_, kind)) = known else {
            let words: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
            return Err(Error::invalid(format_args!(
                "{kind:?} is no type of DNS record; one of: {}",
                words.join(", ")
            )));
        };
        let mut labels = Vec::new();
        for label in name
            .trim_end_matches('.')
            .split('.')
            .filter(|_| name != "." && !name.is_empty())
        {
            match u8::try_from(label.len()) {
                Ok(length @ 1..=63) => labels.push(length),
                _ => {
                    return Err(Error::invalid(format_args!(
                        "{name:?} is no DNS name: each part has 1 to 63 bytes"
                    )));
                }
            }
            labels.extend_from_slice(label.as_bytes());
        }
        labels.push(0);
        if labels.len() > NAME_MAX {
            return Err(Error::invalid(format_args!(
                "{name:?} is no DNS name: it is longer than {NAME_MAX} bytes"
            )));
        }
        Ok(Self {
            id,
            name: labels,
            kind: *kind,
        })
    }

    /// The message that asks: recursion desired, one question.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(HEADER + self.name.len() + 4);
        for word in [self.id, 0x0100, 1, 0, 0, 0] {
            message.extend_from_slice(&word.to_be_bytes());
        }
        message.extend_from_slice(&self.name);
        message.extend_from_slice(&self.kind.to_be_bytes());
        message.extend_from_slice(&IN.to_be_bytes());
        message
    }
}

/// Reads an answer, or says what is wrong with it.
pub(super) fn decode(message: &[u8], question: &Question) -> Result<Answer, &'static str> {
    let mut reader = Reader { message, at: 0 };
    let id = reader.u16()?;
    let flags = reader.u16()?;
    let counts = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
    if id != question.id || flags & 0x8000 == 0 {
        return Err("it is no answer to what was asked");
    }
    for _ in 0..counts[0] {
        reader.name()?;
        reader.take(4)?;
    }
    let code = usize::from(flags & 0x000f);
    let mut records = Vec::new();
    for _ in 0..usize::from(counts[1]).min(RECORDS_MAX) {
        records.push(reader.record()?);
    }
    Ok(Answer {
        code: CODES
            .get(code)
            .map_or_else(|| format!("RCODE{code}"), |&word| word.to_owned()),
        authoritative: flags & 0x0400 != 0,
        truncated: flags & 0x0200 != 0,
        records,
    })
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

const SHORT: &str = "the answer is cut short";

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let end = self.at.checked_add(count).ok_or(SHORT)?;
        let bytes = self.message.get(self.at..end).ok_or(SHORT)?;
        self.at = end;
        Ok(bytes)
    }

    fn u8(&mut self) -> Result<u8, &'static str> {
        self.take(1)?.first().copied().ok_or(SHORT)
    }

    fn u16(&mut self) -> Result<u16, &'static str> {
        Ok(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        Ok(u32::from(self.u16()?) << 16 | u32::from(self.u16()?))
    }

    /// A name, through the pointers of RFC 1035 §4.1.4.
    fn name(&mut self) -> Result<String, &'static str> {
        let mut text = String::new();
        let mut after = None;
        let mut jumps = 0;
        loop {
            match self.u8()? {
                0 => break,
                length @ 1..=63 => {
                    for &byte in self.take(length.into())? {
                        match byte {
                            b'!'..=b'~' if byte != b'.' && byte != b'\\' => text.push(char::from(byte)),
                            _ => write!(text, "\\{byte:03}").map_err(|_| SHORT)?,
                        }
                    }
                    text.push('.');
                }
                high @ 0xc0.. => {
                    let to = usize::from(high & 0x3f) << 8 | usize::from(self.u8()?);
                    after.get_or_insert(self.at);
                    jumps += 1;
                    if jumps > JUMPS_MAX {
                        return Err("a name in the answer points in a circle");
                    }
                    self.at = to;
                }
                _ => return Err("a name in the answer is malformed"),
            }
            if text.len() > 4 * NAME_MAX {
                return Err("a name in the answer is too long");
            }
        }
        self.at = after.unwrap_or(self.at);
        if text.is_empty() {
            text.push('.');
        }
        Ok(text)
    }

    fn record(&mut self) -> Result<Record, &'static str> {
        let name = self.name()?;
        let kind = self.u16()?;
        let _class = self.u16()?;
        let ttl = self.u32()?;
        let length = usize::from(self.u16()?);
        let end = self.at + length;
        let data = self.data(kind, length)?;
        if self.at > end || end > self.message.len() {
            return Err(SHORT);
        }
        self.at = end;
        let word = KINDS.iter().find(|(_, number)| *number == kind);
        Ok(Record {
            name,
            kind: word.map_or_else(|| format!("TYPE{kind}"), |(word, _)| (*word).to_owned()),
            ttl,
            data,
        })
    }

    fn data(&mut self, kind: u16, length: usize) -> Result<String, &'static str> {
        Ok(match (kind, length) {
            (1, 4) => Ipv4Addr::from(self.u32()?).to_string(),
            (28, 16) => {
                let bytes: [u8; 16] = self.take(16)?.try_into().map_err(|_| SHORT)?;
                Ipv6Addr::from(bytes).to_string()
            }
            (2 | 5 | 12, _) => self.name()?,
            (15, _) => format!("{} {}", self.u16()?, self.name()?),
            (33, _) => format!("{} {} {} {}", self.u16()?, self.u16()?, self.u16()?, self.name()?),
            (6, _) => {
                let (server, person) = (self.name()?, self.name()?);
                let mut text = format!("{server} {person}");
                for _ in 0..5 {
                    write!(text, " {}", self.u32()?).map_err(|_| SHORT)?;
                }
                text
            }
            (16, _) => {
                let end = self.at + length;
                let mut parts = Vec::new();
                while self.at < end {
                    let length = self.u8()?;
                    parts.push(format!(
                        "{:?}",
                        String::from_utf8_lossy(self.take(length.into())?)
                    ));
                }
                parts.join(" ")
            }
            _ => self.take(length)?.iter().fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            }),
        })
    }
}
