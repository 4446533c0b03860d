//! Lua's errors in one line: place, then what.

use mlua::Error;

use super::state::Stopped;

/// `file:line: what`.
pub(super) fn explain(error: &Error, file: &str) -> String {
    match error {
        Error::SyntaxError { message, .. } | Error::RuntimeError(message) => first_line(message).to_owned(),
        Error::MemoryError(_) => format!("{file}: it needed more memory than its limit"),
        Error::CallbackError { traceback, cause } => {
            let what = what(cause);
            match place(traceback, file) {
                Some(place) => format!("{place}: {what}"),
                None => format!("{file}: {what}"),
            }
        }
        other => match other.downcast_ref::<Stopped>() {
            Some(Stopped { line: Some(line) }) => format!("{file}:{line}: {}", what(other)),
            _ => format!("{file}: {}", what(other)),
        },
    }
}

/// All of it: where the code was, innermost first. Nothing when Lua does not know more than the one line.
pub(super) fn traceback(error: &Error) -> Option<String> {
    let all = match error {
        Error::CallbackError { traceback, .. } => traceback.as_str(),
        Error::RuntimeError(message) => message.split_once('\n')?.1,
        _ => return None,
    };
    // Frames of the host's own are nobody's business.
    let own = |line: &&str| !line.contains("[C]:") && !line.contains("__mlua_");
    let lines: Vec<&str> = all.lines().filter(own).collect();
    (lines.len() > 1).then(|| lines.join("\n"))
}

/// Whether the run was stopped for its processor time.
pub(super) fn is_stop(error: &Error) -> bool {
    error.downcast_ref::<Stopped>().is_some()
        || error.to_string().contains("it used all of its processor time")
}

/// Whether memory ran out. Lua code that catches the error and raises it again passes it on as text.
pub(super) fn is_memory(error: &Error) -> bool {
    match error {
        Error::MemoryError(_) => true,
        Error::CallbackError { cause, .. } => is_memory(cause),
        Error::RuntimeError(message) => first_line(message).ends_with("not enough memory"),
        _ => false,
    }
}

/// Raised by `assert` when a host call told what is wrong in the world.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Worldly(pub(super) String);

/// Whether the world is to blame rather than the code.
pub(super) fn is_worldly(error: &Error) -> bool {
    error.downcast_ref::<Worldly>().is_some()
}

fn what(error: &Error) -> String {
    match error {
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => what(cause),
        Error::RuntimeError(message) => first_line(message).to_owned(),
        Error::BadArgument { pos, name, cause, to } => {
            let function = to.as_deref().unwrap_or("the function");
            let argument = name
                .as_deref()
                .map_or_else(|| format!("argument {pos}"), |name| format!("`{name}`"));
            format!("bad {argument} to {function}: {}", what(cause))
        }
        Error::FromLuaConversionError { from, to, .. } => {
            format!("expected {}, got {from}", to.to_lowercase())
        }
        Error::ExternalError(cause) => first_line(&cause.to_string()).to_owned(),
        other => first_line(&other.to_string()).to_owned(),
    }
}

/// The innermost frame of the plugin's own code.
fn place<'a>(traceback: &'a str, file: &str) -> Option<&'a str> {
    traceback.lines().find_map(|line| {
        let at = line.find(file)?;
        let rest = line.get(at..)?;
        let digits_from = file.len() + 1;
        let digits = rest
            .get(digits_from..)?
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        (digits > 0).then(|| rest.get(..digits_from + digits)).flatten()
    })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
