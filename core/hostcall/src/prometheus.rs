//! The text format of Prometheus' exporters (version 0.0.4, and as much of OpenMetrics as looks the same).

use crate::error::{Code, Error};

/// Most bytes that are looked through.
const BYTES_MAX: usize = 256 << 10;
/// Most samples that are given.
const SAMPLES_MAX: usize = 1000;

/// A number and what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Names and values, in the order they stand.
    pub labels: Vec<(String, String)>,
    /// The number.
    pub value: f64,
}

/// All samples of one name, in order. Lines about others are not read further than their name.
pub fn find(text: &[u8], name: &str) -> Result<Vec<Sample>, Error> {
    if text.len() > BYTES_MAX {
        let message = format!(
            "{} bytes are more than the {BYTES_MAX} that are looked through",
            text.len()
        );
        return Err(Error::new(Code::TooLarge, message));
    }
    let mut found = Vec::new();
    for (number, line) in String::from_utf8_lossy(text).lines().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix(name) else {
            continue;
        };
        if !rest.starts_with(['{', ' ', '\t']) {
            continue;
        }
        let sample = sample(rest).ok_or_else(|| {
            Error::new(
                Code::Protocol,
                format_args!("line {} is no sample of {name}", number + 1),
            )
        })?;
        if found.len() == SAMPLES_MAX {
            let message = format!("there are more than {SAMPLES_MAX} samples of {name}");
            return Err(Error::new(Code::TooLarge, message));
        }
        found.push(sample);
    }
    Ok(found)
}

/// `{a="x",b="y"} 1.5 1700000000000`, without the name.
fn sample(text: &str) -> Option<Sample> {
    let (labels, rest) = match text.strip_prefix('{') {
        Some(inner) => labels(inner)?,
        None => (Vec::new(), text),
    };
    let value = match rest.split_whitespace().next()? {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        number => number.parse().ok()?,
    };
    Some(Sample { labels, value })
}

/// `a="x",b="y"} ...`: the labels, and what follows the brace.
fn labels(mut text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        text = text.trim_start_matches([' ', ',']);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = quoted(rest)?;
        labels.push((name.trim().to_owned(), value));
        text = rest;
    }
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(match letters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests;
