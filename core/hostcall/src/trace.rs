//! What a run does, told as it happens: for authors. The daemon has nobody who listens.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::host::Call;
use crate::log::Level;

/// Is told what runs do.
pub trait Observer: Send + Sync {
    /// A host call has ended: what was asked, what came of it, and how long it took.
    fn called(&self, what: &str, outcome: &str, took: Duration);
    /// The plugin wrote a line.
    fn logged(&self, level: Level, message: &str);
    /// Where the code was when it failed, innermost first.
    fn failed(&self, traceback: &str);
}

impl Call {
    /// `work`, told to the observer when there is one. `show` puts a good outcome into words.
    pub(crate) async fn traced<T>(
        &self,
        what: impl FnOnce() -> String,
        show: impl FnOnce(&T) -> String,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Some(observer) = &self.host.services.observer else {
            return work.await;
        };
        let began = Instant::now();
        let result = work.await;
        let took = began.elapsed();
        let outcome = match &result {
            Ok(value) => show(value),
            Err(error) => format!("{}: {error}", error.code.word()),
        };
        self.tell(&**observer, &what(), &outcome, took);
        result
    }

    /// The same of a call that does not wait.
    pub(crate) fn noted<T>(
        &self,
        what: impl FnOnce() -> String,
        show: impl FnOnce(&T) -> String,
        work: impl FnOnce() -> T,
    ) -> T {
        let Some(observer) = &self.host.services.observer else {
            return work();
        };
        let began = Instant::now();
        let result = work();
        self.tell(&**observer, &what(), &show(&result), began.elapsed());
        result
    }

    fn tell(&self, observer: &dyn Observer, what: &str, outcome: &str, took: Duration) {
        let host = &self.host;
        observer.called(&host.without_secrets(what), &host.without_secrets(outcome), took);
    }

    /// Where the plugin's code was when it failed, when somebody wants to know.
    pub fn tell_traceback(&self, traceback: &str) {
        if let Some(observer) = &self.host.services.observer {
            observer.failed(&self.host.without_secrets(traceback));
        }
    }
}

/// How many bytes, in words.
#[expect(clippy::ptr_arg, reason = "the shape that `traced` hands over")]
pub(crate) fn bytes(data: &Vec<u8>) -> String {
    format!("{} bytes", data.len())
}

/// What has nothing to show.
pub(crate) fn done<T>(_: &T) -> String {
    "done".to_owned()
}

/// A result of a call that does not wait.
pub(crate) fn result<T: std::fmt::Debug>(result: &Result<T, Error>) -> String {
    match result {
        Ok(value) => match format!("{value:?}").as_str() {
            "()" => "done".to_owned(),
            shown => shown.to_owned(),
        },
        Err(error) => format!("{}: {error}", error.code.word()),
    }
}
