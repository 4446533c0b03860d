//! Redis' protocol (RESP2), as much of it as a check needs.

use bellwether_plugin::{Error, tcp};

pub struct Server(tcp::Connection);

/// What a server says: a text, or why it refuses.
type Reply = Result<String, String>;

impl Server {
    pub fn connect(host: &str, port: u16) -> Result<Self, Error> {
        tcp::connect(host, port, None).map(Self)
    }

    /// One command and its answer.
    pub fn ask(&self, words: &[&str]) -> Result<Reply, Error> {
        self.0.write(command(words).as_bytes(), None)?;
        let line = self.0.read_until(b"\r\n", Some(4096), None)?;
        let line = String::from_utf8_lossy(line.trim_ascii_end());
        Ok(match line.split_at_checked(1) {
            Some(("+", text)) => Ok(text.to_owned()),
            Some(("-", refusal)) => Err(refusal.to_owned()),
            Some(("$", length)) if let Ok(length) = length.parse() => Ok(self.bulk(length)?),
            _ => Err(format!("unexpected answer: {}", line.chars().take(60).collect::<String>())),
        })
    }

    /// A text of this many bytes, and the end of its line.
    fn bulk(&self, length: u32) -> Result<String, Error> {
        let bytes = self.0.read_exact(length.saturating_add(2), None)?;
        Ok(String::from_utf8_lossy(bytes.strip_suffix(b"\r\n").unwrap_or(&bytes)).into_owned())
    }
}

/// A command as the protocol writes it: an array of strings.
fn command(words: &[&str]) -> String {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    text
}
