//! A client of D-Bus that can ask for one property (D-Bus specification, "Message Protocol"): version 1, little-endian.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::error::{Code, Error};

/// Longest message that is read, in bytes.
const MESSAGE_MAX: usize = 64 << 10;
/// Messages that are passed over while one waits for its answer: signals that nobody asked for.
const STRANGE_MAX: usize = 64;
/// Bytes before the header's fields.
const FIXED: usize = 16;

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;

/// A connection that was greeted.
pub(super) struct Bus {
    stream: UnixStream,
    serial: u32,
}

impl Bus {
    /// Says who we are: the bus compares it with what the kernel says.
    pub(super) async fn open(stream: UnixStream) -> Result<Self, Error> {
        let mut bus = Self { stream, serial: 0 };
        let user: String = rustix::process::geteuid()
            .as_raw()
            .to_string()
            .bytes()
            .map(|digit| format!("{digit:02x}"))
            .collect();
        bus.write(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes())
            .await?;
        let answer = bus.line().await?;
        if !answer.starts_with("OK ") {
            return Err(strange(format_args!("it refuses us: {answer}")));
        }
        bus.write(b"BEGIN\r\n").await?;
        let hello = Call {
            destination: "org.freedesktop.DBus",
            path: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus",
            member: "Hello",
            arguments: &[],
        };
        bus.call(&hello).await?;
        Ok(bus)
    }

    /// A property of a unit that is a text.
    pub(super) async fn property(&mut self, path: &str, name: &str) -> Result<String, Error> {
        let body = self
            .call(&Call {
                destination: "org.freedesktop.systemd1",
                path,
                interface: "org.freedesktop.DBus.Properties",
                member: "Get",
                arguments: &["org.freedesktop.systemd1.Unit", name],
            })
            .await?;
        // A variant: the signature `s`, then the text.
        let mut body = Reader { bytes: &body, at: 0 };
        let text = (body.signature() == Some("s")).then(|| body.text()).flatten();
        text.map(str::to_owned)
            .ok_or_else(|| strange(format_args!("{name} is not told as a text")))
    }

    async fn call(&mut self, call: &Call<'_>) -> Result<Vec<u8>, Error> {
        self.serial += 1;
        let message = call.encode(self.serial);
        self.write(&message).await?;
        for _ in 0..STRANGE_MAX {
            let (kind, header, body) = self.message().await?;
            let mut fields = Fields::default();
            fields
                .read(&header)
                .ok_or_else(|| strange("a header that cannot be understood"))?;
            match kind {
                _ if fields.reply_to != Some(self.serial) => {}
                METHOD_RETURN => return Ok(body),
                ERROR => {
                    let name = fields.error.unwrap_or_default();
                    let why = Reader { bytes: &body, at: 0 }.text().unwrap_or(&name).to_owned();
                    return Err(Error::new(Code::Protocol, format_args!("systemd: {why}")));
                }
                _ => {}
            }
        }
        Err(strange("it talks of other things"))
    }

    async fn message(&mut self) -> Result<(u8, Vec<u8>, Vec<u8>), Error> {
        let fixed = self.read(FIXED).await?;
        let word = |at: usize| {
            let bytes = fixed.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(usize::MAX, |bytes| u32::from_le_bytes(bytes) as usize)
        };
        let (body, fields) = (word(4), word(12));
        let is_ours = fixed.first() == Some(&b'l');
        if !is_ours || body > MESSAGE_MAX || fields > MESSAGE_MAX {
            return Err(strange("a message that cannot be understood"));
        }
        let kind = fixed.get(1).copied().unwrap_or_default();
        let header = self.read(fields.next_multiple_of(8)).await?;
        let header = header.get(..fields).unwrap_or_default().to_vec();
        Ok((kind, header, self.read(body).await?))
    }

    async fn line(&mut self) -> Result<String, Error> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            if line.len() > 512 {
                return Err(strange("a greeting without end"));
            }
            line.extend(self.read(1).await?);
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    async fn read(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; count];
        let read = self.stream.read_exact(&mut bytes).await;
        read.map_err(|error| Error::from_io("the system bus", &error))?;
        Ok(bytes)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.stream.write_all(bytes).await;
        written.map_err(|error| Error::from_io("the system bus", &error))
    }
}

/// A call of a method whose arguments are texts.
struct Call<'a> {
    destination: &'a str,
    path: &'a str,
    interface: &'a str,
    member: &'a str,
    arguments: &'a [&'a str],
}

impl Call<'_> {
    fn encode(&self, serial: u32) -> Vec<u8> {
        let mut body = Vec::new();
        for argument in self.arguments {
            put_text(&mut body, argument);
        }
        // "Header Fields": 1 is the path, 2 the interface, 3 the member, 6 the destination, 8 the signature.
        let mut fields = Vec::new();
        for (code, kind, value) in [
            (1, 'o', self.path),
            (2, 's', self.interface),
            (3, 's', self.member),
            (6, 's', self.destination),
        ] {
            fields.resize(fields.len().next_multiple_of(8), 0);
            fields.extend([code, 1, kind as u8, 0]);
            put_text(&mut fields, value);
        }
        if !self.arguments.is_empty() {
            fields.resize(fields.len().next_multiple_of(8), 0);
            let signature = "s".repeat(self.arguments.len());
            fields.extend([8, 1, b'g', 0, length(&signature) as u8]);
            fields.extend(signature.bytes().chain([0]));
        }
        let mut message = vec![b'l', METHOD_CALL, 0, 1];
        for word in [body.len() as u32, serial, fields.len() as u32] {
            message.extend(word.to_le_bytes());
        }
        message.extend(fields);
        message.resize(message.len().next_multiple_of(8), 0);
        message.extend(body);
        message
    }
}

/// Texts of ours are short.
fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(0)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(length(text).to_le_bytes());
    bytes.extend(text.bytes().chain([0]));
}

/// What of a header matters here.
#[derive(Default)]
struct Fields {
    reply_to: Option<u32>,
    error: Option<String>,
}

impl Fields {
    fn read(&mut self, header: &[u8]) -> Option<()> {
        let mut reader = Reader { bytes: header, at: 0 };
        while reader.at < header.len() {
            reader.align(8);
            let code = reader.byte()?;
            match (code, reader.signature()?) {
                (5, "u") => self.reply_to = Some(reader.word()?),
                (4, "s") => self.error = Some(reader.text()?.to_owned()),
                (_, "u") => drop(reader.word()?),
                (_, "s" | "o") => drop(reader.text()?),
                (_, "g") => drop(reader.signature()?),
                _ => return None,
            }
        }
        Some(())
    }
}

/// Values one after the other, each where its own size aligns it.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn word(&mut self) -> Option<u32> {
        self.align(4);
        let bytes = self.bytes.get(self.at..self.at.checked_add(4)?)?;
        self.at += 4;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.word()? as usize;
        self.terminated(length)
    }

    fn signature(&mut self) -> Option<&'a str> {
        let length = usize::from(self.byte()?);
        self.terminated(length)
    }

    fn terminated(&mut self, length: usize) -> Option<&'a str> {
        let end = self.at.checked_add(length)?;
        let text = self.bytes.get(self.at..end)?;
        self.at = end + 1;
        std::str::from_utf8(text).ok()
    }
}

fn strange(what: impl std::fmt::Display) -> Error {
    Error::new(Code::Protocol, format_args!("the system bus: {what}"))
}
