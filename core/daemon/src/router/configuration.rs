//! Reading the configuration: blocking work, done off the loop.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::Context as _;
use model::ipvs::Settings;
use model::link::FRAME_MAX;
use model::plan::Plan;
use serde::{Deserialize, Serialize};

use super::looking;

/// More than a frame needs beside its content.
const FRAME_OVERHEAD: usize = 64;
/// Who runs scripts in keepalived's language when nobody says, where there is such a user.
const SCRIPT_USER: &str = "keepalived_script";
/// A reading takes a few milliseconds, and peers wait at least for three intervals of 10 ms.
const SUCCESSORS_PATIENCE: Duration = Duration::from_millis(500);
/// Columns of a message in a log.
const LOG_WIDTH: usize = 110;

/// Parameters that the code of plugins declares, by file, as far as the worker has told.
pub(super) type Declared = BTreeMap<PathBuf, Vec<model::declared::Declared>>;

/// A reading of the configuration.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The plan, when there is no mistake in it.
    pub(super) plan: Option<Plan>,
    /// All mistakes and warnings, ready to be printed.
    pub(super) text: String,
    /// Files it was read from.
    pub(super) files: Vec<PathBuf>,
}

/// What whoever asked for a reload is told.
#[derive(Clone, Debug)]
pub(super) struct ReloadResult {
    pub(super) accepted: bool,
    pub(super) text: String,
}

impl Loaded {
    /// The plan to start with, after all mistakes and warnings are told. A router that is started again must not fall
    /// over a configuration that was broken meanwhile: it serves what its predecessor served.
    pub(super) fn report_at_start(&self, predecessors: Option<&Plan>) -> Option<Plan> {
        if !self.text.is_empty() {
            crate::log::print(&self.text);
        }
        if self.plan.is_none() && predecessors.is_some() {
            tracing::error!("no plan from the configuration; serving what was served before");
        }
        self.plan.clone().or_else(|| predecessors.cloned())
    }
}

/// The first reading, and the rest of it where it is late.
pub(super) struct First {
    pub(super) loaded: Loaded,
    /// What is still being read, for whom it is late.
    pub(super) late: Option<Receiver<Loaded>>,
}

/// Reads the configuration before anything else. Who has a predecessor's plan does not wait long: its peers do not
/// either. Who has none has nothing to serve meanwhile.
///
/// # Errors
/// When it cannot be begun.
pub(super) fn load_first(paths: Vec<PathBuf>, has_predecessor: bool) -> anyhow::Result<First> {
    let read = move |looks| load(&paths, Declared::new(), looks);
    let (looking, result) = looking::begin(read).context("cannot read the configuration")?;
    if has_predecessor {
        if let Ok(loaded) = result.recv_timeout(SUCCESSORS_PATIENCE) {
            return Ok(First { loaded, late: None });
        }
        let text = format!("{}\n", looking.late());
        let loaded = Loaded {
            plan: None,
            text,
            files: Vec::new(),
        };
        let late = Some(result);
        return Ok(First { loaded, late });
    }
    let tell = |late: String| tracing::warn!("{late}");
    let loaded = looking::wait(&looking, &result, tell).context("reading the configuration failed")?;
    Ok(First { loaded, late: None })
}

/// What a successor has to know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Legacy {
    /// What was served.
    pub(super) plan: Plan,
    /// Settings of IPVS as they were found, of those that were changed.
    pub(super) original: Settings,
}

/// For a successor; nothing when it is too large for a frame.
pub(super) fn encode_legacy(plan: &Plan, original: &Settings) -> Vec<u8> {
    // As the fields of the struct, one after the other.
    let encoded = postcard::to_stdvec(&(plan, original)).unwrap_or_default();
    if encoded.len() > FRAME_MAX - FRAME_OVERHEAD {
        return Vec::new();
    }
    encoded
}

/// What a predecessor left, if there was one.
pub(super) fn legacy(memory: OwnedFd) -> Option<Legacy> {
    let mut encoded = Vec::new();
    let read = File::from(memory)
        .take(FRAME_MAX as u64)
        .read_to_end(&mut encoded);
    if read.is_err() || encoded.is_empty() {
        return None;
    }
    postcard::from_bytes(&encoded).ok()
}

/// Reads the configuration. `looks` is told what is looked at.
pub(super) fn load(paths: &[PathBuf], declared: Declared, looks: config::Looks) -> Loaded {
    let environment = config::Environment {
        declares: Some(Arc::new(move |file| Ok(declared.get(file).cloned()))),
        looks: Some(looks),
        ..environment()
    };
    let loaded = config::load(paths, &environment);
    let text = loaded.diagnostics.render(false, LOG_WIDTH);
    Loaded {
        plan: loaded.plan,
        text,
        files: loaded.files,
    }
}

/// The facts of this machine that the languages need.
pub(crate) fn environment() -> config::Environment {
    let host_name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let script_user = linux::process::lookup_user(SCRIPT_USER).map(|_| SCRIPT_USER.to_owned());
    config::Environment {
        host_name,
        script_user,
        variables: variables().collect(),
        names: route_names(),
        ..config::Environment::default()
    }
}

/// What this process was given; what is no text cannot stand in a configuration.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// What iproute2 calls routing tables and the like on this machine: its own files, then those of the site.
fn route_names() -> config::RouteNames {
    let mut names = config::RouteNames::default();
    let kinds = [
        ("rt_tables", &mut names.tables),
        ("rt_protos", &mut names.protocols),
        ("rt_scopes", &mut names.scopes),
    ];
    for (kind, numbers) in kinds {
        for directory in ["/usr/share/iproute2", "/etc/iproute2"] {
            let drop_ins = std::fs::read_dir(format!("{directory}/{kind}.d"));
            let mut files: Vec<PathBuf> = drop_ins
                .into_iter()
                .flatten()
                .filter_map(Result::ok)
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
                .collect();
            files.sort();
            files.insert(0, PathBuf::from(format!("{directory}/{kind}")));
            // Most of them are nowhere; a name that is needed is missed where it is used.
            let files = files.iter().filter(|file| file.is_file());
            let texts = files.filter_map(|file| std::fs::read_to_string(file).ok());
            texts.for_each(|text| config::RouteNames::read(&text, numbers));
        }
    }
    names
}
