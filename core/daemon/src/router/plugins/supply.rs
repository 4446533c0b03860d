//! What a plugin is supplied with, as it was read last, and what it was before when it is code that proves itself: a
//! worker that ends takes along what it knew of that.

use hostcall::codec::{Algorithm, digest};
use model::link::ToWorker;
use model::status::{PluginStatus, Standing};

use super::super::reading::Content;
use crate::link::Port;

/// Something that was read.
pub(super) struct Supply {
    content: Content,
    /// The worker has it.
    told: bool,
    /// SHA-256 of code.
    digest: Option<String>,
    /// It is code that did well.
    is_trusted: bool,
    /// The code before it, until it is trusted.
    elder: Option<Vec<u8>>,
    /// Digest of code that was taken back, and why.
    condemned: Option<(String, String)>,
}

impl Supply {
    /// What was read now, after something else.
    pub(super) fn after(former: Option<Self>, content: Content) -> Self {
        let digest = match &content {
            Content::Code(_, Ok(bytes)) => Some(digest(Algorithm::Sha256, bytes)),
            _ => None,
        };
        let (elder, condemned) = former.map_or((None, None), Self::bequest);
        Self {
            content,
            told: false,
            digest,
            is_trusted: false,
            elder,
            condemned,
        }
    }

    /// What is kept of it when something else is read: the last code that did well, or else the first.
    fn bequest(self) -> (Option<Vec<u8>>, Option<(String, String)>) {
        let is_condemned = self.why().is_some();
        match (self.content, self.elder) {
            (Content::Code(_, Ok(bytes)), elder) if self.is_trusted || (elder.is_none() && !is_condemned) => {
                (Some(bytes), self.condemned)
            }
            (_, elder) => (elder, self.condemned),
        }
    }

    /// Whether it is this.
    pub(super) fn is(&self, content: &Content) -> bool {
        self.content == *content
    }

    /// The same, and the worker has it, if it takes it now.
    pub(super) fn told_if_new(self, worker: &Port<ToWorker>) -> Self {
        if self.told { self } else { self.told(worker) }
    }

    /// The same, told to a worker that knows nothing of it.
    pub(super) fn told(self, worker: &Port<ToWorker>) -> Self {
        let told = self.frames().into_iter().all(|frame| worker.send(frame));
        Self { told, ..self }
    }

    fn frames(&self) -> Vec<ToWorker> {
        match self.content.clone() {
            Content::Code(plugin, Ok(code)) => match (self.why(), &self.elder) {
                (Some(why), Some(elder)) => vec![
                    ToWorker::Code {
                        plugin: plugin.clone(),
                        code: Ok(elder.clone()),
                    },
                    ToWorker::Condemned { plugin, code, why },
                ],
                _ => vec![ToWorker::Code {
                    plugin,
                    code: Ok(code),
                }],
            },
            Content::Code(plugin, code) => vec![ToWorker::Code { plugin, code }],
            Content::Secrets(plugin, values) => vec![ToWorker::Secrets { plugin, values }],
            Content::Number(..) => Vec::new(),
        }
    }

    /// Why it was taken back, if it was.
    fn why(&self) -> Option<String> {
        let (condemned, why) = self.condemned.as_ref()?;
        (self.digest.as_ref() == Some(condemned)).then(|| why.clone())
    }

    /// What a worker says of the plugin.
    pub(super) fn handle_status(&mut self, status: &PluginStatus) {
        let Some(digest) = &self.digest else { return };
        let mut versions = status.versions.iter().rev();
        let version = versions.find(|version| digest.starts_with(&version.digest));
        match (version.map(|version| version.standing), &status.error) {
            (Some(Standing::Good), _) => {
                self.is_trusted = true;
                self.elder = None;
                self.condemned = None;
            }
            (Some(Standing::RolledBack), Some(why)) => {
                self.is_trusted = false;
                self.condemned = Some((digest.clone(), why.clone()));
            }
            _ => {}
        }
    }
}
