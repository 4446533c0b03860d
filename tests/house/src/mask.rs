//! Rust source without what only looks like code: comments, strings and character literals become blanks, lines stay.

/// `source` with comments and literals blanked out. Lines and columns (in characters) are kept.
pub fn code(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match literal(&chars, at) {
            Some(end) => end,
            None => {
                out.push(chars[at]);
                at += 1;
                continue;
            }
        };
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// Lines that hold code: neither blank nor comment.
pub fn code_lines(source: &str) -> usize {
    let masked = code(source);
    // A line of a multi-line string is blank in the mask but code all the same.
    let strings = source.lines().zip(masked.lines());
    strings
        .filter(|(line, masked)| !masked.trim().is_empty() || is_string_line(line, masked))
        .count()
}

fn is_string_line(line: &str, masked: &str) -> bool {
    let line = line.trim();
    masked.trim().is_empty() && !line.is_empty() && !line.starts_with("//") && !line.starts_with(['*', '/'])
}

/// End of the comment or literal that begins at `at`, if one does.
fn literal(chars: &[char], at: usize) -> Option<usize> {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => Some(line_end(chars, at)),
        '/' if next == Some('*') => Some(block_end(chars, at)),
        '"' => Some(string_end(chars, at + 1)),
        'r' | 'b' | 'c' if !in_word(chars, at) => prefixed(chars, at),
        '\'' => char_end(chars, at),
        _ => None,
    }
}

fn in_word(chars: &[char], at: usize) -> bool {
    at > 0
        && chars
            .get(at - 1)
            .is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

fn line_end(chars: &[char], at: usize) -> usize {
    chars[at..]
        .iter()
        .position(|c| *c == '\n')
        .map_or(chars.len(), |n| at + n)
}

/// Block comments nest.
fn block_end(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn string_end(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"..."`, `r#"..."#`, `b"..."`, `br"..."`, `c"..."`, `b'x'`; `None` for a plain word.
fn prefixed(chars: &[char], at: usize) -> Option<usize> {
    let mut quote = at;
    while matches!(chars.get(quote), Some('r' | 'b' | 'c')) && quote < at + 2 {
        quote += 1;
    }
    let raw = chars[at..quote].contains(&'r');
    let hashes = chars.get(quote..)?.iter().take_while(|c| **c == '#').count();
    match chars.get(quote + hashes) {
        Some('"') if raw => {
            let body = quote + hashes + 1;
            let close = |n: usize| {
                chars[n] == '"' && chars[n + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
            };
            Some(
                (body..chars.len())
                    .find(|n| close(*n))
                    .map_or(chars.len(), |n| n + 1 + hashes),
            )
        }
        Some('"') if hashes == 0 => Some(string_end(chars, quote + 1)),
        Some('\'') if hashes == 0 && !raw => char_end(chars, quote),
        _ => None,
    }
}

/// A character literal; `None` for a lifetime.
fn char_end(chars: &[char], at: usize) -> Option<usize> {
    match chars.get(at + 1)? {
        '\\' => chars[at + 3..]
            .iter()
            .position(|c| *c == '\'')
            .map(|n| at + 4 + n),
        _ if chars.get(at + 2) == Some(&'\'') => Some(at + 3),
        _ => None,
    }
}

/// A function found in masked source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Name.
    pub name: String,
    /// Line of its `fn`, from 1.
    pub line: usize,
    /// Lines from there to its closing brace, both counted.
    pub lines: usize,
}

/// Every function that has a body.
pub fn functions(masked: &str) -> Vec<Function> {
    let bytes = masked.as_bytes();
    let mut found = Vec::new();
    for (at, _) in masked.match_indices("fn ") {
        if at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') {
            continue;
        }
        let name: String = masked[at + 3..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if name.is_empty() {
            continue;
        }
        let Some(end) = body_end(bytes, at) else { continue };
        let line = 1 + masked[..at].matches('\n').count();
        let lines = 1 + masked[at..end].matches('\n').count();
        found.push(Function { name, line, lines });
    }
    found
}

/// Where the braces that open after `at` close; `None` when a `;` comes first, as in a trait.
fn body_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut inner = 0_usize;
    for (n, byte) in bytes.iter().enumerate().skip(at) {
        match byte {
            b'(' | b'[' if depth == 0 => inner += 1,
            b')' | b']' if depth == 0 => inner = inner.saturating_sub(1),
            b';' if depth == 0 && inner == 0 => return None,
            b'{' if inner == 0 => depth += 1,
            b'}' if inner == 0 => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(n);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
