//! Secrets of plugins: read here, where files that only root may read can be read.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use model::link::Secret;
use model::plan::SecretSource;

use super::file;

/// Longest secret, in bytes: a chain of certificates and a key fit.
const SECRET_MAX: u64 = 64 << 10;
const READABLE_BY_ANYBODY: u32 = 0o004;

/// Secrets by name, or why one cannot be read.
pub(crate) type Values = BTreeMap<String, Result<Secret, String>>;

/// Reads secrets.
pub(crate) fn read(sources: &BTreeMap<String, SecretSource>) -> Values {
    let all = sources.iter();
    all.map(|(name, source)| (name.clone(), one(source))).collect()
}

/// Reads one.
pub(in crate::router) fn one(source: &SecretSource) -> Result<Secret, String> {
    let text = match source {
        SecretSource::File(path) => from_file(path)?,
        SecretSource::Environment(variable) => std::env::var(variable)
            .map_err(|_| format!("the daemon's environment has no {variable}; set it in its unit"))?,
    };
    let text = text.trim_end();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(Secret(text.to_owned()))
}

/// The files that hold them.
pub(in crate::router) fn files(
    sources: &BTreeMap<String, SecretSource>,
) -> impl Iterator<Item = PathBuf> + '_ {
    sources.values().filter_map(|source| match source {
        SecretSource::File(path) => Some(path.clone()),
        SecretSource::Environment(_) => None,
    })
}

/// The variables of the environment that hold them.
pub(super) fn variables(sources: &BTreeMap<String, SecretSource>) -> impl Iterator<Item = String> + '_ {
    sources.values().filter_map(|source| match source {
        SecretSource::Environment(variable) => Some(variable.clone()),
        SecretSource::File(_) => None,
    })
}

fn from_file(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let (file, metadata) = file::open(path)?;
    if metadata.mode() & READABLE_BY_ANYBODY != 0 {
        return Err(format!("{shown} may be read by anybody; run `chmod o-r {shown}`"));
    }
    let bytes = file::whole(path, file, &metadata, SECRET_MAX)?;
    String::from_utf8(bytes).map_err(|_| format!("{shown} holds no text"))
}

#[cfg(test)]
mod tests;
