//! The log: one fact, one line, on standard error. Under a service manager the journal adds time and host itself and
//! takes the level from a prefix; on a terminal the line carries its own time.

use std::fmt::{self, Write};
use std::io::{self, IsTerminal, stderr};
use std::time::{Duration, SystemTime};

use linux::outlet::Outlet;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

#[cfg(test)]
mod tests;

/// Where all of it goes.
static OUTLET: Outlet = Outlet::new();

/// Starts to log. `process` tells which of our processes speaks; `filter` is a level, or a list as of the crate
/// `tracing-subscriber` (`info,engine=debug`).
pub fn start(process: &'static str, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|error| {
        eprintln!("--log {filter}: {error}; using info");
        EnvFilter::new("info")
    });
    let for_journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let line = Line {
        process,
        for_journal,
        colour: stderr().is_terminal(),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // It would panic where standard error cannot be written.
        .log_internal_errors(false)
        .event_format(line)
        .with_writer(move || Out { line });
    // A second start can only come from a test; the first one serves.
    let _ = subscriber.try_init();
}

/// Prints a text of several lines, such as a report of mistakes, as it is. Lost where nobody takes it.
pub fn print(text: &str) {
    OUTLET.say(stderr(), text.as_bytes(), |lost| format!("{}\n", words(lost)));
}

fn words(lost: u64) -> String {
    format!("{lost} lines of the log are lost: nobody took them, or the disk was full")
}

/// One line on its way out.
struct Out {
    line: Line,
}

impl io::Write for Out {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let notice = |lost| {
            let mut notice = String::new();
            // Writing to a string cannot fail.
            let _ = self.line.begin(&mut notice, Level::WARN);
            notice + &words(lost) + "\n"
        };
        OUTLET.say(stderr(), text, notice);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How a line looks.
#[derive(Clone, Copy)]
struct Line {
    process: &'static str,
    for_journal: bool,
    colour: bool,
}

impl Line {
    /// What stands before the message.
    fn begin(&self, out: &mut impl Write, level: Level) -> fmt::Result {
        if self.for_journal {
            write!(out, "<{}>", syslog_level(level))?;
        } else {
            write!(out, "{} {}", clock(SystemTime::now()), word(level, self.colour))?;
        }
        write!(out, "{}: ", self.process)
    }
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        self.begin(&mut out, *event.metadata().level())?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        out.write_str(&fields.message)?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span
                .extensions()
                .get::<FormattedFields<N>>()
                .filter(|fields| !fields.is_empty())
            {
                write!(out, " {fields}")?;
            }
        }
        writeln!(out, "{}", fields.rest)
    }
}

/// The fields of one event.
#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, &format!("{value:?}"));
    }
}

impl Fields {
    fn push(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
            return;
        }
        // What comes from outside must not make lines of its own.
        let is_plain = !value.is_empty()
            && value
                .chars()
                .all(|c| !c.is_whitespace() && !c.is_control() && c != '"');
        // Writing to a string cannot fail.
        let _ = if is_plain {
            write!(self.rest, " {field}={value}")
        } else {
            write!(self.rest, " {field}={value:?}")
        };
    }
}

const fn syslog_level(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

const fn word(level: Level, colour: bool) -> &'static str {
    match (level, colour) {
        (Level::ERROR, false) => "error ",
        (Level::WARN, false) => "warn  ",
        (Level::INFO, false) => "info  ",
        (Level::DEBUG, false) => "debug ",
        (Level::TRACE, false) => "trace ",
        (Level::ERROR, true) => "\x1b[31merror\x1b[0m ",
        (Level::WARN, true) => "\x1b[33mwarn\x1b[0m  ",
        (Level::INFO, true) => "\x1b[32minfo\x1b[0m  ",
        (Level::DEBUG, true) => "\x1b[2mdebug\x1b[0m ",
        (Level::TRACE, true) => "\x1b[2mtrace\x1b[0m ",
    }
}

/// Time of day in UTC, to the millisecond.
pub(crate) fn clock(now: SystemTime) -> String {
    let since = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let of_day = since.as_secs() % 86_400;
    let (hours, minutes, seconds) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!(
        "{hours:02}:{minutes:02}:{seconds:02}.{:03}Z",
        since.subsec_millis()
    )
}
