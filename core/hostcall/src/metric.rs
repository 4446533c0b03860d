//! Numbers of a plugin's own, for the operator's graphs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use model::status::Metric;

use crate::error::{Code, Error};
use crate::host::Call;
use crate::trace;

/// Names that one plugin may use.
const NAMES_MAX: usize = 64;
/// Bytes of a name.
const NAME_MAX: usize = 64;

/// One plugin's numbers.
#[derive(Default)]
pub struct Metrics(Mutex<BTreeMap<String, Metric>>);

impl Metrics {
    /// The same numbers, from now on apart.
    pub(crate) fn copy(&self) -> Self {
        Self(Mutex::new(self.all()))
    }

    /// As they are now.
    pub fn all(&self) -> BTreeMap<String, Metric> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(
        &self,
        name: &str,
        change: impl FnOnce(Option<Metric>) -> Result<Metric, Error>,
    ) -> Result<(), Error> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase());
        if !is_name || !name.bytes().all(fits) || name.len() > NAME_MAX {
            return Err(Error::invalid(format_args!(
                "{name:?} is no name of a metric: lower-case letters, digits and _, a letter first, {NAME_MAX} at most"
            )));
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = all.get(name).copied();
        if old.is_none() && all.len() == NAMES_MAX {
            let message = format!("there are {NAMES_MAX} metrics already; a plugin has no more");
            return Err(Error::new(Code::TooLarge, message));
        }
        all.insert(name.to_owned(), change(old)?);
        Ok(())
    }
}

impl Call {
    /// Adds to a counter.
    pub fn metric_count(&self, name: &str, delta: Option<f64>) -> Result<(), Error> {
        let delta = delta.unwrap_or(1.0);
        let work = || {
            self.host.kept.metrics.change(name, |old| match old {
                _ if !delta.is_finite() || delta < 0.0 => Err(Error::invalid(format_args!(
                    "a counter never falls: it cannot count {delta}"
                ))),
                Some(Metric::Gauge(_)) => Err(Error::invalid(format_args!("{name} is a gauge; set it"))),
                Some(Metric::Counter(sum)) => Ok(Metric::Counter(sum + delta)),
                None => Ok(Metric::Counter(delta)),
            })
        };
        self.noted(|| format!("metric.count {name} {delta}"), trace::result, work)
    }

    /// Sets a gauge.
    pub fn metric_set(&self, name: &str, value: f64) -> Result<(), Error> {
        let work = || {
            self.host.kept.metrics.change(name, |old| match old {
                _ if !value.is_finite() => {
                    Err(Error::invalid(format_args!("{value} is no value of a gauge")))
                }
                Some(Metric::Counter(_)) => {
                    Err(Error::invalid(format_args!("{name} is a counter; count it")))
                }
                Some(Metric::Gauge(_)) | None => Ok(Metric::Gauge(value)),
            })
        };
        self.noted(|| format!("metric.set {name} {value}"), trace::result, work)
    }
}

#[cfg(test)]
mod tests;
