//! What the demonstration puts on the screen: a line for each thing seen, with its time since the start, and at the
//! end a table of what was seen against what was to be expected.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, SystemTime};

/// Columns that a line may fill.
const WIDTH: usize = 98;
/// Where the words of an event begin: time, who, what.
const INDENT: usize = 34;

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A person, with colour or without.
    Person {
        /// Whether the terminal takes colour.
        colour: bool,
    },
    /// The lab on the other side of a virtual machine's console, which shows the lines and keeps the rows.
    Lab {
        /// Whether its terminal takes colour.
        colour: bool,
    },
}

/// The tone of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing special.
    Plain,
    /// A title.
    Bold,
    /// Aside.
    Dim,
    /// As it should be.
    Good,
    /// Broken, on purpose or not.
    Bad,
    /// Something done to the system.
    Deed,
}

/// One line of the table at the end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// What happened.
    pub event: String,
    /// Who has, or gave, the answer.
    pub who: String,
    /// What was seen.
    pub seen: String,
    /// What was to be expected.
    pub expected: String,
    /// Whether it was so.
    pub good: bool,
}

/// The teller.
#[derive(Debug)]
pub(super) struct Story {
    began: SystemTime,
    reader: Reader,
    pause: Duration,
    acts: u32,
    rows: Vec<Row>,
}

impl Story {
    /// A story that began at `began` and rests for `pause` before each act, so that a person can follow.
    pub(super) fn new(began: SystemTime, reader: Reader, pause: Duration) -> Self {
        Self {
            began,
            reader,
            pause,
            acts: 0,
            rows: Vec::new(),
        }
    }

    /// Whether standard output takes colour.
    pub(super) fn terminal_takes_colour() -> bool {
        io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
    }

    /// When it began.
    pub(super) fn began(&self) -> SystemTime {
        self.began
    }

    /// Whether words are coloured.
    pub(super) fn has_colour(&self) -> bool {
        let (Reader::Person { colour } | Reader::Lab { colour }) = self.reader;
        colour
    }

    /// Go on counting acts from here.
    pub(super) fn count_from(&mut self, acts: u32) {
        self.acts = acts;
    }

    /// Acts so far.
    pub(super) fn acts(&self) -> u32 {
        self.acts
    }

    /// Begin an act.
    pub(super) fn act(&mut self, title: &str) {
        std::thread::sleep(self.pause);
        self.acts += 1;
        let title = self.paint(Tone::Bold, title);
        self.say(&format!("\n{:>2}  {title}", self.acts));
    }

    /// A remark between the events.
    pub(super) fn note(&mut self, text: &str) {
        for line in wrap(text, WIDTH - 4) {
            let line = self.paint(Tone::Dim, &line);
            self.say(&format!("    {line}"));
        }
    }

    /// Lines as they are, set in: a file, a table, somebody's message.
    pub(super) fn block(&mut self, text: &str) {
        let bar = self.paint(Tone::Dim, "│");
        for line in text.trim_end().lines() {
            self.say(&format!("               {bar} {}", line.trim_end()));
        }
    }

    /// A line of a file, as it was and as it is.
    pub(super) fn difference(&mut self, before: &str, after: &str) {
        for (sign, line, tone) in [("-", before, Tone::Bad), ("+", after, Tone::Good)] {
            let line = self.paint(tone, &format!("{sign} {}", line.trim()));
            self.say(&format!("{:INDENT$}{line}", ""));
        }
    }

    /// Something happened to `who` at `at`.
    pub(super) fn event(&mut self, at: SystemTime, who: &str, what: (&str, Tone), text: &str) {
        let since = at.duration_since(self.began).unwrap_or_default();
        let mut lines = wrap(text, WIDTH - INDENT).into_iter();
        let head = format!(
            "{:>10}  {:<8} {} {}",
            format!("{:.3} s", since.as_secs_f64()),
            who,
            self.paint(what.1, &format!("{:<11}", what.0)),
            lines.next().unwrap_or_default()
        );
        self.say(head.trim_end());
        for line in lines {
            self.say(&format!("{:INDENT$}{line}", ""));
        }
    }

