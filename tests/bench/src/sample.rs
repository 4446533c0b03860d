//! Numbers and what is said of them.

/// Measurements of one contender, in seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Takes more of them in.
    pub(crate) fn extend(&mut self, more: impl IntoIterator<Item = f64>) {
        self.0.extend(more);
        self.0.sort_by(f64::total_cmp);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The one that `part` of all are below; 0.5 is the median. NaN when there is none.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "small"
        )]
        let at = (last as f64 * part).round() as usize;
        self.0.get(at).copied().unwrap_or(f64::NAN)
    }
}
