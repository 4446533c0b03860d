//! `regex` of a url: from PCRE2, which keepalived has, to expressions whose time grows with the text and nothing else.

use std::iter::Peekable;
use std::str::Chars;

/// The end of the text, or before a newline that ends it, which is what `$` is in PCRE2.
const END: &str = r"(?:\n?\z)";

/// The same expression for us; else what stands in it that nobody can search for in a time that is known before.
pub(super) fn translate(pattern: &str, options: &[&str]) -> Result<String, String> {
    let mut flags = String::new();
    let (mut is_multiline, mut is_last) = (false, false);
    for option in options {
        match *option {
            "caseless" => flags.push('i'),
            "dotall" => flags.push('s'),
            "extended" => flags.push('x'),
            "ungreedy" => flags.push('U'),
            "utf" | "ucp" => flags.push('u'),
            "multiline" => {
                flags.push('m');
                is_multiline = true;
            }
            "dollar_endonly" => is_last = true,
            // How it is compiled, not what it finds.
            "no_auto_possess" | "no_dotstar_anchor" | "no_start_optimize" | "never_utf" | "never_ucp"
            | "never_backslash_c" | "dupnames" | "no_auto_capture" | "auto_callout" => {}
            other => return Err(format!("the option {other}")),
        }
    }
    let mut out = String::new();
    if !flags.is_empty() {
        out = format!("(?{flags})");
    }
    let mut chars = pattern.chars().peekable();
    // Whether what was read last can be repeated, and may be followed by another sign of repetition.
    let mut is_repeated = false;
    while let Some(c) = chars.next() {
        let was_repeated = std::mem::take(&mut is_repeated);
        match c {
            '\\' => escape(&mut chars, &mut out)?,
            '[' => class(&mut chars, &mut out)?,
            '(' => group(&mut chars, &mut out)?,
            '$' if is_multiline => out.push('$'),
            '$' if is_last => out.push_str(r"\z"),
            '$' => out.push_str(END),
            '+' if was_repeated => return Err("`++`, `*+` or `?+`".to_owned()),
            '*' | '+' | '?' => {
                out.push(c);
                // A second sign makes it lazy, and ends it.
                is_repeated = !was_repeated;
            }
            '{' => match count(&chars) {
                Some(counted) => {
                    out.push_str(&format!("{{{counted}}}"));
                    chars.nth(counted.chars().count());
                    is_repeated = true;
                }
                None => out.push_str(r"\{"),
            },
            other => out.push(other),
        }
    }
    Ok(out)
}

fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    match chars.next() {
        Some('Z') => out.push_str(END),
        Some(
            c @ ('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'b' | 'B' | 'A' | 'z' | 'n' | 'r' | 't' | 'f' | 'v'
            | 'a'),
        ) => {
            out.extend(['\\', c]);
        }
        Some('x') => out.push_str(r"\x"),
        Some(c) if c.is_ascii_alphanumeric() => return Err(format!("`\\{c}`")),
        Some(c) if c.is_ascii_punctuation() => out.extend(['\\', c]),
        Some(c) => out.push(c),
        None => return Err("a `\\` at its end".to_owned()),
    }
    Ok(())
}

/// `[...]`, in which a `[` is one, and two signs in a row are no operator.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if chars.next_if_eq(&']').is_some() {
        out.push_str(r"\]");
    }
    while let Some(c) = chars.next() {
        match c {
            ']' => {
                out.push(']');
                return Ok(());
            }
            '\\' => escape(chars, out)?,
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    Err("a `[` without its `]`".to_owned())
}

/// What follows a `(`: groups, with or without a name, and flags.
fn group(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    out.push('(');
    if chars.peek() == Some(&'*') {
        return Err("a verb, `(*`".to_owned());
    }
    if chars.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    out.push('?');
    let mut ahead = chars.clone();
    let is_good = match (ahead.next(), ahead.next()) {
        (Some('P'), Some('<')) => true,
        (Some('<'), Some(next)) => next != '=' && next != '!',
        (Some(c), _) => c == ':' || "imsxU-".contains(c),
        (None, _) => false,
    };
    if is_good {
        return Ok(());
    }
    let rest: String = chars.clone().take(2).collect();
    Err(format!("`(?{rest}`"))
}

/// What stands between the braces of a repetition; `None` where the brace is only a brace.
fn count(chars: &Peekable<Chars<'_>>) -> Option<String> {
    let counted: String = chars.clone().take_while(|c| *c != '}').collect();
    let is_closed = chars.clone().nth(counted.chars().count()) == Some('}');
    let (low, high) = counted.split_once(',').unwrap_or((&counted, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    (is_closed && !low.is_empty() && digits(low) && digits(high)).then_some(counted)
}

#[cfg(test)]
mod tests;