    /// Something was done by this program just now.
    pub(super) fn deed(&mut self, who: &str, what: &str, text: &str) {
        self.event(SystemTime::now(), who, (what, Tone::Deed), text);
    }

    /// Keep `row` for the table, and say it now.
    pub(super) fn row(&mut self, row: Row) {
        let (mark, tone) = if row.good {
            ("=> ", Tone::Good)
        } else {
            ("=> NOT AS EXPECTED: ", Tone::Bad)
        };
        let line = format!("{mark}{}: {}; expected: {}", row.event, row.seen, row.expected);
        for line in wrap(&line, WIDTH - 12) {
            let line = self.paint(tone, &line);
            self.say(&format!("            {line}"));
        }
        if let Reader::Lab { .. } = self.reader {
            println!("{}", encode_row(&row));
        }
        self.rows.push(row);
    }

    /// Take a line that another lab's story said, for [`Reader::Lab`]. False when it is none: a console has other
    /// speakers as well.
    pub(super) fn relay(&mut self, line: &str) -> bool {
        if let Some(row) = decode_row(line) {
            self.rows.push(row);
            return true;
        }
        let said = line.strip_prefix(SAID);
        if let Some(said) = said {
            self.say(said);
        }
        said.is_some()
    }

    /// Whether everything was as expected.
    pub(super) fn is_good(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.good)
    }

    /// The table of what was seen.
    pub(super) fn table(&mut self) {
        let title = self.paint(Tone::Bold, "What was seen");
        self.say(&format!("\n    {title}"));
        let text = table(&self.rows);
        for (line, row) in text
            .lines()
            .zip(std::iter::once(None).chain(self.rows.iter().map(Some)))
        {
            let tone = match row {
                None => Tone::Dim,
                Some(row) if row.good => Tone::Plain,
                Some(_) => Tone::Bad,
            };
            let line = self.paint(tone, line);
            println!("  {line}");
        }
    }

    /// A line as it is.
    pub(super) fn say(&mut self, line: &str) {
        match self.reader {
            Reader::Person { .. } => println!("{line}"),
            Reader::Lab { .. } => line.split('\n').for_each(|line| println!("{SAID}{line}")),
        }
        // A reader that went away is no reason to leave processes behind: the story goes on to its end.
        let _ = io::stdout().flush();
    }

    /// `text` in `tone`, when the terminal takes colour.
    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.has_colour() => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Bold => "1",
            Tone::Dim => "2",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Deed => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// `text` in lines of at most `width` characters, broken at spaces; a longer word stands alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("it begins with one line and only grows");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// The rows under their heads, each column as wide as it needs to be.
fn table(rows: &[Row]) -> String {
    let heads = ["", "event", "by", "seen", "expected"].map(str::to_owned);
    let cells: Vec<[String; 5]> = std::iter::once(heads)
        .chain(rows.iter().map(|row| {
            let mark = if row.good { "ok" } else { "NOT" };
            [
                mark.to_owned(),
                row.event.clone(),
                row.who.clone(),
                row.seen.clone(),
                row.expected.clone(),
            ]
        }))
        .collect();
    let width = |n: usize| cells.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &cells {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Begins a line between two labs.
const SAID: &str = "@said\t";
/// Begins a row between two labs.
const ROW: &str = "@row";

fn encode_row(row: &Row) -> String {
    let good = if row.good { "1" } else { "0" };
    [ROW, good, &row.event, &row.who, &row.seen, &row.expected].join("\t")
}

fn decode_row(line: &str) -> Option<Row> {
    let mut cells = line.trim_end().split('\t');
    if cells.next() != Some(ROW) {
        return None;
    }
    let good = cells.next()? == "1";
    let mut cell = || cells.next().map(str::to_owned);
    Some(Row {
        good,
        event: cell()?,
        who: cell()?,
        seen: cell()?,
        expected: cell()?,
    })
}

#[cfg(test)]
mod tests;
