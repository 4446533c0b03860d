//! The ledger of clauses that a VRRP router is held to, and the tests that hold them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::tree;

/// The ledger, from the root of the tree.
pub const LEDGER: &str = "tests/house/ledger.toml";

/// How a marker begins, after the slashes of its comment.
const MARK: &str = "holds VRRP-";

/// A clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// `VRRP-001` and on.
    pub id: String,
    /// M, MN, S, SN, Y, P or -.
    pub level: String,
    /// Where it stands.
    pub section: String,
    /// What it asks for, in our words.
    pub says: String,
    /// Why something is missing.
    pub lack: Option<Lack>,
}

/// Why no test holds a clause, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It binds us, and is not done or not shown.
    Gap(String),
    /// It binds only who offers something that we do not.
    Absent(String),
    /// Tests hold it but for this.
    Partly(String),
}

/// A test that says which clauses it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// File, from the root.
    pub file: PathBuf,
    /// Line of the marker, from 1.
    pub line: usize,
    /// Clauses.
    pub ids: Vec<String>,
    /// The test; `None` when the marker stands above something else.
    pub test: Option<String>,
}

/// Clauses in their order.
///
/// # Errors
/// When the file is not what its head says.
pub fn clauses(text: &str) -> Result<Vec<Clause>, String> {
    let table: toml::Table = text.parse().map_err(|e| format!("{LEDGER}: {e}"))?;
    let mut clauses: Vec<Clause> = table
        .iter()
        .map(|(id, row)| clause(id, row).map_err(|e| format!("{LEDGER}: {id}: {e}")))
        .collect::<Result<_, _>>()?;
    clauses.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(clauses)
}

fn clause(id: &str, row: &toml::Value) -> Result<Clause, String> {
    let row = row.as_table().ok_or("not a table")?;
    let mut fields: BTreeMap<&str, String> = BTreeMap::new();
    for (key, value) in row {
        let text = value.as_str().ok_or_else(|| format!("{key} is no text"))?;
        fields.insert(key, text.to_owned());
    }
    let mut take = |key: &str| fields.remove(key);
    let mut need = |key: &str| take(key).ok_or_else(|| format!("{key} is missing"));
    let (level, section, says) = (need("level")?, need("section")?, need("says")?);
    if !["M", "MN", "S", "SN", "Y", "P", "-"].contains(&level.as_str()) {
        return Err(format!("there is no level {level}"));
    }
    let mut lacks = Vec::new();
    lacks.extend(take("gap").map(Lack::Gap));
    lacks.extend(take("absent").map(Lack::Absent));
    lacks.extend(take("partly").map(Lack::Partly));
    if lacks.len() > 1 {
        return Err("one of gap, absent and partly is enough".to_owned());
    }
    if let Some(strange) = fields.keys().next() {
        return Err(format!("there is no key {strange}"));
    }
    Ok(Clause {
        id: id.to_owned(),
        level,
        section,
        says,
        lack: lacks.pop(),
    })
}

/// Every marker of the tree.
pub fn marks() -> Vec<Mark> {
    let files = ["core", "plugins", "sdk", "tests"]
        .iter()
        .flat_map(|folder| tree::rust(folder));
    files
        .flat_map(|file| marks_in(&file, &tree::text(&file)))
        .collect()
}

/// The markers of one file.
pub fn marks_in(file: &Path, text: &str) -> Vec<Mark> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let marked = lines.iter().enumerate().filter_map(|(n, line)| {
        let says = line.strip_prefix("//")?.trim_start_matches('/').trim_start();
        says.starts_with(MARK).then(|| Mark {
            file: file.to_owned(),
            line: n + 1,
            ids: mentioned(says),
            test: test_below(lines.get(n + 1..).unwrap_or_default()),
        })
    });
    marked.collect()
}

/// Clauses that a text mentions.
pub fn mentioned(text: &str) -> Vec<String> {
    let after = text.split("VRRP-").skip(1);
    let digits = after.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    digits
        .filter(|digits| digits.len() == 3)
        .map(|digits| format!("VRRP-{digits}"))
        .collect()
}

/// The name of the test whose comments and attributes these lines begin with.
fn test_below(lines: &[&str]) -> Option<String> {
    let mut is_test = false;
    for line in lines {
        if line.starts_with("//") {
            continue;
        }
        if line.starts_with("#[") {
            is_test |= line.contains("test]");
            continue;
        }
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
        let name: String = name
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        return is_test.then_some(name);
    }
    None
}

/// The tests of each clause, as `file: test`.
pub fn held(marks: &[Mark]) -> BTreeMap<&str, Vec<String>> {
    let mut held: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for mark in marks {
        let Some(test) = &mark.test else { continue };
        for id in &mark.ids {
            held.entry(id)
                .or_default()
                .push(format!("{}: {test}", mark.file.display()));
        }
    }
    held
}

#[cfg(test)]
mod tests;
