//! `$NAME=VALUE` and its uses.

use std::collections::BTreeMap;

use crate::load::Environment;
use crate::source::Source;

/// Rounds of expansion, and bytes that one line may grow to.
const ROUNDS_MAX: usize = 32;
const BYTES_MAX: usize = 1 << 16;

pub(super) struct Definitions {
    values: BTreeMap<String, String>,
    /// What `@id` lines are compared with.
    id: String,
    environment: BTreeMap<String, String>,
}

/// What became of a line.
pub(super) enum Expanded {
    /// Nothing to expand.
    Same,
    Text(String),
    /// A built-in name whose value no two reads share, or a variable that the daemon was not given.
    Refused(String),
    Endless,
}

/// Name and value, if the line is a definition.
pub(super) fn definition(text: &str) -> Option<(&str, String)> {
    let rest = text.trim_start().strip_prefix('$')?;
    let (name, value) = rest.split_once('=')?;
    let name = name.trim_end();
    let is_name = !name.is_empty() && name.chars().all(is_name);
    is_name.then(|| (name, value.trim().to_owned()))
}

pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Definitions {
    pub(super) fn new(id: &str, env: &Environment) -> Self {
        Self {
            values: BTreeMap::new(),
            id: id.to_owned(),
            environment: env.variables.clone(),
        }
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.values.remove(name);
    }

    pub(super) fn set(&mut self, name: &str, value: String) {
        self.values.insert(name.to_owned(), value);
    }

    pub(super) fn expand(&self, text: &str, source: &Source) -> Expanded {
        let mut text = text.to_owned();
        for round in 0..ROUNDS_MAX {
            match self.once(&text, source) {
                Ok(None) if round == 0 => return Expanded::Same,
                Ok(None) => return Expanded::Text(text.replace('\x01', "#").replace('\x02', "!")),
                Ok(Some(next)) if next.len() <= BYTES_MAX => text = next,
                Ok(Some(_)) => return Expanded::Endless,
                Err(name) => return Expanded::Refused(name),
            }
        }
        Expanded::Endless
    }

    /// One round; `None` when nothing changed.
    fn once(&self, text: &str, source: &Source) -> Result<Option<String>, String> {
        let (mut out, mut rest, mut changed) = (String::new(), text, false);
        while let Some(at) = rest.find('$') {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            out.push_str(before);
            let after = from.strip_prefix('$').unwrap_or_default();
            let (name, tail) = match after.strip_prefix('{') {
                Some(braced) => braced.split_once('}').unwrap_or(("", after)),
                None => {
                    let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
                    after.split_at_checked(end).unwrap_or(("", after))
                }
            };
            match self.value(name, source)? {
                Some(value) => {
                    out.push_str(&value);
                    rest = tail;
                    changed = true;
                }
                None => {
                    out.push('$');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        Ok(changed.then_some(out))
    }

    fn value(&self, name: &str, source: &Source) -> Result<Option<String>, String> {
        let mut words = name.split_whitespace();
        match words.next().unwrap_or_default() {
            // Marks that no file can hold stand for these two until all is expanded.
            "_HASH" => Ok(Some("\x01".to_owned())),
            "_BANG" => Ok(Some("\x02".to_owned())),
            "_PWD" => Ok(source.path.parent().map(|path| path.display().to_string())),
            "_INSTANCE" => Ok(Some(self.id.clone())),
            "_ENV" => {
                let value = words.next().and_then(|name| self.environment.get(name));
                value.cloned().map(Some).ok_or_else(|| name.to_owned())
            }
            "_RANDOM" => Err(name.to_owned()),
            _ => Ok(self.values.get(name).cloned()),
        }
    }
}
