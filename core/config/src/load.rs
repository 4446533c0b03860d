//! From paths to a plan.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::declared::Declared;
use model::plan::Plan;

use crate::diagnostics::Diagnostics;
use crate::draft::Draft;
use crate::iproute::RouteNames;
use crate::source::{Source, Span};
use crate::{check, keepalived, plugins, toml};

/// A file larger than this is refused: no configuration is, and a mistyped path might be a disk.
const FILE_KIB_MAX: u64 = 16 << 10;

/// What the languages need to know of the machine. Given by the caller, so that reading a text depends on
/// nothing but the text.
#[derive(Clone, Default)]
pub struct Environment {
    /// Name of this host: the node's name where none is configured, and its first label is keepalived's
    /// default configuration id (`@id` lines).
    pub host_name: String,
    /// keepalived's `-i ID`; the first label of the host name when absent.
    pub config_id: Option<String>,
    /// Who runs keepalived's scripts where the file does not say (keepalived: `keepalived_script` if that user
    /// exists). The daemon's own user when absent.
    pub script_user: Option<String>,
    /// Variables of the daemon's environment: keepalived's `${_ENV NAME}`.
    pub variables: BTreeMap<String, String>,
    /// Names of routing tables and the like.
    pub names: RouteNames,
    /// What is known of the code of plugins.
    pub declares: Option<Declares>,
    /// Who is told where the reading is.
    pub looks: Option<Looks>,
}

/// Is told each path before it is looked at: on a mount that hangs, that look does not end.
pub type Looks = Arc<dyn Fn(&Path) + Send + Sync>;

/// Tells which parameters the plugin in a file declares: none when it takes any, or when that is not known (yet).
/// What does not load is told in words.
pub type Declares = Arc<dyn Fn(&Path) -> Result<Option<Vec<Declared>>, String> + Send + Sync>;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The plan; absent when there is an error.
    pub plan: Option<Plan>,
    /// Everything that was found wrong.
    pub diagnostics: Diagnostics,
    /// All files that were read or tried, included ones too: what to watch.
    pub files: Vec<PathBuf>,
}

/// Reads the configuration at `paths`. Each is a directory (all `*.toml` in it, in the order of their names), a
/// `.toml` file or a keepalived.conf. All TOML files are merged: tables key by key, later files win. A
/// keepalived.conf adds to what they say.
pub fn load(paths: &[PathBuf], env: &Environment) -> Loaded {
    let mut reader = Reader {
        diagnostics: Diagnostics::default(),
        files: Vec::new(),
        looks: env.looks.clone(),
    };
    let (native, foreign) = reader.collect(paths);
    let mut draft = Draft {
        node: env.host_name.clone(),
        names: env.names.clone(),
        ..Draft::default()
    };
    let mut merged = toml::Tree::default();
    for source in &native {
        merged.merge(source, &mut reader.diagnostics);
    }
    toml::lower(&merged, &mut draft, &mut reader.diagnostics);
    for source in &foreign {
        keepalived::read(source, env, &mut draft, &mut reader);
    }
    let mut diagnostics = reader.diagnostics;
    let plan = check::check(&mut draft, &mut diagnostics);
    let plugins = plugins::collect(&draft, &mut diagnostics);
    plugins::check_declared(&draft, env, &mut diagnostics);
    diagnostics.sort(&reader.files);
    let plan = (!diagnostics.has_errors()).then_some(Plan { plugins, ..plan });
    Loaded {
        plan,
        diagnostics,
        files: reader.files,
    }
}

/// Reads files and remembers which.
pub(crate) struct Reader {
    pub(crate) diagnostics: Diagnostics,
    pub(crate) files: Vec<PathBuf>,
    looks: Option<Looks>,
}

impl Reader {
    /// Says what is looked at next.
    pub(crate) fn look(&self, path: &Path) {
        if let Some(looks) = &self.looks {
            looks(path);
        }
    }

    /// The texts at the paths: those in TOML, then those in keepalived's language.
    fn collect(&mut self, paths: &[PathBuf]) -> (Vec<Arc<Source>>, Vec<Arc<Source>>) {
        let (mut native, mut foreign) = (Vec::new(), Vec::new());
        for path in paths {
            self.look(path);
            if path.is_dir() {
                let files = self.directory(path);
                native.extend(files.iter().filter_map(|file| self.read(file, None)));
            } else if let Some(source) = self.read(path, None) {
                if is_keepalived(&source) {
                    foreign.push(source)
                } else {
                    native.push(source)
                }
            }
        }
        (native, foreign)
    }

    /// All `*.toml` of a directory in the order of their names.
    fn directory(&mut self, path: &Path) -> Vec<PathBuf> {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                self.diagnostics.unreadable(path, None, &error);
                return Vec::new();
            }
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|file| file.extension().is_some_and(|extension| extension == "toml"))
            .filter(|file| {
                !file
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with('.'))
            })
            .collect();
        files.sort();
        if files.is_empty() {
            self.diagnostics.empty_directory(path);
        }
        files
    }

    /// A file's text. `from` is the place that asked for it, when one did.
    pub(crate) fn read(&mut self, path: &Path, from: Option<&Span>) -> Option<Arc<Source>> {
        if !self.files.iter().any(|known| known == path) {
            self.files.push(path.to_owned());
        }
        self.look(path);
        match read_text(path) {
            Ok(text) => Some(Arc::new(Source::new(path.to_owned(), text))),
            Err(error) => {
                self.diagnostics.unreadable(path, from, &error);
                None
            }
        }
    }
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut bytes = crate::file::read(path, FILE_KIB_MAX)?;
    // The mark that some editors write before UTF-8 is no part of the first word.
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..'\u{feff}'.len_utf8());
    }
    // Old files carry comments in Latin-1 and other encodings. Outside comments a replaced character is caught
    // where it matters, as an unknown key or a bad value.
    if path.extension().is_some_and(|extension| extension == "toml") {
        return String::from_utf8(bytes)
            .map_err(|error| std::io::Error::other(format!("it is not UTF-8: {}", error.utf8_error())));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// Whether a text is in keepalived's language: by its name, else by its first words.
fn is_keepalived(source: &Source) -> bool {
    match source.path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => return false,
        Some("conf") => return true,
        _ => {}
    }
    let mut lines = source.text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.any(|line| {
        line.starts_with('!')
            || line.split_whitespace().next().is_some_and(|word| {
                let word = word.trim_end_matches('{');
                [
                    "global_defs",
                    "vrrp_instance",
                    "vrrp_script",
                    "vrrp_sync_group",
                    "virtual_server",
                    "include",
                ]
                .contains(&word)
            })
    })
}

#[cfg(test)]
mod tests;
